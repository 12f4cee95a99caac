/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonstream: see util_jsonstream.h. Owns json-c's tokener, which keeps what a cut object
 * has given so far, for as long as one is begun; no copy of the bytes is kept. Knows nothing of
 * what an object means.
 */
#include "util_jsonstream.h"

#include <json-c/json.h>

#include "util_error.h"
#include "util_jsonscan.h"

enum { TELNET_COMMAND = 0xFF };

struct UtilJsonStream {
    UtilJsonLimits limits;
    UtilJsonPool *pool;           /* borrowed; NULL: none */
    struct json_tokener *tokener; /* while an object is begun: it is large */
    UtilJsonScan scan;
    size_t n_bytes;    /* of the object begun, or 0 */
    const char *fault; /* what broke the stream, for ever */
};

UtilJsonStream *
util_jsonstream_new(const UtilJsonLimits *limits)
{
    UtilJsonStream *self = g_new0(UtilJsonStream, 1);

    /* json-c takes sizes as int. */
    g_assert(limits->max_bytes <= G_MAXINT && limits->max_depth < G_MAXINT);
    self->limits = *limits;
    return self;
}

static void
end_object(UtilJsonStream *self)
{
    g_clear_pointer(&self->tokener, json_tokener_free);
    self->n_bytes = 0;
}

void
util_jsonstream_free(UtilJsonStream *self)
{
    if (self == NULL)
        return;
    end_object(self);
    g_free(self);
}

void
util_jsonstream_use_pool(UtilJsonStream *self, UtilJsonPool *pool)
{
    self->pool = pool;
}

/* Gives -1, so that every way to break ends in one line. */
static ssize_t
set_broken(UtilJsonStream *self, const char *fault, GError **error)
{
    self->fault = fault;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "not a JSON object at its byte '%zu': %s",
                self->n_bytes, fault);
    return -1;
}

static size_t
skip_blank(const char *bytes, size_t size)
{
    size_t i = 0;

    while (i < size &&
           (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
        i++;
    return i;
}

static const char *
find_fault_of_start(char first)
{
    if (first == '{')
        return NULL;
    if ((unsigned char)first == TELNET_COMMAND)
        return "it looks like telnet";
    return "it does not begin with a brace";
}

/* Hands @size good bytes to json-c. Gives false and sets @fault if it does not like them;
 * sets @ret_value if the object @is_end-ed with them. */
static bool
feed(UtilJsonStream *self, const char *bytes, size_t size, bool is_end, UtilJson **ret_value)
{
    g_autoptr(UtilJson) value = json_tokener_parse_ex(self->tokener, bytes, (int)size);
    enum json_tokener_error outcome = json_tokener_get_error(self->tokener);

    if (outcome != json_tokener_continue && outcome != json_tokener_success) {
        self->fault = json_tokener_error_desc(outcome);
        return false;
    }
    /* json-c must end where the brackets do, with an object. */
    if ((value != NULL) != is_end || json_tokener_get_parse_end(self->tokener) != size) {
        self->fault = "brackets that do not match";
        return false;
    }
    *ret_value = g_steal_pointer(&value);
    return true;
}

static void
begin_object(UtilJsonStream *self)
{
    util_jsonscan_init(&self->scan, self->limits.max_entries, self->limits.max_depth);
    /* json-c counts the values inside the innermost bracket as a level too. */
    self->tokener = json_tokener_new_ex(self->limits.max_depth + 1);
    g_assert(self->tokener != NULL);
    /* UTF-8 is looked at by the scan: json-c takes a character that is cut for a broken one. */
    json_tokener_set_flags(self->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
}

/* The object at the start of @bytes, if one like it is known; it has as many entries and levels as
 * that one, but may be longer. */
static UtilJson *
fill_known(UtilJsonStream *self, const char *bytes, size_t size, size_t *ret_size)
{
    if (self->pool == NULL)
        return NULL;
    return util_jsonpool_fill(self->pool, bytes, MIN(size, self->limits.max_bytes), ret_size);
}

/* Parses @bytes as far as the object goes. Gives how many it took; -1 when it broke. */
static ssize_t
parse(UtilJsonStream *self, const char *bytes, size_t size, UtilJson **ret_value, GError **error)
{
    bool is_whole = self->n_bytes == 0;
    size_t n_seen = MIN(size, self->limits.max_bytes - self->n_bytes);
    bool is_end = false;
    size_t n_good = util_jsonscan_step(&self->scan, bytes, n_seen, &is_end);

    self->n_bytes += n_good;
    if (self->scan.fault != NULL)
        return set_broken(self, self->scan.fault, error);
    if (!is_end && n_seen < size)
        return set_broken(self, "too many bytes", error);
    if (!feed(self, bytes, n_good, is_end, ret_value))
        return set_broken(self, self->fault, error);
    if (is_end && is_whole && self->pool != NULL)
        util_jsonpool_learn(self->pool, bytes, n_good, *ret_value);
    if (is_end)
        end_object(self);
    return (ssize_t)n_good;
}

ssize_t
util_jsonstream_take(UtilJsonStream *self, const char *bytes, size_t size, UtilJson **ret_value,
                     GError **error)
{
    size_t n_blank = 0;
    size_t n_known = 0;
    ssize_t n_parsed = 0;

    if (self->fault != NULL)
        return set_broken(self, self->fault, error);
    *ret_value = NULL;
    if (self->n_bytes == 0) {
        n_blank = skip_blank(bytes, size);
        if (n_blank == size)
            return (ssize_t)size;
        self->fault = find_fault_of_start(bytes[n_blank]);
        if (self->fault != NULL)
            return set_broken(self, self->fault, error);
        *ret_value = fill_known(self, bytes + n_blank, size - n_blank, &n_known);
        if (*ret_value != NULL)
            return (ssize_t)(n_blank + n_known);
        begin_object(self);
    }
    n_parsed = parse(self, bytes + n_blank, size - n_blank, ret_value, error);
    return n_parsed < 0 ? n_parsed : (ssize_t)n_blank + n_parsed;
}

bool
util_jsonstream_is_idle(const UtilJsonStream *self)
{
    return self->n_bytes == 0;
}
