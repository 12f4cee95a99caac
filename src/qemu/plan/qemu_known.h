/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known: what one QEMU replied in earlier calls, and which of it a later call may use in place
 * of asking again.
 *
 * The only module that keeps anything of a QEMU's replies. To lend means here: a call does not send
 * the command, and the kept value is put into its facts.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "qemu/facts/qemu_facts.h"
#include "qemu/qmp/qemu_command.h"
#include "qemu/qmp/qemu_monitor.h"
#include "qemu_schemas.h"

typedef struct QemuKnown QemuKnown;

/* What QEMU replied in one call. All borrowed. */
typedef struct {
    QemuCommandSet asked;
    const QemuAnswer *answers; /* by QemuCommandId */
    const QemuFacts *facts;    /* decoded of the answers */
    QemuSchemasPool *schemas;
    const char *balloon_path; /* of the qom-get that this call sent; NULL: it sent none */
    bool has_one_monitor; /* by its command line QEMU has no other than the one that was asked */
} QemuKnownTold;

QemuKnown *qemu_known_new(void);
void qemu_known_free(QemuKnown *self);

/* A call begins. Nothing is lent to it before qemu_known_begin_plan(). */
void qemu_known_begin_call(QemuKnown *self);
/* The commands of the call are about to be planned. A reply is not kept if a note between here and
 * qemu_known_take() breaks its proof. */
void qemu_known_begin_plan(QemuKnown *self);

/* What was seen of the QEMU. Each note ends the loans whose proof it breaks, also those of the call
 * under way. */
void qemu_known_note_events(QemuKnown *self, const QemuEvents *events);
/* The threads of the process were looked at. @were_listed: they could be listed. @are_same: they
 * are those of the last list, not counting threads that can be neither vCPU nor IOThread. */
void qemu_known_note_threads(QemuKnown *self, bool were_listed, bool are_same);
/* True if this call noted them as the same. */
bool qemu_known_has_same_threads(const QemuKnown *self);
void qemu_known_note_connection_lost(QemuKnown *self);
/* QEMU is to be asked again who it is: nothing proves that it is the process that told it. */
void qemu_known_doubt_identity(QemuKnown *self);
/* Drops all that is kept: the process is another one, or sent what no QEMU sends. */
void qemu_known_forget(QemuKnown *self);

/* The QEMU was asked who it is. @commands: the value of query-commands, or NULL if that was not
 * sent, since it is known. False if QEMU has none of our commands. */
bool qemu_known_take_identity(QemuKnown *self, const UtilJson *commands);
/* The QEMU need not be asked who it is, since its process proves @proven: keeps that as if QEMU had
 * told it. It is taken to have all of our commands until it refuses one. */
void qemu_known_take_proven(QemuKnown *self, const QemuDefinitionProven *proven);
bool qemu_known_is_identified(const QemuKnown *self);
/* The commands that this QEMU has; 0 before the first qemu_known_take_identity() or _proven(). */
QemuCommandSet qemu_known_available(const QemuKnown *self);

/* The commands of @wanted that need not be sent, provided that qemu_known_holds() still gives them
 * when the answers are in. */
QemuCommandSet qemu_known_lend(const QemuKnown *self, QemuCommandSet wanted);
/* The commands that must be sent to prove that @lent are as they were. */
QemuCommandSet qemu_known_conditions(QemuCommandSet lent);
/* The commands of @lent whose kept values the answers and events so far prove to be current. */
QemuCommandSet qemu_known_holds(const QemuKnown *self, QemuCommandSet lent, QemuCommandSet asked,
                                const QemuAnswer *answers);
/* Puts what is kept of @command's reply into @facts, which borrow it. */
void qemu_known_give(const QemuKnown *self, QemuCommandId command, QemuFacts *facts);

/* The run state of the last event of this call that has one, a literal; NULL: no event had. */
const char *qemu_known_told_status(const QemuKnown *self);
/* The QOM path of the balloon device at which QEMU last answered; NULL: none. Borrowed until the
 * next qemu_known_take() or qemu_known_forget(). */
const char *qemu_known_balloon_path(const QemuKnown *self);
/* True if the chains of images were counted and query-named-block-nodes would nest no more than
 * @n_most images in others. Good only to choose the form of a request: it is kept without proof. */
bool qemu_known_has_short_chains(const QemuKnown *self, unsigned int n_most);

/* The call has ended and its record is made: keeps what later calls may be lent. */
void qemu_known_take(QemuKnown *self, const QemuKnownTold *told);

/* The table of docs/internals.md: line @i in Markdown, NULL after the last. The caller frees. */
char *qemu_known_describe(size_t i);
