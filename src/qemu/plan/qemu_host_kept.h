/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_kept: what stays open, and what was found on the host, for one QEMU process between
 * calls. Only src/qemu/host writes it; the domain holds it and clears it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/host_kept.h"
#include "host/host_tap.h"
#include "host/process/host_group.h"
#include "host/process/host_kvmstat.h"
#include "host/process/host_perf.h"
#include "host/process/host_process.h"

/* Where the CPU time comes from. It stays the same for the life of a process: a change would make
 * the counter jump. */
typedef enum {
    QEMU_HOST_KEPT_CGROUP_UNKNOWN,
    QEMU_HOST_KEPT_CGROUP_LIBVIRTS,
    QEMU_HOST_KEPT_CGROUP_NONE, /* libvirt made none: the times of the process itself */
} QemuHostKeptCgroup;

/* All of it belongs to one process, and is cleared when that ends. All zero: nothing is kept. */
typedef struct {
    HostProcessNumbers numbers; /* whether QEMU numbers its threads as we do */
    GArray *threads;            /* pid_t: the process's threads when last looked, ascending */
    int64_t threads_since_us;   /* monotonic: when they were first seen to be these */
    GArray *thread_numbers;     /* of @threads, as QEMU numbers them otherwise; NULL: not read */
    GArray *vcpu_threads;       /* pid_t: which of them are vCPUs, ascending; NULL: not known */
    GArray *named_vcpus;        /* QemuVcpuThread: those of @threads that have a vCPU's name; NULL:
                                   not read */
    bool has_last_names;        /* they were read when each thread had surely got its name */
    HostKept *files;            /* of the process, read in each call; NULL: none yet */
    GArray *taps;               /* HostTap: devices it holds open, as the last call listed them */
    GArray *tap_fds;            /* int: at which of its descriptors devices were found last; NULL:
                                   at none yet */
    GArray *passed;             /* HostPassed: devices it was given, as the last call found them */
    char *net_namespace;        /* of the process, as its link names it */
    HostKvmStats *kvm;          /* the kernel's statistics, without QEMU */
    bool has_seen_kvm;          /* it was looked for before, of these threads or others */
    bool has_looked_for_kvm;    /* @kvm is of these threads; NULL: there is none */
    char *kvm_folder;           /* of the VM in debugfs; NULL: none */
    bool has_looked_for_folder;
    HostPerf *perf;
    QemuHostKeptCgroup cgroup;
    bool has_cpu_times; /* the last look could read them */
    HostGroup *group;   /* its control groups; NULL: no call has asked for them */
    GArray *vhost_of;   /* pid_t: the threads among which @vhost was looked for */
    GArray *vhost;      /* pid_t: which of them are vhost workers */
} QemuHostKept;

/* Closes the descriptors that keep the kernel's part of the machine alive. Called where the end of
 * the process would not be noticed: until they are closed, a device that was passed through stays
 * busy. */
void qemu_host_kept_let_go(QemuHostKept *self);

/* Closes and frees everything; all is zero afterwards. */
void qemu_host_kept_clear(QemuHostKept *self);
