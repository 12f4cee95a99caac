/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_talk: sends and reads for one job on its connection, which takes it from phase to phase.
 */
#pragma once

#include "qemu/host/qemu_host.h"
#include "qemu/qmp/qemu_monitor.h"

/* In the order in which a job goes through them; here it moves from DRAIN to COLLECT. */
typedef enum {
    QEMU_TALK_HELD_BACK, /* not dialled yet, or libvirt not asked again */
    QEMU_TALK_LIBVIRT,   /* libvirt was asked for the domain */
    QEMU_TALK_DRAIN,     /* the peer owes replies to an earlier call */
    QEMU_TALK_GREET,     /* the greeting has not come */
    QEMU_TALK_IDENTIFY,  /* name, UUID and commands are asked for */
    QEMU_TALK_COLLECT,   /* the plan's commands are asked */
    QEMU_TALK_ENDED,
} QemuTalkPhase;

/* What is to be done with a job after a move; see the top of qemu_conversation.c. */
typedef enum {
    QEMU_TALK_NEXT_WAIT,
    QEMU_TALK_NEXT_COMPLETE,
    QEMU_TALK_NEXT_CLOSED, /* the talk's error is set */
    QEMU_TALK_NEXT_SILENT,
    QEMU_TALK_NEXT_JUDGED, /* qemu_conversation alone gives this one */
} QemuTalkNext;

/* One job and its connection. */
typedef struct {
    QemuJob *job; /* borrowed, as its host and the buffer */
    QemuHostView *host;
    QemuMonitorBuffer *buffer;
    QemuTalkPhase phase;
    int64_t turn_us;  /* monotonic: since when the peer owes what it was last asked for */
    int64_t heard_us; /* monotonic: when bytes of the peer came last */
    GError *error;    /* what ended the connection; owned by who has the talk */
} QemuTalk;

/* Sends; a recording is read as well, for it has no socket to poll. */
QemuTalkNext qemu_talk_begin(QemuTalk *self);

/* Sends and reads until the peer has to act. A socket is read once at most, and only if @may_read:
 * what has just been sent is not answered yet. A recording answers at once, so one with nothing to
 * read will not answer at all. */
QemuTalkNext qemu_talk_go_on(QemuTalk *self, bool may_read);

/* Notes which events have come on the connection: what is known of the domain may be old. */
void qemu_talk_take_in_events(QemuDomain *domain);
