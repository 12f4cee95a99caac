/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonscan: one look at each byte of a JSON text before json-c sees it.
 *
 * It finds where an object ends, counts, and refuses what json-c lets pass or judges
 * differently from slice to slice: integers past 64 bits (clamped), NaN and Infinity, 1-2 and
 * 01, single quotes, broken UTF-8, NUL. It knows words, not grammar: which word may follow
 * which is left to json-c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t max_entries;
    int max_depth;

    const char *fault; /* why the text is refused; NULL while it is not */
    size_t n_entries;  /* members and elements so far, never too low: ',' '{' and '[' */
    int depth;
    uint8_t place; /* between words, in a string, in a number: where a slice was cut */
    uint8_t number_state;
    bool is_negative;
    bool is_overflow;
    uint64_t magnitude; /* of an integer */
    uint8_t utf8_left;  /* bytes that a character begun still needs, */
    uint8_t utf8_low;   /* the next of them between these two */
    uint8_t utf8_high;
} UtilJsonScan;

/* Ready for the first byte of a text. */
void util_jsonscan_init(UtilJsonScan *self, size_t max_entries, int max_depth);

/* Looks at @bytes as far as the bracket that closes the outermost one, or at all of them.
 * Gives how many are good; sets @ret_is_end if the last of them was that bracket. A byte that
 * is not good sets @fault, for ever. */
size_t util_jsonscan_step(UtilJsonScan *self, const char *bytes, size_t size, bool *ret_is_end);

/* True if the text may end here: in no string, and in no number left unfinished. */
bool util_jsonscan_may_end(UtilJsonScan *self);
