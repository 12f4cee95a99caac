/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_peer: a recorded monitor: takes requests and gives the recorded replies.
 *
 * Owns the recorded replies, as text, and the bytes not fetched yet. Does not know what replies
 * mean.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "qemu/qmp/qemu_channel.h"

typedef struct QemuRecordingPeer QemuRecordingPeer;

/* The monitor of the domain in @folder. Reads and checks all files of replies at once; NULL and
 * BROKEN, naming the file, if one is damaged or there is no greeting. */
QemuRecordingPeer *qemu_recording_peer_new(const char *folder, GError **error);
/* NULL is taken. */
void qemu_recording_peer_free(QemuRecordingPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuRecordingPeer, qemu_recording_peer_free)

/* Takes bytes of requests, cut anywhere, and makes their replies ready to be received. */
void qemu_recording_peer_send(QemuRecordingPeer *self, const char *bytes, size_t size);

/* Like recv() on a descriptor that does not wait: gives the number of bytes, or -1 and EAGAIN if
 * there are none. Gives 0, the end of file, once bytes that are no JSON object were sent. */
ssize_t qemu_recording_peer_receive(QemuRecordingPeer *self, char *buffer, size_t size);

/* A channel that owns such a peer; errors as for qemu_recording_peer_new(). */
QemuChannel *qemu_recording_peer_open(const char *folder, GError **error);
