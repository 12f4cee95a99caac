/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_json: reads parsed JSON, with checked types and ranges.
 *
 * A parsed text is one block of memory with a reference count, owned through its outermost value
 * (UtilJson *). The values within it (const UtilJson *) are borrowed and live as long as that one.
 * Nothing in a parsed text changes, so several threads may read it at once.
 *
 * Every reading function takes NULL and answers "absent", so a chain of members needs no checks in
 * between. A number is given only if the text has a number of that kind and range: "7", 7.0 and -5
 * are not unsigned integers; 2^64-1 is one.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util_count.h"
#include "util_jsonkind.h"

/* Parses one whole text, nested no deeper than @max_depth ({} has depth 1). Gives NULL and
 * INTERNAL, with the fault and where it is, if the text is not exactly one JSON value in UTF-8. A
 * bare null, an integer past 64 bits and a member name with a NUL inside are refused too. */
UtilJson *util_json_parse(const char *text, size_t size, int max_depth, GError **error);
/* Both may be called from any thread. util_json_unref() takes NULL. */
UtilJson *util_json_ref(UtilJson *self);
void util_json_unref(UtilJson *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJson, util_json_unref)

/* UTIL_JSON_NULL for NULL. The functions below give NULL for a JSON null. */
UtilJsonKind util_json_kind(const UtilJson *self);

/* The member @name of an object, the last if there are several; NULL if it is absent or null, or if
 * @self is no object. The search compares every member, so only names out of our own tables are
 * looked up: a reply then costs at most its entries times the names looked up in one object. */
const UtilJson *util_json_member(const UtilJson *self, const char *name);
/* True if the object has the member, even when its value is null. */
bool util_json_has(const UtilJson *self, const char *name);

size_t util_json_length(const UtilJson *self);                     /* of an array; else 0 */
const UtilJson *util_json_element(const UtilJson *self, size_t i); /* NULL past the end */

/* The value of @self. */
UtilCount util_json_count(const UtilJson *self);                /* 0 .. 2^64-1 */
bool util_json_int64(const UtilJson *self, int64_t *ret_value); /* -2^63 .. 2^63-1 */
bool util_json_double(const UtilJson *self, double *ret_value); /* any finite number */
bool util_json_boolean(const UtilJson *self, bool *ret_value);
/* NULL unless @self is a string without a NUL inside; borrowed. */
const char *util_json_string(const UtilJson *self);

/* The value of the member @name, by the same rules. */
UtilCount util_json_member_count(const UtilJson *self, const char *name);
const char *util_json_member_string(const UtilJson *self, const char *name);
bool util_json_member_boolean(const UtilJson *self, const char *name, bool *ret_value);
bool util_json_member_int64(const UtilJson *self, const char *name, int64_t *ret_value);

/* Reading by a table: each row has the name of a member and the offset of a UtilCount in a struct.
 * The counts of absent members are not changed. */
typedef struct {
    const char *name;
    size_t offset;
} UtilJsonCountField;

void util_json_read_counts(const UtilJson *self, const UtilJsonCountField *fields, size_t n_fields,
                           void *base);

/* Calls @visit for each member of an object in the order of the text, twice for a name that occurs
 * twice; never if @self is no object. */
typedef void (*UtilJsonVisit)(const char *name, const UtilJson *value, void *data);
void util_json_foreach(const UtilJson *self, UtilJsonVisit visit, void *data);

/* The text of @self: compact, or indented for people. The caller frees it. */
char *util_json_to_text(const UtilJson *self, bool is_pretty);
