/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_error: see rpc_error.h.
 */
#include "rpc_error.h"

void
rpc_error_set(RpcError *self, virErrorNumber code, virErrorDomain domain, const char *format, ...)
{
    va_list arguments;

    if (self == NULL)
        return;
    g_assert(self->message == NULL);
    self->code = (int)code;
    self->domain = (int)domain;
    va_start(arguments, format);
    self->message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

void
rpc_error_clear(RpcError *self)
{
    g_free(self->message);
    *self = (RpcError){0};
}
