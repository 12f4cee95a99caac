/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_request: what may be asked, checked once.
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
    bool is_recording;          /* ask everything, whatever is known already */
    UtilDeadline deadline;
    unsigned int timeout_ms; /* what @deadline was made of, for messages */
} QemuRequest;

/* INVALID for unknown flags or extras or an empty list, UNSUPPORTED for unknown groups under
 * ENFORCE_STATS. */
bool qemu_request_check(const QemuRequest *self, GError **error);

/* The known groups that are wanted: all of them for ALL. */
unsigned int qemu_request_groups(const QemuRequest *self);
bool qemu_request_is_all(const QemuRequest *self);
/* Whether @flag of libvirt's is set; whether @extra of ours is. */
bool qemu_request_has(const QemuRequest *self, unsigned int flag);
bool qemu_request_wants(const QemuRequest *self, DomstatsCallExtras extra);

/* Whether the filter bits select a domain of this state and kind. @state: virDomainState; -1 is
 * not known, which no filter of states leaves out. */
bool qemu_request_selects(const QemuRequest *self, bool is_active, bool is_persistent, int state);
/* True if a bit of RUNNING, PAUSED, SHUTOFF, OTHER is set: the state must be known to filter. */
bool qemu_request_filters_state(const QemuRequest *self);
