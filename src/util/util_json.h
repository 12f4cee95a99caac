/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_json: checked reading of JSON.
 *
 * A text that was parsed is one piece of memory: who holds its outermost value (UtilJson *) holds
 * all. The values within it (const UtilJson *) are borrowed and live as long as it. Nothing in it
 * changes, so threads may read it at once.
 *
 * Everything that reads takes NULL and gives "absent", so a chain of members needs no
 * checks between. Numbers are given only when the text was a number of that kind and range:
 * "7", 7.0 and -5 are no unsigned integers; 2^64-1 is one.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util_count.h"
#include "util_jsonkind.h"

/* Parses one whole text, nested no deeper than @max_depth ({} is 1); NULL and INTERNAL, with
 * what and where, when it is not exactly one JSON value in UTF-8. Nor may it be a bare null, hold
 * an integer past 64 bits, or a member's name with NUL inside. */
UtilJson *util_json_parse(const char *text, size_t size, int max_depth, GError **error);
/* Both from any thread. */
UtilJson *util_json_ref(UtilJson *self);
void util_json_unref(UtilJson *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJson, util_json_unref)

/* NULL is UTIL_JSON_NULL, and what is null is given as NULL. */
UtilJsonKind util_json_kind(const UtilJson *self);

/* The member @name of an object, the last if there are several; NULL if it is absent or @self is
 * none. Looks at each member, so only names that we know are looked for: a reply costs no more
 * than its entries times the names that are asked of one object. */
const UtilJson *util_json_member(const UtilJson *self, const char *name);
/* True if the object has the member, even when its value is null. */
bool util_json_has(const UtilJson *self, const char *name);

size_t util_json_length(const UtilJson *self);                     /* of an array; else 0 */
const UtilJson *util_json_element(const UtilJson *self, size_t i); /* NULL past the end */

/* The value itself. */
UtilCount util_json_count(const UtilJson *self);                /* 0 .. 2^64-1 */
bool util_json_int64(const UtilJson *self, int64_t *ret_value); /* -2^63 .. 2^63-1 */
bool util_json_double(const UtilJson *self, double *ret_value); /* any finite number */
bool util_json_boolean(const UtilJson *self, bool *ret_value);
/* NULL unless a string without NUL inside; borrowed. */
const char *util_json_string(const UtilJson *self);

/* The member @name, by the same rules. */
UtilCount util_json_member_count(const UtilJson *self, const char *name);
const char *util_json_member_string(const UtilJson *self, const char *name);
bool util_json_member_boolean(const UtilJson *self, const char *name, bool *ret_value);
bool util_json_member_int64(const UtilJson *self, const char *name, int64_t *ret_value);

/* Reading by table: each row a member and the place of a UtilCount in a struct. Places of
 * absent members are not touched. */
typedef struct {
    const char *name;
    size_t offset;
} UtilJsonCountField;

void util_json_read_counts(const UtilJson *self, const UtilJsonCountField *fields, size_t n_fields,
                           void *base);

/* Walks the members of an object in the order of the text, those that occur twice twice; nothing
 * for any other kind. */
typedef void (*UtilJsonVisit)(const char *name, const UtilJson *value, void *data);
void util_json_foreach(const UtilJson *self, UtilJsonVisit visit, void *data);

/* True if both hold the same values in the same order, and fractions in the same words. */
bool util_json_is_equal(const UtilJson *self, const UtilJson *other);

/* The text of @self: short, or indented for people. The caller frees with g_free(). */
char *util_json_to_text(const UtilJson *self, bool is_pretty);
