/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_socket_owners: which processes have the listening sockets open that a scan wants to know of.
 */
#pragma once

#include "host/host_descriptors.h"
#include "util/util_deadline.h"

typedef struct QemuSocketOwners QemuSocketOwners;

/* Borrows @root, which must outlive it. */
QemuSocketOwners *qemu_socket_owners_new(HostRoot *root);
void qemu_socket_owners_free(QemuSocketOwners *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSocketOwners, qemu_socket_owners_free)

void qemu_socket_owners_want(QemuSocketOwners *self, ino_t socket_inode);

/* Searches the programs that are QEMUs by their names, and all others only for what these do not
 * have open. False past @deadline. Sets @ret_shortage to errno if descriptors or memory ran out
 * here. */
bool qemu_socket_owners_search(QemuSocketOwners *self, HostDescriptors *descriptors,
                               UtilDeadline deadline, int *ret_shortage);

typedef struct {
    pid_t pid;
    int fd;
} QemuSocketOwner;

/* Those of a wanted socket, QemuSocketOwner elements; borrowed. */
const GArray *qemu_socket_owners_get(const QemuSocketOwners *self, ino_t socket_inode);
