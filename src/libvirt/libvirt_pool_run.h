/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_run: one call of libvirt: asks for the requests of an entry of the queue, and
 * decides what becomes of each.
 */
#pragma once

#include "libvirt_pool_queue.h"

typedef struct LibvirtPoolRun LibvirtPoolRun;

/* Takes @entry. */
LibvirtPoolRun *libvirt_pool_run_new(LibvirtPoolQueueEntry *take_entry);

/* Asks libvirt; without the pool's lock. True if the connection was lost. */
bool libvirt_pool_run_ask(LibvirtPoolRun *self, LibvirtConnection *connection);

/* Queues what is to be asked once more, each by itself: all of a connection that was lost, once,
 * and what an answer about several left open. With the lock. */
void libvirt_pool_run_ask_again(LibvirtPoolRun *self, LibvirtPoolQueue *queue);

/* Ends the others, without the lock. */
void libvirt_pool_run_free(LibvirtPoolRun *self);
