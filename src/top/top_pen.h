/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_pen: writes lines of text into a window of the screen, of which only some are in sight.
 *
 * All text that is shown passes through here, so nothing that a guest or a peer has chosen reaches
 * the terminal as it is (see top_text.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "top_terminal.h"

typedef struct {
    const TopTerminal *terminal;
    size_t top;     /* the first line of the screen that belongs to the window */
    size_t height;  /* lines of the window */
    size_t width;   /* columns of the screen */
    size_t skipped; /* lines of the text above the window */
    size_t line;    /* of the text, which is written now */
    size_t column;  /* at which the next text begins */
} TopPen;

/* Writes @text, in exactly @width columns, or as many as it takes if @width is 0. */
void top_pen_write(TopPen *self, const char *text, size_t width, TopTerminalLook look);

typedef struct {
    size_t width;
    bool is_right;
    bool is_turned; /* in reverse video */
    TopTerminalLook look;
} TopPenCell;

void top_pen_write_cell(TopPen *self, const char *text, const TopPenCell *cell);

/* Writes @n blanks, in reverse video if the line @is_turned. */
void top_pen_skip(TopPen *self, size_t n, bool is_turned);
/* Fills the rest of the line and goes to the next one. */
void top_pen_end_line(TopPen *self, bool is_turned);

/* Writes @text over as many lines as it needs, @most at most, broken at blanks; each begins at the
 * column @indent. */
void top_pen_write_lines(TopPen *self, const char *text, size_t indent, size_t most,
                         TopTerminalLook look);
