/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_exchange: many monitors at once, one deadline: the only I/O with QEMU.
 */
#pragma once

#include "qemu_conversation.h"

typedef struct {
    GPtrArray *jobs; /* QemuJob *, held by this call; borrowed */
    QemuHostView *host;
    UtilDeadline deadline;
    unsigned int n_threads; /* 0: as many as pay */
    bool is_replay;
    QemuConversationEnded ended;
    void *data;
} QemuExchange;

/* Returns when every job has ended, by the deadline at the latest. False, with SYSTEM, if the
 * operating system refuses what all of them need; then none has ended. */
bool qemu_exchange_run(const QemuExchange *self, GError **error);
