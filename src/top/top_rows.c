/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_rows: see top_rows.h.
 */
#include "top_rows.h"

#include <stdint.h>
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
    GArray *rows;        /* Sorted */
    GPtrArray *groups;   /* TopRowsGroup * */
    GHashTable *by_name; /* those of which the name is known */
} Making;

static void
free_group(void *data)
{
    TopRowsGroup *group = data;

    g_free(group->name);
    g_free(group);
}

/* The group of the domain, which is made if it is not there; NULL if rows are not grouped. */
static const TopRowsGroup *
find_group(Making *making, const TopModelEntry *entry)
{
    TopGroup by = making->wish->group;
    g_autofree char *name = top_group_of(by, entry);
    const char *key = name != NULL ? name : "";
    TopRowsGroup *group = NULL;

    if (by == TOP_GROUP_NONE)
        return NULL;
    group = g_hash_table_lookup(making->by_name, key);
    if (group != NULL)
        return group;
    group = g_new0(TopRowsGroup, 1);
    group->is_known = name != NULL;
    group->name = g_strdup(name != NULL ? name : top_group_unknown(by));
    g_ptr_array_add(making->groups, group);
    g_hash_table_insert(making->by_name, g_strdup(key), group);
    return group;
}

static void
add_row(Making *making, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    Sorted sorted = {.row = {.entry = entry, .unit = unit}};

    if (!top_filter_fits(making->wish->filter, entry, unit))
        return;
    sorted.row.group = find_group(making, entry);
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

static int
compare_groups(const TopRowsGroup *a, const TopRowsGroup *b)
{
    const TopColumnCell one = {.is_known = a->is_known, .text = a->name};
    const TopColumnCell other = {.is_known = b->is_known, .text = b->name};
    int order = top_column_compare(&one, &other, false);

    /* "node 1" and "node 01" are two. */
    return order != 0 ? order : strcmp(a->name, b->name);
}

static gint
compare_rows(gconstpointer a, gconstpointer b, gpointer data)
{
    const Sorted *one = a, *other = b;
    const Making *making = data;
    int order = 0;

    if (one->row.group != other->row.group)
        return compare_groups(one->row.group, other->row.group);
    order = top_column_compare(&one->cell, &other->cell, making->is_descending);
    return order != 0 ? order : compare_identity(&one->row, &other->row);
}

/* Takes what was sorted, with a head before each group. */
static void
take_rows(TopRows *self, const GArray *rows)
{
    TopRowsGroup *group = NULL;

    self->all = g_new(TopRow, rows->len + self->groups->len + 1);
    for (guint i = 0; i < rows->len; i++) {
        const TopRow *row = &g_array_index(rows, Sorted, i).row;

        if (row->group != group) {
            group = (TopRowsGroup *)(uintptr_t)row->group;
            self->all[self->n++] = (TopRow){.group = group};
            group->first = self->n;
        }
        if (group != NULL)
            group->n++;
        self->all[self->n++] = *row;
    }
}

TopRows *
top_rows_new(TopModel *model, const TopRowsWish *wish)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Sorted));
    g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    TopRows *self = g_new0(TopRows, 1);
    Making making = {.wish = wish, .order = wish->order, .rows = rows, .by_name = by_name};

    if (making.order == NULL)
        making.order = top_column_view_order(wish->view);
    making.is_descending = making.order->sorts_up == wish->is_reversed;
    self->model = top_model_ref(model);
    self->groups = making.groups = g_ptr_array_new_with_free_func(free_group);
    for (size_t i = 0; i < model->n_entries; i++)
        if (wish->only == NULL || wish->only == &model->entries[i])
            add_entry(&making, &model->entries[i]);
    g_array_sort_with_data(rows, compare_rows, &making);
    take_rows(self, rows);
    return self;
}

void
top_rows_free(TopRows *self)
{
    if (self == NULL)
        return;
    top_model_unref(self->model);
    g_ptr_array_unref(self->groups);
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
        const TopModelEntry *entry = self->all[i].entry;
        const TopSampleDomain *domain = entry != NULL ? entry->seen.now : NULL;

        if (domain == NULL || strcmp(domain->uuid, uuid) != 0 || !has_unit(&self->all[i], unit))
            continue;
        if (domain->pid == pid)
            return (gssize)i;
        found = (gssize)i;
    }
    return found;
}

gssize
top_rows_find_head(const TopRows *self, const char *name)
{
    for (guint i = 0; i < self->groups->len; i++) {
        const TopRowsGroup *group = g_ptr_array_index(self->groups, i);

        if (strcmp(group->name, name) == 0)
            return (gssize)group->first - 1;
    }
    return -1;
}

gssize
top_rows_search(const TopRows *self, const char *text, size_t start)
{
    for (size_t i = 0; i < self->n; i++) {
        size_t at = (start + i) % self->n;

        if (self->all[at].entry != NULL &&
            top_filter_finds(text, self->all[at].entry, self->all[at].unit))
            return (gssize)at;
    }
    return -1;
}

bool
top_rows_adds_up(const TopColumn *column)
{
    switch (column->unit) {
    case TOP_COLUMN_UNIT_TEXT:
    case TOP_COLUMN_UNIT_MS:
    case TOP_COLUMN_UNIT_AGE:
        return false;
    case TOP_COLUMN_UNIT_PERCENT:
        return column->is_cpu_share; /* others are means, or parts of the time that passed */
    case TOP_COLUMN_UNIT_COUNT:
        return column->added[0] != TOP_N_FIELDS; /* others are the number of something */
    case TOP_COLUMN_UNIT_BYTES:
    case TOP_COLUMN_UNIT_BYTE_RATE:
    case TOP_COLUMN_UNIT_RATE:
    case TOP_COLUMN_UNIT_TIME:
        return true;
    }
    return false;
}

static void
add_cell(TopColumnCell *sum, const TopColumnCell *cell)
{
    if (!cell->is_known)
        return;
    sum->is_known = true;
    sum->is_old |= cell->is_old;
    sum->is_estimate |= cell->is_estimate;
    sum->number += cell->number;
    if (cell->look != TOP_COLUMN_LOOK_PLAIN && sum->look != TOP_COLUMN_LOOK_BAD)
        sum->look = cell->look;
}

TopColumnCell
top_rows_sum(const TopRows *self, const TopRowsGroup *group, const TopColumn *column,
             const TopColumnMode *mode)
{
    TopColumnCell sum = {0};

    for (size_t i = group->first; i < group->first + group->n; i++) {
        TopColumnCell cell = top_column_cell(column, self->all[i].entry, self->all[i].unit, mode);

        add_cell(&sum, &cell);
    }
    return sum;
}
