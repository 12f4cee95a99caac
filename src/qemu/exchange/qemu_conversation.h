/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_conversation: one job on its way: its phases, its connection, its end.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* In the order they are gone through. */
typedef enum {
    QEMU_CONVERSATION_DRAIN,
    QEMU_CONVERSATION_GREET,
    QEMU_CONVERSATION_IDENTIFY,
    QEMU_CONVERSATION_COLLECT,
    QEMU_CONVERSATION_ENDED,
} QemuConversationPhase;

/* Called on the thread that worked on @job, as soon as it has ended: complete, or with a
 * verdict. Different jobs may end on different threads at once. */
typedef void (*QemuConversationEnded)(QemuJob *job, void *data);

/* What the works of one thread share; all borrowed. */
typedef struct {
    QemuHostView *host;
    int poll_fd; /* gives a QemuConversation as data.ptr */
    QemuMonitorBuffer *buffer;
    bool is_replay;
    QemuConversationEnded ended;
    void *data;
    size_t n_open; /* works that have not ended */
} QemuConversationShared;

/* Begins with these two set and all else zero; stays where it is until it has ended. */
typedef struct {
    QemuJob *job;
    QemuConversationShared *shared;
    QemuConversationPhase phase;
    bool is_polled;
    bool polls_write;
    bool moved;             /* since the last look */
    unsigned int n_stopped; /* looks in a row */
} QemuConversation;

/* Sends the first commands, connecting where there is no connection; or ends it, where there
 * is nothing to wait for. Never waits itself. */
void qemu_conversation_start(QemuConversation *self);

/* Moves one that was started and has not ended as far as it goes now: when its poll says so. */
void qemu_conversation_step(QemuConversation *self);

/* Looks after one that was started and has not ended, in case it is silent: sends the probe,
 * or ends it if its process is stopped for good. */
void qemu_conversation_look_after(QemuConversation *self);

/* Ends one that was started and has not ended: it is not waited for any longer; what it still
 * says is read by the next call. */
void qemu_conversation_end_silent(QemuConversation *self);
