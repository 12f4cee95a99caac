/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_call: one call: its jobs, their records, in the order that was asked for.
 */
#pragma once

#include "qemu/host/qemu_host.h"
#include "qemu/host/qemu_image.h"
#include "qemu/recording/qemu_recording_writer.h"
#include "qemu_domain_list.h"

/* What a call works with, shared by its threads; all borrowed. */
typedef struct {
    QemuDomainList *list;
    const QemuRequest *request; /* checked */
    QemuHostView *host;
    QemuSchemasPool *schemas;
    QemuImageProber *images;
    QemuRecordingWriter *recording; /* NULL: nothing is recorded */
    int *give_up_us; /* atomic: what it takes to end a job in silence, from call to call; or NULL */
    unsigned int n_threads; /* 0: as many as pay */
    bool is_replay;
    bool releases_monitors; /* connections end with the call */
} QemuCall;

/* Gives the records of those among @domains, a snapshot of the list, that the request selects:
 * in their order, or in that of the words that named them. By the deadline each has a record,
 * or is left out by a filter. NULL if the request cannot be met for one of them, or if the
 * operating system refuses what all of them need. */
GPtrArray *qemu_call_run(const QemuCall *self, const GPtrArray *domains, GError **error);
