/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_escape: see cli_escape.h. Nearly all text is printable ASCII, which is copied in runs.
 */
#include "cli_escape.h"

#include <string.h>

/* The next character, or a byte that is not UTF-8. */
typedef struct {
    gunichar code;
    size_t size;      /* in bytes, at least 1 */
    gboolean is_utf8; /* else @code is not set */
} Character;

static Character
take_character(const char *text)
{
    gunichar code = g_utf8_get_char_validated(text, -1);

    /* GLib gives -1 for "not UTF-8" and -2 for "cut off". */
    if (code >= (gunichar)-2)
        return (Character){0, 1, FALSE};
    return (Character){code, (size_t)g_unichar_to_utf8(code, NULL), TRUE};
}

/* GLib counts formatting characters, which may change the direction of writing, as unprintable. It
 * does not count the line and paragraph separators, at which many readers end a line. */
static gboolean
is_printable(const Character *character)
{
    return character->is_utf8 && g_unichar_isprint(character->code) && character->code != 0x2028 &&
           character->code != 0x2029;
}

/* A backslash begins an escape, so a backslash of the text is escaped as well. */
static gboolean
is_plain_text(const Character *character)
{
    return character->code != '\\' && is_printable(character);
}

static size_t
plain_length(const char *text, const char *special)
{
    size_t length = 0;

    while (text[length] >= ' ' && text[length] <= '~' && strchr(special, text[length]) == NULL)
        length++;
    return length;
}

void
cli_escape_append_text(GString *out, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t plain = plain_length(text, "\\");
        Character character = {0};

        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        if (*text == '\0')
            return;
        character = take_character(text);
        for (size_t i = 0; i < character.size && !is_plain_text(&character); i++)
            g_string_append_printf(out, "\\x%02x", (unsigned int)(unsigned char)text[i]);
        if (is_plain_text(&character))
            g_string_append_len(out, text, (gssize)character.size);
        text += character.size;
    }
}

/* Writes a code past 16 bits as JSON requires: as a surrogate pair. */
static void
append_json_code(GString *out, gunichar code)
{
    if (code < 0x10000)
        g_string_append_printf(out, "\\u%04x", code);
    else
        g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                               0xdc00 + ((code - 0x10000) & 0x3ff));
}

static void
append_json_character(GString *out, const char *text, const Character *character)
{
    if (*text == '"' || *text == '\\') {
        g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    } else if (is_printable(character)) {
        g_string_append_len(out, text, (gssize)character->size);
    } else {
        append_json_code(out, character->is_utf8 ? character->code : 0xfffd);
    }
}

void
cli_escape_append_json(GString *out, const char *text)
{
    if (text == NULL) {
        g_string_append(out, "null");
        return;
    }
    g_string_append_c(out, '"');
    while (*text != '\0') {
        size_t plain = plain_length(text, "\"\\");
        Character character = {0};

        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        if (*text == '\0')
            break;
        character = take_character(text);
        append_json_character(out, text, &character);
        text += character.size;
    }
    g_string_append_c(out, '"');
}
