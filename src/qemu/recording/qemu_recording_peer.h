/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_peer: a recorded monitor: bytes of requests in, bytes of recorded replies out.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "qemu/qmp/qemu_channel.h"

typedef struct QemuRecordingPeer QemuRecordingPeer;

/* The domain in @folder of a recording. All its files are read and checked now: NULL and
 * BROKEN, naming the file, if one is damaged or there is no greeting. */
QemuRecordingPeer *qemu_recording_peer_new(const char *folder, GError **error);
void qemu_recording_peer_free(QemuRecordingPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRecordingPeer, qemu_recording_peer_free)

/* Takes requests, in any slices, and gets their replies ready. */
void qemu_recording_peer_send(QemuRecordingPeer *self, const char *bytes, size_t size);

/* As recv() that does not wait: the number of bytes; 0 at the end, which only bytes that are no
 * request bring about; -1 and EAGAIN when there is nothing. */
ssize_t qemu_recording_peer_receive(QemuRecordingPeer *self, char *buffer, size_t size);

/* The same as a channel, which owns it. */
QemuChannel *qemu_recording_peer_open(const char *folder, GError **error);
