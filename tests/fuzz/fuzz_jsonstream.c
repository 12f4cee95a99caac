/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_jsonstream: any slicing gives the same objects, and json-c reads the same from them.
 *
 * The first byte says how the rest is cut: into slices of at most that many bytes, or where
 * it is 0 of sizes that change. The outcome is compared with that of one slice.
 *
 * Each text is also given to json-c as a whole, which must take it and read the same, or refuse it
 * as well. What json-c judges otherwise, knowingly, is in is_refused_by_us_alone().
 */
#include <glib.h>
#include <json-c/json.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_json.h"
#include "util/util_jsonstream.h"

typedef struct json_tokener Tokener;
typedef struct json_object Theirs;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tokener, json_tokener_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Theirs, json_object_put)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const UtilJsonStreamLimits limits = {.max_bytes = 300, .max_entries = 128, .max_depth = 8};

static void
fail(const char *what, const char *text)
{
    g_printerr("%s: %s\n", what, text);
    abort();
}

/* json-c clamps integers, ends a name at a NUL, takes control bytes, and looks at UTF-8 if asked
 * to, when it refuses good characters (0.18). It has words for numbers that JSON has not. */
static bool
is_refused_by_us_alone(const char *reason, const char *text)
{
    static const char *const reasons[] = {"64 bits", "UTF-8", "name with NUL", "control byte",
                                          "malformed number"};
    g_autofree char *lower = g_ascii_strdown(text, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (strstr(reason, reasons[i]) != NULL)
            return true;
    return strstr(lower, "nan") != NULL || strstr(lower, "infinity") != NULL;
}

/* What json-c 0.18 and later are too strict about. */
static bool
refuses_characters(const char *text)
{
    const int version_0_18 = 18 << 8;

    return json_c_version_num() >= version_0_18 && !g_str_is_ascii(text);
}

static Theirs *
parse_theirs(const char *text, size_t size)
{
    /* json-c counts the values inside the innermost bracket as a level too. */
    g_autoptr(Tokener) tokener = json_tokener_new_ex(limits.max_depth + 1);
    g_autoptr(Theirs) value = NULL;
    size_t n_taken = 0;

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    value = json_tokener_parse_ex(tokener, text, (int)size);
    n_taken = json_tokener_get_parse_end(tokener);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        value = json_tokener_parse_ex(tokener, "", 1);
    while (n_taken < size && strchr(" \t\r\n", text[n_taken]) != NULL && text[n_taken] != '\0')
        n_taken++;
    return n_taken == size ? g_steal_pointer(&value) : NULL;
}

static bool is_same(const UtilJson *ours, Theirs *theirs);

static bool
is_same_number(const UtilJson *ours, Theirs *theirs)
{
    UtilCount count = util_json_count(ours);
    int64_t integer = 0;
    double real = 0;

    if (count.is_present)
        return json_object_is_type(theirs, json_type_int) && json_object_get_int64(theirs) >= 0 &&
               json_object_get_uint64(theirs) == count.value;
    if (util_json_int64(ours, &integer))
        return json_object_is_type(theirs, json_type_int) &&
               json_object_get_int64(theirs) == integer;
    if (!json_object_is_type(theirs, json_type_double))
        return false;
    if (!util_json_double(ours, &real))
        return !isfinite(json_object_get_double(theirs));
    return real <= json_object_get_double(theirs) && real >= json_object_get_double(theirs);
}

static bool
is_same_string(const UtilJson *ours, Theirs *theirs)
{
    const char *text = util_json_string(ours);
    size_t size = (size_t)json_object_get_string_len(theirs);

    if (text == NULL)
        return memchr(json_object_get_string(theirs), '\0', size) != NULL;
    return strlen(text) == size && memcmp(json_object_get_string(theirs), text, size) == 0;
}

static bool
is_same_array(const UtilJson *ours, Theirs *theirs)
{
    if (util_json_length(ours) != json_object_array_length(theirs))
        return false;
    for (size_t i = 0; i < util_json_length(ours); i++)
        if (!is_same(util_json_element(ours, i), json_object_array_get_idx(theirs, i)))
            return false;
    return true;
}

static void
check_their_member(const char *name, const UtilJson *value, void *theirs)
{
    (void)value;
    if (!json_object_object_get_ex(theirs, name, NULL))
        fail("json-c lacks", name);
}

static bool
is_same_object(const UtilJson *ours, Theirs *theirs)
{
    json_object_object_foreach(theirs, name, value)
    {
        if (!util_json_has(ours, name) || !is_same(util_json_member(ours, name), value))
            return false;
    }
    util_json_foreach(ours, check_their_member, theirs);
    return true;
}

static bool
is_same(const UtilJson *ours, Theirs *theirs)
{
    bool truth = false;

    switch (util_json_kind(ours)) {
    case UTIL_JSON_NULL:
        return theirs == NULL;
    case UTIL_JSON_BOOLEAN:
        return json_object_is_type(theirs, json_type_boolean) && util_json_boolean(ours, &truth) &&
               truth == json_object_get_boolean(theirs);
    case UTIL_JSON_NUMBER:
        return is_same_number(ours, theirs);
    case UTIL_JSON_STRING:
        return json_object_is_type(theirs, json_type_string) && is_same_string(ours, theirs);
    case UTIL_JSON_ARRAY:
        return json_object_is_type(theirs, json_type_array) && is_same_array(ours, theirs);
    case UTIL_JSON_OBJECT:
        return json_object_is_type(theirs, json_type_object) && is_same_object(ours, theirs);
    default:
        return false;
    }
}

static void
compare_with_json_c(const char *text, size_t size)
{
    g_autofree char *copy = g_strndup(text, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(UtilJson) ours = util_json_parse(text, size, limits.max_depth, &error);
    g_autoptr(Theirs) theirs = parse_theirs(text, size);

    if (ours == NULL && theirs != NULL && !is_refused_by_us_alone(error->message, copy))
        fail("json-c takes it", error->message);
    if (ours == NULL)
        return;
    if (theirs == NULL && refuses_characters(copy))
        return;
    if (theirs == NULL)
        fail("json-c refuses it", copy);
    if (!is_same(ours, theirs))
        fail("json-c reads otherwise", json_object_to_json_string(theirs));
}

/* What is written reads the same again. */
static void
append_object(GString *outcome, const UtilJson *object)
{
    g_autofree char *text = util_json_to_text(object, false);
    g_autoptr(UtilJson) again = util_json_parse(text, strlen(text), limits.max_depth, NULL);
    g_autofree char *text_again = util_json_to_text(again, false);

    if (again == NULL || g_strcmp0(text, text_again) != 0)
        fail("it does not read the same again", text);
    g_string_append_printf(outcome, "%s\n", text);
}

/* Takes all of @bytes; false when the stream broke. */
static bool
take_all(UtilJsonStream *stream, const char *bytes, size_t size, GString *outcome)
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
        if (object != NULL)
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

        if (!take_all(stream, slice, n_slice, outcome)) {
            g_string_append(outcome, "broken");
            return g_string_free(outcome, FALSE);
        }
        n_done += n_slice;
    }
    g_string_append(outcome, util_jsonstream_is_idle(stream) ? "idle" : "within");
    return g_string_free(outcome, FALSE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data + 1;
    g_autofree char *whole = NULL;
    g_autofree char *sliced = NULL;

    if (size < 2)
        return 0;
    compare_with_json_c(bytes, size - 1);
    whole = run(bytes, size - 1, size - 1);
    sliced = run(bytes, size - 1, data[0]);
    if (g_strcmp0(whole, sliced) != 0)
        fail(whole, sliced);
    return 0;
}
