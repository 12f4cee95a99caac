/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_outcome: what went wrong in a call of libvirt's library, in the few kinds that callers
 * treat differently.
 */
#pragma once

#include <glib.h>

typedef enum {
    LIBVIRT_OUTCOME_WELL,
    LIBVIRT_OUTCOME_REFUSED, /* no daemon listens, or it takes no further client */
    LIBVIRT_OUTCOME_DENIED,  /* no permission: the socket's mode, authentication, access control */
    LIBVIRT_OUTCOME_LOST,    /* the connection ended before the reply came */
    LIBVIRT_OUTCOME_NO_DOMAIN,   /* it has no such domain */
    LIBVIRT_OUTCOME_NOT_RUNNING, /* the domain does not run, or runs anew */
    LIBVIRT_OUTCOME_UNSUPPORTED, /* ENFORCE_STATS: a group cannot be served */
    LIBVIRT_OUTCOME_FAILED,      /* any other: the message says what */
} LibvirtOutcomeKind;

/* How a request ended. */
typedef struct {
    LibvirtOutcomeKind kind;
    char *message; /* libvirt's or ours, UTF-8; NULL if there is no trouble */
} LibvirtOutcome;

void libvirt_outcome_clear(LibvirtOutcome *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LibvirtOutcome, libvirt_outcome_clear)

/* Sets @ret_outcome, whatever it was before. */
void libvirt_outcome_set(LibvirtOutcome *ret_outcome, LibvirtOutcomeKind kind, const char *message);

/* What an error of libvirt's library is, by three members of its virError. */
LibvirtOutcomeKind libvirt_outcome_find_kind(int code, int domain, int int1);

/* Sets @ret_outcome by the last error of libvirt's library on this thread. */
void libvirt_outcome_take_last(LibvirtOutcome *ret_outcome);
