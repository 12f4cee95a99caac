/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kvmstat: KVM's own statistics of a virtual machine, read without QEMU's help.
 *
 * QEMU 8.1 and later keeps a descriptor for each vCPU from which the kernel gives that
 * vCPU's statistics; we take a copy of it. Only descriptors of exactly that kind are taken.
 * debugfs has the sums over a machine, for those who may read it.
 */
#pragma once

#include "host_root.h"
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
    bool is_boolean; /* its unit */
    uint64_t value;  /* as the kernel gives it, not scaled; nothing for a histogram */
} HostKvmStat;

/* Where which value stands in a statistics block (KVM_GET_STATS_FD in the kernel's KVM
 * documentation), checked once against all limits. */
typedef struct HostKvmstatLayout HostKvmstatLayout;

/* Takes a whole block as it is read from the descriptor, from offset 0 to its end; NULL and
 * BROKEN when it is none. Statistics of a kind that we do not know are left out. */
HostKvmstatLayout *host_kvmstat_parse(const uint8_t *block, size_t size, GError **error);
HostKvmstatLayout *host_kvmstat_layout_ref(HostKvmstatLayout *self);
void host_kvmstat_layout_unref(HostKvmstatLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostKvmstatLayout, host_kvmstat_layout_unref)

size_t host_kvmstat_layout_n_stats(const HostKvmstatLayout *self);
/* The part of a block that holds the values: where it begins and how long it is. */
size_t host_kvmstat_layout_data(const HostKvmstatLayout *self, size_t *ret_size);
/* Values out of that part, host_kvmstat_layout_n_stats() of them; names borrow from @self. */
void host_kvmstat_layout_decode(const HostKvmstatLayout *self, const uint8_t *data,
                                HostKvmStat *ret_stats);

typedef struct HostKvmStats HostKvmStats;

/* Copies of the statistics descriptors that @pid, a live process, has now. NULL where there
 * are none (UNSUPPORTED), the right is lacking (DENIED), or another reason. They keep the
 * kernel's part of the machine alive: free them as soon as the process has ended. */
HostKvmStats *host_kvmstat_open(pid_t pid, GError **error);
void host_kvmstat_free(HostKvmStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostKvmStats, host_kvmstat_free)

size_t host_kvmstat_n_vcpus(const HostKvmStats *self);

/* True if @pid has descriptors of exactly these vCPUs now; false also if that cannot be told. A
 * vCPU that is plugged again by the same number is the same one to the kernel. */
bool host_kvmstat_is_current(const HostKvmStats *self, pid_t pid);

typedef struct {
    unsigned int number; /* of the vCPU, as KVM has it: its APIC id on x86 */
    const HostKvmStat *stats;
    size_t n_stats;
} HostKvmstatVcpu;

/* The @i-th vCPU, ascending by number; one system call. What @ret_vcpu points to is good
 * until the next call with @self. False when the kernel no longer gives it. */
bool host_kvmstat_read(HostKvmStats *self, size_t i, HostKvmstatVcpu *ret_vcpu);

/* One statistic of a whole machine in debugfs, where a vCPU's stand as the sum over all. */
typedef struct {
    char *name;
    uint64_t value;
} HostKvmstatDebug;

/* The folder of @pid's machine in debugfs; NULL if there is none, which @ret_is_sure says to be
 * known, or where debugfs cannot be read. The caller frees. */
char *host_kvmstat_find_debugfs(HostRoot *root, pid_t pid, bool *ret_is_sure);

/* HostKvmstatDebug elements, ascending by name, without histograms, out of such a folder; NULL if
 * it cannot be read. Free with g_array_unref(). */
GArray *host_kvmstat_read_debugfs(HostRoot *root, const char *folder);

/* Only those @names, NULL-ended, into @ret_counts, one each. */
void host_kvmstat_read_debugfs_some(HostRoot *root, const char *folder, const char *const *names,
                                    UtilCount *ret_counts);
