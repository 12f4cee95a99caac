/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_monitor: one QMP connection: bytes, ids, answers waited for.
 */
#pragma once

#include "qemu/facts/qemu_limits.h"
#include "qemu_channel.h"
#include "qemu_command.h"
#include "qemu_event.h"
#include "qemu_qmp.h"
#include "util/util_json.h"

typedef struct QemuMonitor QemuMonitor;

typedef enum {
    QEMU_ANSWER_NONE,     /* not asked */
    QEMU_ANSWER_WAITING,  /* asked, or about to be */
    QEMU_ANSWER_RETURNED, /* @value is the reply */
    QEMU_ANSWER_REFUSED,  /* QEMU's error; @message holds it */
    QEMU_ANSWER_LOST,     /* the connection ended first */
} QemuAnswerStatus;

/* What QEMU's error says, by its class. */
typedef enum {
    QEMU_ANSWER_REFUSAL_OTHER,      /* perhaps only now */
    QEMU_ANSWER_REFUSAL_NO_COMMAND, /* this QEMU has no such command, or it is disabled for good */
    QEMU_ANSWER_REFUSAL_NO_DEVICE,  /* there is no such device, or it cannot work here */
} QemuAnswerRefusal;

/* What became of one command. All zero is one that was not asked. */
typedef struct {
    QemuAnswerStatus status;
    UtilJson *message;         /* as it came; owned */
    const UtilJson *value;     /* of "return", inside @message */
    QemuAnswerRefusal refusal; /* of a REFUSED one */
} QemuAnswer;

void qemu_answer_clear(QemuAnswer *self);

typedef enum {
    QEMU_STEP_RECEIVED,    /* something came; more may */
    QEMU_STEP_SENT,        /* something went and nothing came: no sign of the peer */
    QEMU_STEP_WOULD_BLOCK, /* nothing to do until the descriptor is ready */
    QEMU_STEP_CLOSED,      /* the connection is over; the error says why */
} QemuStep;

/* Where received bytes are put before they become values; one a thread, any number of monitors. */
typedef struct {
    char bytes[65536];
} QemuMonitorBuffer;

/* Takes the channel. The greeting has not come yet; what is queued is sent after it. */
QemuMonitor *qemu_monitor_new(QemuChannel *take_channel);

/* Closes the connection; answers still waited for become LOST. NULL is taken. */
void qemu_monitor_free(QemuMonitor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuMonitor, qemu_monitor_free)

/* Queues @command; borrows @path (the device of a qom-get; NULL for others) for the call, and
 * @answer until it is set, exactly once: to the reply, QEMU's error, or the connection's end. */
void qemu_monitor_queue(QemuMonitor *self, QemuCommandId command, const char *path,
                        QemuAnswer *answer);

/* Sends the out-of-band probe, once until it is answered or a round begins anew that owes no
 * answers. False if this QEMU has no out-of-band commands, or has not taken the negotiation. */
bool qemu_monitor_probe(QemuMonitor *self);
bool qemu_monitor_probe_is_answered(const QemuMonitor *self);

/* Moves bytes both ways until either side would block, or a fair share is done. CLOSED leaves
 * the monitor good for nothing but qemu_monitor_free(). */
QemuStep qemu_monitor_step(QemuMonitor *self, QemuMonitorBuffer *buffer, GError **error);

/* The sending half of a step, for when nothing can have come yet. */
QemuStep qemu_monitor_send(QemuMonitor *self, GError **error);

/* Starts the counts that limits bound anew. */
void qemu_monitor_begin_call(QemuMonitor *self);

/* Lets go of all answers: those still to come are counted and dropped, and what was not sent
 * yet is not sent. */
void qemu_monitor_forget(QemuMonitor *self);

int qemu_monitor_fd(const QemuMonitor *self);
bool qemu_monitor_wants_write(const QemuMonitor *self);
bool qemu_monitor_has_greeted(const QemuMonitor *self);
/* True if it greeted, by a thread of the monitors' own, and has not taken the negotiation, for
 * which it needs its main loop. */
bool qemu_monitor_is_held_up(const QemuMonitor *self);
/* Commands sent and not answered, forgotten ones and the negotiation included. */
unsigned int qemu_monitor_n_in_flight(const QemuMonitor *self);
/* Bytes of the greeting and of replies that have come on this connection, half ones included: more
 * than before means that the peer works on what it owes. Events do not count. */
uint64_t qemu_monitor_progress(const QemuMonitor *self);
/* True if a message has come in part. */
bool qemu_monitor_has_part(const QemuMonitor *self);
/* True if the connection ended since more events came in this call than the limit allows. */
bool qemu_monitor_is_flooded(const QemuMonitor *self);
pid_t qemu_monitor_peer_pid(const QemuMonitor *self);
/* The first number of QEMU's version, as it greeted; 0: it has not, or did not tell. */
int qemu_monitor_qemu_major(const QemuMonitor *self);
/* The greeting as it came, the caller's to unref; NULL before it. */
UtilJson *qemu_monitor_make_greeting(const QemuMonitor *self);

/* What the events since the last take put in doubt, and the run state that the last event of it
 * told. */
QemuEvents qemu_monitor_take_events(QemuMonitor *self);
