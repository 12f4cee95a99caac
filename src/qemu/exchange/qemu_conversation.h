/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_conversation: one job on its way: its phases, its connection, its end.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* In the order they are gone through. */
typedef enum {
    QEMU_CONVERSATION_HELD_BACK, /* not dialled yet: looked at again */
    QEMU_CONVERSATION_DRAIN,
    QEMU_CONVERSATION_GREET,
    QEMU_CONVERSATION_IDENTIFY,
    QEMU_CONVERSATION_COLLECT,
    QEMU_CONVERSATION_ENDED,
} QemuConversationPhase;

/* Called on the thread that worked on @job, as soon as it has ended: complete, or with a
 * verdict. Different jobs may end on different threads at once. */
typedef void (*QemuConversationEnded)(QemuJob *job, void *data);

/* What the conversations of one thread share. */
typedef struct {
    QemuHostView *host; /* borrowed, as all pointers here */
    int poll_fd;        /* gives a QemuConversation as data.ptr */
    QemuMonitorBuffer *buffer;
    bool is_replay;
    UtilDeadline deadline;     /* of the call: after it nothing is looked at */
    UtilDeadline search_until; /* for those that end at once */
    QemuConversationEnded ended;
    void *data;
    size_t n_open;       /* conversations that have not ended */
    size_t n_given_up;   /* that ended in silence */
    int64_t given_up_us; /* what it took to end those: verdict, host facts, record */
} QemuConversationShared;

/* Begins with these two set and all else zero; stays where it is until it has ended. */
typedef struct {
    QemuJob *job;
    QemuConversationShared *shared;
    QemuConversationPhase phase;
    bool is_polled;
    bool polls_write;
    bool has_dialled_anew;
    bool is_judged;    /* its silence is */
    int64_t turn_us;   /* monotonic: since when something is asked of the peer; 0: nothing is */
    int64_t heard_us;  /* when something came last */
    int64_t looked_us; /* when it was looked after last */
    int64_t drain_until_us; /* an old silence is not waited for any longer; 0: until the deadline */
    GError *error;          /* what ended the connection; owned */
} QemuConversation;

void qemu_conversation_free(QemuConversation *self);

/* Sends the first commands, connecting where there is no connection; or ends it, where there
 * is nothing to wait for. Never waits itself. */
void qemu_conversation_start(QemuConversation *self);

/* Ends one that was not started: there is no time to. */
void qemu_conversation_skip(QemuConversation *self);

/* Moves one that was started and has not ended as far as it goes now: when its poll says so. */
void qemu_conversation_step(QemuConversation *self);

/* Looks after one that was started and has not ended, in case it is silent: sends the probe,
 * or ends it if its process is stopped for good. True if it is silent, and its threads should be
 * searched when there is nothing else to do. */
bool qemu_conversation_look_after(QemuConversation *self);

/* Takes what has come from one that was started and has not ended, and will not be waited for any
 * longer: it has ended with that, or has its verdict. */
void qemu_conversation_judge(QemuConversation *self);
/* Ends one after that, with its record; what it still says is read by the next call. */
void qemu_conversation_give_up(QemuConversation *self);
