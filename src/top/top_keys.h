/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_keys: the keys of the screen of `domstats top`: ONE table, from which the screen acts, its
 * help is shown and the manual page is written.
 *
 * A key is a number: a character has its code point, a key without a character is minus the code
 * that ncurses gives it.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef enum {
    TOP_KEYS_ACTION_NONE,
    TOP_KEYS_ACTION_QUIT,
    TOP_KEYS_ACTION_HELP,
    TOP_KEYS_ACTION_VIEW, /* the row's value: a TopColumnView */
    TOP_KEYS_ACTION_SORT, /* the row's word: the key of a column */
    TOP_KEYS_ACTION_SORT_LEFT,
    TOP_KEYS_ACTION_SORT_RIGHT,
    TOP_KEYS_ACTION_SORT_LIST,
    TOP_KEYS_ACTION_REVERSE,
    TOP_KEYS_ACTION_SEARCH,
    TOP_KEYS_ACTION_SEARCH_NEXT,
    TOP_KEYS_ACTION_FILTER,
    TOP_KEYS_ACTION_EXPAND,
    TOP_KEYS_ACTION_BYTES,
    TOP_KEYS_ACTION_UNITS,
    TOP_KEYS_ACTION_OF_HOST,
    TOP_KEYS_ACTION_GROUP,
    TOP_KEYS_ACTION_DELAY,
    TOP_KEYS_ACTION_FIELDS,
    TOP_KEYS_ACTION_SAVE,
    TOP_KEYS_ACTION_MARK,
    TOP_KEYS_ACTION_PAUSE,
    TOP_KEYS_ACTION_STEP, /* the row's value: -1 or 1 */
    TOP_KEYS_ACTION_MOVE, /* the row's value: lines; see TOP_KEYS_MOVE_PAGE and _END */
    TOP_KEYS_ACTION_REDRAW,
    TOP_KEYS_ACTION_LEAVE,
} TopKeysAction;

enum {
    /* Values of MOVE that are no number of lines: as many as the list shows, and all. */
    TOP_KEYS_MOVE_PAGE = 1 << 16,
    TOP_KEYS_MOVE_END = 1 << 20,

    TOP_KEYS_MOST_CODES = 4, /* of a row, and the 0 behind them */

    TOP_KEYS_ESCAPE = 27,
    TOP_KEYS_TAKE_BACK = 21, /* Control-U */
    TOP_KEYS_ERASE = 127,
    TOP_KEYS_ERASE_OLD = 8,
    TOP_KEYS_ENTER = '\n',
    TOP_KEYS_ENTER_RAW = '\r',
    /* No keys: what stands between them was pasted. ncurses has no codes for them; see
     * top_terminal. */
    TOP_KEYS_PASTE_BEGIN = -1001,
    TOP_KEYS_PASTE_END = -1002,
};

typedef struct {
    TopKeysAction action;
    int codes[TOP_KEYS_MOST_CODES]; /* ends with 0 */
    const char *names;              /* as the help shows them */
    const char *help;               /* what it does; NULL: the row before says it too */
    int value;
    const char *word;
} TopKeys;

extern const TopKeys top_keys_table[];
size_t top_keys_count(void);

/* The row of @code; NULL: the key does nothing. */
const TopKeys *top_keys_find(int code);

/* The text of the manual page: a row a key, in the language of man(7). */
void top_keys_append_manual(GString *out);
