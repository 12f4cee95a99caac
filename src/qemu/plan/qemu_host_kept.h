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
#include "host/host_tap.h"

/* All of one process: it goes when the process is another, or has ended. All zero: nothing. */
typedef struct {
    GArray *threads;     /* pid_t: the process's threads when last looked */
    HostKept *files;     /* of the process, read in each call; NULL: none yet */
    GArray *taps;        /* HostTap: devices it holds open, as the last call listed them */
    char *net_namespace; /* of the process, as its link names it */
    HostKvmStats *kvm;   /* the kernel's statistics, without QEMU */
    bool kvm_was_tried;
    bool has_debugfs; /* the kernel's folder of the VM can be read */
    HostPerf *perf;
    bool has_no_cgroup; /* of libvirt's making */
} QemuHostKept;

/* Closes and frees everything; all is zero afterwards. */
void qemu_host_kept_clear(QemuHostKept *self);
