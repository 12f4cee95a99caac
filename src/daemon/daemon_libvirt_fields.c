/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_fields: see daemon_libvirt_fields.h.
 */
#include "daemon_libvirt_fields.h"

#include <string.h>

#include "util/util_params.h"

enum { NUMBER_MOST = 65536 };

void
daemon_libvirt_fields_init(DaemonLibvirtFields *self, const DomstatsRecord *record)
{
    self->record = record;
    self->params = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < record->n_params; i++)
        g_hash_table_insert(self->params, record->params[i].field, &record->params[i]);
}

void
daemon_libvirt_fields_clear(DaemonLibvirtFields *self)
{
    g_clear_pointer(&self->params, g_hash_table_unref);
}

static const virTypedParameter *find(const DaemonLibvirtFields *self, const char *format,
                                     va_list arguments) G_GNUC_PRINTF(2, 0);

static const virTypedParameter *
find(const DaemonLibvirtFields *self, const char *format, va_list arguments)
{
    char name[VIR_TYPED_PARAM_FIELD_LENGTH];
    int length = g_vsnprintf(name, sizeof(name), format, arguments);

    return length < (int)sizeof(name) ? g_hash_table_lookup(self->params, name) : NULL;
}

bool
daemon_libvirt_fields_get(const DaemonLibvirtFields *self, uint64_t *ret_value, const char *name,
                          ...)
{
    const virTypedParameter *param = NULL;
    va_list arguments;

    va_start(arguments, name);
    param = find(self, name, arguments);
    va_end(arguments);
    return param != NULL && util_params_read_count(param, ret_value);
}

uint64_t
daemon_libvirt_fields_number(const DaemonLibvirtFields *self, uint64_t absent, const char *name,
                             ...)
{
    const virTypedParameter *param = NULL;
    uint64_t number = absent;
    va_list arguments;

    va_start(arguments, name);
    param = find(self, name, arguments);
    va_end(arguments);
    if (param != NULL)
        (void)util_params_read_count(param, &number);
    return number;
}

const char *
daemon_libvirt_fields_text(const DaemonLibvirtFields *self, const char *name, ...)
{
    const virTypedParameter *param = NULL;
    va_list arguments;

    va_start(arguments, name);
    param = find(self, name, arguments);
    va_end(arguments);
    return param != NULL && param->type == VIR_TYPED_PARAM_STRING ? param->value.s : NULL;
}

bool
daemon_libvirt_fields_has(const DaemonLibvirtFields *self, const char *name, ...)
{
    const virTypedParameter *param = NULL;
    va_list arguments;

    va_start(arguments, name);
    param = find(self, name, arguments);
    va_end(arguments);
    return param != NULL;
}

/* The number behind "@word." in @field, or behind "about.@word.". */
static bool
has_index(const char *field, const char *word, unsigned int *ret_index)
{
    const char *at = g_str_has_prefix(field, "about.") ? field + strlen("about.") : field;
    uint64_t index = 0;
    char *end = NULL;

    if (!g_str_has_prefix(at, word) || at[strlen(word)] != '.' ||
        !g_ascii_isdigit(at[strlen(word) + 1]))
        return false;
    index = g_ascii_strtoull(at + strlen(word) + 1, &end, 10);
    if (*end != '.' || index >= NUMBER_MOST)
        return false;
    *ret_index = (unsigned int)index;
    return true;
}

unsigned int
daemon_libvirt_fields_count(const DaemonLibvirtFields *self, const char *word)
{
    unsigned int count = 0;
    unsigned int index = 0;

    for (int i = 0; i < self->record->n_params; i++) {
        if (has_index(self->record->params[i].field, word, &index))
            count = MAX(count, index + 1);
    }
    return count;
}

static bool
find_int(const DomstatsRecord *record, const char *name, int *ret_value)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        if (param->type == VIR_TYPED_PARAM_INT && strcmp(param->field, name) == 0) {
            *ret_value = param->value.i;
            return true;
        }
    }
    return false;
}

void
daemon_libvirt_fields_state(const DomstatsRecord *record, int *ret_state, int *ret_reason)
{
    *ret_reason = 0;
    if (find_int(record, "state.state", ret_state))
        (void)find_int(record, "state.reason", ret_reason);
    else
        *ret_state = record->id > 0 ? VIR_DOMAIN_RUNNING : VIR_DOMAIN_SHUTOFF;
}

bool
daemon_libvirt_fields_is_domain(const DomstatsRecord *record)
{
    return record->health != DOMSTATS_HEALTH_NO_DOMAIN && record->health != DOMSTATS_HEALTH_GONE;
}
