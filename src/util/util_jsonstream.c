/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonstream: see util_jsonstream.h. Owns the bytes of an object that has not ended; one that
 * comes whole is parsed from where it is. Knows nothing of what an object means.
 */
#include "util_jsonstream.h"

#include <string.h>

#include "util_error.h"
#include "util_jsonmeasure.h"
#include "util_jsonparse.h"

enum {
    TELNET_COMMAND = 0xFF,
    BYTES_PER_ENTRY = 6, /* QEMU takes 9 to 25 */
};

struct UtilJsonStream {
    UtilJsonStreamLimits limits;
    UtilJsonMeasure measure; /* of the object begun */
    GString *begun;          /* its bytes so far; NULL: none is begun */
    bool is_line_new;        /* nothing but white space of the line has been looked at */
    const char *fault;       /* what broke the stream, for ever, */
    size_t fault_at;         /* and where in the object */
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
forget_begun(UtilJsonStream *self)
{
    if (self->begun != NULL)
        g_string_free(self->begun, TRUE);
    self->begun = NULL;
}

void
util_jsonstream_free(UtilJsonStream *self)
{
    if (self == NULL)
        return;
    forget_begun(self);
    g_free(self);
}

/* Gives -1, so that every way to break ends in one line. */
static ssize_t
set_broken(UtilJsonStream *self, const char *fault, size_t at, GError **error)
{
    self->fault = fault;
    self->fault_at = at;
    forget_begun(self);
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "bad JSON object at its byte '%zu': %s", at,
                fault);
    return -1;
}

/* Gives how much white space is at the start of @bytes. */
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

/* An object that ends on the line that it begins, as QEMU's do, is parsed without being measured:
 * memory is taken for an entry in BYTES_PER_ENTRY. Gives NULL for any other, also for one with a
 * fault: then it is measured. Each line is tried but once, so a peer gains nothing by that. */
static UtilJson *
take_line(UtilJsonStream *self, const char *bytes, size_t size, size_t *ret_size)
{
    const char *line_end =
        self->is_line_new ? memchr(bytes, '\n', MIN(size, self->limits.max_bytes)) : NULL;
    size_t length = line_end ? (size_t)(line_end - bytes) : 0;
    UtilJsonParseLimits limits = {length / BYTES_PER_ENTRY + 1, self->limits.max_depth};
    const char *fault = NULL;

    self->is_line_new = false;
    /* An entry takes a byte at least. */
    if (length == 0 || length > self->limits.max_entries)
        return NULL;
    return util_jsonparse_make(bytes, length, &limits, ret_size, &fault);
}

/* Keeps more bytes of an object that has not ended. */
static void
keep_part(UtilJsonStream *self, const char *bytes, size_t size)
{
    if (self->begun == NULL)
        self->begun = g_string_new_len(bytes, (gssize)size);
    else
        g_string_append_len(self->begun, bytes, (gssize)size);
}

/* The object that ends with these bytes; NULL sets the fault. */
static UtilJson *
parse_object(UtilJsonStream *self, const char *bytes, size_t size)
{
    UtilJsonParseLimits limits = {self->measure.n_entries, self->limits.max_depth};
    UtilJson *object = NULL;

    if (self->begun != NULL) {
        keep_part(self, bytes, size);
        bytes = self->begun->str;
        size = self->begun->len;
    }
    object = util_jsonparse_make(bytes, size, &limits, &self->fault_at, &self->fault);
    forget_begun(self);
    return object;
}

/* Takes bytes of an object as far as it goes. Gives how many; -1 when it broke. */
static ssize_t
take_part(UtilJsonStream *self, const char *bytes, size_t size, UtilJson **ret_value,
          GError **error)
{
    size_t n_begun = self->begun ? self->begun->len : 0;
    size_t n_seen = MIN(size, self->limits.max_bytes - n_begun);
    bool is_end = false;
    size_t n_good = util_jsonmeasure_step(&self->measure, bytes, n_seen, &is_end);

    if (self->measure.fault != NULL)
        return set_broken(self, self->measure.fault, n_begun + n_good, error);
    if (!is_end && n_seen < size)
        return set_broken(self, "too many bytes", n_begun + n_good, error);
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
    if (self->begun == NULL) {
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
    return self->begun == NULL;
}
