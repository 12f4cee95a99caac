/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_json: see util_json.h. Does not know what a member means.
 */
#include "util_json.h"

#include <math.h>
#include <string.h>

#include "util_error.h"
#include "util_jsonmeasure.h"
#include "util_jsonout.h"
#include "util_jsonparse.h"

/* The first offset from @at on whose byte is not white space. */
static size_t
skip_blank(const char *text, size_t size, size_t at)
{
    while (at < size && text[at] != '\0' && strchr(" \t\r\n", text[at]) != NULL)
        at++;
    return at;
}

UtilJson *
util_json_parse(const char *text, size_t size, int max_depth, GError **error)
{
    UtilJsonMeasure measure = {0};
    g_autoptr(UtilJson) root = NULL;
    const char *fault = "it is too long";
    size_t at = 0;
    bool is_end = false;

    if (size <= G_MAXINT) {
        /* No limit on entries: the text is in memory and has at most one entry a byte. */
        util_jsonmeasure_init(&measure, size, max_depth);
        while (at < size && measure.fault == NULL)
            at += util_jsonmeasure_step(&measure, text + at, size - at, &is_end);
        fault = measure.fault;
    }
    if (fault == NULL)
        root = util_jsonparse_make(text, size, &(UtilJsonParseLimits){measure.n_entries, max_depth},
                                   &at, &fault);
    if (root != NULL) {
        at = skip_blank(text, size, at);
        if (at == size)
            return g_steal_pointer(&root);
        fault = "a second value";
    }
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL, "bad JSON at byte '%zu': %s", at, fault);
    return NULL;
}

UtilJson *
util_json_ref(UtilJson *self)
{
    UtilJsonParseDocument *document = (UtilJsonParseDocument *)self;

    util_refcount_inc(&document->holders);
    return self;
}

void
util_json_unref(UtilJson *self)
{
    UtilJsonParseDocument *document = (UtilJsonParseDocument *)self;

    if (document != NULL && util_refcount_dec(&document->holders))
        g_free(document);
}

UtilJsonKind
util_json_kind(const UtilJson *self)
{
    return self ? (UtilJsonKind)self->kind : UTIL_JSON_NULL;
}

/* NULL for a JSON null. */
static const UtilJson *
null_as_absent(const UtilJson *self)
{
    return util_json_kind(self) == UTIL_JSON_NULL ? NULL : self;
}

static const UtilJson *
find_member(const UtilJson *self, const char *name)
{
    if (util_json_kind(self) != UTIL_JSON_OBJECT)
        return NULL;
    for (uint32_t i = self->size; i > 0; i--) {
        const UtilJson *member = &self->children[i - 1];

        if (member->name[0] == name[0] && strcmp(member->name, name) == 0)
            return member;
    }
    return NULL;
}

const UtilJson *
util_json_member(const UtilJson *self, const char *name)
{
    return null_as_absent(find_member(self, name));
}

bool
util_json_has(const UtilJson *self, const char *name)
{
    return find_member(self, name) != NULL;
}

size_t
util_json_length(const UtilJson *self)
{
    return util_json_kind(self) == UTIL_JSON_ARRAY ? self->size : 0;
}

const UtilJson *
util_json_element(const UtilJson *self, size_t i)
{
    return i < util_json_length(self) ? null_as_absent(&self->children[i]) : NULL;
}

UtilCount
util_json_count(const UtilJson *self)
{
    if (util_json_kind(self) != UTIL_JSON_NUMBER || self->form != UTIL_JSONPARSE_FORM_COUNT)
        return (UtilCount){0};
    return util_count_of(self->count);
}

bool
util_json_int64(const UtilJson *self, int64_t *ret_value)
{
    if (util_json_kind(self) != UTIL_JSON_NUMBER)
        return false;
    if (self->form == UTIL_JSONPARSE_FORM_NEGATIVE)
        *ret_value = self->negative;
    else if (self->form == UTIL_JSONPARSE_FORM_COUNT && self->count <= INT64_MAX)
        *ret_value = (int64_t)self->count;
    else
        return false;
    return true;
}

bool
util_json_double(const UtilJson *self, double *ret_value)
{
    double value = 0;

    if (util_json_kind(self) != UTIL_JSON_NUMBER)
        return false;
    if (self->form == UTIL_JSONPARSE_FORM_FRACTION)
        value = g_ascii_strtod(self->text, NULL);
    else if (self->form == UTIL_JSONPARSE_FORM_NEGATIVE)
        value = (double)self->negative;
    else
        value = (double)self->count;
    if (!isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

bool
util_json_boolean(const UtilJson *self, bool *ret_value)
{
    if (util_json_kind(self) != UTIL_JSON_BOOLEAN)
        return false;
    *ret_value = self->truth;
    return true;
}

const char *
util_json_string(const UtilJson *self)
{
    if (util_json_kind(self) != UTIL_JSON_STRING)
        return NULL;
    return strlen(self->text) == self->size ? self->text : NULL;
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
    if (util_json_kind(self) != UTIL_JSON_OBJECT)
        return;
    for (uint32_t i = 0; i < self->size; i++)
        visit(self->children[i].name, null_as_absent(&self->children[i]), data);
}

static UtilJsonOut *
copy_number(const UtilJson *self)
{
    if (self->form == UTIL_JSONPARSE_FORM_FRACTION)
        return util_jsonout_new_fraction(self->text, self->size);
    if (self->form == UTIL_JSONPARSE_FORM_NEGATIVE)
        return util_jsonout_new_int64(self->negative);
    return util_jsonout_new_count(self->count);
}

/* A copy that util_jsonout can write; NULL for null. */
static UtilJsonOut *
copy_out(const UtilJson *self)
{
    UtilJsonKind kind = util_json_kind(self);
    UtilJsonOut *out = NULL;

    switch (kind) {
    case UTIL_JSON_BOOLEAN:
        return util_jsonout_new_boolean(self->truth);
    case UTIL_JSON_NUMBER:
        return copy_number(self);
    case UTIL_JSON_STRING:
        return util_jsonout_new_string_len(self->text, self->size);
    case UTIL_JSON_ARRAY:
    case UTIL_JSON_OBJECT:
        out = kind == UTIL_JSON_ARRAY ? util_jsonout_new_array() : util_jsonout_new_object();
        break;
    case UTIL_JSON_NULL:
    default:
        return NULL;
    }
    for (uint32_t i = 0; i < self->size; i++) {
        if (kind == UTIL_JSON_ARRAY)
            util_jsonout_append(out, copy_out(&self->children[i]));
        else
            util_jsonout_set(out, self->children[i].name, copy_out(&self->children[i]));
    }
    return out;
}

char *
util_json_to_text(const UtilJson *self, bool is_pretty)
{
    g_autoptr(UtilJsonOut) out = copy_out(self);

    return util_jsonout_to_text(out, is_pretty);
}
