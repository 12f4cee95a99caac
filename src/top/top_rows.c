/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_rows: see top_rows.h.
 */
#include "top_rows.h"

#include <string.h>

/* A row and the cell by which it is sorted. */
typedef struct {
    TopRow row;
    TopColumnCell cell;
} Sorted;

typedef struct {
    const TopRowsWish *wish;
    const TopColumn *order;
    bool is_descending;
    GArray *rows; /* Sorted */
} Making;

static void
add_row(Making *making, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    Sorted sorted = {.row = {entry, unit}};

    if (!top_filter_fits(making->wish->filter, entry, unit))
        return;
    sorted.cell = top_column_cell(making->order, entry, unit, &making->wish->mode);
    g_array_append_val(making->rows, sorted);
}

/* The answer whose units are shown: that of this round, unless it has none of the kind. */
static const TopSampleDomain *
choose_units(const TopModelEntry *entry, TopFieldKind kind)
{
    if (!entry->has_answered && entry->answered.now != NULL &&
        top_sample_count_units(entry->seen.now, kind) <
            top_sample_count_units(entry->answered.now, kind))
        return entry->answered.now;
    return entry->seen.now;
}

/* True if the domain has a row of its own: in views of domains, and where its units are not known,
 * as it has not answered yet. All of one domain has a line of that already. */
static bool
has_own_row(const Making *making, const TopModelEntry *entry, TopFieldKind kind, size_t n_units)
{
    if (kind == TOP_FIELD_KIND_DOMAIN)
        return true;
    return n_units == 0 && entry->answered.now == NULL && making->wish->only == NULL;
}

static void
add_entry(Making *making, const TopModelEntry *entry)
{
    TopFieldKind kind = top_column_view_kind(making->wish->view);
    const TopSampleDomain *domain = choose_units(entry, kind);
    size_t n_units = top_sample_count_units(domain, kind);

    if (has_own_row(making, entry, kind, n_units))
        add_row(making, entry, NULL);
    for (size_t i = 0; i < n_units; i++)
        add_row(making, entry, top_sample_unit(domain, kind, i));
}

static int
compare_identity(const TopRow *a, const TopRow *b)
{
    int order = strcmp(a->entry->seen.now->name, b->entry->seen.now->name);

    if (order == 0)
        order = strcmp(a->entry->seen.now->uuid, b->entry->seen.now->uuid);
    if (order == 0)
        order = (a->entry->seen.now->pid > b->entry->seen.now->pid) -
                (a->entry->seen.now->pid < b->entry->seen.now->pid);
    if (order == 0 && a->unit != NULL && b->unit != NULL)
        order = (a->unit->number > b->unit->number) - (a->unit->number < b->unit->number);
    return order;
}

static gint
compare_rows(gconstpointer a, gconstpointer b, gpointer data)
{
    const Sorted *one = a, *other = b;
    const Making *making = data;
    int order = top_column_compare(&one->cell, &other->cell, making->is_descending);

    return order != 0 ? order : compare_identity(&one->row, &other->row);
}

TopRows *
top_rows_new(TopModel *model, const TopRowsWish *wish)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Sorted));
    TopRows *self = g_new0(TopRows, 1);
    Making making = {.wish = wish, .order = wish->order, .rows = rows};

    if (making.order == NULL)
        making.order = top_column_view_order(wish->view);
    making.is_descending = making.order->sorts_up == wish->is_reversed;
    self->model = top_model_ref(model);
    for (size_t i = 0; i < model->n_entries; i++)
        if (wish->only == NULL || wish->only == &model->entries[i])
            add_entry(&making, &model->entries[i]);
    g_array_sort_with_data(rows, compare_rows, &making);
    self->n = rows->len;
    self->all = g_new(TopRow, self->n);
    for (size_t i = 0; i < self->n; i++)
        self->all[i] = g_array_index(rows, Sorted, i).row;
    return self;
}

void
top_rows_free(TopRows *self)
{
    if (self == NULL)
        return;
    top_model_unref(self->model);
    g_free(self->all);
    g_free(self);
}

/* True if @row has the unit that is called as @unit, or has its number. */
static bool
has_unit(const TopRow *row, const TopSampleUnit *unit)
{
    if (row->unit == NULL || unit == NULL)
        return row->unit == unit;
    if (row->unit->name != NULL || unit->name != NULL)
        return g_strcmp0(row->unit->name, unit->name) == 0;
    return row->unit->number == unit->number;
}

gssize
top_rows_find(const TopRows *self, const char *uuid, int pid, const TopSampleUnit *unit)
{
    gssize found = -1;

    for (size_t i = 0; i < self->n; i++) {
        const TopSampleDomain *domain = self->all[i].entry->seen.now;

        if (strcmp(domain->uuid, uuid) != 0 || !has_unit(&self->all[i], unit))
            continue;
        if (domain->pid == pid)
            return (gssize)i;
        found = (gssize)i;
    }
    return found;
}

gssize
top_rows_search(const TopRows *self, const char *text, size_t start)
{
    for (size_t i = 0; i < self->n; i++) {
        size_t at = (start + i) % self->n;

        if (top_filter_finds(text, self->all[at].entry, self->all[at].unit))
            return (gssize)at;
    }
    return -1;
}
