/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_params: a growing list of named, typed values: libvirt's typed parameters.
 *
 * It remembers its first error (a name too long for VIR_TYPED_PARAM_FIELD_LENGTH, or too many), so
 * a row of appends does not check each one: the one who takes the list asks once.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    virTypedParameter *params;
    size_t n_params;
    size_t n_allocated;
    size_t n_most;  /* more than that are refused; 0: no bound */
    bool is_over;   /* there were more */
    char *bad_name; /* the first that did not fit */
} UtilParams;

/* Makes room for @n_expected at once; takes no more than @n_most, if that is not 0. */
void util_params_init(UtilParams *self, size_t n_expected, size_t n_most);
void util_params_clear(UtilParams *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UtilParams, util_params_clear)

void util_params_add_int(UtilParams *self, const char *name, int value);
void util_params_add_uint(UtilParams *self, const char *name, unsigned int value);
void util_params_add_llong(UtilParams *self, const char *name, long long value);
void util_params_add_ullong(UtilParams *self, const char *name, unsigned long long value);
void util_params_add_double(UtilParams *self, const char *name, double value);
void util_params_add_boolean(UtilParams *self, const char *name, bool value);
void util_params_add_string(UtilParams *self, const char *name,
                            const char *value); /* copied; NULL: absent */

/* Hands the array out, to be freed with util_params_free_array(), and leaves an empty list;
 * false, with the name in @error, if one did not fit. NULL for no parameters. */
bool util_params_steal(UtilParams *self, virTypedParameter **ret_params, int *ret_n,
                       GError **error);

/* Frees an array and the strings in it. */
void util_params_free_array(virTypedParameter *params, int n_params);
