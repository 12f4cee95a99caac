/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_params: a growing list of named, typed values: libvirt's typed parameters.
 *
 * It remembers its first error (a name too long for VIR_TYPED_PARAM_FIELD_LENGTH, or too many
 * parameters). So a row of appends does not check each one: util_params_steal() reports the error.
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
    size_t n_most;     /* how many are accepted; 0: any number */
    bool has_too_many; /* more than @n_most were added */
    char *bad_name;    /* the first name that was too long; NULL: none */
} UtilParams;

/* Allocates room for @n_expected parameters. The list accepts @n_most of them; 0: any number. */
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

/* Appends a copy of @param, whatever its type is. */
void util_params_add(UtilParams *self, const virTypedParameter *param);

/* Takes an array of @n parameters, allocated as GLib does, if the list is empty and they are not
 * too many for it: true. Else they stay the caller's. */
bool util_params_take(UtilParams *self, virTypedParameter *take_params, size_t n);

/* Gives the array, to be freed with util_params_free_array(), and leaves an empty list; the array
 * is NULL if there are no parameters. False if a name was too long (INTERNAL, with the name) or
 * there were more than @n_most (BROKEN). */
bool util_params_steal(UtilParams *self, virTypedParameter **ret_params, int *ret_n,
                       GError **error);

/* Frees an array and the strings in it. */
void util_params_free_array(virTypedParameter *params, int n_params);

/* The value of @param as a count, of any of libvirt's integer types or a boolean. False for others
 * and for what is below 0. */
bool util_params_read_count(const virTypedParameter *param, uint64_t *ret_count);
