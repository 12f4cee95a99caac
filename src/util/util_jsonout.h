/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonout: building JSON that is written; the only caller of json-c.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One value and all within it; NULL is null. */
typedef struct json_object UtilJsonOut;

void util_jsonout_free(UtilJsonOut *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJsonOut, util_jsonout_free)

UtilJsonOut *util_jsonout_new_object(void);
UtilJsonOut *util_jsonout_new_array(void);
UtilJsonOut *util_jsonout_new_string(const char *value);
UtilJsonOut *util_jsonout_new_string_len(const char *bytes, size_t size);
UtilJsonOut *util_jsonout_new_int64(int64_t value);
UtilJsonOut *util_jsonout_new_count(uint64_t value);
UtilJsonOut *util_jsonout_new_boolean(bool value);
/* A number with a point or an exponent, by its text, which is written as it is. */
UtilJsonOut *util_jsonout_new_fraction(const char *text, size_t size);

/* Both take ownership of @value. A member of that name is replaced. */
void util_jsonout_set(UtilJsonOut *self, const char *name, UtilJsonOut *value);
void util_jsonout_append(UtilJsonOut *self, UtilJsonOut *value);

/* The text of @self: short, or indented for people. The caller frees with g_free(). */
char *util_jsonout_to_text(UtilJsonOut *self, bool is_pretty);
