/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_layout: which columns have room on a screen, and how wide each is. Pure.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "top_column.h"

typedef struct {
    const TopColumn *column;
    size_t longest; /* columns of the terminal that its longest text takes; 0: not known */
    size_t width;   /* set by top_layout_fit() */
} TopLayout;

/* Sets the widths of @columns (TopLayout), with one blank between each two, and removes those that
 * have no room in @width: first those that give way, the highest rank first and all of a rank
 * together, then the last ones. The first one always stays. What is left of @width goes to texts,
 * each up to its longest. */
void top_layout_fit(GArray *columns, size_t width);
