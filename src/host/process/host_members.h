/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_members: which processes are in a control group and in the groups inside of it, and whether
 * all of them belong to one machine.
 *
 * What belongs to a machine
 *
 * - QEMU, and all that it has started;
 * - the kernel's own vhost workers for it (of kernels that have them as processes);
 * - programs that managers start for one machine and put into its group: swtpm, virtiofsd, passt
 *   and others; the table is in host_members.c;
 * - in a container, that is if QEMU has a pid namespace of its own, the programs that a container
 *   has for one machine: its init, KubeVirt's launcher, the libvirt that runs inside.
 *
 * Any other process in the group, a shell or a second QEMU, makes the group another one's.
 */
#pragma once

#include "host/host_root.h"

/* Does not change. */
typedef struct HostMembers HostMembers;

/* Borrows @root, also for its descriptors. The processes of the group in @folder now; NULL if they
 * cannot be listed, or are too many.
 * @before, an earlier list of the same group or NULL, is given again if nothing has changed since.
 * The caller unrefs. */
HostMembers *host_members_read(HostRoot *root, const char *folder, HostMembers *before);
HostMembers *host_members_ref(HostMembers *self);
void host_members_unref(HostMembers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostMembers, host_members_unref)

/* True if the group has these processes still. */
bool host_members_are_same(const HostMembers *self);

/* True if the process is there, and all others are its machine's. */
bool host_members_are_of(const HostMembers *self, pid_t pid, bool is_in_container);

/* Appends the kernel's vhost workers for @pid to @threads (pid_t). */
void host_members_add_vhost(const HostMembers *self, pid_t pid, GArray *threads);

/* The folders of the groups inside of it, NULL-ended; borrowed. */
const char *const *host_members_inner(const HostMembers *self);
