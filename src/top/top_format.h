/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_format: the text of a cell: short for the screen, exact for other programs.
 */
#pragma once

#include <glib.h>

#include "top_column.h"

/* Appends the cell as the screen shows it: at most five characters for a number (nine for TIME),
 * "-" for one that is not known, "~" before an estimate; the text of a TEXT cell, unchanged. */
void top_format_append(GString *out, const TopColumn *column, const TopColumnCell *cell);

/* Appends a number in the unit of the column, without prefixes (bytes, percent, milliseconds,
 * seconds), with three decimals at most; the text unchanged; nothing if it is not known. */
void top_format_append_exact(GString *out, const TopColumn *column, const TopColumnCell *cell);

/* Appends one number as a cell of that unit has it. */
void top_format_append_number(GString *out, TopColumnUnit unit, double number);
