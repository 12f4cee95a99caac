/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_stopped: whether the daemon to which a URI of libvirt leads is stopped by a
 * signal. Such a daemon accepts connections and answers nothing, and logs an error of each client
 * that has left before it goes on. Reads /proc and the kernel's table of sockets; touches no
 * socket.
 */
#pragma once

#include <glib.h>

#include "util/util_deadline.h"

typedef struct QemuSourceLibvirtStopped QemuSourceLibvirtStopped;

QemuSourceLibvirtStopped *qemu_source_libvirt_stopped_new(const char *uri);
void qemu_source_libvirt_stopped_free(QemuSourceLibvirtStopped *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceLibvirtStopped, qemu_source_libvirt_stopped_free)

/* A clause that says which process is stopped, which the caller frees; NULL: none is seen to be.
 * Costs a small read for a daemon that is known, a look at all processes for one that is not. */
char *qemu_source_libvirt_stopped_find(QemuSourceLibvirtStopped *self, UtilDeadline deadline);
