/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_dialog: see monitor_dialog.h.
 */
#include "monitor_dialog.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "util/util_error.h"

/* Appends @text. Each byte of a character that is not printable, other than @kept, becomes \xNN. */
static void
append_visible(GString *out, const char *text, gunichar kept)
{
    while (*text != '\0') {
        gunichar code = g_utf8_get_char_validated(text, -1);
        bool is_utf8 = code < (gunichar)-2;
        size_t size = is_utf8 ? (size_t)g_unichar_to_utf8(code, NULL) : 1;

        if (is_utf8 && (code == kept || g_unichar_isprint(code)))
            g_string_append_len(out, text, (gssize)size);
        else
            for (size_t i = 0; i < size; i++)
                g_string_append_printf(out, "\\x%02x", (unsigned int)(unsigned char)text[i]);
        text += size;
    }
}

static void
write_line(FILE *file, GString *line)
{
    g_string_append_c(line, '\n');
    (void)fwrite(line->str, 1, line->len, file);
    (void)fflush(file);
}

void
monitor_dialog_say(const char *domain, const char *format, ...)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    append_visible(line, domain, ' ');
    g_string_append(line, ": ");
    append_visible(line, text, ' ');
    write_line(stdout, line);
}

void
monitor_dialog_complain(const char *domain, const char *message)
{
    g_autoptr(GString) line = g_string_new("domstats-monitor: ");

    if (domain != NULL) {
        append_visible(line, domain, ' ');
        g_string_append(line, ": ");
    }
    append_visible(line, message, ' ');
    write_line(stderr, line);
}

void
monitor_dialog_show(const char *text)
{
    g_autoptr(GString) all = g_string_new(NULL);

    append_visible(all, text, '\n');
    (void)fwrite(all->str, 1, all->len, stdout);
    (void)fflush(stdout);
}

bool
monitor_dialog_has_terminal(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

bool
monitor_dialog_ask(bool is_yes, const char *question, GError **error)
{
    char answer[64] = "";

    if (is_yes)
        return true;
    if (!monitor_dialog_has_terminal()) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                    "it is left as it is, since there is no terminal to ask at: give --yes");
        return false;
    }
    (void)fprintf(stdout, "%s [y/N] ", question);
    (void)fflush(stdout);
    if (fgets(answer, sizeof(answer), stdin) != NULL &&
        (g_ascii_strcasecmp(g_strstrip(answer), "y") == 0 ||
         g_ascii_strcasecmp(answer, "yes") == 0))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED, "it is left as it is");
    return false;
}
