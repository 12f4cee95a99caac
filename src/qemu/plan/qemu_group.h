/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_group: the table of groups: bit, name, the commands and host facts that a group needs, and
 * its emitter. A new group is one row, one emitter, one fixture, and a decoder if its command is
 * new.
 */
#pragma once

#include "qemu/params/qemu_emit.h"
#include "qemu/qmp/qemu_command.h"

/* What is read of the host for one domain. */
typedef enum {
    QEMU_GROUP_HOST_PROCESS = 1 << 0, /* /proc/<pid>/stat */
    QEMU_GROUP_HOST_CPU = 1 << 1,     /* cgroup, where libvirt made one */
    QEMU_GROUP_HOST_THREADS = 1 << 2, /* vCPU threads' times */
    QEMU_GROUP_HOST_NETDEV = 1 << 3,  /* interface counters */
    QEMU_GROUP_HOST_PERF = 1 << 4,
    QEMU_GROUP_HOST_RESCTRL = 1 << 5,
    QEMU_GROUP_HOST_KVM = 1 << 6, /* KVM's statistics, where the kernel gives them */
    QEMU_GROUP_HOST_EXT = 1 << 7, /* what only ext. fields need */
    /* Open files, where QEMU tells relative names of images. */
    QEMU_GROUP_HOST_IMAGE_PATHS = 1 << 8,
    QEMU_GROUP_HOST_ABOUT = 1 << 9, /* what only about. fields need */
    QEMU_GROUP_HOST_PSS = 1 << 10,  /* smaps_rollup, which is expensive */
} QemuGroupHostNeed;

typedef struct {
    unsigned int bit;        /* VIR_DOMAIN_STATS_* */
    const char *name;        /* as in virsh domstats --NAME, and in messages */
    QemuCommandSet commands; /* a QEMU that lacks one of them does not support the group */
    QemuCommandSet optional; /* asked too, where QEMU has them */
    unsigned int host;       /* QemuGroupHostNeed bits */
    bool needs_process;      /* a domain that does not run has nothing of it */
    bool may_be_absent;      /* some guests and hosts have none of it: then it is not missing */
    QemuEmit emit;
} QemuGroup;

extern const QemuGroup qemu_groups[];
extern const size_t qemu_n_groups;

/* All bits of the table. */
unsigned int qemu_group_all(void);
/* "block, vm" of a mask; unknown bits in hex. The caller frees. */
char *qemu_group_names(unsigned int stats);
