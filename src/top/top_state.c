/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_state: what the screen of `domstats top` shows, and how.
 */
#include "top_state.h"

#include <string.h>

#include "top_asker.h"

void
top_state_init(TopState *self)
{
    *self = (TopState){.delay_ms = TOP_ASKER_DEFAULT_DELAY_MS};
    for (int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
        self->views[view].order = top_column_view_order((TopColumnView)view);
    self->marked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
top_state_clear(TopState *self)
{
    for (int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
        g_clear_pointer(&self->views[view].columns, g_ptr_array_unref);
    g_clear_pointer(&self->filter, g_free);
    g_clear_pointer(&self->search, g_free);
    g_clear_pointer(&self->message, g_free);
    g_clear_pointer(&self->marked, g_hash_table_unref);
}

static bool
is_of_view(const TopColumn *column, TopColumnView view)
{
    return (column->views & (1U << view)) != 0;
}

/* True if @column is shown while bytes, or requests, are counted. */
static bool
is_counted(const TopState *self, const TopColumn *column)
{
    return column->when !=
           (self->counts_requests ? TOP_COLUMN_WHEN_BYTES : TOP_COLUMN_WHEN_REQUESTS);
}

/* True if @column of @view is among the chosen ones, whichever way is counted. */
static bool
is_chosen(const TopStateView *view, const TopColumn *column)
{
    return view->columns != NULL ? g_ptr_array_find(view->columns, column, NULL)
                                 : column->when != TOP_COLUMN_WHEN_ASKED;
}

GPtrArray *
top_state_list_all(const TopState *self, TopColumnView view)
{
    GPtrArray *all = g_ptr_array_new();

    for (size_t i = 0; i < top_column_count(); i++)
        if (is_of_view(top_column_at(i), view) && is_counted(self, top_column_at(i)))
            g_ptr_array_add(all, (void *)(uintptr_t)top_column_at(i));
    return all;
}

GPtrArray *
top_state_list_shown(const TopState *self, TopColumnView view)
{
    const TopStateView *of = &self->views[view];
    GPtrArray *shown = NULL;

    if (of->columns == NULL)
        return top_column_list(view, self->counts_requests);
    shown = g_ptr_array_new();
    for (guint i = 0; i < of->columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(of->columns, i);

        if (of->is_exact || is_counted(self, column))
            g_ptr_array_add(shown, (void *)(uintptr_t)column);
    }
    return shown;
}

bool
top_state_sorts_up(const TopState *self)
{
    const TopStateView *view = &self->views[self->view];

    return view->order->sorts_up != view->is_turned;
}

void
top_state_sort_by(TopState *self, const TopColumn *column)
{
    TopStateView *view = &self->views[self->view];

    view->is_turned = view->order == column && !view->is_turned;
    view->order = column;
}

void
top_state_sort_beside(TopState *self, int step)
{
    TopStateView *view = &self->views[self->view];
    g_autoptr(GPtrArray) shown = top_state_list_shown(self, self->view);
    guint at = 0;

    if (!g_ptr_array_find(shown, view->order, &at))
        at = 0;
    else if (step < 0 ? at > 0 : at + 1 < shown->len)
        at = step < 0 ? at - 1 : at + 1;
    view->order = g_ptr_array_index(shown, at);
    view->is_turned = false;
}

/* True if both are the same, or count the same in two ways: such ones stand side by side. */
static bool
go_together(const TopColumn *a, const TopColumn *b)
{
    bool is_pair = (a->when == TOP_COLUMN_WHEN_BYTES && b->when == TOP_COLUMN_WHEN_REQUESTS) ||
                   (b->when == TOP_COLUMN_WHEN_BYTES && a->when == TOP_COLUMN_WHEN_REQUESTS);
    const TopColumn *earlier = a->when == TOP_COLUMN_WHEN_BYTES ? a : b;

    return a == b || (is_pair && earlier + 1 == (earlier == a ? b : a));
}

void
top_state_toggle_column(TopState *self, const TopColumn *column)
{
    TopStateView *view = &self->views[self->view];
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();

    for (size_t i = 0; i < top_column_count(); i++) {
        const TopColumn *one = top_column_at(i);
        bool is_turned = view->is_exact ? one == column : go_together(one, column);

        if (is_of_view(one, self->view) && is_chosen(view, one) != is_turned)
            g_ptr_array_add(chosen, (void *)(uintptr_t)one);
    }
    if (chosen->len == 0)
        return;
    g_clear_pointer(&view->columns, g_ptr_array_unref);
    view->columns = g_steal_pointer(&chosen);
}

void
top_state_move(TopStatePlace *place, long step, size_t n, size_t n_seen)
{
    long at = (long)MIN(place->selected, n) + step;

    if (at >= (long)n)
        at = (long)n - 1;
    place->selected = at < 0 ? 0 : (size_t)at;
    if (place->first > place->selected)
        place->first = place->selected;
    if (n_seen > 0 && place->selected >= place->first + n_seen)
        place->first = place->selected - n_seen + 1;
    if (place->first + n_seen > n)
        place->first = n > n_seen ? n - n_seen : 0;
}

void
top_state_scroll(TopStatePlace *place, long step, size_t n_seen)
{
    long most = place->n > n_seen ? (long)(place->n - n_seen) : 0;
    long first = (long)place->first + step;

    place->first = (size_t)CLAMP(first, 0, most);
}

void
top_state_take_message(TopState *self, char *text)
{
    g_free(self->message);
    self->message = text;
}

char *
top_state_make_mark(const TopSampleDomain *domain)
{
    return g_strdup_printf("%s %d", domain->uuid, domain->pid);
}

bool
top_state_is_marked(GHashTable *marked, const TopSampleDomain *domain)
{
    g_autofree char *mark = NULL;

    if (g_hash_table_size(marked) == 0)
        return false;
    mark = top_state_make_mark(domain);
    return g_hash_table_contains(marked, mark);
}
