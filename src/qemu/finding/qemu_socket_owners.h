/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_socket_owners: finds all processes that have wanted sockets open, in one pass over /proc
 * that reads the QEMUs first.
 */
#pragma once

#include "host/process/host_descriptors.h"
#include "util/util_deadline.h"

typedef struct QemuSocketOwners QemuSocketOwners;

/* Borrows @root, which must outlive it. */
QemuSocketOwners *qemu_socket_owners_new(HostRoot *root);
void qemu_socket_owners_free(QemuSocketOwners *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSocketOwners, qemu_socket_owners_free)

/* Adds a socket to those that are searched for. */
void qemu_socket_owners_want(QemuSocketOwners *self, ino_t socket_inode);

/* Searches the descriptors of the processes that are QEMUs by the names of their programs; then
 * those of all others, as long as a wanted socket has no owner. False past @deadline. Sets
 * @ret_shortage to errno if descriptors or memory ran out here. */
bool qemu_socket_owners_search(QemuSocketOwners *self, HostDescriptors *descriptors,
                               UtilDeadline deadline, int *ret_shortage);

typedef struct {
    pid_t pid;
    int fd;
} QemuSocketOwner;

/* The owners of a wanted socket, QemuSocketOwner elements; borrowed. */
const GArray *qemu_socket_owners_get(const QemuSocketOwners *self, ino_t socket_inode);
