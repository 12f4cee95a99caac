/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_group: the control group of a machine, and what the kernel tells of it: pressure,
 * throttling, memory.
 *
 * The group is the unit of systemd that has QEMU's process, else the process's own group (without
 * those that libvirt makes inside of it). It is a machine's only if all of its processes are
 * (host_members.h); else nothing is told. Which group that is stays so until the process is moved.
 * Limits of groups above it are not seen.
 *
 * With cgroup v1, each controller has a hierarchy of its own; pressure is told by v2 only, which
 * may be mounted beside v1.
 */
#pragma once

#include "host/host_kept.h"
#include "host_hierarchy.h"
#include "host_members.h"
#include "util/util_count.h"

typedef struct {
    UtilCount some_us;
    UtilCount full_us;
} HostGroupPressure;

/* Memory on one NUMA node of this host. */
typedef struct {
    unsigned int id;
    UtilCount anon_bytes;
    UtilCount file_bytes;
} HostGroupNode;

typedef struct {
    HostGroupPressure cpu, memory, io;
    UtilCount n_periods, n_throttled, throttled_ns; /* sums over the group and those inside */
    UtilCount n_high, n_max, n_oom, n_oom_kill;
    UtilCount swap_bytes;
    GArray *nodes; /* HostGroupNode, ascending; NULL: not told */
} HostGroupValues;

void host_group_values_clear(HostGroupValues *self);

/* The subjects of files. */
typedef enum {
    HOST_GROUP_CPU = 1 << 0,
    HOST_GROUP_MEMORY = 1 << 1,
    HOST_GROUP_IO = 1 << 2,
} HostGroupSubjects;

/* Lists the processes of groups: one list may serve several machines. @list as
 * host_members_read(). */
typedef struct {
    HostMembers *(*list)(gpointer data, const char *folder, HostMembers *before);
    gpointer data;
} HostGroupLister;

/* The groups of one process, kept between calls with the files that are read in each. */
typedef struct HostGroup HostGroup;

/* Borrows @root. */
HostGroup *host_group_new(HostRoot *root, pid_t pid);
void host_group_free(HostGroup *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostGroup, host_group_free)

/* Finds out which groups are the machine's now; @files are those of the process. */
void host_group_look(HostGroup *self, HostKept *files, HostGroupLister lister);

/* Reads the values of @subjects, HostGroupSubjects, of the groups that the last look found. */
void host_group_read(HostGroup *self, unsigned int subjects, HostGroupValues *ret_values);

/* The kernel's vhost workers for this machine that are processes in its groups, also if the groups
 * are not the machine's alone (pid_t). The caller unrefs. */
GArray *host_group_list_vhost(const HostGroup *self);

/* Parse what these files have; false if there is no such line. */
bool host_group_parse_pressure(const char *text, HostGroupPressure *ret_pressure);
/* @anon and @file: how the two lines begin; @unit_bytes: what they count in. NULL: none. */
GArray *host_group_parse_nodes(const char *text, const char *anon, const char *file,
                               uint64_t unit_bytes);
