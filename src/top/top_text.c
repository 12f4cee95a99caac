/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_text: text for the columns of a terminal.
 */
#include "top_text.h"

#include <string.h>

/* One character of a text as it is shown. */
typedef struct {
    char shown[8]; /* bytes for the terminal; ends with NUL */
    size_t n_columns;
} Piece;

static size_t
count_columns(gunichar character)
{
    if (g_unichar_iszerowidth(character))
        return 0;
    return g_unichar_iswide(character) ? 2 : 1;
}

size_t
top_text_count_columns(const char *text)
{
    size_t n_columns = 0;

    for (; *text != '\0'; text = g_utf8_find_next_char(text, NULL))
        n_columns += count_columns(g_utf8_get_char(text));
    return n_columns;
}

/* True if the terminal shows @character as it is. A backslash is not shown so, as it begins what
 * stands for bytes. */
static bool
is_shown(gunichar character, bool is_utf8)
{
    if (character >= 0x80 && !is_utf8)
        return false;
    return character != '\\' && g_unichar_isprint(character);
}

/* Takes the first character of @text, which is not empty; gives what follows it. */
static const char *
take_piece(const char *text, bool is_utf8, Piece *ret_piece)
{
    gunichar character = g_utf8_get_char_validated(text, -1);
    bool is_character = character != (gunichar)-1 && character != (gunichar)-2;

    if (is_character && is_shown(character, is_utf8)) {
        int n_bytes = g_unichar_to_utf8(character, ret_piece->shown);

        ret_piece->shown[n_bytes] = '\0';
        ret_piece->n_columns = count_columns(character);
        return text + n_bytes;
    }
    g_snprintf(ret_piece->shown, sizeof(ret_piece->shown), "\\x%02x", (unsigned char)*text);
    ret_piece->n_columns = strlen(ret_piece->shown);
    return text + 1;
}

size_t
top_text_measure(const char *text, bool is_utf8)
{
    size_t n_columns = 0;

    while (*text != '\0') {
        Piece piece = {0};

        text = take_piece(text, is_utf8, &piece);
        n_columns += piece.n_columns;
    }
    return n_columns;
}

/* Appends what of @text has room in @width columns; gives how many it takes. */
static size_t
append_beginning(GString *out, const char *text, size_t width, bool is_utf8)
{
    size_t n_columns = 0;

    while (*text != '\0') {
        Piece piece = {0};

        text = take_piece(text, is_utf8, &piece);
        if (n_columns + piece.n_columns > width)
            break;
        g_string_append(out, piece.shown);
        n_columns += piece.n_columns;
    }
    return n_columns;
}

static void
append_blanks(GString *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_string_append_c(out, ' ');
}

/* Appends the beginning of @text and the mark; gives the columns that both take. */
static size_t
append_cut(GString *out, const char *text, const TopTextFit *fit)
{
    size_t n_columns = 0;

    if (fit->width == 0)
        return 0;
    n_columns = append_beginning(out, text, fit->width - 1, fit->is_utf8);
    g_string_append(out, fit->is_utf8 ? "\u2026" : ">");
    return n_columns + 1;
}

void
top_text_append(GString *out, const char *text, const TopTextFit *fit)
{
    size_t n_columns = top_text_measure(text, fit->is_utf8);
    size_t n_blanks = n_columns < fit->width && !fit->is_unended ? fit->width - n_columns : 0;

    if (fit->is_right)
        append_blanks(out, n_blanks);
    if (n_columns <= fit->width)
        (void)append_beginning(out, text, fit->width, fit->is_utf8);
    else
        n_columns = append_cut(out, text, fit);
    if (!fit->is_right)
        append_blanks(out, n_blanks);
    if (n_columns < fit->width && n_blanks == 0 && !fit->is_unended)
        append_blanks(out, fit->width - n_columns);
}
