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
#include "host/host_kvmstat.h"
#include "host/host_perf.h"
#include "host/host_process.h"
#include "host/host_tap.h"

/* Where the CPU time comes from: one source for the life of a process, for two would make the
 * counter jump. */
typedef enum {
    QEMU_HOST_KEPT_CGROUP_UNKNOWN,
    QEMU_HOST_KEPT_CGROUP_LIBVIRTS,
    QEMU_HOST_KEPT_CGROUP_NONE, /* of libvirt's making: the process itself */
} QemuHostKeptCgroup;

/* All of one process: it goes when the process is another, or has ended. All zero: nothing. */
typedef struct {
    HostProcessNumbers numbers; /* whether QEMU numbers its threads as we do */
    GArray *threads;            /* pid_t: the process's threads when last looked, ascending */
    GArray
        *thread_numbers;  /* of those @threads, where QEMU numbers them otherwise; NULL: not read */
    GArray *vcpu_threads; /* pid_t: which of them are vCPUs, ascending; NULL: not known */
    HostKept *files;      /* of the process, read in each call; NULL: none yet */
    GArray *taps;         /* HostTap: devices it holds open, as the last call listed them */
    char *net_namespace;  /* of the process, as its link names it */
    HostKvmStats *kvm;    /* the kernel's statistics, without QEMU */
    bool has_looked_for_kvm; /* @kvm is all there is, for these threads */
    char *kvm_folder;        /* of the VM in debugfs; NULL: none */
    bool has_looked_for_folder;
    HostPerf *perf;
    QemuHostKeptCgroup cgroup; /* whose times those of the process are */
} QemuHostKept;

/* Lets go of what keeps the kernel's part of the machine alive: for who would not hear that the
 * process has ended. A device that was passed through may be busy for as long. */
void qemu_host_kept_let_go(QemuHostKept *self);

/* Closes and frees everything; all is zero afterwards. */
void qemu_host_kept_clear(QemuHostKept *self);
