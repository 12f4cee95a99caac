/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_conversation: moves one job from its first command to its end, phase by phase.
 */
#pragma once

#include "qemu/host/qemu_host.h"
#include "qemu_reach.h"
#include "qemu_talk.h"
#include "qemu_through.h"
#include "qemu_watch.h"

/* Called on the thread that worked on @job as soon as the job has ended: it is complete, or has a
 * verdict. Jobs may end on several threads at once. */
typedef void (*QemuConversationEnded)(QemuJob *job, void *data);

/* What the conversations of one thread share. */
typedef struct {
    QemuHostView *host; /* borrowed, as all pointers here */
    int poll_fd;        /* an epoll descriptor: it gives the QemuConversation as data.ptr */
    QemuMonitorBuffer *buffer;
    QemuDesk desk; /* in poll_fd too, with NULL as data.ptr */
    QemuReachHow how;
    UtilDeadline deadline;     /* after it no evidence is gathered */
    UtilDeadline search_until; /* for the threads of domains whose jobs end when they are resumed */
    QemuConversationEnded ended;
    void *data;           /* of the callback */
    GPtrArray *held_back; /* QemuConversation *, of which some may have ended or gone on: to be
                             looked at again when their again_at_us has come */
    size_t n_open;        /* conversations that have not ended */
    size_t n_given_up;    /* conversations that ended in silence */
    int64_t given_up_us;  /* time spent on ending those: verdict, host values, record */
} QemuConversationShared;

/* The caller sets the talk's job and @shared, zeroes the others, and does not move it in memory. */
typedef struct {
    QemuTalk talk; /* its error is owned */
    QemuConversationShared *shared;
    QemuWatch watch;            /* of its socket in poll_fd */
    bool has_dialled_anew;      /* or must not any more in this call */
    bool has_looked_for_holder; /* another client, in all network namespaces */
    bool has_given_way;         /* to another client at one of several monitors */
    bool is_judged;             /* the verdict on its silence is set */
    int64_t since_us;           /* monotonic: older tables of sockets tell nothing of it; 0: any */
    int64_t again_us;           /* HELD_BACK: how long until the next look; else 0 */
    int64_t again_at_us;        /* monotonic: when that is due */
    int64_t looked_us;          /* monotonic: when it was looked after last */
    int64_t until_us;    /* monotonic: the job ends then if nothing comes; 0: at the deadline */
    QemuThrough through; /* its job is NULL unless libvirt is asked */
} QemuConversation;

void qemu_conversation_free(QemuConversation *self);

/* None of these functions waits. Each may end the job; then it has called "ended". */

/* Connects where there is no connection, and sends the first commands. Ends the job at once if
 * there is nothing to wait for. */
void qemu_conversation_start(QemuConversation *self);

/* In place of qemu_conversation_start(): ends the job unasked, since no time is left. */
void qemu_conversation_skip(QemuConversation *self);

/* The following are for a conversation that was started and has not ended. */

/* Reads and sends what the socket allows now: for when the poll reports it. Or takes libvirt's
 * answer: for when the desk gives the conversation. */
void qemu_conversation_step(QemuConversation *self);

/* For a job that is HELD_BACK: dials, or asks libvirt, if nothing speaks against it any more, by
 * tables of sockets that were read at @since_us or later. */
void qemu_conversation_look_again(QemuConversation *self, int64_t since_us);

/* If nothing has come since the last look: sends the probe once, and ends the job if its process
 * stays stopped, or if another client holds the monitor. True if the peer is silent and its threads
 * were not searched yet. */
bool qemu_conversation_look_after(QemuConversation *self);

/* Reads what has come by now. Unless that ends the job, sets the verdict on the peer's silence. */
void qemu_conversation_judge(QemuConversation *self);
/* After qemu_conversation_judge(): ends the job. If the connection is held, a later call reads what
 * the peer still owes. */
void qemu_conversation_give_up(QemuConversation *self);
