/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_call: see daemon_libvirt_call.h.
 */
#include "daemon_libvirt_call.h"

#include <string.h>

void *
daemon_libvirt_call_alloc(DaemonLibvirtCall *self, size_t n, size_t size)
{
    void *memory = g_malloc0_n(MAX(n, 1), size);

    g_ptr_array_add(self->memory, memory);
    return memory;
}

char *
daemon_libvirt_call_keep(DaemonLibvirtCall *self, char *take_text)
{
    g_ptr_array_add(self->memory, take_text);
    return take_text;
}

char *
daemon_libvirt_call_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

rpc_domain
daemon_libvirt_call_domain(const DomstatsRecord *record)
{
    rpc_domain domain = {.name = record->name, .id = record->id > 0 ? record->id : -1};

    (void)daemon_libvirt_call_parse_uuid(record->uuid, domain.uuid);
    return domain;
}

void
daemon_libvirt_call_print_uuid(const char raw[VIR_UUID_BUFLEN],
                               char ret_uuid[VIR_UUID_STRING_BUFLEN])
{
    static const char digits[] = "0123456789abcdef";
    char *to = ret_uuid;

    for (size_t i = 0; i < VIR_UUID_BUFLEN; i++) {
        unsigned char byte = (unsigned char)raw[i];

        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    *to = '\0';
}

bool
daemon_libvirt_call_parse_uuid(const char *uuid, char ret_raw[VIR_UUID_BUFLEN])
{
    char raw[VIR_UUID_BUFLEN];
    size_t n_digits = 0;

    for (; *uuid != '\0'; uuid++) {
        int digit = g_ascii_xdigit_value(*uuid);

        if (*uuid == '-')
            continue;
        if (digit < 0 || n_digits >= 2 * sizeof(raw))
            return false;
        if (n_digits % 2 == 0)
            raw[n_digits / 2] = (char)(digit << 4);
        else
            raw[n_digits / 2] = (char)(raw[n_digits / 2] | digit);
        n_digits++;
    }
    if (n_digits != 2 * sizeof(raw))
        return false;
    memcpy(ret_raw, raw, sizeof(raw));
    return true;
}

void
daemon_libvirt_call_add_ullong(rpc_param *params, unsigned int *n_params, const char *field,
                               uint64_t value)
{
    params[*n_params].field = daemon_libvirt_call_text(field);
    params[*n_params].value.type = VIR_TYPED_PARAM_ULLONG;
    params[*n_params].value.rpc_value_u.as_ullong = value;
    (*n_params)++;
}

void
daemon_libvirt_call_add_llong(rpc_param *params, unsigned int *n_params, const char *field,
                              int64_t value)
{
    params[*n_params].field = daemon_libvirt_call_text(field);
    params[*n_params].value.type = VIR_TYPED_PARAM_LLONG;
    params[*n_params].value.rpc_value_u.as_llong = value;
    (*n_params)++;
}
