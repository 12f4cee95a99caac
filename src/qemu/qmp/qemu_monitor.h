/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_monitor: one QMP connection.
 *
 * Owns the channel, the bytes half sent and half received, and the list of commands that wait for
 * an answer. Does not know what a command means, other connections, or time: qemu_exchange says
 * when to move bytes and when to give up.
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
    QEMU_ANSWER_NONE,     /* the command was not queued */
    QEMU_ANSWER_WAITING,  /* the command is queued or sent */
    QEMU_ANSWER_RETURNED, /* @value is the reply */
    QEMU_ANSWER_REFUSED,  /* @message is QEMU's error */
    QEMU_ANSWER_LOST,     /* the connection ended before the reply */
} QemuAnswerStatus;

/* Why QEMU refused a command, by the class of its error. */
typedef enum {
    QEMU_ANSWER_REFUSAL_OTHER,      /* it may succeed at another time */
    QEMU_ANSWER_REFUSAL_NO_COMMAND, /* this QEMU has no such command, or it is disabled for good */
    QEMU_ANSWER_REFUSAL_NO_DEVICE,  /* there is no such device, or it cannot work here */
} QemuAnswerRefusal;

/* The outcome of one command. All zero: it was not queued. */
typedef struct {
    QemuAnswerStatus status;
    UtilJson *message;         /* the whole reply or error, as it came; owned */
    const UtilJson *value;     /* of "return", inside @message; NULL if REFUSED */
    QemuAnswerRefusal refusal; /* only if REFUSED */
} QemuAnswer;

/* Frees the message and sets all to zero. */
void qemu_answer_clear(QemuAnswer *self);

/* What QEMU says of a command that it REFUSED, borrowed from the answer; other words if it says
 * nothing, or more than a reason may quote. */
const char *qemu_answer_error_text(const QemuAnswer *self);

typedef enum {
    QEMU_STEP_RECEIVED,    /* bytes came, and more may be there already */
    QEMU_STEP_SENT,        /* bytes were sent and none came, so the peer may well be dead */
    QEMU_STEP_WOULD_BLOCK, /* nothing can be done until the descriptor is ready */
    QEMU_STEP_CLOSED,      /* the connection is over; the error says why */
} QemuStep;

/* Holds received bytes during a step. One for each thread is enough for any number of monitors. */
typedef struct {
    char bytes[65536];
} QemuMonitorBuffer;

/* A connection through @take_channel, before the greeting. Commands can be queued at once; they are
 * sent after the greeting has come. */
QemuMonitor *qemu_monitor_new(QemuChannel *take_channel);

/* Closes the connection; answers that are WAITING become LOST. NULL is taken. */
void qemu_monitor_free(QemuMonitor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuMonitor, qemu_monitor_free)

/* Queues @command and sets @answer to WAITING. Borrows @path (the device of a qom-get, NULL for
 * other commands) until the function returns. Borrows @answer until it is set to RETURNED, REFUSED
 * or LOST, which happens once, or until qemu_monitor_forget(). */
void qemu_monitor_queue(QemuMonitor *self, QemuCommandId command, const char *path,
                        QemuAnswer *answer);

/* Queues the out-of-band probe, unless it is unanswered or was answered already. It can be sent
 * again after a qemu_monitor_begin_call() at which no reply was owed. False if this QEMU has no
 * out-of-band commands, or has not answered the negotiation. */
bool qemu_monitor_probe(QemuMonitor *self);
/* True if the probe was answered since that qemu_monitor_begin_call(). */
bool qemu_monitor_probe_is_answered(const QemuMonitor *self);

/* Sends what can be sent, receives at most one buffer of bytes, and sets the answers that came.
 * After CLOSED only qemu_monitor_free() may be called. */
QemuStep qemu_monitor_step(QemuMonitor *self, QemuMonitorBuffer *buffer, GError **error);

/* Only the sending half of a step, for when nothing can have come yet. */
QemuStep qemu_monitor_send(QemuMonitor *self, GError **error);

/* Sets to 0 what QEMU_LIMIT_..._PER_CALL bound, and lets the probe be sent again unless a reply is
 * still owed. */
void qemu_monitor_begin_call(QemuMonitor *self);

/* Stops borrowing all answers, without setting them. Replies that are still owed are dropped when
 * they come; commands that were not sent yet never will be. */
void qemu_monitor_forget(QemuMonitor *self);

int qemu_monitor_fd(const QemuMonitor *self);
bool qemu_monitor_wants_write(const QemuMonitor *self);
bool qemu_monitor_has_greeted(const QemuMonitor *self);
/* True if the peer greeted and has not answered the negotiation, so that QEMU's main loop seems to
 * be blocked: QEMU greets from the monitors' own thread, but negotiates in the main loop. Always
 * false for a QEMU without out-of-band commands, which has no such thread. */
bool qemu_monitor_is_held_up(const QemuMonitor *self);
/* True if the greeting offers out-of-band commands: then QEMU greets from a thread of its own. */
bool qemu_monitor_offers_oob(const QemuMonitor *self);
/* Number of requests sent and not answered: forgotten ones, the negotiation and the probe too. */
unsigned int qemu_monitor_n_in_flight(const QemuMonitor *self);
/* Bytes of the greeting and of replies, complete or not, that have come on this connection. If the
 * number grows, the peer is working on what it owes. Complete events do not count. */
uint64_t qemu_monitor_progress(const QemuMonitor *self);
/* True if the first part of a message has come and the rest has not. */
bool qemu_monitor_has_part(const QemuMonitor *self);
/* True if more events came in this call than the limit allows, which ended the connection. */
bool qemu_monitor_is_flooded(const QemuMonitor *self);
pid_t qemu_monitor_peer_pid(const QemuMonitor *self);
/* QEMU's version in the greeting, "7.2.22"; NULL: not there, or no greeting yet. The caller frees.
 */
char *qemu_monitor_make_version(const QemuMonitor *self);

/* The first number of QEMU's version in the greeting; 0: not there, or no greeting yet. */
int qemu_monitor_qemu_major(const QemuMonitor *self);
/* The greeting as it came; the caller unrefs it. NULL: it has not come. */
UtilJson *qemu_monitor_make_greeting(const QemuMonitor *self);

/* The events that were counted on this connection; borrowed. NULL on its first call, which counts
 * none worth telling, and of a recorded QEMU. */
const QemuFactsEvents *qemu_monitor_counted(const QemuMonitor *self);

/* The events of this connection, with the doubts of only those since the last take. */
QemuEvents qemu_monitor_take_events(QemuMonitor *self);
