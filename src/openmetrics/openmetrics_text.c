/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_text: see openmetrics_text.h.
 */
#include "openmetrics_text.h"

#include <stdbool.h>
#include <stdint.h>

#include "openmetrics_limits.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define CUT         "\xe2\x80\xa6" /* U+2026 */

static bool
is_ascii(char c)
{
    return c != '\0' && (uint8_t)c < 0x80; /* a char has no sign on some processors */
}

static bool
is_plain(char c)
{
    return is_ascii(c) && c != '"' && c != '\\' && c != '\n';
}

/* Appends the first character of @text, and gives how many bytes of it that was. */
static size_t
append_character(OpenmetricsBuffer *out, const char *text, bool is_escaped)
{
    size_t n = 0;

    if (is_ascii(*text)) {
        if (is_escaped && !is_plain(*text))
            openmetrics_buffer_append_char(out, '\\');
        openmetrics_buffer_append_char(out, is_escaped && *text == '\n' ? 'n' : *text);
        return 1;
    }
    if ((gint32)g_utf8_get_char_validated(text, -1) < 0) {
        openmetrics_buffer_append_text(out, REPLACEMENT);
        return 1;
    }
    n = (size_t)g_utf8_skip[(uint8_t)*text];
    openmetrics_buffer_append(out, text, n);
    return n;
}

static void
append(OpenmetricsBuffer *out, const char *text, size_t n_most, bool is_escaped)
{
    size_t at = 0;

    while (text[at] != '\0') {
        size_t n = 0;

        if (at >= n_most) {
            openmetrics_buffer_append_text(out, CUT);
            return;
        }
        while (is_plain(text[at + n]) && at + n < n_most)
            n++;
        openmetrics_buffer_append(out, text + at, n);
        at += n > 0 ? n : append_character(out, text + at, is_escaped);
    }
}

void
openmetrics_text_append(OpenmetricsBuffer *out, const char *text)
{
    if (text != NULL)
        append(out, text, OPENMETRICS_LIMIT_LABEL_BYTES, true);
}

char *
openmetrics_text_make_valid(const char *text, size_t n_most)
{
    OpenmetricsBuffer out = {0};

    append(&out, text, n_most, false);
    openmetrics_buffer_append_char(&out, '\0');
    return out.bytes;
}
