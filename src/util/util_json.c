/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_json: see util_json.h. Owns no state; knows no member's meaning.
 *
 * json-c converts whatever it is asked to: "7" to 7, -5 to an unsigned 0. So each reader looks
 * at the kind first. What it clamps already while it parses, util_jsonscan keeps out.
 */
#include "util_json.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "util_error.h"
#include "util_jsonscan.h"

typedef struct json_tokener Tokener;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tokener, json_tokener_free)

/* json-c takes no const where it only reads; the way over an integer keeps the cast from
 * being one that drops const by mistake. */
static UtilJson *
without_const(const UtilJson *self)
{
    return (UtilJson *)(uintptr_t)self;
}

static bool
is_blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0' || strchr(" \t\r\n", text[i]) == NULL)
            return false;
    }
    return true;
}

static bool
check_text(const char *text, size_t size, int max_depth, GError **error)
{
    UtilJsonScan scan = {0};
    size_t n_good = 0;
    bool is_end = false;

    if (size > G_MAXINT) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL, "JSON of '%zu' bytes is too long",
                    size);
        return false;
    }
    /* No limit: the text is at hand already, and so is an entry for each of its bytes. */
    util_jsonscan_init(&scan, size, max_depth);
    while (n_good < size && scan.fault == NULL)
        n_good += util_jsonscan_step(&scan, text + n_good, size - n_good, &is_end);
    if (util_jsonscan_may_end(&scan))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL, "bad JSON at byte '%zu': %s", n_good,
                scan.fault ? scan.fault : "it ends within a word");
    return false;
}

UtilJson *
util_json_parse(const char *text, size_t size, int max_depth, GError **error)
{
    g_autoptr(Tokener) tokener = NULL;
    g_autoptr(UtilJson) value = NULL;
    size_t n_taken = 0;

    if (!check_text(text, size, max_depth, error))
        return NULL;
    /* json-c counts the values inside the innermost bracket as a level too. */
    tokener = json_tokener_new_ex(max_depth + 1);
    g_assert(tokener != NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    value = json_tokener_parse_ex(tokener, text, (int)size);
    n_taken = json_tokener_get_parse_end(tokener);
    /* A number or a word at the very end is complete only if json-c is told that it is. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        value = json_tokener_parse_ex(tokener, "", 1);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL, "bad JSON at byte '%zu': %s", n_taken,
                    json_tokener_error_desc(json_tokener_get_error(tokener)));
        return NULL;
    }
    if (value == NULL || !is_blank(text + n_taken, size - n_taken)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL, "bad JSON at byte '%zu': %s", n_taken,
                    value ? "a second value" : "a bare null");
        return NULL;
    }
    return g_steal_pointer(&value);
}

/* NULL for what is not lent. Only of an object the user data is ours. */
static UtilJsonLoan *
loan_of(UtilJson *self)
{
    return json_object_is_type(self, json_type_object) ? json_object_get_userdata(self) : NULL;
}

UtilJson *
util_json_ref(UtilJson *self)
{
    UtilJsonLoan *loan = loan_of(self);

    if (loan == NULL)
        return json_object_get(self);
    g_atomic_int_inc(&loan->n_holders);
    return self;
}

void
util_json_unref(UtilJson *self)
{
    UtilJsonLoan *loan = loan_of(self);

    if (loan == NULL)
        json_object_put(self);
    else
        util_json_loan_end(loan);
}

void
util_json_lend(UtilJson *self, UtilJsonLoan *loan, void (*ended)(UtilJsonLoan *loan))
{
    loan->n_holders = 2; /* the caller and the lender */
    loan->ended = ended;
    json_object_set_userdata(self, loan, NULL);
}

bool
util_json_loan_is_free(UtilJsonLoan *loan)
{
    return g_atomic_int_get(&loan->n_holders) == 1;
}

void
util_json_loan_end(UtilJsonLoan *loan)
{
    if (g_atomic_int_dec_and_test(&loan->n_holders))
        loan->ended(loan);
}

UtilJsonKind
util_json_kind(const UtilJson *self)
{
    static const UtilJsonKind kinds[] = {
        [json_type_null] = UTIL_JSON_NULL,     [json_type_boolean] = UTIL_JSON_BOOLEAN,
        [json_type_double] = UTIL_JSON_NUMBER, [json_type_int] = UTIL_JSON_NUMBER,
        [json_type_object] = UTIL_JSON_OBJECT, [json_type_array] = UTIL_JSON_ARRAY,
        [json_type_string] = UTIL_JSON_STRING,
    };

    return kinds[json_object_get_type(self)];
}

/* In so small an object looking at each member costs less than json-c's hash of the name. */
enum { FEW_MEMBERS = 4 };

const UtilJson *
util_json_member(const UtilJson *self, const char *name)
{
    UtilJson *member = NULL;

    if (json_object_is_type(self, json_type_object) &&
        json_object_object_length(self) <= FEW_MEMBERS) {
        json_object_object_foreach(without_const(self), key, value)
        {
            if (strcmp(key, name) == 0)
                return value;
        }
        return NULL;
    }
    json_object_object_get_ex(self, name, &member);
    return member;
}

bool
util_json_has(const UtilJson *self, const char *name)
{
    return json_object_object_get_ex(self, name, NULL);
}

size_t
util_json_length(const UtilJson *self)
{
    if (!json_object_is_type(self, json_type_array))
        return 0;
    return json_object_array_length(self);
}

const UtilJson *
util_json_element(const UtilJson *self, size_t i)
{
    if (i >= util_json_length(self))
        return NULL;
    return json_object_array_get_idx(self, i);
}

/* json-c keeps an integer as signed or unsigned and does not say which; but only a negative
 * one reads as negative, and any other reads right as unsigned. */
UtilCount
util_json_count(const UtilJson *self)
{
    if (!json_object_is_type(self, json_type_int) || json_object_get_int64(self) < 0)
        return (UtilCount){0};
    return util_count_of(json_object_get_uint64(self));
}

bool
util_json_int64(const UtilJson *self, int64_t *ret_value)
{
    UtilCount count = util_json_count(self);

    if (!json_object_is_type(self, json_type_int))
        return false;
    if (count.is_present && count.value > INT64_MAX)
        return false;
    *ret_value = json_object_get_int64(self);
    return true;
}

bool
util_json_double(const UtilJson *self, double *ret_value)
{
    double value = 0;

    if (util_json_kind(self) != UTIL_JSON_NUMBER)
        return false;
    value = json_object_get_double(self);
    if (!isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

bool
util_json_boolean(const UtilJson *self, bool *ret_value)
{
    if (!json_object_is_type(self, json_type_boolean))
        return false;
    *ret_value = json_object_get_boolean(self);
    return true;
}

const char *
util_json_string(const UtilJson *self)
{
    const char *text = NULL;

    if (!json_object_is_type(self, json_type_string))
        return NULL;
    text = json_object_get_string(without_const(self));
    return strlen(text) == (size_t)json_object_get_string_len(self) ? text : NULL;
}

UtilCount
util_json_member_count(const UtilJson *self, const char *name)
{
    return util_json_count(util_json_member(self, name));
}

const char *
util_json_member_string(const UtilJson *self, const char *name)
{
    return util_json_string(util_json_member(self, name));
}

bool
util_json_member_boolean(const UtilJson *self, const char *name, bool *ret_value)
{
    return util_json_boolean(util_json_member(self, name), ret_value);
}

bool
util_json_member_int64(const UtilJson *self, const char *name, int64_t *ret_value)
{
    return util_json_int64(util_json_member(self, name), ret_value);
}

void
util_json_read_counts(const UtilJson *self, const UtilJsonCountField *fields, size_t n_fields,
                      void *base)
{
    for (size_t i = 0; i < n_fields; i++) {
        UtilCount count = util_json_member_count(self, fields[i].name);

        if (count.is_present)
            memcpy((char *)base + fields[i].offset, &count, sizeof(count));
    }
}

void
util_json_foreach(const UtilJson *self, UtilJsonVisit visit, void *data)
{
    struct json_object_iterator at = {0};
    struct json_object_iterator end = {0};

    if (!json_object_is_type(self, json_type_object))
        return;
    at = json_object_iter_begin(without_const(self));
    end = json_object_iter_end(without_const(self));
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        visit(json_object_iter_peek_name(&at), json_object_iter_peek_value(&at), data);
}

/* Like GLib: memory running out ends the process. */
static UtilJson *
made(UtilJson *value)
{
    g_assert(value != NULL);
    return value;
}

UtilJson *
util_json_copy(const UtilJson *self)
{
    UtilJson *copy = NULL;

    if (self == NULL)
        return NULL;
    json_object_deep_copy(without_const(self), &copy, NULL);
    return made(copy);
}

bool
util_json_is_equal(const UtilJson *self, const UtilJson *other)
{
    return json_object_equal(without_const(self), without_const(other)) != 0;
}

UtilJson *
util_json_new_object(void)
{
    return made(json_object_new_object());
}

UtilJson *
util_json_new_array(void)
{
    return made(json_object_new_array());
}

UtilJson *
util_json_new_string(const char *value)
{
    return made(json_object_new_string(value));
}

UtilJson *
util_json_new_int64(int64_t value)
{
    return made(json_object_new_int64(value));
}

UtilJson *
util_json_new_count(uint64_t value)
{
    return made(json_object_new_uint64(value));
}

/* The shortest text that reads back as @value; with a point or exponent, so that it stays no
 * integer. */
static void
write_double(double value, char *text, int size)
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        double read_back = 0;

        g_ascii_formatd(text, size, formats[i], value);
        read_back = g_ascii_strtod(text, NULL);
        if (memcmp(&read_back, &value, sizeof(value)) == 0)
            break;
    }
    if (strpbrk(text, ".e") == NULL)
        g_strlcat(text, ".0", (size_t)size);
}

UtilJson *
util_json_new_double(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE] = "";

    if (!isfinite(value))
        return NULL;
    write_double(value, text, sizeof(text));
    return made(json_object_new_double_s(value, text));
}

UtilJson *
util_json_new_boolean(bool value)
{
    return made(json_object_new_boolean(value));
}

void
util_json_set(UtilJson *self, const char *name, UtilJson *value)
{
    int result = json_object_object_add(self, name, value);

    g_assert(result == 0);
}

void
util_json_append(UtilJson *self, UtilJson *value)
{
    int result = json_object_array_add(self, value);

    g_assert(result == 0);
}

char *
util_json_to_text(const UtilJson *self, bool is_pretty)
{
    int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

    if (is_pretty)
        flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
    return g_strdup(json_object_to_json_string_ext(without_const(self), flags));
}
