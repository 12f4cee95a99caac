/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonout: see util_jsonout.h. Does not know what a member means.
 */
#include "util_jsonout.h"

#include <json-c/json.h>

/* json-c gives NULL when memory runs out; that ends the process, as in GLib. */
static UtilJsonOut *
check_allocated(UtilJsonOut *value)
{
    g_assert(value != NULL);
    return value;
}

void
util_jsonout_free(UtilJsonOut *self)
{
    json_object_put(self);
}

UtilJsonOut *
util_jsonout_new_object(void)
{
    return check_allocated(json_object_new_object());
}

UtilJsonOut *
util_jsonout_new_array(void)
{
    return check_allocated(json_object_new_array());
}

UtilJsonOut *
util_jsonout_new_string(const char *value)
{
    return check_allocated(json_object_new_string(value));
}

UtilJsonOut *
util_jsonout_new_string_len(const char *bytes, size_t size)
{
    return check_allocated(json_object_new_string_len(bytes, (int)size));
}

UtilJsonOut *
util_jsonout_new_int64(int64_t value)
{
    return check_allocated(json_object_new_int64(value));
}

UtilJsonOut *
util_jsonout_new_count(uint64_t value)
{
    return check_allocated(json_object_new_uint64(value));
}

UtilJsonOut *
util_jsonout_new_boolean(bool value)
{
    return check_allocated(json_object_new_boolean(value));
}

UtilJsonOut *
util_jsonout_new_fraction(const char *text, size_t size)
{
    g_autofree char *copy = g_strndup(text, size);

    return check_allocated(json_object_new_double_s(0, copy));
}

void
util_jsonout_set(UtilJsonOut *self, const char *name, UtilJsonOut *value)
{
    int result = json_object_object_add(self, name, value);

    g_assert(result == 0);
}

void
util_jsonout_append(UtilJsonOut *self, UtilJsonOut *value)
{
    int result = json_object_array_add(self, value);

    g_assert(result == 0);
}

char *
util_jsonout_to_text(UtilJsonOut *self, bool is_pretty)
{
    int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

    if (is_pretty)
        flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
    return g_strdup(json_object_to_json_string_ext(self, flags));
}
