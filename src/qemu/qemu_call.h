/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_call: runs one call: makes its jobs, has them asked, gives their records in order.
 */
#pragma once

#include "qemu/host/qemu_host.h"
#include "qemu/host/qemu_image.h"
#include "qemu/recording/qemu_recording_writer.h"
#include "qemu_domain_list.h"

/* What a call works with, shared by its threads; all pointers are borrowed. */
typedef struct {
    QemuDomainList *list;
    const QemuRequest *request; /* checked */
    QemuHostView *host;
    QemuSchemasPool *schemas;
    QemuImageProber *images;
    QemuRecordingWriter *recording; /* NULL: nothing is recorded */
    int *give_up_us;                /* see QemuExchange */
    unsigned int n_threads;         /* see QemuExchange */
    bool is_replay;
    DomstatsMonitors monitors; /* which connections outlive the call */
} QemuCall;

/* Gives the records of those of @domains, a snapshot of the list, that the request selects, by the
 * deadline: in the order of @domains, or of the words that name them. A domain that a filter leaves
 * out has none. NULL with UNSUPPORTED if ENFORCE_STATS refuses a domain, with SYSTEM if the
 * operating system refuses what all jobs need. */
GPtrArray *qemu_call_run(const QemuCall *self, const GPtrArray *domains, GError **error);
