/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_terminal: the terminal of the screen: takes it over, waits for what happens, gives it back as
 * it was.
 *
 * Owns ncurses' screen and a descriptor for signals. Does not know what is drawn, or what a key
 * does.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct TopTerminal TopTerminal;

typedef enum {
    TOP_TERMINAL_EVENT_TIME,    /* the time that was given has passed */
    TOP_TERMINAL_EVENT_KEY,     /* see top_keys.h */
    TOP_TERMINAL_EVENT_RESIZED, /* or the terminal has to be drawn anew */
    TOP_TERMINAL_EVENT_OTHER,   /* the other descriptor can be read */
    TOP_TERMINAL_EVENT_END,     /* a signal wants the end, or the terminal is gone */
} TopTerminalEvent;

/* What text means; the terminal decides how that looks. */
typedef enum {
    TOP_TERMINAL_LOOK_PLAIN,
    TOP_TERMINAL_LOOK_TITLE,
    TOP_TERMINAL_LOOK_HEADINGS,
    TOP_TERMINAL_LOOK_ORDER, /* the heading of the column that the rows are sorted by */
    TOP_TERMINAL_LOOK_DIM,
    TOP_TERMINAL_LOOK_WARNING,
    TOP_TERMINAL_LOOK_BAD,
    TOP_TERMINAL_N_LOOKS,
} TopTerminalLook;

/* Sets the locale, so it is to be called before there is another thread. False, with an error that
 * says what to do instead, if stdin and stdout are no terminal, or one that cannot place text. */
bool top_terminal_check(GError **error);

/* Takes over the terminal of stdin and stdout, which top_terminal_check() has found good. NULL with
 * an error. The calling thread blocks the signals that the terminal waits for, until it is closed:
 * threads have to be started before, or with all signals blocked. */
TopTerminal *top_terminal_open(GError **error);

/* Gives it back. Takes NULL. */
void top_terminal_close(TopTerminal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopTerminal, top_terminal_close)

/* Waits until something happens, @other_fd (-1: none) included, but no longer than @timeout_ms.
 * Signals come first, then keys. */
TopTerminalEvent top_terminal_wait(TopTerminal *self, int other_fd, int timeout_ms, int *ret_key);

/* Brings what was drawn to the terminal. If that takes nothing, the process ends as soon as a
 * signal wants that. */
void top_terminal_show(void);
/* The next drawing replaces all that the terminal shows. */
void top_terminal_redraw(TopTerminal *self);

bool top_terminal_is_utf8(const TopTerminal *self);

/* The attributes of ncurses for @look. */
unsigned int top_terminal_attributes(const TopTerminal *self, TopTerminalLook look);
