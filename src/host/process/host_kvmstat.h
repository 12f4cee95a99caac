/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kvmstat: KVM's own statistics of a virtual machine, read without QEMU's help.
 *
 * QEMU 8.1 and later has a descriptor for each vCPU from which the kernel gives the statistics of
 * that vCPU. We copy those descriptors out of the QEMU process, and no others. debugfs has the sums
 * over a machine, for users who may read it.
 */
#pragma once

#include "host/host_root.h"
#include "util/util_count.h"

typedef enum {
    HOST_KVMSTAT_CUMULATIVE, /* only grows */
    HOST_KVMSTAT_INSTANT,    /* goes up and down */
    HOST_KVMSTAT_PEAK,       /* the highest so far */
    HOST_KVMSTAT_HISTOGRAM,  /* has no one value */
} HostKvmstatKind;

typedef struct {
    const char *name; /* as query-stats spells it */
    HostKvmstatKind kind;
    bool is_boolean; /* its unit is boolean */
    uint64_t value;  /* as the kernel gives it, not scaled; not set for a histogram */
} HostKvmStat;

/* The kinds and places of the values in a statistics block (KVM_GET_STATS_FD in the kernel's KVM
 * documentation), checked once against all limits. */
typedef struct HostKvmstatLayout HostKvmstatLayout;

/* Parses a whole block as it is read from the descriptor, from offset 0 to its end. NULL and BROKEN
 * if it is malformed. Statistics of a kind that we do not know are left out. */
HostKvmstatLayout *host_kvmstat_parse(const uint8_t *block, size_t size, GError **error);
HostKvmstatLayout *host_kvmstat_layout_ref(HostKvmstatLayout *self);
void host_kvmstat_layout_unref(HostKvmstatLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostKvmstatLayout, host_kvmstat_layout_unref)

size_t host_kvmstat_layout_n_stats(const HostKvmstatLayout *self);
/* Gives the offset of the values in a block; sets @ret_size to their size in bytes. */
size_t host_kvmstat_layout_data(const HostKvmstatLayout *self, size_t *ret_size);
/* Sets @ret_stats, of host_kvmstat_layout_n_stats() elements, from the values in @data; the names
 * in it are borrowed from @self. */
void host_kvmstat_layout_decode(const HostKvmstatLayout *self, const uint8_t *data,
                                HostKvmStat *ret_stats);

/* What a descriptor is whose link in proc/<pid>/fd leads to @target. */
typedef enum {
    HOST_KVMSTAT_OF_OTHERS,
    HOST_KVMSTAT_OF_VCPU,  /* a vCPU itself */
    HOST_KVMSTAT_OF_STATS, /* the statistics of one, which QEMU 8.1 and later opens with it */
} HostKvmstatOf;

HostKvmstatOf host_kvmstat_judge(const char *target);

typedef struct HostKvmStats HostKvmStats;

/* Copies the descriptors of statistics that @pid, a live process, has now. NULL if it has none
 * (UNSUPPORTED), we have no permission (DENIED), or for another reason. The copies keep the machine
 * alive in the kernel: free them as soon as the process has ended. */
HostKvmStats *host_kvmstat_open(pid_t pid, GError **error);
void host_kvmstat_free(HostKvmStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostKvmStats, host_kvmstat_free)

size_t host_kvmstat_n_vcpus(const HostKvmStats *self);

/* True if @pid now has descriptors for exactly these vCPUs; false also if that cannot be read. A
 * vCPU that was unplugged and plugged again with the same number is the same to the kernel. */
bool host_kvmstat_is_current(const HostKvmStats *self, pid_t pid);

typedef struct {
    unsigned int number; /* of the vCPU, as KVM has it: its APIC id on x86 */
    const HostKvmStat *stats;
    size_t n_stats;
} HostKvmstatVcpu;

/* Reads the @i-th vCPU, ascending by number, with one system call. What @ret_vcpu points to is
 * valid until the next call with @self. False if the kernel no longer gives it. */
bool host_kvmstat_read(HostKvmStats *self, size_t i, HostKvmstatVcpu *ret_vcpu);

/* A statistic of a whole machine in debugfs; one of vCPUs is the sum over all of them. */
typedef struct {
    char *name;
    uint64_t value;
} HostKvmstatDebug;

/* The folder of @pid's machine in debugfs; NULL if it has none (@ret_is_sure is set), or debugfs
 * cannot be read (@ret_is_sure is cleared). The caller frees. */
char *host_kvmstat_find_debugfs(HostRoot *root, pid_t pid, bool *ret_is_sure);

/* The statistics in such a folder: HostKvmstatDebug elements, ascending by name, without
 * histograms. NULL if it cannot be read. Free with g_array_unref(). */
GArray *host_kvmstat_read_debugfs(HostRoot *root, const char *folder);

/* Reads only the statistics in @names, ended by NULL, into the elements of @ret_counts. */
void host_kvmstat_read_debugfs_some(HostRoot *root, const char *folder, const char *const *names,
                                    UtilCount *ret_counts);
