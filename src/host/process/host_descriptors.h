/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_descriptors: the sockets that a process has open, through /proc.
 */
#pragma once

#include <glib.h>

#include "host/host_root.h"

typedef struct {
    int fd;
    ino_t inode;
} HostDescriptorsSocket;

/* The sockets of processes; each process is read once. Made anew for each scan, since what is open
 * changes. One caller at a time. */
typedef struct HostDescriptors HostDescriptors;

/* Borrows @root, which must outlive it; a recording that is made of @root keeps nothing of it. */
HostDescriptors *host_descriptors_new(HostRoot *root);
void host_descriptors_free(HostDescriptors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostDescriptors, host_descriptors_free)
bool host_descriptors_is_live(const HostDescriptors *self);

/* The sockets among the descriptors of process @pid (HostDescriptorsSocket), in the order of their
 * numbers; at most HOST_LIMIT_DESCRIPTORS descriptors are looked at. Borrowed. NULL with errno: the
 * process has ended (ENOENT) or may not be looked at (EACCES), or descriptors ran out here. */
const GArray *host_descriptors_list(HostDescriptors *self, pid_t pid);

/* What else is among them. */
typedef struct {
    GArray *tap_fds;    /* int: descriptors that may be network devices (host_tap_may_be()) */
    bool has_kvm_vcpus; /* KVM's vCPUs */
    bool has_kvm_stats; /* KVM's statistics of a vCPU */
} HostDescriptorsOthers;

/* Read by the same pass over them. Borrowed. NULL as above. */
const HostDescriptorsOthers *host_descriptors_others(HostDescriptors *self, pid_t pid);

/* True if the socket is seen among them. */
bool host_descriptors_has_socket(HostDescriptors *self, pid_t pid, ino_t inode);

/* The inode of the socket that descriptor @fd of process @pid is; 0 if it is none, or with errno if
 * that cannot be read. */
ino_t host_descriptors_socket(HostRoot *root, pid_t pid, int fd);
