/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_layout: which columns have room on a screen, and how wide each is.
 */
#include "top_layout.h"

#include <string.h>

enum {
    LEAST_TEXT = 4, /* columns for a name, however short all of them are */
};

static TopLayout *
layout_at(GArray *columns, size_t i)
{
    return &g_array_index(columns, TopLayout, i);
}

/* A text that may have any length; else a width is enough for every value. */
static bool
is_elastic(const TopLayout *self)
{
    return self->column->is_left && self->longest > 0 && self->column->width > LEAST_TEXT;
}

static size_t
find_least_width(const TopLayout *self)
{
    size_t least = self->column->width;

    if (is_elastic(self) && self->longest < least)
        least = MAX(self->longest, LEAST_TEXT);
    if (!self->column->is_left)
        least = MAX(least, self->longest); /* a number is never cut */
    return MAX(least, strlen(self->column->header));
}

static size_t
count_columns(GArray *columns)
{
    size_t n = columns->len - 1;

    for (guint i = 0; i < columns->len; i++)
        n += layout_at(columns, i)->width;
    return n;
}

/* When a column gives way. One that was asked for does not before those that nobody named. */
static unsigned int
rank_of(const TopLayout *self)
{
    return self->column->when == TOP_COLUMN_WHEN_ASKED ? 0 : self->column->sacrifice;
}

/* The highest rank among those that give way; the first one never does. */
static unsigned int
find_highest_rank(GArray *columns)
{
    unsigned int rank = 0;

    for (guint i = 1; i < columns->len; i++)
        rank = MAX(rank, rank_of(layout_at(columns, i)));
    return rank;
}

/* Those of one rank go together: one of them alone would mislead. Without a rank the last one goes.
 */
static void
leave_out(GArray *columns, unsigned int rank)
{
    if (rank == 0)
        g_array_set_size(columns, columns->len - 1);
    for (guint i = columns->len; rank > 0 && i > 1; i--)
        if (rank_of(layout_at(columns, i - 1)) == rank)
            g_array_remove_index(columns, i - 1);
}

static void
widen_texts(GArray *columns, size_t spare)
{
    for (guint i = 0; i < columns->len; i++) {
        TopLayout *one = layout_at(columns, i);
        size_t more = is_elastic(one) && one->longest > one->width ? one->longest - one->width : 0;

        more = MIN(more, spare);
        one->width += more;
        spare -= more;
    }
}

void
top_layout_fit(GArray *columns, size_t width)
{
    if (columns->len == 0)
        return;
    for (guint i = 0; i < columns->len; i++)
        layout_at(columns, i)->width = find_least_width(layout_at(columns, i));
    while (columns->len > 1 && count_columns(columns) > width)
        leave_out(columns, find_highest_rank(columns));
    if (count_columns(columns) > width)
        layout_at(columns, 0)->width = width;
    else
        widen_texts(columns, width - count_columns(columns));
}
