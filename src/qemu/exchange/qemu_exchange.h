/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_exchange: asks many monitors at once, within one deadline. All I/O of a call with QEMU is
 * started here.
 */
#pragma once

#include "qemu_conversation.h"

typedef struct {
    GPtrArray *jobs; /* QemuJob *, whose domains this call holds; borrowed */
    QemuHostView *host;
    UtilDeadline deadline;
    unsigned int n_threads; /* 0: one for each 16 jobs, as far as there are processors */
    bool is_replay;
    DomstatsMonitors monitors; /* which connections are to outlive the call */
    QemuConversationEnded ended;
    void *data; /* of both callbacks */
    /* Gives further jobs whose domains this call holds by now, as an array of borrowed pointers
     * that the exchange frees; waits for the first until @until, and gives NULL if there was none.
     * Called on the caller's thread while fewer than @n_waiting jobs have come. NULL if @n_waiting
     * is 0. */
    GPtrArray *(*take_more)(void *data, UtilDeadline until);
    guint n_waiting;
    /* Atomic: how long it took to end a silent job, in µs, kept by the caller for the next call; 0:
     * not measured. May be NULL. */
    int *give_up_us;
} QemuExchange;

/* Returns when every job has ended and "ended" was called for it, by the deadline. Jobs that did
 * not come by take_more are the caller's to end. False, with SYSTEM, if the operating system gives
 * no poll; then no job was started. */
bool qemu_exchange_run(const QemuExchange *self, GError **error);
