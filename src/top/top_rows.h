/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_rows: the rows of a view, filtered and sorted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "top_column.h"
#include "top_filter.h"
#include "top_model.h"

/* What is wanted. Zero, but for @order, is the view of domains. */
typedef struct {
    TopColumnView view;
    const TopColumn *order; /* a column of @view; NULL: that of the view */
    bool is_reversed;       /* against the column's own direction */
    const TopFilter *filter;
    const TopModelEntry *only; /* the rows of this domain, an entry of the model; NULL: of all */
    TopColumnMode mode;
} TopRowsWish;

typedef struct {
    const TopModelEntry *entry;
    const TopSampleUnit *unit; /* NULL in views of domains, and of a domain that never answered */
} TopRow;

typedef struct {
    TopModel *model; /* whose entries the rows refer to */
    TopRow *all;
    size_t n;
} TopRows;

/* Rows with equal cells are sorted by name, UUID, and number of the unit: so their order does not
 * change by itself. */
TopRows *top_rows_new(TopModel *model, const TopRowsWish *wish);
void top_rows_free(TopRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopRows, top_rows_free)

/* The row of the same domain and unit in another list; -1: none. */
gssize top_rows_find(const TopRows *self, const char *uuid, int pid, const TopSampleUnit *unit);

/* The first row from @start on (after the last, from the first on) whose name contains @text; -1:
 * none. */
gssize top_rows_search(const TopRows *self, const char *text, size_t start);
