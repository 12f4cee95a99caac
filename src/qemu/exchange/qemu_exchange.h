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
    /* Gives the jobs that can be worked on by now besides, as an array of borrowed pointers,
     * waiting for the first until @until; NULL: none. For as long as @n_waiting are to come; called
     * on the caller's thread. NULL: there are no others. */
    GPtrArray *(*take_more)(void *data, UtilDeadline until);
    guint n_waiting;
    int *give_up_us; /* atomic: what it takes to end one in silence, kept between calls; or NULL */
} QemuExchange;

/* Returns when every job has ended, with its record, by the deadline. False, with SYSTEM, if the
 * operating system refuses what all of them need; then none has ended. */
bool qemu_exchange_run(const QemuExchange *self, GError **error);
