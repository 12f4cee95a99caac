/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonkind: the kinds of JSON values.
 */
#pragma once

typedef struct UtilJson UtilJson;

typedef enum {
    UTIL_JSON_NULL,
    UTIL_JSON_BOOLEAN,
    UTIL_JSON_NUMBER,
    UTIL_JSON_STRING,
    UTIL_JSON_ARRAY,
    UTIL_JSON_OBJECT,
} UtilJsonKind;
