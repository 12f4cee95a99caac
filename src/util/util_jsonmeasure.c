/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonmeasure: see util_jsonmeasure.h. Owns nothing: what is remembered between two slices is
 * in the struct.
 */
#include "util_jsonmeasure.h"

enum {
    PLACE_BETWEEN,
    PLACE_STRING,
    PLACE_ESCAPE, /* after a backslash */
};

/* What a byte outside of strings is. */
enum {
    KIND_BAD, /* the rest: most capitals (NaN, Infinity), single quotes, comments, control bytes */
    KIND_SKIP,
    KIND_COMMA,
    KIND_OPEN,
    KIND_CLOSE,
    KIND_QUOTE,
};

/* clang-format off */
static const uint8_t byte_kinds[256] = {
    [' '] = KIND_SKIP, ['\t'] = KIND_SKIP, ['\n'] = KIND_SKIP, ['\r'] = KIND_SKIP,
    [':'] = KIND_SKIP, ['a' ... 'z'] = KIND_SKIP, ['0' ... '9'] = KIND_SKIP,
    ['-'] = KIND_SKIP, ['+'] = KIND_SKIP, ['.'] = KIND_SKIP, ['E'] = KIND_SKIP,
    [','] = KIND_COMMA,
    ['{'] = KIND_OPEN, ['['] = KIND_OPEN, ['}'] = KIND_CLOSE, [']'] = KIND_CLOSE,
    ['"'] = KIND_QUOTE,
};

/* Bytes that may stand in a string and do not change the state. */
static const bool is_inside[256] = {
    [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0xFF] = true,
};
/* clang-format on */

void
util_jsonmeasure_init(UtilJsonMeasure *self, size_t max_entries, int max_depth)
{
    *self = (UtilJsonMeasure){.max_entries = max_entries, .max_depth = max_depth};
}

static const uint8_t *
pass_string(UtilJsonMeasure *self, const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_inside[*at])
        at++;
    if (at == end)
        return at;
    if (*at == '"')
        self->place = PLACE_BETWEEN;
    else if (*at == '\\')
        self->place = PLACE_ESCAPE;
    else
        self->fault = "a control byte in a string";
    return self->fault == NULL ? at + 1 : at;
}

/* Passes an escaped quote or backslash. Which other letters may follow a backslash is left to
 * util_jsonparse. */
static const uint8_t *
pass_escape(UtilJsonMeasure *self, const uint8_t *at)
{
    self->place = PLACE_STRING;
    return *at == '"' || *at == '\\' ? at + 1 : at;
}

static void
count_entry(UtilJsonMeasure *self)
{
    if (self->n_entries == self->max_entries)
        self->fault = "too many entries";
    else
        self->n_entries++;
}

static void
open_bracket(UtilJsonMeasure *self)
{
    count_entry(self);
    if (self->depth == self->max_depth)
        self->fault = "nested too deep";
    else
        self->depth++;
}

static void
close_bracket(UtilJsonMeasure *self, bool *ret_is_end)
{
    if (self->depth == 0)
        self->fault = "a bracket that closes nothing";
    else if (--self->depth == 0)
        *ret_is_end = true;
}

static const uint8_t *
pass_between(UtilJsonMeasure *self, const uint8_t *at, const uint8_t *end, bool *ret_is_end)
{
    for (; at < end; at++) {
        switch (byte_kinds[*at]) {
        case KIND_SKIP:
            continue;
        case KIND_QUOTE:
            self->place = PLACE_STRING;
            return at + 1;
        case KIND_COMMA:
            count_entry(self);
            break;
        case KIND_OPEN:
            open_bracket(self);
            break;
        case KIND_CLOSE:
            close_bracket(self, ret_is_end);
            break;
        default:
            self->fault = "a byte that JSON does not have there";
        }
        if (self->fault != NULL)
            return at;
        if (*ret_is_end)
            return at + 1;
    }
    return at;
}

size_t
util_jsonmeasure_step(UtilJsonMeasure *self, const char *bytes, size_t size, bool *ret_is_end)
{
    const uint8_t *start = (const uint8_t *)bytes;
    const uint8_t *end = start + size;
    const uint8_t *at = start;
    bool is_end = false;

    while (at < end && self->fault == NULL && !is_end) {
        if (self->place == PLACE_STRING)
            at = pass_string(self, at, end);
        else if (self->place == PLACE_ESCAPE)
            at = pass_escape(self, at);
        else
            at = pass_between(self, at, end, &is_end);
    }
    *ret_is_end = is_end;
    return (size_t)(at - start);
}
