/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_last: the domains of the last scan in which libvirt could be asked, and what
 * is given of them in a scan in which it cannot.
 */
#pragma once

#include "libvirt/libvirt_outcome.h"
#include "qemu/facts/qemu_endpoint.h"

/* All zero: there was no such scan. */
typedef struct {
    GPtrArray *endpoints; /* QemuEndpoint *, a reference each; NULL: there was none */
    GPtrArray *aged; /* copies of these without what only libvirt can tell; NULL: none were made */
} QemuSourceLibvirtLast;

void qemu_source_libvirt_last_clear(QemuSourceLibvirtLast *self);

/* Keeps the endpoints of a scan in place of those before. Gives a new array of references. */
GPtrArray *qemu_source_libvirt_last_keep(QemuSourceLibvirtLast *self, GPtrArray *take_endpoints);

/* Gives a new array of references to copies of the kept ones, without what only libvirt can tell:
 * why is in @kind, @is_silent and @text, a clause. NULL: none are kept. */
GPtrArray *qemu_source_libvirt_last_give_aged(QemuSourceLibvirtLast *self, LibvirtOutcomeKind kind,
                                              bool is_silent, const char *text);
