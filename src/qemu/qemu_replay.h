/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_replay: a recorded monitor: bytes of requests in, bytes of recorded replies out.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct QemuReplay QemuReplay;

/* The domain in @folder of a recording. All its files are read and checked now: NULL and
 * BROKEN, naming the file, if one is damaged or there is no greeting. */
QemuReplay *qemu_replay_new(const char *folder, GError **error);
void qemu_replay_free(QemuReplay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuReplay, qemu_replay_free)

/* Takes requests, in any slices, and gets their replies ready. */
void qemu_replay_send(QemuReplay *self, const char *bytes, size_t size);

/* As recv() that does not wait: the number of bytes; 0 at the end, which only bytes that are no
 * request bring about; -1 and EAGAIN when there is nothing. */
ssize_t qemu_replay_receive(QemuReplay *self, char *buffer, size_t size);
