/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_known: who the domains of a session's last list were: name, UUID and id, which do
 * not change while a QEMU runs. So a client that lists domains and then looks each of them up, by
 * id for example, costs one round and not one for each.
 *
 * A domain is told only if its process is still there at that moment.
 */
#pragma once

#include <glib.h>

#include "domstats/domstats.h"

typedef struct {
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id;
    int pid;
    uint64_t start_ticks;
} DaemonLibvirtKnownDomain;

typedef struct {
    GPtrArray *domains;
    GHashTable *by_name; /* its domain; NULL: two have that name. The next two are alike */
    GHashTable *by_uuid;
    GHashTable *by_id;
} DaemonLibvirtKnown;

void daemon_libvirt_known_init(DaemonLibvirtKnown *self);
void daemon_libvirt_known_clear(DaemonLibvirtKnown *self);

/* Forgets what it has, and takes the domains of @records whose process is known. */
void daemon_libvirt_known_take(DaemonLibvirtKnown *self, const DomstatsRecord *const *records,
                               size_t n_records);

/* NULL: not known, or its process has ended. */
const DaemonLibvirtKnownDomain *daemon_libvirt_known_by_name(const DaemonLibvirtKnown *self,
                                                             const char *name);
const DaemonLibvirtKnownDomain *daemon_libvirt_known_by_uuid(const DaemonLibvirtKnown *self,
                                                             const char *uuid);
const DaemonLibvirtKnownDomain *daemon_libvirt_known_by_id(const DaemonLibvirtKnown *self, int id);
