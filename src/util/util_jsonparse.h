/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonparse: parses a JSON text into values in one block of memory.
 *
 * The struct of a value is declared here for util_json, which reads it; other files use util_json.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util_jsonkind.h"
#include "util_refcount.h"

typedef enum {
    UTIL_JSONPARSE_FORM_COUNT,    /* of a number: @count, 0 .. 2^64-1 */
    UTIL_JSONPARSE_FORM_NEGATIVE, /* @negative, -2^63 .. -1 */
    UTIL_JSONPARSE_FORM_FRACTION, /* @text, which has a point or an exponent and no NUL behind it */
} UtilJsonParseForm;

struct UtilJson {
    const char *name; /* of a member; else NULL */
    union {
        bool truth;
        uint64_t count;
        int64_t negative;
        const char *text;         /* of a string, with a NUL behind it */
        const UtilJson *children; /* in the order of the text */
    };
    uint32_t size; /* bytes of the text, or number of children */
    uint8_t kind;  /* UtilJsonKind */
    uint8_t form;  /* UtilJsonParseForm */
};

/* The memory of one text: its outermost value, the other values, and behind them the text. */
typedef struct {
    UtilJson root; /* first, so that a pointer to it is a pointer to the block */
    UtilRefcount holders;
    UtilJson values[];
} UtilJsonParseDocument;

typedef struct {
    size_t max_values; /* below the outermost one; memory is allocated for that many */
    int max_depth;     /* {} has depth 1 */
} UtilJsonParseLimits;

/* Parses the first value in @text, and sets @ret_at to the offset behind it. Gives NULL if the
 * value is malformed, null or past the limits: @ret_fault then says what is wrong at the offset
 * @ret_at. The caller frees the value with util_json_unref(). */
UtilJson *util_jsonparse_make(const char *text, size_t size, const UtilJsonParseLimits *limits,
                              size_t *ret_at, const char **ret_fault);
