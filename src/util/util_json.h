/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_json: checked reading and building of JSON; the only caller of json-c.
 *
 * A UtilJson is one value; those reached from another are borrowed and live as long as it.
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

typedef struct json_object UtilJson;

typedef enum {
    UTIL_JSON_NULL,
    UTIL_JSON_BOOLEAN,
    UTIL_JSON_NUMBER,
    UTIL_JSON_STRING,
    UTIL_JSON_ARRAY,
    UTIL_JSON_OBJECT,
} UtilJsonKind;

/* Parses one whole text, nested no deeper than @max_depth ({} is 1); NULL and INTERNAL, with
 * what and where, when it is not exactly one JSON value in UTF-8. Nor may it be a bare null or
 * hold an integer past 64 bits. */
UtilJson *util_json_parse(const char *text, size_t size, int max_depth, GError **error);
UtilJson *util_json_ref(UtilJson *self);
void util_json_unref(UtilJson *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJson, util_json_unref)

/* An object that is lent: who lends it holds it too, and may change it while nobody else does.
 * Its references are counted here, for json-c does not tell how many there are. */
typedef struct UtilJsonLoan UtilJsonLoan;
struct UtilJsonLoan {
    int n_holders; /* atomic */
    void (*ended)(UtilJsonLoan *self);
};

/* Lends @self, which the caller alone held and which keeps that one reference: from now on the
 * caller and the lender hold it. @ended is called when neither does any more, and must free the
 * object with json-c's own means. */
void util_json_lend(UtilJson *self, UtilJsonLoan *loan, void (*ended)(UtilJsonLoan *loan));
/* True if only the lender holds it. */
bool util_json_loan_is_free(UtilJsonLoan *loan);
/* The lender holds it no longer. */
void util_json_loan_end(UtilJsonLoan *loan);

/* NULL is UTIL_JSON_NULL: json-c knows no other null. */
UtilJsonKind util_json_kind(const UtilJson *self);

/* The member @name of an object; NULL if it is absent or @self is none. */
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

/* Walks the members of an object, in no promised order; nothing for any other kind. */
typedef void (*UtilJsonVisit)(const char *name, const UtilJson *value, void *data);
void util_json_foreach(const UtilJson *self, UtilJsonVisit visit, void *data);

/* A copy of all of @self; NULL of NULL. */
UtilJson *util_json_copy(const UtilJson *self);
/* True if both hold the same values. */
bool util_json_is_equal(const UtilJson *self, const UtilJson *other);

/* Building. Every set takes ownership of @value and may be given NULL for null. */
UtilJson *util_json_new_object(void);
UtilJson *util_json_new_array(void);
UtilJson *util_json_new_string(const char *value);
UtilJson *util_json_new_int64(int64_t value);
UtilJson *util_json_new_count(uint64_t value);
UtilJson *util_json_new_double(double value); /* NULL, so null, if not finite */
UtilJson *util_json_new_boolean(bool value);
void util_json_set(UtilJson *self, const char *name, UtilJson *value);
void util_json_append(UtilJson *self, UtilJson *value);

/* The text of @self: short, or indented for people. The caller frees with g_free(). */
char *util_json_to_text(const UtilJson *self, bool is_pretty);
