/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_error: see rpc_error.h. A text quotes what a client sent, so it is cut as libvirt cuts its
 * own, and UTF-8 is made of it.
 */
#include "rpc_error.h"

#include <string.h>

#include "rpc_limits.h"

void
rpc_error_set(RpcError *self, virErrorNumber code, virErrorDomain domain, const char *format, ...)
{
    g_autofree char *whole = NULL;
    va_list arguments;

    if (self == NULL)
        return;
    g_assert(self->message == NULL);
    self->code = (int)code;
    self->domain = (int)domain;
    va_start(arguments, format);
    whole = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    self->message = g_utf8_make_valid(whole, (gssize)strnlen(whole, RPC_LIMIT_ERROR_BYTES));
}

void
rpc_error_clear(RpcError *self)
{
    g_free(self->message);
    *self = (RpcError){0};
}
