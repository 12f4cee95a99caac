/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_text: text for the columns of a terminal. What comes from outside (names, reasons) can
 * neither control the terminal nor leave its place: what cannot be printed is shown as \xNN, wide
 * characters take the two columns that a terminal gives them, and what is cut has a mark.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    size_t width;    /* columns that the text may take */
    bool is_right;   /* it stands at the right end of them */
    bool is_unended; /* nothing is added up to @width */
    bool is_utf8;    /* the terminal shows UTF-8; else ASCII only */
} TopTextFit;

/* Columns that a terminal gives @text, which is UTF-8 and shown as it is. */
size_t top_text_count_columns(const char *text);
/* Columns that @text takes if it is not cut. */
size_t top_text_measure(const char *text, bool is_utf8);

/* Appends @text in exactly @fit->width columns, or at most so many if it is unended. What does not
 * fit is cut, and its last column shows a mark. */
void top_text_append(GString *out, const char *text, const TopTextFit *fit);
