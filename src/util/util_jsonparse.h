/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonparse: one whole JSON text becomes values, all in one piece of memory.
 *
 * What a value is made of is here for util_json, which reads it; others ask util_json.
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

/* The root of a text and its memory: the other values, then the text. */
typedef struct {
    UtilJson root; /* first: who holds it holds all */
    UtilRefcount holders;
    UtilJson values[];
} UtilJsonParseDocument;

typedef struct {
    size_t max_values; /* within the first; memory is taken for as many */
    int max_depth;     /* {} is 1 */
} UtilJsonParseLimits;

/* The first value in @text; sets @ret_at to where it ends. NULL if there is none but null within
 * the limits: sets then @ret_fault to what is wrong with the byte @ret_at. */
UtilJson *util_jsonparse_make(const char *text, size_t size, const UtilJsonParseLimits *limits,
                              size_t *ret_at, const char **ret_fault);
