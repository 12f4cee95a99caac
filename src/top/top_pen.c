/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_pen: writes lines of text into a window of the screen.
 */
#include "top_pen.h"

#include <curses.h>
#include <string.h>

#include "top_text.h"

static bool
is_in_sight(const TopPen *self)
{
    return self->line >= self->skipped && self->line < self->skipped + self->height &&
           self->column < self->width;
}

/* Puts what is safe to show on the screen. */
static void
put(const TopPen *self, const char *shown, unsigned int attributes)
{
    (void)attrset((int)attributes);
    (void)mvaddstr((int)(self->top + self->line - self->skipped), (int)self->column, shown);
    (void)attrset(A_NORMAL);
}

void
top_pen_write_cell(TopPen *self, const char *text, const TopPenCell *cell)
{
    size_t left = self->column < self->width ? self->width - self->column : 0;
    bool is_utf8 = top_terminal_is_utf8(self->terminal);
    TopTextFit fit = {
        .width = MIN(cell->width, left), .is_right = cell->is_right, .is_utf8 = is_utf8};
    g_autoptr(GString) shown = g_string_new(NULL);
    unsigned int attributes = top_terminal_attributes(self->terminal, cell->look);

    if (cell->width == 0) {
        fit.width = left;
        fit.is_unended = true;
    }
    top_text_append(shown, text, &fit);
    if (is_in_sight(self))
        put(self, shown->str, cell->is_turned ? attributes ^ (unsigned int)A_REVERSE : attributes);
    self->column += fit.is_unended ? MIN(top_text_measure(text, is_utf8), left) : fit.width;
}

void
top_pen_write(TopPen *self, const char *text, size_t width, TopTerminalLook look)
{
    const TopPenCell cell = {.width = width, .look = look};

    top_pen_write_cell(self, text, &cell);
}

void
top_pen_skip(TopPen *self, size_t n, bool is_turned)
{
    const TopPenCell cell = {.width = n, .is_turned = is_turned};

    if (n > 0)
        top_pen_write_cell(self, "", &cell);
}

void
top_pen_end_line(TopPen *self, bool is_turned)
{
    if (is_turned && self->column < self->width)
        top_pen_skip(self, self->width - self->column, true);
    self->line++;
    self->column = 0;
}

/* Bytes of @text that fit into @width columns, up to the last blank if it does not fit. */
static size_t
find_break(const char *text, size_t width, bool is_utf8)
{
    size_t n = 0, last_blank = 0;

    for (const char *at = text; *at != '\0'; at = g_utf8_find_next_char(at, NULL)) {
        g_autofree char *beginning =
            g_strndup(text, (size_t)(g_utf8_find_next_char(at, NULL) - text));

        if (top_text_measure(beginning, is_utf8) > width)
            return last_blank > 0 ? last_blank : MAX(n, 1);
        if (*at == ' ')
            last_blank = n;
        n = strlen(beginning);
    }
    return n;
}

void
top_pen_write_lines(TopPen *self, const char *text, size_t indent, size_t most,
                    TopTerminalLook look)
{
    size_t width = self->width > indent + 8 ? self->width - indent : 8;

    for (size_t i = 0; i < most && *text != '\0'; i++) {
        bool is_last = i + 1 == most;
        size_t n =
            is_last ? strlen(text) : find_break(text, width, top_terminal_is_utf8(self->terminal));
        g_autofree char *line = g_strndup(text, n);

        if (self->column < indent)
            top_pen_skip(self, indent - self->column, false);
        top_pen_write(self, line, 0, look);
        top_pen_end_line(self, false);
        text += n;
        while (*text == ' ')
            text++;
    }
}
