/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonmeasure: finds where a JSON text ends and counts its entries, in bytes that come in
 * slices of any size.
 *
 * It looks at brackets, commas and quotes only. So a text past a limit is refused before all of it
 * is here, and util_jsonparse can allocate all values at once. Only util_jsonparse checks the
 * grammar; bytes that no JSON text may have at their place are refused here already.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t max_entries;
    int max_depth;

    const char *fault; /* why the text is refused; NULL: it is not */
    size_t n_entries;  /* ',' '{' and '[' so far: at least as many as members and elements */
    int depth;
    uint8_t place; /* state after the last slice: between strings, in one, behind a backslash */
} UtilJsonMeasure;

/* Starts a new text. */
void util_jsonmeasure_init(UtilJsonMeasure *self, size_t max_entries, int max_depth);

/* Reads @bytes up to the bracket that closes the outermost one, or all of them. Gives the number of
 * good bytes; sets @ret_is_end if the last of them was that bracket. A bad byte sets @fault, and
 * the text stays refused. */
size_t util_jsonmeasure_step(UtilJsonMeasure *self, const char *bytes, size_t size,
                             bool *ret_is_end);
