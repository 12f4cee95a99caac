/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_desk: the requests to libvirt that one thread waits for, beside the sockets that it polls.
 */
#pragma once

#include "libvirt/libvirt_stats.h"

enum { QEMU_DESK_CARE_MS = 20 };

/* The caller sets @poll_fd and zeroes the rest. */
typedef struct {
    int poll_fd; /* an epoll descriptor: it gives NULL as data.ptr when a request ends */
    LibvirtPoolInbox *inbox; /* NULL: nothing was asked yet */
    GHashTable *owners;      /* LibvirtPoolRequest * -> the owner that the caller named */
    GPtrArray *pools;        /* LibvirtPool *, of those requests; a reference each */
} QemuDesk;

/* The requests that are under way end elsewhere. */
void qemu_desk_clear(QemuDesk *self);

/* Asks @pool. Gives a request of the caller's, NULL if the system gives no descriptor. When it has
 * ended, qemu_desk_take() gives @owner, unless the request was forgotten before. */
LibvirtPoolRequest *qemu_desk_ask(QemuDesk *self, LibvirtPool *pool,
                                  const LibvirtStatsQuestion *question, void *owner);
void qemu_desk_forget(QemuDesk *self, LibvirtPoolRequest *request);

/* The owner of the next request that has ended; NULL: none. */
void *qemu_desk_take(QemuDesk *self);
/* True while a request is neither forgotten nor taken. */
bool qemu_desk_is_waiting(const QemuDesk *self);
/* To be called every QEMU_DESK_CARE_MS then: lets the pools start threads for requests that wait
 * behind others. */
void qemu_desk_look_after(QemuDesk *self);
