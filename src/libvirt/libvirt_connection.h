/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_connection: one read-only connection to a libvirt, and the domains that were looked up
 * through it.
 *
 * Each function that asks libvirt blocks as long as libvirt does. One thread at a time uses a
 * connection: see libvirt_pool.
 */
#pragma once

#include <libvirt/libvirt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "libvirt_outcome.h"

typedef struct LibvirtConnection LibvirtConnection;

/* Prompts for nothing: what needs a password that no file has fails. NULL with the outcome if that
 * fails. @turn is borrowed: all connections to that libvirt have it, and it lives longer than they.
 */
LibvirtConnection *libvirt_connection_open(const char *uri, pthread_mutex_t *turn,
                                           LibvirtOutcome *ret_outcome);
/* Closes it. Takes NULL. */
void libvirt_connection_free(LibvirtConnection *self);

virConnectPtr libvirt_connection_get(const LibvirtConnection *self); /* borrowed */
bool libvirt_connection_is_alive(const LibvirtConnection *self);

/* The domain with @uuid; asks libvirt for one that it has not seen. NULL with the outcome if
 * libvirt has none. Borrowed until the thread that uses the connection keeps others. */
virDomainPtr libvirt_connection_find(LibvirtConnection *self, const char *uuid,
                                     LibvirtOutcome *ret_outcome);

/* Keeps @domains, which libvirt has just listed, and drops others that were kept before. */
void libvirt_connection_keep(LibvirtConnection *self, virDomainPtr *domains, int n_domains);

/* Asks libvirt something that it answers whatever its domains do. */
void libvirt_connection_ping(const LibvirtConnection *self, LibvirtOutcome *ret_outcome);

/* Monotonic, in us: when it was opened. */
int64_t libvirt_connection_opened_us(const LibvirtConnection *self);

/* To be called before libvirt is asked for statistics over this connection. libvirt's driver for
 * QEMU learns of its host when that is needed first, and two first questions at once disturb each
 * other: one fails, and libvirt logs an error. So the connections take turns to have it learn. */
void libvirt_connection_learn(LibvirtConnection *self);

/* Calls @run(@data) when the connection closes, before it does, on the thread that closes it. */
void libvirt_connection_at_close(LibvirtConnection *self, void (*run)(void *data), void *data);
