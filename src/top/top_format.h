/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_format: the text of a cell: short for the screen, exact for other programs.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "top_column.h"

/* In which unit bytes are shown. */
typedef enum {
    TOP_FORMAT_BYTES_AUTOMATIC, /* the one that fits the number */
    TOP_FORMAT_BYTES_KIB,
    TOP_FORMAT_BYTES_MIB,
    TOP_FORMAT_BYTES_GIB,
    TOP_FORMAT_N_BYTES,
} TopFormatBytes;

/* "MiB", for the settings and for people; "automatic". */
const char *top_format_bytes_name(TopFormatBytes bytes);
bool top_format_bytes_find(const char *name, TopFormatBytes *ret_bytes);

/* Appends the cell as the screen shows it: at most five characters for a number (nine for TIME, any
 * number for bytes in a fixed unit), "-" for one that is not known, "~" before an estimate; the
 * text of a TEXT cell, unchanged. */
void top_format_append(GString *out, const TopColumn *column, const TopColumnCell *cell,
                       TopFormatBytes bytes);
/* True if the text of a cell may need more room than its column has by itself. */
bool top_format_is_long(const TopColumn *column, TopFormatBytes bytes);

/* Appends a number of bytes. */
void top_format_append_bytes(GString *out, double number, TopFormatBytes bytes);

/* Appends a number in the unit of the column, without prefixes (bytes, percent, milliseconds,
 * seconds), with three decimals at most; the text unchanged; nothing if it is not known. */
void top_format_append_exact(GString *out, const TopColumn *column, const TopColumnCell *cell);

/* Appends one number as a cell of that unit has it. */
void top_format_append_number(GString *out, TopColumnUnit unit, double number);
