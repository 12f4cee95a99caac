/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_rows: the rows of a view, filtered and sorted; if that is wanted in groups, each with a head
 * before its rows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "top_column.h"
#include "top_filter.h"
#include "top_group.h"
#include "top_model.h"

/* What is wanted. Zero, but for @order, is the view of domains. */
typedef struct {
    TopColumnView view;
    const TopColumn *order; /* a column of @view; NULL: that of the view */
    bool is_reversed;       /* against the column's own direction */
    const TopFilter *filter;
    const TopModelEntry *only; /* the rows of this domain, an entry of the model; NULL: of all */
    TopColumnMode mode;
    TopGroup group; /* NONE: without heads */
} TopRowsWish;

/* Rows that stand together. */
typedef struct {
    char *name;
    bool is_known; /* else it has those of which no group is known, and comes last */
    size_t first;  /* of its rows, which follow its head */
    size_t n;
} TopRowsGroup;

typedef struct {
    const TopModelEntry *entry; /* NULL: it is the head of its group */
    const TopSampleUnit *unit;  /* NULL in views of domains, and of a domain that never answered */
    const TopRowsGroup *group;  /* NULL: rows are not grouped */
} TopRow;

typedef struct {
    TopModel *model; /* whose entries the rows refer to */
    TopRow *all;
    size_t n;          /* heads included */
    GPtrArray *groups; /* TopRowsGroup * */
} TopRows;

/* Rows with equal cells are sorted by name, UUID, and number of the unit: so their order does not
 * change by itself. Groups are sorted by their names. */
TopRows *top_rows_new(TopModel *model, const TopRowsWish *wish);
void top_rows_free(TopRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopRows, top_rows_free)

/* The row of the same domain and unit in another list; -1: none. */
gssize top_rows_find(const TopRows *self, const char *uuid, int pid, const TopSampleUnit *unit);

/* The head of the group that is called so; -1: there is none. */
gssize top_rows_find_head(const TopRows *self, const char *name);

/* The first row from @start on (after the last, from the first on) whose name contains @text; -1:
 * none. Heads are passed over. */
gssize top_rows_search(const TopRows *self, const char *text, size_t start);

/* True if cells of @column of several rows have a sum that means something: amounts and rates have,
 * means, ages and latencies have not. */
bool top_rows_adds_up(const TopColumn *column);
/* The sum of the cells of a group that are known; not known if none is. Old if one is, and so on.
 */
TopColumnCell top_rows_sum(const TopRows *self, const TopRowsGroup *group, const TopColumn *column,
                           const TopColumnMode *mode);
