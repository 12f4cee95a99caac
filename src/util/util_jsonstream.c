/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonstream: see util_jsonstream.h. Owns the bytes of an object that has not ended; one that
 * comes whole is parsed from where it is. Knows nothing of what an object means.
 */
#include "util_jsonstream.h"

#include "util_error.h"
#include "util_jsonmeasure.h"
#include "util_jsonparse.h"

enum { TELNET_COMMAND = 0xFF };

struct UtilJsonStream {
    UtilJsonLimits limits;
    UtilJsonMeasure measure; /* of the object begun */
    GString *begun;          /* its bytes so far; NULL: none is begun */
    const char *fault;       /* what broke the stream, for ever, */
    size_t fault_at;         /* and where in the object */
};

UtilJsonStream *
util_jsonstream_new(const UtilJsonLimits *limits)
{
    UtilJsonStream *self = g_new0(UtilJsonStream, 1);

    g_assert(limits->max_bytes <= G_MAXINT);
    self->limits = *limits;
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
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "not a JSON object at its byte '%zu': %s", at,
                fault);
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

/* Takes @size more bytes of an object; @is_end if it ends with them. False sets the fault. */
static bool
take_part(UtilJsonStream *self, const char *bytes, size_t size, bool is_end, UtilJson **ret_value)
{
    if (!is_end && self->begun == NULL)
        self->begun = g_string_new_len(bytes, (gssize)size);
    else if (self->begun != NULL)
        g_string_append_len(self->begun, bytes, (gssize)size);
    if (!is_end)
        return true;
    if (self->begun != NULL) {
        bytes = self->begun->str;
        size = self->begun->len;
    }
    *ret_value =
        util_jsonparse_make(bytes, size, self->measure.n_entries, &self->fault, &self->fault_at);
    forget_begun(self);
    return *ret_value != NULL;
}

ssize_t
util_jsonstream_take(UtilJsonStream *self, const char *bytes, size_t size, UtilJson **ret_value,
                     GError **error)
{
    size_t n_begun = self->begun ? self->begun->len : 0;
    size_t n_blank = 0;
    size_t n_seen = 0;
    size_t n_good = 0;
    bool is_end = false;

    if (self->fault != NULL)
        return set_broken(self, self->fault, self->fault_at, error);
    *ret_value = NULL;
    if (self->begun == NULL) {
        n_blank = skip_blank(bytes, size);
        if (n_blank == size)
            return (ssize_t)size;
        self->fault = find_fault_of_start(bytes[n_blank]);
        if (self->fault != NULL)
            return set_broken(self, self->fault, 0, error);
        util_jsonmeasure_init(&self->measure, self->limits.max_entries, self->limits.max_depth);
    }
    n_seen = MIN(size - n_blank, self->limits.max_bytes - n_begun);
    n_good = util_jsonmeasure_step(&self->measure, bytes + n_blank, n_seen, &is_end);
    if (self->measure.fault != NULL)
        return set_broken(self, self->measure.fault, n_begun + n_good, error);
    if (!is_end && n_seen < size - n_blank)
        return set_broken(self, "too many bytes", n_begun + n_good, error);
    if (!take_part(self, bytes + n_blank, n_good, is_end, ret_value))
        return set_broken(self, self->fault, self->fault_at, error);
    return (ssize_t)(n_blank + n_good);
}

bool
util_jsonstream_is_idle(const UtilJsonStream *self)
{
    return self->begun == NULL;
}
