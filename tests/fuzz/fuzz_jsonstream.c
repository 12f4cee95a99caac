/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_jsonstream: any slicing gives the same objects, and what is given out is JSON; a pool
 * changes nothing of it, whether objects are given back at once or held.
 *
 * The first byte says how the rest is cut: into slices of at most that many bytes, or where
 * it is 0 of sizes that change. The outcome is compared with that of one slice.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_json.h"
#include "util/util_jsonstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const UtilJsonLimits limits = {.max_bytes = 4096, .max_entries = 64, .max_depth = 8};

static void
check_is_json(const char *text)
{
    g_autoptr(UtilJson) again = util_json_parse(text, strlen(text), limits.max_depth, NULL);
    g_autofree char *text_again = util_json_to_text(again, false);

    if (again == NULL || g_strcmp0(text, text_again) != 0)
        abort();
}

static void
unref_object(gpointer data)
{
    util_json_unref(data);
}

static void
append_object(GString *outcome, const UtilJson *object)
{
    g_autofree char *text = util_json_to_text(object, false);

    check_is_json(text);
    g_string_append_printf(outcome, "%s\n", text);
}

/* Takes all of @bytes; false when the stream broke. Objects go to @held, or where that is NULL
 * to @outcome. */
static bool
take_all(UtilJsonStream *stream, const char *bytes, size_t size, GPtrArray *held, GString *outcome)
{
    while (size > 0) {
        g_autoptr(UtilJson) object = NULL;
        ssize_t n_taken = util_jsonstream_take(stream, bytes, size, &object, NULL);

        if (n_taken < 0)
            return false;
        if (n_taken == 0 || (size_t)n_taken > size || (object == NULL && (size_t)n_taken < size))
            abort();
        bytes += n_taken;
        size -= (size_t)n_taken;
        if (object != NULL && held != NULL)
            g_ptr_array_add(held, g_steal_pointer(&object));
        else if (object != NULL)
            append_object(outcome, object);
    }
    return true;
}

/* The objects, one a line, and how it ended. */
static char *
run(const char *bytes, size_t size, size_t slice_size)
{
    g_autoptr(UtilJsonStream) stream = util_jsonstream_new(&limits);
    GString *outcome = g_string_new(NULL);
    size_t n_done = 0;

    while (n_done < size) {
        size_t n_wanted = slice_size > 0 ? slice_size : 1 + n_done % 7;
        size_t n_slice = MIN(n_wanted, size - n_done);
        /* A copy of the slice alone, so that a read past its end is seen. */
        g_autofree char *slice = g_memdup2(bytes + n_done, n_slice);

        if (!take_all(stream, slice, n_slice, NULL, outcome)) {
            g_string_append(outcome, "broken");
            return g_string_free(outcome, FALSE);
        }
        n_done += n_slice;
    }
    g_string_append(outcome, util_jsonstream_is_idle(stream) ? "idle" : "within");
    return g_string_free(outcome, FALSE);
}

/* The same in one slice, with a pool. */
static char *
run_pooled(const char *bytes, size_t size, bool holds)
{
    g_autoptr(GPtrArray) held = g_ptr_array_new_with_free_func(unref_object);
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();
    g_autoptr(UtilJsonStream) stream = util_jsonstream_new(&limits);
    GString *outcome = g_string_new(NULL);
    bool is_good = false;

    util_jsonstream_use_pool(stream, pool);
    is_good = take_all(stream, bytes, size, holds ? held : NULL, outcome);
    for (guint i = 0; i < held->len; i++)
        append_object(outcome, g_ptr_array_index(held, i));
    if (!is_good)
        g_string_append(outcome, "broken");
    else
        g_string_append(outcome, util_jsonstream_is_idle(stream) ? "idle" : "within");
    return g_string_free(outcome, FALSE);
}

static void
compare(const char *whole, const char *other, const char *how)
{
    if (g_strcmp0(whole, other) == 0)
        return;
    g_printerr("in one slice:\n%s\n%s:\n%s\n", whole, how, other);
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data + 1;
    g_autofree char *whole = NULL;
    g_autofree char *sliced = NULL;
    g_autofree char *pooled = NULL;
    g_autofree char *held = NULL;

    if (size < 2)
        return 0;
    whole = run(bytes, size - 1, size - 1);
    sliced = run(bytes, size - 1, data[0]);
    compare(whole, sliced, "sliced");
    pooled = run_pooled(bytes, size - 1, false);
    compare(whole, pooled, "with a pool");
    held = run_pooled(bytes, size - 1, true);
    compare(whole, held, "with a pool, and all held");
    return 0;
}
