/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonscan: see util_jsonscan.h. Owns nothing; knows neither json-c nor who sent it.
 *
 * How it works: a byte's kind comes from one table, and each place has a loop of its own, so
 * that the bytes of a string, most of any reply, cost one look-up and one comparison. All that
 * must survive the end of a slice is in the struct.
 */
#include "util_jsonscan.h"

#include <glib.h>

enum {
    PLACE_BETWEEN,
    PLACE_STRING,
    PLACE_ESCAPE,    /* after a backslash */
    PLACE_CHARACTER, /* within a character of several bytes */
    PLACE_NUMBER,
};

/* What a byte is between words. */
enum {
    KIND_BAD, /* the rest: capitals (NaN, Infinity), single quotes, comments, control bytes */
    KIND_SKIP,
    KIND_COMMA,
    KIND_OPEN,
    KIND_CLOSE,
    KIND_QUOTE,
    KIND_NUMBER,
};

/* How far a number is, by JSON's grammar. */
enum {
    NUMBER_BAD,
    NUMBER_START,
    NUMBER_MINUS,
    NUMBER_ZERO, /* a leading zero: no digit may follow */
    NUMBER_INTEGER,
    NUMBER_POINT,
    NUMBER_FRACTION,
    NUMBER_E,
    NUMBER_SIGN,
    NUMBER_EXPONENT,
    NUMBER_END, /* the byte is no part of it */
    N_NUMBER_STATES = NUMBER_END,
};

/* What a byte is to a number. */
enum { NO_PART, PART_ZERO, PART_DIGIT, PART_MINUS, PART_PLUS, PART_POINT, PART_E, N_PARTS };

/* clang-format off */
static const uint8_t byte_kinds[256] = {
    [' '] = KIND_SKIP, ['\t'] = KIND_SKIP, ['\n'] = KIND_SKIP, ['\r'] = KIND_SKIP,
    [':'] = KIND_SKIP, ['a' ... 'z'] = KIND_SKIP,
    [','] = KIND_COMMA,
    ['{'] = KIND_OPEN, ['['] = KIND_OPEN, ['}'] = KIND_CLOSE, [']'] = KIND_CLOSE,
    ['"'] = KIND_QUOTE,
    ['-'] = KIND_NUMBER, ['0' ... '9'] = KIND_NUMBER,
};

/* What stands for itself in a string: ASCII but control bytes, quote and backslash. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7F] = true,
};

static const uint8_t number_parts[256] = {
    ['0'] = PART_ZERO, ['1' ... '9'] = PART_DIGIT, ['-'] = PART_MINUS, ['+'] = PART_PLUS,
    ['.'] = PART_POINT, ['e'] = PART_E, ['E'] = PART_E,
};

static const uint8_t number_steps[N_NUMBER_STATES][N_PARTS] = {
    [NUMBER_START] = {[PART_MINUS] = NUMBER_MINUS, [PART_ZERO] = NUMBER_ZERO,
                      [PART_DIGIT] = NUMBER_INTEGER},
    [NUMBER_MINUS] = {[PART_ZERO] = NUMBER_ZERO, [PART_DIGIT] = NUMBER_INTEGER},
    [NUMBER_ZERO] = {[NO_PART] = NUMBER_END, [PART_POINT] = NUMBER_POINT, [PART_E] = NUMBER_E},
    [NUMBER_INTEGER] = {[NO_PART] = NUMBER_END, [PART_ZERO] = NUMBER_INTEGER,
                        [PART_DIGIT] = NUMBER_INTEGER, [PART_POINT] = NUMBER_POINT,
                        [PART_E] = NUMBER_E},
    [NUMBER_POINT] = {[PART_ZERO] = NUMBER_FRACTION, [PART_DIGIT] = NUMBER_FRACTION},
    [NUMBER_FRACTION] = {[NO_PART] = NUMBER_END, [PART_ZERO] = NUMBER_FRACTION,
                         [PART_DIGIT] = NUMBER_FRACTION, [PART_E] = NUMBER_E},
    [NUMBER_E] = {[PART_MINUS] = NUMBER_SIGN, [PART_PLUS] = NUMBER_SIGN,
                  [PART_ZERO] = NUMBER_EXPONENT, [PART_DIGIT] = NUMBER_EXPONENT},
    [NUMBER_SIGN] = {[PART_ZERO] = NUMBER_EXPONENT, [PART_DIGIT] = NUMBER_EXPONENT},
    [NUMBER_EXPONENT] = {[NO_PART] = NUMBER_END, [PART_ZERO] = NUMBER_EXPONENT,
                         [PART_DIGIT] = NUMBER_EXPONENT},
};

/* Unicode, table 3-7: which bytes may begin a character, how many follow, and the first of
 * those between what; any later one is 80..BF. */
static const struct {
    uint8_t first, last, n_follow, low, high;
} characters[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};
/* clang-format on */

static const char bad_character[] = "a string that is not UTF-8";

void
util_jsonscan_init(UtilJsonScan *self, size_t max_entries, int max_depth)
{
    *self = (UtilJsonScan){.max_entries = max_entries, .max_depth = max_depth};
}

static void
begin_character(UtilJsonScan *self, uint8_t byte)
{
    for (size_t i = 0; i < G_N_ELEMENTS(characters); i++) {
        if (byte < characters[i].first || byte > characters[i].last)
            continue;
        self->place = PLACE_CHARACTER;
        self->utf8_left = characters[i].n_follow;
        self->utf8_low = characters[i].low;
        self->utf8_high = characters[i].high;
        return;
    }
    self->fault = bad_character;
}

static const uint8_t *
scan_character(UtilJsonScan *self, const uint8_t *at)
{
    if (*at < self->utf8_low || *at > self->utf8_high) {
        self->fault = bad_character;
        return at;
    }
    self->utf8_low = 0x80;
    self->utf8_high = 0xBF;
    if (--self->utf8_left == 0)
        self->place = PLACE_STRING;
    return at + 1;
}

static const uint8_t *
scan_string(UtilJsonScan *self, const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_plain[*at])
        at++;
    if (at == end)
        return at;
    if (*at == '"')
        self->place = PLACE_BETWEEN;
    else if (*at == '\\')
        self->place = PLACE_ESCAPE;
    else if (*at >= 0x80)
        begin_character(self, *at);
    else
        self->fault = "a control byte in a string";
    return self->fault == NULL ? at + 1 : at;
}

/* Which letters may follow a backslash is json-c's to say; here only bytes that would
 * confuse the scan are kept out. */
static const uint8_t *
scan_escape(UtilJsonScan *self, const uint8_t *at)
{
    if (*at < 0x20 || *at >= 0x80) {
        self->fault = "a backslash before what it cannot escape";
        return at;
    }
    self->place = PLACE_STRING;
    return at + 1;
}

static void
add_digit(UtilJsonScan *self, uint8_t digit)
{
    if (__builtin_mul_overflow(self->magnitude, 10, &self->magnitude) ||
        __builtin_add_overflow(self->magnitude, digit, &self->magnitude))
        self->is_overflow = true;
}

static void
end_number(UtilJsonScan *self)
{
    const uint64_t most_negative = UINT64_C(1) << 63;

    self->place = PLACE_BETWEEN;
    if (self->number_state != NUMBER_INTEGER)
        return;
    if (self->is_overflow || (self->is_negative && self->magnitude > most_negative))
        self->fault = "an integer that 64 bits cannot hold";
}

static const uint8_t *
scan_number(UtilJsonScan *self, const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        uint8_t next = number_steps[self->number_state][number_parts[*at]];

        if (next == NUMBER_END) {
            end_number(self);
            return at;
        }
        if (next == NUMBER_BAD) {
            self->fault = "a malformed number";
            return at;
        }
        self->number_state = next;
        if (next == NUMBER_INTEGER)
            add_digit(self, (uint8_t)(*at - '0'));
    }
    return at;
}

static void
begin_number(UtilJsonScan *self, uint8_t byte)
{
    self->place = PLACE_NUMBER;
    self->number_state = NUMBER_START;
    self->is_negative = byte == '-';
    self->is_overflow = false;
    self->magnitude = 0;
}

static void
count_entry(UtilJsonScan *self)
{
    if (self->n_entries == self->max_entries)
        self->fault = "too many entries";
    else
        self->n_entries++;
}

static void
open_bracket(UtilJsonScan *self)
{
    count_entry(self);
    if (self->depth == self->max_depth)
        self->fault = "nested too deep";
    else
        self->depth++;
}

static void
close_bracket(UtilJsonScan *self, bool *ret_is_end)
{
    if (self->depth == 0)
        self->fault = "a bracket that closes nothing";
    else if (--self->depth == 0)
        *ret_is_end = true;
}

static const uint8_t *
scan_between(UtilJsonScan *self, const uint8_t *at, const uint8_t *end, bool *ret_is_end)
{
    for (; at < end; at++) {
        switch (byte_kinds[*at]) {
        case KIND_SKIP:
            continue;
        case KIND_QUOTE:
            self->place = PLACE_STRING;
            return at + 1;
        case KIND_NUMBER:
            begin_number(self, *at);
            return at;
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
util_jsonscan_step(UtilJsonScan *self, const char *bytes, size_t size, bool *ret_is_end)
{
    const uint8_t *start = (const uint8_t *)bytes;
    const uint8_t *end = start + size;
    const uint8_t *at = start;
    bool is_end = false;

    while (at < end && self->fault == NULL && !is_end) {
        switch (self->place) {
        case PLACE_STRING:
            at = scan_string(self, at, end);
            break;
        case PLACE_ESCAPE:
            at = scan_escape(self, at);
            break;
        case PLACE_CHARACTER:
            at = scan_character(self, at);
            break;
        case PLACE_NUMBER:
            at = scan_number(self, at, end);
            break;
        default:
            at = scan_between(self, at, end, &is_end);
        }
    }
    *ret_is_end = is_end;
    return (size_t)(at - start);
}

bool
util_jsonscan_may_end(UtilJsonScan *self)
{
    if (self->fault != NULL)
        return false;
    if (self->place != PLACE_NUMBER)
        return self->place == PLACE_BETWEEN;
    if (number_steps[self->number_state][NO_PART] != NUMBER_END)
        return false;
    end_number(self);
    return self->fault == NULL;
}
