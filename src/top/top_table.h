/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_table: draws rows in columns.
 */
#pragma once

#include <glib.h>

#include "top_pen.h"
#include "top_rows.h"
#include "top_state.h"

typedef struct {
    const TopRows *rows;
    GPtrArray *columns;     /* const TopColumn * */
    const TopColumn *order; /* its heading is marked; NULL: none */
    bool sorts_up;
    TopColumnMode mode;
    TopFormatBytes bytes;
    GHashTable *marked; /* see top_state_is_marked(); NULL: none */
    gssize selected;    /* -1: no row */
} TopTable;

/* Which columns have room, and how wide each is: TopLayout. */
GArray *top_table_layout(const TopTable *self, const TopPen *pen);

void top_table_draw_headings(const TopTable *self, GArray *layout, TopPen *pen);
void top_table_draw_row(const TopTable *self, GArray *layout, size_t i, TopPen *pen);
