/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_descriptors: the sockets that a process has open, through /proc.
 */
#pragma once

#include <glib.h>

#include "host_root.h"

typedef struct {
    int fd;
    ino_t inode;
} HostDescriptorsSocket;

/* The sockets among the descriptors of process @pid, in the order of their numbers; at most
 * HOST_LIMIT_DESCRIPTORS descriptors are looked at. NULL with errno: the process has ended (ENOENT)
 * or may not be looked at (EACCES). The caller unrefs. */
GArray *host_descriptors_list_sockets(HostRoot *root, pid_t pid);

/* The inode of the socket that descriptor @fd of process @pid is; 0 if it is none, or with errno if
 * that cannot be read. */
ino_t host_descriptors_socket(HostRoot *root, pid_t pid, int fd);
