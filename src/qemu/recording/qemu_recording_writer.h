/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_writer: writes a recorded host, in the layout of qemu_recording_reader.h.
 *
 * Owns the folder names given to domains and the first error. Does not know what replies mean.
 */
#pragma once

#include "host/host_root.h"
#include "qemu/facts/qemu_endpoint.h"
#include "qemu/qmp/qemu_monitor.h"

typedef struct QemuRecordingWriter QemuRecordingWriter;

/* What is written of one domain beside its replies; all borrowed. */
typedef struct {
    const char *name;
    const char *uuid;     /* NULL unknown */
    int id;               /* -1: it does not run, or is not known */
    pid_t pid;            /* 0 unknown */
    uint64_t start_ticks; /* of @pid */
    bool is_active;
    bool is_persistent;
    bool is_listed;         /* @is_persistent is what a libvirt told */
    UtilCount autostart;    /* 0 or 1; absent: not told */
    const QemuAbout *about; /* what libvirt's definition says of the machine; NULL: not known */
    DomstatsHealth health;
    const char *reason;       /* NULL none */
    const char *monitor_path; /* only shown to users; NULL unknown */
    const UtilJson *greeting; /* the whole message; NULL: none came */
} QemuRecordingWriterDomain;

/* Starts a recording of the host of @root in @dir, a new or empty folder. A new one is closed to
 * other users, since command lines may hold secrets. Borrows @root until the recording is finished
 * or freed; until then @root keeps a copy of each file that is read through it. NULL and INVALID if
 * the folder is not empty, or while another recording of @root is made. */
QemuRecordingWriter *qemu_recording_writer_create(const char *dir, HostRoot *root, GError **error);
/* Ends a recording that was not finished, without a host.json. NULL is taken. */
void qemu_recording_writer_free(QemuRecordingWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRecordingWriter, qemu_recording_writer_free)

/* Writes one domain, and the replies and errors among @answers, which has QEMU_N_COMMANDS elements.
 * May be called from any thread. qemu_recording_writer_finish() gives the error, if there is one.
 */
void qemu_recording_writer_add_domain(QemuRecordingWriter *self,
                                      const QemuRecordingWriterDomain *domain,
                                      const QemuAnswer *answers);

/* Writes host.json, which makes the folder a recording. False, without a host.json, if this or any
 * earlier file could not be written. */
bool qemu_recording_writer_finish(QemuRecordingWriter *self, GError **error);
