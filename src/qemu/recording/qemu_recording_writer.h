/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording: writes a recorded host, in the layout of qemu_recording_reader.h.
 */
#pragma once

#include "host/host_root.h"
#include "qemu/facts/qemu_endpoint.h"
#include "qemu/qmp/qemu_monitor.h"

typedef struct QemuRecordingWriter QemuRecordingWriter;

/* What is kept of one domain beside its answers; all borrowed. */
typedef struct {
    const char *name;
    const char *uuid;     /* NULL unknown */
    int id;               /* -1: not running */
    pid_t pid;            /* 0 unknown */
    uint64_t start_ticks; /* of @pid */
    bool is_persistent;
    DomstatsHealth health;
    const char *reason;       /* NULL none */
    const char *monitor_path; /* for people; NULL unknown */
    const UtilJson *greeting; /* the whole message; NULL none came */
} QemuRecordingWriterDomain;

/* Begins a recording of @root's host in a new or empty folder, which is closed to other users:
 * command lines may hold secrets. Borrows @root, which keeps a copy of what is read through it
 * until the recording is finished or freed. INVALID if the folder holds anything, or while another
 * recording of @root is made. */
QemuRecordingWriter *qemu_recording_writer_create(const char *dir, HostRoot *root, GError **error);
void qemu_recording_writer_free(QemuRecordingWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRecordingWriter, qemu_recording_writer_free)

/* Writes one domain and the replies among @answers, QEMU_N_COMMANDS of them. From any thread.
 * That something could not be written is told at the end. */
void qemu_recording_writer_add_domain(QemuRecordingWriter *self,
                                      const QemuRecordingWriterDomain *domain,
                                      const QemuAnswer *answers);

/* Writes host.json, which makes the folder a recording. False if that, or anything before,
 * could not be written. */
bool qemu_recording_writer_finish(QemuRecordingWriter *self, GError **error);
