/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known: what one QEMU told in earlier calls, and what of it a later call may be lent in
 * place of asking again.
 *
 * The only module that writes what is kept of a QEMU's words. Its table says for each command
 * what is kept of the reply and the proof under which it is lent.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"
#include "qemu/qmp/qemu_command.h"
#include "qemu/qmp/qemu_monitor.h"
#include "qemu_schemas.h"

typedef struct QemuKnown QemuKnown;

/* What a call told: commands, answers by QemuCommandId, and what was decoded of them. */
typedef struct {
    QemuCommandSet asked;
    const QemuAnswer *answers;
    const QemuFacts *facts;
    QemuSchemasPool *schemas;
    const char *balloon_path; /* that a qom-get of this call was sent with; NULL: none */
    bool has_one_monitor;     /* it is the one that was asked */
} QemuKnownTold;

QemuKnown *qemu_known_new(void);
void qemu_known_free(QemuKnown *self);

/* A call begins. Until it is planned nothing is lent to it. */
void qemu_known_begin_call(QemuKnown *self);
/* Its commands are about to be planned: what is in doubt from now on is not kept of it. */
void qemu_known_begin_plan(QemuKnown *self);

/* What happened. Each ends the loans whose proof it breaks, also within a call. */
void qemu_known_note_events(QemuKnown *self, const QemuEvents *events);
/* The threads of the process were looked at, and whether they could be listed. @are_same: they are,
 * but for such that can be neither vCPU nor IOThread, those of the last time. */
void qemu_known_note_threads(QemuKnown *self, bool were_listed, bool are_same);
/* Whether they were noted as the same in this call. */
bool qemu_known_has_same_threads(const QemuKnown *self);
void qemu_known_note_connection_lost(QemuKnown *self);
/* Who answers is to be asked again. */
void qemu_known_doubt_identity(QemuKnown *self);
/* Another process, or one that broke the rules: nothing is kept any more. */
void qemu_known_forget(QemuKnown *self);

/* This connection's QEMU was asked who it is. @commands: the value of query-commands; NULL: it was
 * not asked. False if it has none of our commands. */
bool qemu_known_take_identity(QemuKnown *self, const UtilJson *commands);
bool qemu_known_is_identified(const QemuKnown *self);
/* The commands that this QEMU has; 0: it was never asked. */
QemuCommandSet qemu_known_available(const QemuKnown *self);

/* Of @wanted, what need not be asked: lent to this call as long as qemu_known_holds() says so. */
QemuCommandSet qemu_known_lend(const QemuKnown *self, QemuCommandSet wanted);
/* What must be asked so that the loan of @lent is proved. */
QemuCommandSet qemu_known_conditions(QemuCommandSet lent);
/* Of @lent, what the answers and events so far prove to be as it was. */
QemuCommandSet qemu_known_holds(const QemuKnown *self, QemuCommandSet lent, QemuCommandSet asked,
                                const QemuAnswer *answers);
/* Puts what is kept of @command's reply into @facts, which borrow it. */
void qemu_known_give(const QemuKnown *self, QemuCommandId command, QemuFacts *facts);

/* The run state as an event of this call told it last; NULL: none did. A literal. */
const char *qemu_known_told_status(const QemuKnown *self);
/* The balloon's path as it last served; NULL: none has. Borrowed until the next take. */
const char *qemu_known_balloon_path(const QemuKnown *self);
/* True if the chains were counted and have no more than @n_most images below their tops. Changes
 * the form of a request only. */
bool qemu_known_has_short_chains(const QemuKnown *self, unsigned int n_most);

/* The call has ended and its record is made: keeps what it told, without which later calls would
 * have to ask. */
void qemu_known_take(QemuKnown *self, const QemuKnownTold *told);

/* True for a run state of QEMU's in which the guest stands still: no vCPU runs, no state is loaded,
 * and only RESUME, RESET or a new QEMU can end it. NULL does not. */
bool qemu_known_stands_still(const char *status);

/* The table, for docs/internals.md: a line of Markdown for @i, NULL after the last. The caller
 * frees. */
char *qemu_known_describe(size_t i);
