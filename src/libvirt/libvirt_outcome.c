/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_outcome: see libvirt_outcome.h. Owns the table of libvirt's error codes.
 */
#include "libvirt_outcome.h"

#include <libvirt/virterror.h>

static const struct {
    int code; /* virErrorNumber */
    LibvirtOutcomeKind kind;
} troubles[] = {
    {VIR_ERR_NO_CONNECT, LIBVIRT_OUTCOME_REFUSED},
    {VIR_ERR_SYSTEM_ERROR, LIBVIRT_OUTCOME_REFUSED},
    {VIR_ERR_AUTH_FAILED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_AUTH_UNAVAILABLE, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_AUTH_CANCELLED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_ACCESS_DENIED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_OPERATION_DENIED, LIBVIRT_OUTCOME_DENIED},
    {VIR_ERR_INVALID_CONN, LIBVIRT_OUTCOME_LOST},
    {VIR_ERR_RPC, LIBVIRT_OUTCOME_LOST},
    {VIR_ERR_NO_DOMAIN, LIBVIRT_OUTCOME_NO_DOMAIN},
    {VIR_ERR_OPERATION_INVALID, LIBVIRT_OUTCOME_NOT_RUNNING},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, LIBVIRT_OUTCOME_UNSUPPORTED},
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

void
libvirt_outcome_take_last(LibvirtOutcome *ret_outcome)
{
    const virError *last = virGetLastError();
    const char *message = last ? last->message : NULL;

    libvirt_outcome_clear(ret_outcome);
    ret_outcome->kind = LIBVIRT_OUTCOME_FAILED;
    ret_outcome->message = g_utf8_make_valid(message ? message : "libvirt gives no reason", -1);
    for (size_t i = 0; last != NULL && i < G_N_ELEMENTS(troubles); i++)
        if (troubles[i].code == last->code)
            ret_outcome->kind = troubles[i].kind;
}
