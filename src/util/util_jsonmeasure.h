/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonmeasure: where a JSON text ends, and how much is in it, from bytes in any slices.
 *
 * It looks at brackets, commas and quotes, so that a text can be refused as soon as it is past a
 * limit, and its values can be given their memory at once. Whether the text is JSON is
 * util_jsonparse's to say; here only bytes are refused that JSON has nowhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t max_entries;
    int max_depth;

    const char *fault; /* why the text is refused; NULL while it is not */
    size_t n_entries;  /* ',' '{' and '[' so far: no fewer than members and elements */
    int depth;
    uint8_t place; /* where a slice was cut */
} UtilJsonMeasure;

/* Ready for the first byte of a text. */
void util_jsonmeasure_init(UtilJsonMeasure *self, size_t max_entries, int max_depth);

/* Looks at @bytes as far as the bracket that closes the outermost one, or at all of them. Gives
 * how many are good; sets @ret_is_end if the last of them was that bracket. A byte that is not
 * good sets @fault, for ever. */
size_t util_jsonmeasure_step(UtilJsonMeasure *self, const char *bytes, size_t size,
                             bool *ret_is_end);
