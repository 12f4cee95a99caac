/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_state: what the screen of `domstats top` shows, and how: the view, its columns and order, the
 * filter, the selected row. Plain data; the keys change it, top_draw shows it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "top_column.h"
#include "top_format.h"
#include "top_group.h"

typedef enum {
    TOP_STATE_PAGE_LIST,
    TOP_STATE_PAGE_DOMAIN,  /* all of the selected domain */
    TOP_STATE_PAGE_COLUMNS, /* those of the view, to choose from */
    TOP_STATE_PAGE_ORDER,   /* likewise, to sort by one */
    TOP_STATE_PAGE_HELP,
    TOP_STATE_N_PAGES,
} TopStatePage;

/* What is kept for each view. */
typedef struct {
    const TopColumn *order;
    bool is_turned;     /* the other way round than the column's own */
    GPtrArray *columns; /* const TopColumn *, as chosen; NULL: those of the table */
    bool is_exact;      /* all of them are shown, whether bytes or requests are counted */
} TopStateView;

/* Which of a list's lines is selected, and which is the first that is seen. */
typedef struct {
    size_t selected;
    size_t first;
    size_t n; /* lines that there are, of a page that has only lines */
} TopStatePlace;

typedef struct {
    TopColumnView view;
    TopStateView views[TOP_COLUMN_N_VIEWS];
    TopStatePage page;
    TopStatePlace places[TOP_STATE_N_PAGES];
    bool counts_requests;
    bool is_of_host;
    TopFormatBytes bytes;
    TopGroup group; /* of every view that is a list */
    bool is_paused;
    unsigned int delay_ms;
    char *filter;       /* NULL: none */
    char *search;       /* NULL: none yet */
    GHashTable *marked; /* top_state_make_mark() of domains that stay on top */
    char *message;      /* for the last line, until the next key; NULL: none */
} TopState;

void top_state_init(TopState *self);
void top_state_clear(TopState *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TopState, top_state_clear)

/* The columns to choose from in the view, in the order of the table: const TopColumn *. Of those
 * that count the same as bytes or as requests, the ones that count as the state says. */
GPtrArray *top_state_list_all(const TopState *self, TopColumnView view);
/* Those that are shown. */
GPtrArray *top_state_list_shown(const TopState *self, TopColumnView view);

/* True if the smallest comes first. */
bool top_state_sorts_up(const TopState *self);

/* Sorts the view by @column; if it is sorted by that already, turns it around. */
void top_state_sort_by(TopState *self, const TopColumn *column);
/* Sorts by the shown column that is @step away from the one that it is sorted by. */
void top_state_sort_beside(TopState *self, int step);

/* Shows @column of the view, or shows it no longer; the last one stays. With it goes the one that
 * counts the same in another way. */
void top_state_toggle_column(TopState *self, const TopColumn *column);

/* Moves @place by @step lines in a list of @n of which @n_seen are seen, and brings the selected
 * one into sight. */
void top_state_move(TopStatePlace *place, long step, size_t n, size_t n_seen);

/* Moves what is seen of a page of @place->n lines. */
void top_state_scroll(TopStatePlace *place, long step, size_t n_seen);

/* What a domain is marked by: its UUID and its process, as an incoming migration has the UUID of
 * another domain. The caller frees it. */
char *top_state_make_mark(const TopSampleDomain *domain);
bool top_state_is_marked(GHashTable *marked, const TopSampleDomain *domain);

/* Takes @text, for the last line; NULL: nothing is to be said. */
void top_state_take_message(TopState *self, char *text);
