/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_view: one call's view of the host: what is the same for all domains is read at most
 * once a call, when first needed. The threads of a call share it; any of them may call these
 * functions.
 */
#pragma once

#include "host/host_links.h"
#include "host/host_netdev.h"
#include "host/host_qdisc.h"
#include "host/host_reader.h"
#include "host/host_root.h"
#include "host/host_vf.h"
#include "host/process/host_members.h"
#include "host/sockets/host_holder.h"
#include "host/sockets/host_sockets.h"
#include "qemu/plan/qemu_job.h"

typedef struct QemuHostView QemuHostView;

/* Borrows all three until it is freed. */
QemuHostView *qemu_host_view_new(HostRoot *root, const char *resctrl_root,
                                 const char *const *perf_events);
void qemu_host_view_free(QemuHostView *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuHostView, qemu_host_view_free)

HostRoot *qemu_host_view_root(QemuHostView *self);
/* The kernel's table of sockets, with those of our network namespace, as it was at @since_us or
 * later (monotonic; 0: at any time of this call), so that the looks of one moment share a table.
 * NULL where it cannot be had. The caller unrefs. */
HostSockets *qemu_host_view_ref_sockets(QemuHostView *self, int64_t since_us);

/* The same with the tables of all network namespaces, for which all processes are walked. Clears
 * @ret_is_whole if not all could be read by @deadline. */
HostSockets *qemu_host_view_ref_all_sockets(QemuHostView *self, int64_t since_us,
                                            UtilDeadline deadline, bool *ret_is_whole);
/* True if that costs nothing now, or so long after the last walk that walks take a ninth of the
 * time at most. */
bool qemu_host_view_may_walk(QemuHostView *self, int64_t since_us);

/* For files whose reading may block. Borrowed. */
HostReader *qemu_host_view_reader(QemuHostView *self);

/* Which process holds which socket, as far as this call looked. Borrowed. */
HostHolders *qemu_host_view_holders(QemuHostView *self);

/* As host_members_read(); in one call, each group is read once for all domains. @data: the view. */
HostMembers *qemu_host_view_list_members(gpointer data, const char *folder, HostMembers *before);

bool qemu_host_view_has_wait_sum(QemuHostView *self);
/* Whether the kernel merges equal pages of processes. */
bool qemu_host_view_has_ksm(QemuHostView *self);
const char *qemu_host_view_resctrl_root(const QemuHostView *self);
const char *const *qemu_host_view_perf_events(const QemuHostView *self);
/* The counters of the interfaces in @net_namespace (a link of /proc; NULL: ours), in which devices
 * of
 * @domain are; @fd: a descriptor of a tap there, or -1. NULL if they cannot be read. Borrowed. */
const HostNetdevTable *qemu_host_view_netdevs(QemuHostView *self, const QemuDomain *domain,
                                              const char *net_namespace, int fd);

/* How the interfaces of our network namespace are set up; NULL if the kernel does not tell.
 * Borrowed. */
const HostLinks *qemu_host_view_links(QemuHostView *self);

/* The kernel's queues for the interfaces of our network namespace; NULL if it does not tell.
 * Borrowed. */
const HostQdiscs *qemu_host_view_qdiscs(QemuHostView *self);

/* Whether a process of this host may have been given a device. */
bool qemu_host_view_has_passed(QemuHostView *self);

/* The counters of the virtual functions of a device: of its interface @ifname, of our network
 * namespace. NULL if they cannot be read. Borrowed. */
const HostVfs *qemu_host_view_vfs(QemuHostView *self, const char *ifname, const char *pci);

/* True if the link of /proc names the network namespace that we are in. */
bool qemu_host_view_is_own_namespace(QemuHostView *self, const char *net_namespace);
