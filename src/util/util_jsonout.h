/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonout: builds JSON values and writes them as text. No other file calls json-c.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value and all values within it; NULL stands for null. */
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
/* A number with a point or an exponent; @text is written unchanged. */
UtilJsonOut *util_jsonout_new_fraction(const char *text, size_t size);

/* Both take @value. util_jsonout_set() replaces a member of that name. */
void util_jsonout_set(UtilJsonOut *self, const char *name, UtilJsonOut *value);
void util_jsonout_append(UtilJsonOut *self, UtilJsonOut *value);

/* The text of @self: compact, or indented for people. The caller frees it. */
char *util_jsonout_to_text(UtilJsonOut *self, bool is_pretty);
