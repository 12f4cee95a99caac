/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_field: see top_field.h.
 */
#include "top_field.h"

#include <glib.h>
#include <string.h>

typedef struct {
    TopFieldKind kind;
    const char *pattern;
} Row;

static const Row rows[] = {
#define TOP_FIELD(kind, name, pattern) {TOP_FIELD_KIND_##kind, pattern},
#include "top_field.def"
};

/* The kinds that have units, and what a name of theirs begins with. */
static const struct {
    const char *prefix;
    TopFieldKind kind;
} prefixes[] = {
    {"vcpu.", TOP_FIELD_KIND_VCPU},
    {"block.", TOP_FIELD_KIND_DISK},
    {"ext.block.", TOP_FIELD_KIND_DISK},
    {"net.", TOP_FIELD_KIND_NIC},
    {"ext.balloon.numa.", TOP_FIELD_KIND_NODE},
};

TopFieldKind
top_field_kind(TopField field)
{
    return rows[field].kind;
}

size_t
top_field_place(TopField field)
{
    size_t first = field;

    while (first > 0 && rows[first - 1].kind == rows[field].kind)
        first--;
    return field - first;
}

const char *
top_field_pattern(TopField field)
{
    return rows[field].pattern;
}

size_t
top_field_count_of_kind(TopFieldKind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        n += rows[i].kind == kind ? 1 : 0;
    return n;
}

/* Reads the number at @text, with nine digits at most; gives what follows, NULL if there is no
 * number. */
static const char *
take_number(const char *text, unsigned int *ret_number)
{
    unsigned int number = 0;
    size_t n = 0;

    for (; n < 9 && g_ascii_isdigit(text[n]); n++)
        number = number * 10 + (unsigned int)(text[n] - '0');
    if (n == 0 || text[n] != '.')
        return NULL;
    *ret_number = number;
    return text + n;
}

/* Splits the name of a unit's field: the kind of the unit, its number, the length of what stands
 * before the number; gives what stands behind it. NULL for any other name. */
static const char *
split(const char *name, TopFieldKind *ret_kind, unsigned int *ret_number, size_t *ret_before)
{
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        size_t length = strlen(prefixes[i].prefix);
        const char *rest = NULL;

        if (strncmp(name, prefixes[i].prefix, length) == 0)
            rest = take_number(name + length, ret_number);
        if (rest == NULL)
            continue;
        *ret_kind = prefixes[i].kind;
        *ret_before = length;
        return rest;
    }
    return NULL;
}

bool
top_field_find(const char *name, TopField *ret_field, unsigned int *ret_number)
{
    TopFieldKind kind = TOP_FIELD_KIND_DOMAIN;
    unsigned int number = 0;
    size_t before = 0;
    const char *rest = split(name, &kind, &number, &before);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *pattern = rows[i].pattern;

        if (rows[i].kind != kind)
            continue;
        if (rest == NULL ? strcmp(name, pattern) != 0
                         : strncmp(name, pattern, before) != 0 || pattern[before] != '#' ||
                               strcmp(rest, pattern + before + 1) != 0)
            continue;
        *ret_field = (TopField)i;
        *ret_number = number;
        return true;
    }
    return false;
}

bool
top_field_is_unit_name(const char *name, TopFieldKind *ret_kind, unsigned int *ret_number)
{
    TopFieldKind kind = TOP_FIELD_KIND_DOMAIN;
    unsigned int number = 0;
    size_t before = 0;
    const char *rest = split(name, &kind, &number, &before);

    if (rest == NULL || strcmp(rest, ".name") != 0 || g_str_has_prefix(name, "ext."))
        return false;
    *ret_kind = kind;
    *ret_number = number;
    return true;
}
