/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_names: names and UUIDs for domains that were given none, so that they can be told
 * apart.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "qemu_source_view.h"

/* Sets the name of @endpoint, which is for a process and has its places: that which QEMU was given;
 * else by the path of its first monitor that tells one; else its pid. If it was given no UUID, sets
 * what that is derived from: where its first monitor is on this host, which stays the same over a
 * restart. */
void qemu_source_names_set(const QemuSourceView *view, const QemuCmdline *cmdline,
                           QemuEndpoint *endpoint);

/* The names and identities that one source has given out, by the keys of the endpoints. */
typedef struct QemuSourceNames QemuSourceNames;

QemuSourceNames *qemu_source_names_new(void);
void qemu_source_names_free(QemuSourceNames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceNames, qemu_source_names_free)

/* Makes the derived names and identities of @endpoints (QemuEndpoint *), all that a scan has found,
 * differ from each other and from given names. Of two that are alike the one that was there first
 * keeps its own, the other gets its pid behind it. An endpoint of an earlier scan does not change,
 * nor does the name of a domain whose endpoint was made anew. Names that were given stay as they
 * are, also if two are alike. */
void qemu_source_names_settle(QemuSourceNames *self, const GPtrArray *endpoints);
