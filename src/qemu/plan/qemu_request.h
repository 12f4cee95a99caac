/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_request: what a call asks for, and the rules of its flags and filters. Pure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "qemu/facts/qemu_endpoint.h"
#include "util/util_deadline.h"

typedef struct {
    unsigned int stats;         /* as the caller gave them; 0: ALL */
    unsigned int flags;         /* libvirt's */
    unsigned int extras;        /* DomstatsCallExtras */
    const char *const *domains; /* NULL: every domain; borrowed for the call */
    bool is_recording;          /* every command is sent, nothing is lent: for a recording */
    UtilDeadline deadline;
    unsigned int timeout_ms; /* from which @deadline was made, for messages */
} QemuRequest;

/* INVALID for unknown flags or extras or an empty list, UNSUPPORTED for unknown groups under
 * ENFORCE_STATS. */
bool qemu_request_check(const QemuRequest *self, GError **error);

/* The wanted groups that are in the table; all of them for ALL. */
unsigned int qemu_request_groups(const QemuRequest *self);
bool qemu_request_is_all(const QemuRequest *self);
/* True if @flag, one of libvirt's, is set; if @extra, one of ours, is. */
bool qemu_request_has(const QemuRequest *self, unsigned int flag);
bool qemu_request_wants(const QemuRequest *self, DomstatsCallExtras extra);

/* True if the filter bits select @endpoint. @state: virDomainState; -1: not known. */
bool qemu_request_selects_endpoint(const QemuRequest *self, const QemuEndpoint *endpoint,
                                   int state);
/* True if a bit of RUNNING, PAUSED, SHUTOFF, OTHER is set: the state must be known to filter. */
bool qemu_request_filters_state(const QemuRequest *self);
