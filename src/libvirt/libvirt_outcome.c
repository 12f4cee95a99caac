/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_outcome: see libvirt_outcome.h. Owns the table of libvirt's error codes.
 */
#include "libvirt_outcome.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <string.h>

#include "libvirt_limits.h"

static const struct {
    int code; /* virErrorNumber */
    LibvirtOutcomeKind kind;
} troubles[] = {
    {VIR_ERR_NO_CONNECT, LIBVIRT_OUTCOME_REFUSED},
    {VIR_ERR_AUTH_FAILED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_AUTH_UNAVAILABLE, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_AUTH_CANCELLED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_ACCESS_DENIED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_OPERATION_DENIED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_INVALID_CONN, LIBVIRT_OUTCOME_LOST},
    {VIR_ERR_NO_DOMAIN, LIBVIRT_OUTCOME_NO_DOMAIN},
    {VIR_ERR_OPERATION_INVALID, LIBVIRT_OUTCOME_NOT_RUNNING},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, LIBVIRT_OUTCOME_UNSUPPORTED},
};

/* Of the connection itself, with int1 as errno. Any other errno: nothing can be reached there. */
static const struct {
    int error;
    LibvirtOutcomeKind kind;
} system_troubles[] = {
    {EACCES, LIBVIRT_OUTCOME_DENIED},     {EPERM, LIBVIRT_OUTCOME_DENIED},
    {EIO, LIBVIRT_OUTCOME_LOST}, /* the end of what libvirt sends */
    {EPIPE, LIBVIRT_OUTCOME_LOST},        {ECONNRESET, LIBVIRT_OUTCOME_LOST},
    {ECONNABORTED, LIBVIRT_OUTCOME_LOST}, {ENOTCONN, LIBVIRT_OUTCOME_LOST},
    {ETIMEDOUT, LIBVIRT_OUTCOME_LOST},
};

void
libvirt_outcome_clear(LibvirtOutcome *self)
{
    g_free(self->message);
    *self = (LibvirtOutcome){0};
}

void
libvirt_outcome_set(LibvirtOutcome *ret_outcome, LibvirtOutcomeKind kind, const char *message)
{
    libvirt_outcome_clear(ret_outcome);
    ret_outcome->kind = kind;
    ret_outcome->message = g_strdup(message);
}

static LibvirtOutcomeKind
find_system_kind(int error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(system_troubles); i++)
        if (system_troubles[i].error == error)
            return system_troubles[i].kind;
    return LIBVIRT_OUTCOME_REFUSED;
}

LibvirtOutcomeKind
libvirt_outcome_find_kind(int code, int domain, int int1)
{
    bool is_ours = domain == VIR_FROM_RPC || domain == VIR_FROM_REMOTE;

    /* libvirt's daemon sends errors of this code too, of what it does itself. */
    if (code == VIR_ERR_SYSTEM_ERROR && is_ours)
        return find_system_kind(int1);
    for (size_t i = 0; i < G_N_ELEMENTS(troubles); i++)
        if (troubles[i].code == code)
            return troubles[i].kind;
    return LIBVIRT_OUTCOME_FAILED;
}

void
libvirt_outcome_take_last(LibvirtOutcome *ret_outcome)
{
    const virError *last = virGetLastError();
    const char *message = last != NULL && last->message != NULL ? last->message : "no reason given";
    size_t size = MIN(strlen(message), (size_t)LIBVIRT_LIMIT_MESSAGE_BYTES);
    g_autofree char *valid = g_utf8_make_valid(message, (gssize)size);
    LibvirtOutcomeKind kind = last ? libvirt_outcome_find_kind(last->code, last->domain, last->int1)
                                   : LIBVIRT_OUTCOME_FAILED;

    libvirt_outcome_set(ret_outcome, kind, valid);
}
