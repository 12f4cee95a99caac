/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonstream: see util_jsonstream.h. Owns the bytes of an object that is not complete. One
 * that comes complete is parsed from the caller's buffer. Does not know what an object means.
 */
#include "util_jsonstream.h"

#include <string.h>

#include "util_error.h"
#include "util_jsonmeasure.h"
#include "util_jsonparse.h"

enum {
    TELNET_COMMAND = 0xFF,
    BYTES_PER_ENTRY = 6, /* replies of QEMU have 9 to 25 */
};

struct UtilJsonStream {
    UtilJsonStreamLimits limits;
    UtilJsonMeasure measure; /* of the object that is not complete */
    GString *partial;        /* the bytes of that object; NULL: there is none */
    bool is_line_new;        /* only white space of the current line has been taken */
    const char *fault;       /* why the stream broke; NULL: it did not. It stays so */
    size_t fault_at;         /* the offset of the fault in its object */
};

UtilJsonStream *
util_jsonstream_new(const UtilJsonStreamLimits *limits)
{
    UtilJsonStream *self = g_new0(UtilJsonStream, 1);

    g_assert(limits->max_bytes <= G_MAXINT);
    self->limits = *limits;
    self->is_line_new = true;
    return self;
}

static void
forget_partial(UtilJsonStream *self)
{
    if (self->partial != NULL)
        g_string_free(self->partial, TRUE);
    self->partial = NULL;
}

void
util_jsonstream_free(UtilJsonStream *self)
{
    if (self == NULL)
        return;
    forget_partial(self);
    g_free(self);
}

/* Breaks the stream; gives -1, which the caller returns. */
static ssize_t
set_broken(UtilJsonStream *self, const char *fault, size_t at, GError **error)
{
    self->fault = fault;
    self->fault_at = at;
    forget_partial(self);
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "bad JSON object at its byte '%zu': %s", at,
                fault);
    return -1;
}

/* The number of bytes of white space at the start of @bytes. */
static size_t
skip_blank(UtilJsonStream *self, const char *bytes, size_t size)
{
    size_t i = 0;

    while (i < size &&
           (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
        i++;
    if (i > 0 && memchr(bytes, '\n', i) != NULL)
        self->is_line_new = true;
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

/* Parses an object that ends on the line on which it begins, as those of QEMU do, without measuring
 * it: memory is allocated for one entry in BYTES_PER_ENTRY. Gives NULL if the object is longer than
 * the line, has more entries or has a fault: the caller then measures it. Each line is tried only
 * once, so a peer cannot make us parse the same bytes again and again. */
static UtilJson *
take_line(UtilJsonStream *self, const char *bytes, size_t size, size_t *ret_size)
{
    const char *line_end =
        self->is_line_new ? memchr(bytes, '\n', MIN(size, self->limits.max_bytes)) : NULL;
    size_t length = line_end ? (size_t)(line_end - bytes) : 0;
    UtilJsonParseLimits limits = {length / BYTES_PER_ENTRY + 1, self->limits.max_depth};
    const char *fault = NULL;

    self->is_line_new = false;
    /* An entry has at least one byte, so a line this short cannot have too many. */
    if (length == 0 || length > self->limits.max_entries)
        return NULL;
    return util_jsonparse_make(bytes, length, &limits, ret_size, &fault);
}

/* Appends @bytes to the object that is not complete. */
static void
keep_part(UtilJsonStream *self, const char *bytes, size_t size)
{
    if (self->partial == NULL)
        self->partial = g_string_new_len(bytes, (gssize)size);
    else
        g_string_append_len(self->partial, bytes, (gssize)size);
}

/* Parses the object that ends with @bytes; sets the fault and gives NULL if it is malformed. */
static UtilJson *
parse_object(UtilJsonStream *self, const char *bytes, size_t size)
{
    UtilJsonParseLimits limits = {self->measure.n_entries, self->limits.max_depth};
    UtilJson *object = NULL;

    if (self->partial != NULL) {
        keep_part(self, bytes, size);
        bytes = self->partial->str;
        size = self->partial->len;
    }
    object = util_jsonparse_make(bytes, size, &limits, &self->fault_at, &self->fault);
    forget_partial(self);
    return object;
}

/* Takes the bytes that belong to the current object. Gives how many; -1 if the stream broke. */
static ssize_t
take_part(UtilJsonStream *self, const char *bytes, size_t size, UtilJson **ret_value,
          GError **error)
{
    size_t n_partial = self->partial ? self->partial->len : 0;
    size_t n_seen = MIN(size, self->limits.max_bytes - n_partial);
    bool is_end = false;
    size_t n_good = util_jsonmeasure_step(&self->measure, bytes, n_seen, &is_end);

    if (self->measure.fault != NULL)
        return set_broken(self, self->measure.fault, n_partial + n_good, error);
    if (!is_end && n_seen < size)
        return set_broken(self, "too many bytes", n_partial + n_good, error);
    if (is_end)
        *ret_value = parse_object(self, bytes, n_good);
    else
        keep_part(self, bytes, n_good);
    if (self->fault != NULL)
        return set_broken(self, self->fault, self->fault_at, error);
    return (ssize_t)n_good;
}

ssize_t
util_jsonstream_take(UtilJsonStream *self, const char *bytes, size_t size, UtilJson **ret_value,
                     GError **error)
{
    size_t n_blank = 0;
    size_t n_line = 0;
    ssize_t n_part = 0;

    if (self->fault != NULL)
        return set_broken(self, self->fault, self->fault_at, error);
    *ret_value = NULL;
    if (self->partial == NULL) {
        n_blank = skip_blank(self, bytes, size);
        if (n_blank == size)
            return (ssize_t)size;
        self->fault = find_fault_of_start(bytes[n_blank]);
        if (self->fault != NULL)
            return set_broken(self, self->fault, 0, error);
        *ret_value = take_line(self, bytes + n_blank, size - n_blank, &n_line);
        if (*ret_value != NULL)
            return (ssize_t)(n_blank + n_line);
        util_jsonmeasure_init(&self->measure, self->limits.max_entries, self->limits.max_depth);
    }
    n_part = take_part(self, bytes + n_blank, size - n_blank, ret_value, error);
    return n_part < 0 ? n_part : (ssize_t)n_blank + n_part;
}

bool
util_jsonstream_is_idle(const UtilJsonStream *self)
{
    return self->partial == NULL;
}
