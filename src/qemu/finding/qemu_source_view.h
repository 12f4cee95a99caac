/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_view: what one scan of a source reads of the host, for all processes that it looks
 * at: the table of sockets, the descriptors, the words.
 */
#pragma once

#include "host/host_root.h"
#include "host/process/host_descriptors.h"
#include "host/sockets/host_sockets.h"
#include "qemu_process.h"

/* What is looked up at most once in a scan. */
typedef struct {
    HostRoot *root;               /* borrowed */
    QemuProcessWords words;       /* its reader is owned */
    HostSockets *table;           /* owned; namespaces are added as they are needed */
    HostDescriptors *descriptors; /* owned */
    GHashTable *preferred; /* borrowed: inode of a listening socket (gint64) -> the path by which
                              its file is to be reached (char *); NULL: none */
    int shortage;          /* errno of a process that was not looked at for want of descriptors,
                              threads or memory; 0: none */
    GHashTable *programs;  /* of qemu_source_added, owned; NULL: none was asked for */
    char *own_mounts;      /* our namespaces, as /proc names them; NULL unknown */
    char *copied_mounts;   /* the mount namespace of which ours is a copy; NULL: of none */
    char *own_network;
} QemuSourceView;

void qemu_source_view_init(QemuSourceView *self, HostRoot *root, UtilDeadline deadline);
void qemu_source_view_clear(QemuSourceView *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuSourceView, qemu_source_view_clear)

/* True if the link /proc/<pid>/@name leads to @own. What cannot be read, and NULL, count as ours,
 * since most processes are in our namespaces. */
bool qemu_source_view_has_link(const QemuSourceView *self, pid_t pid, const char *name,
                               const char *own);

/* True if a path means the same to the process @pid and to us. */
bool qemu_source_view_shares_mounts(const QemuSourceView *self, pid_t pid);
