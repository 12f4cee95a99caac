/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_params: see util_params.h. Owns the array and the strings in it until they are stolen. Does
 * not know what a parameter means.
 */
#include "util_params.h"

#include <string.h>

#include "util_error.h"

enum {
    N_FIRST = 16, /* parameters that the first growth makes room for */
    /* So much of a name that is too long is kept for the error; it may come from a peer. */
    MAX_BAD_NAME_BYTES = 2 * VIR_TYPED_PARAM_FIELD_LENGTH,
};

void
util_params_init(UtilParams *self, size_t n_expected, size_t n_most)
{
    *self = (UtilParams){.n_most = n_most};
    if (n_expected == 0)
        return;
    self->params = g_new(virTypedParameter, n_expected);
    self->n_allocated = n_expected;
}

static void
free_strings(virTypedParameter *params, size_t n_params)
{
    for (size_t i = 0; i < n_params; i++) {
        if (params[i].type == VIR_TYPED_PARAM_STRING)
            g_free(params[i].value.s);
    }
}

void
util_params_clear(UtilParams *self)
{
    free_strings(self->params, self->n_params);
    g_free(self->params);
    g_free(self->bad_name);
    *self = (UtilParams){0};
}

static void
remember_bad_name(UtilParams *self, const char *name)
{
    g_autofree char *head = NULL;

    if (self->bad_name != NULL)
        return;
    head = g_strndup(name, MAX_BAD_NAME_BYTES);
    self->bad_name = g_utf8_make_valid(head, -1);
}

/* Appends a parameter; the caller sets its value. NULL if the name is too long or the list full. */
static virTypedParameter *
add(UtilParams *self, const char *name, virTypedParameterType type)
{
    size_t name_size = strlen(name) + 1;
    virTypedParameter *param = NULL;

    if (name_size > VIR_TYPED_PARAM_FIELD_LENGTH) {
        remember_bad_name(self, name);
        return NULL;
    }
    if (self->n_most != 0 && self->n_params == self->n_most) {
        self->has_too_many = true;
        return NULL;
    }
    if (self->n_params == self->n_allocated) {
        self->n_allocated = MAX(2 * self->n_allocated, N_FIRST);
        self->params = g_renew(virTypedParameter, self->params, self->n_allocated);
    }
    param = &self->params[self->n_params++];
    memcpy(param->field, name, name_size);
    param->type = (int)type;
    return param;
}

void
util_params_add_int(UtilParams *self, const char *name, int value)
{
    virTypedParameter *param = add(self, name, VIR_TYPED_PARAM_INT);

    if (param != NULL)
        param->value.i = value;
}

void
util_params_add_uint(UtilParams *self, const char *name, unsigned int value)
{
    virTypedParameter *param = add(self, name, VIR_TYPED_PARAM_UINT);

    if (param != NULL)
        param->value.ui = value;
}

void
util_params_add_llong(UtilParams *self, const char *name, long long value)
{
    virTypedParameter *param = add(self, name, VIR_TYPED_PARAM_LLONG);

    if (param != NULL)
        param->value.l = value;
}

void
util_params_add_ullong(UtilParams *self, const char *name, unsigned long long value)
{
    virTypedParameter *param = add(self, name, VIR_TYPED_PARAM_ULLONG);

    if (param != NULL)
        param->value.ul = value;
}

void
util_params_add_double(UtilParams *self, const char *name, double value)
{
    virTypedParameter *param = add(self, name, VIR_TYPED_PARAM_DOUBLE);

    if (param != NULL)
        param->value.d = value;
}

void
util_params_add_boolean(UtilParams *self, const char *name, bool value)
{
    virTypedParameter *param = add(self, name, VIR_TYPED_PARAM_BOOLEAN);

    if (param != NULL)
        param->value.b = value;
}

void
util_params_add_string(UtilParams *self, const char *name, const char *value)
{
    virTypedParameter *param = NULL;

    if (value == NULL)
        return;
    param = add(self, name, VIR_TYPED_PARAM_STRING);
    if (param != NULL)
        param->value.s = g_strdup(value);
}

void
util_params_add(UtilParams *self, const virTypedParameter *param)
{
    virTypedParameter *copy = add(self, param->field, (virTypedParameterType)param->type);

    if (copy == NULL)
        return;
    copy->value = param->value;
    if (param->type == VIR_TYPED_PARAM_STRING)
        copy->value.s = g_strdup(param->value.s);
}

bool
util_params_take(UtilParams *self, virTypedParameter *take_params, size_t n)
{
    if (self->n_params != 0 || (self->n_most != 0 && n > self->n_most))
        return false;
    g_free(self->params);
    self->params = take_params;
    self->n_params = self->n_allocated = n;
    return true;
}

bool
util_params_steal(UtilParams *self, virTypedParameter **ret_params, int *ret_n, GError **error)
{
    if (self->bad_name != NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL,
                    "the name of parameter '%s' is longer than %d bytes", self->bad_name,
                    VIR_TYPED_PARAM_FIELD_LENGTH - 1);
        return false;
    }
    if (self->has_too_many) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "more than %zu parameters", self->n_most);
        return false;
    }
    g_assert(self->n_params <= G_MAXINT);
    *ret_n = (int)self->n_params;
    if (self->n_params == 0) {
        g_free(self->params);
        self->params = NULL;
    }
    *ret_params = g_steal_pointer(&self->params);
    util_params_init(self, 0, self->n_most);
    return true;
}

void
util_params_free_array(virTypedParameter *params, int n_params)
{
    if (params == NULL)
        return;
    free_strings(params, (size_t)n_params);
    g_free(params);
}

bool
util_params_read_count(const virTypedParameter *param, uint64_t *ret_count)
{
    int64_t number = 0;

    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        number = param->value.i;
        break;
    case VIR_TYPED_PARAM_UINT:
        number = param->value.ui;
        break;
    case VIR_TYPED_PARAM_LLONG:
        number = param->value.l;
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        number = param->value.b != 0;
        break;
    case VIR_TYPED_PARAM_ULLONG:
        *ret_count = param->value.ul;
        return true;
    default:
        return false;
    }
    if (number < 0)
        return false;
    *ret_count = (uint64_t)number;
    return true;
}
