/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain: what is kept of one domain between calls: who it is, its connection, what it
 * told, its health.
 *
 * Shared by reference between the list and the calls under way. Who may touch the rest of it
 * is settled by @holder, which the list guards: one call at a time.
 */
#pragma once

#include <pthread.h>

#include "qemu/facts/qemu_endpoint.h"
#include "qemu/qmp/qemu_monitor.h"
#include "qemu_host_kept.h"
#include "qemu_known.h"
#include "util/util_fd.h"
#include "util/util_refcount.h"

/* What was seen of a domain that did not answer, so that a later call neither waits for it nor
 * searches its threads in vain. Written by the exchange alone; all zero: nothing was. */
typedef struct {
    int64_t since_us;  /* monotonic: answers are owed since then */
    uint64_t progress; /* qemu_monitor_progress() when it was left */
    char state;        /* of its main thread, when last judged; 0: not seen */
    bool was_stopped;  /* by a signal or a debugger, when last judged */
    bool is_searched;  /* its threads were, for the next */
    pid_t thread;      /* one in uninterruptible sleep; 0: none */
    int64_t
        barred_us; /* monotonic: since when looks show that it cannot be asked; 0: they do not */
} QemuDomainSilence;

typedef struct {
    char *key;              /* the endpoint's, which does not change */
    QemuEndpoint *endpoint; /* changes under both locks, and only while nobody holds it */
    /* For the next three, since_us and the endpoint: others look while the holder learns. */
    pthread_mutex_t identity_lock;
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id;
    pid_t pid;                  /* 0 unknown */
    uint64_t start_ticks;       /* of @pid; 0 unknown */
    QemuDefinition *definition; /* own: read from the process when the source knew none */
    bool lacks_definition;      /* there was no time to read it: each call tries again */

    QemuMonitor *monitor;       /* NULL: not connected */
    pid_t holder_pid;           /* who held the monitor when last looked; 0 unknown */
    bool is_silent;             /* an earlier call left answers outstanding */
    unsigned int n_failures;    /* dials in a row that led to nothing */
    unsigned int failed_groups; /* asked when the last of them broke the rules; 0: none yet */
    int64_t next_dial_us;       /* monotonic: not before */
    QemuDomainSilence silence;
    QemuKnown *known; /* what its QEMU told, for later calls */
    QemuHostKept host;

    DomstatsHealth health;
    DomstatsReason reason_code; /* of the last call */
    char *reason;
    int64_t since_us;         /* wall clock */
    int n_params_before;      /* of its last record: room for the next */
    DomstatsRecord *last;     /* last complete record, kept when a call asked for it; as the name */
    unsigned int unsupported; /* groups that this QEMU was found not to have; as the name */

    gpointer holder;             /* the call that works on it now; the list's lock guards it */
    QemuEndpoint *next_endpoint; /* what it becomes when the holder lets go; likewise */
    UtilRefcount ref_count;
} QemuDomain;

QemuDomain *qemu_domain_new(QemuEndpoint *endpoint);
QemuDomain *qemu_domain_ref(QemuDomain *self);
void qemu_domain_unref(QemuDomain *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDomain, qemu_domain_unref)

/* True if the caller's is the only reference. */
bool qemu_domain_is_held_once(QemuDomain *self);

/* What is known of how it was made: the source's word, else its own command line; or NULL. */
const QemuDefinition *qemu_domain_definition(const QemuDomain *self);

/* The endpoint as it is now, for who does not hold the domain: the caller unrefs it. */
QemuEndpoint *qemu_domain_ref_endpoint(QemuDomain *self);

/* The source found it changed: the same QEMU by another description. Takes a reference. Who it
 * is is asked anew if its monitor is at another place. */
void qemu_domain_set_endpoint(QemuDomain *self, QemuEndpoint *endpoint);

/* Closes the connection; what the process said stays known. */
void qemu_domain_disconnect(QemuDomain *self);

/* It has answered, or is not waited for any more: nothing of its silence holds. */
void qemu_domain_end_silence(QemuDomain *self);

/* The process behind it, known from now on. */
void qemu_domain_set_process(QemuDomain *self, pid_t pid, uint64_t start_ticks);

/* Another process answers now: nothing of the old one is true any more. */
void qemu_domain_forget_process(QemuDomain *self);

/* Takes over name and UUID as QEMU told them; either may be NULL or empty. */
void qemu_domain_identify(QemuDomain *self, const char *name, const char *uuid);

/* For who does not hold the domain: fills @record's name, UUID and id, and @since_us if it has that
 * health already. Gives the groups that it is known not to have. */
unsigned int qemu_domain_describe(QemuDomain *self, DomstatsRecord *record);
void qemu_domain_note_unsupported(QemuDomain *self, unsigned int groups);

/* The last complete record that was kept, as a copy; NULL if there is none. */
DomstatsRecord *qemu_domain_copy_last(QemuDomain *self);
void qemu_domain_keep_last(QemuDomain *self, const DomstatsRecord *record);

/* True once a call has ended with it. */
bool qemu_domain_was_met(QemuDomain *self);

/* The verdict of a call: @since_us moves only when the health changes. */
void qemu_domain_set_health(QemuDomain *self, DomstatsHealth health, const char *reason,
                            int64_t wall_us);
