/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain: what is kept of one domain between calls: its identity, its connection, what its
 * QEMU replied, its health.
 *
 * The list of domains and the calls under way share it by reference. One call at a time holds it
 * (@holder, which the list guards) and may read and write all of it; other threads use only what
 * the identity lock guards.
 */
#pragma once

#include <pthread.h>

#include "host/host_kept.h"
#include "host/process/host_process.h"
#include "qemu/facts/qemu_endpoint.h"
#include "qemu/qmp/qemu_monitor.h"
#include "qemu_host_kept.h"
#include "qemu_known.h"
#include "qemu_libvirt_groups.h"
#include "util/util_fd.h"
#include "util/util_refcount.h"

/* Why a domain is not dialled now; each may pass within milliseconds. */
typedef enum {
    QEMU_DOMAIN_BAR_NONE,
    QEMU_DOMAIN_BAR_STOPPED, /* its process is stopped or frozen */
    /* Only libvirt is asked later for these two: */
    QEMU_DOMAIN_BAR_ASLEEP,   /* its main thread is in uninterruptible sleep */
    QEMU_DOMAIN_BAR_BLOCKED,  /* its main thread waits for something else than news */
    QEMU_DOMAIN_BAR_QUEUED,   /* a client waits at its monitor, which QEMU has not accepted */
    QEMU_DOMAIN_BAR_STARTING, /* its process has begun a short time ago, and serves no client yet */
    QEMU_DOMAIN_BAR_VISITED,  /* another domstats visits its monitor */
    QEMU_DOMAIN_BAR_UNSEEN,   /* a client holds it of which no process is found: it may have left */
} QemuDomainBar;

/* How far the last connection came that was left without answers. */
typedef enum {
    QEMU_DOMAIN_LEFT_UNGREETED,
    QEMU_DOMAIN_LEFT_HELD_UP,     /* it greeted on a thread of its own, and took no command */
    QEMU_DOMAIN_LEFT_OUT_OF_BAND, /* it answered the out-of-band probe, and nothing else */
    QEMU_DOMAIN_LEFT_SILENT,      /* it greeted, and answered nothing */
} QemuDomainLeft;

/* How libvirt answered when it was last asked for a domain. */
typedef enum {
    QEMU_DOMAIN_TOLD_NEVER, /* it was not asked for this run */
    QEMU_DOMAIN_TOLD_WELL,  /* with all that was wanted, and soon */
    QEMU_DOMAIN_TOLD_BADLY, /* else, or not yet: it is asked for this domain by itself */
} QemuDomainTold;

/* What was seen of a domain that did not answer: a later call then neither waits for it nor
 * searches its threads again. Only the exchange writes it. All zero: nothing was seen. */
typedef struct {
    int64_t since_us;  /* monotonic: since then answers are outstanding */
    uint64_t progress; /* qemu_monitor_progress() when it was left */
    QemuDomainLeft left;
    bool waits_for_main; /* only the main thread can have answered */
    bool knows_runs;
    HostProcessRuns runs; /* of the main thread, before the connection was closed */
    char state;           /* of its main thread, when last judged; 0: not seen */
    bool was_stopped;     /* or frozen, when last judged */
    bool is_searched;     /* its threads were searched for @thread */
    pid_t thread;         /* one in uninterruptible sleep; 0: none */
    QemuDomainBar bar;    /* what all looks since barred_us have shown */
    int64_t barred_us;    /* monotonic */
    unsigned int n_looks; /* since barred_us */
    /* Dials in a row that found the name of our end taken, by a socket that no table shows. */
    unsigned int n_taken;
    int64_t taken_us; /* monotonic: the first of them */
} QemuDomainSilence;

typedef struct {
    char *key;              /* the endpoint's, which does not change */
    QemuEndpoint *endpoint; /* changes under both locks, and only while nobody holds it */
    /* Guards name, uuid, id, health, since_us, last, unsupported and the pointer to the endpoint:
     * other threads read them while the holder writes. */
    pthread_mutex_t identity_lock;
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id;
    pid_t pid;                  /* 0 unknown */
    uint64_t start_ticks;       /* of @pid; 0 unknown */
    QemuDefinition *definition; /* own: read from the process when the source knew none */
    bool lacks_definition;      /* there was no time to read it: each call tries again */

    QemuMonitor *monitor;    /* NULL: not connected */
    bool is_held;            /* that connection stays open after the call that made it */
    int64_t dialled_us;      /* monotonic: when the last connection was made */
    unsigned int place;      /* the endpoint's place to which it was made */
    bool is_at_process;      /* and it leads to the process @pid, which has not changed since */
    ino_t mute_inode;        /* a listening socket that was added while QEMU ran and greeted nobody:
                                it is no monitor, so it is not dialled; 0: none */
    pid_t holder_pid;        /* the process that held the monitor when last looked; 0 unknown */
    bool is_silent;          /* an earlier call left answers outstanding */
    bool has_served;         /* its process was seen to serve clients, or to be able to */
    unsigned int n_failures; /* dials in a row that led to nothing */
    unsigned int failed_groups; /* asked when QEMU last broke the protocol; 0: it has not */
    int64_t next_dial_us;       /* monotonic: not before */
    QemuDomainSilence silence;
    LibvirtPoolRequest *owed; /* a request to libvirt that an earlier call did not wait for any
                                 longer; a reference; NULL: none. Its answer is dropped */
    bool is_owed_with_others; /* that was about other domains, too */
    bool is_polling;          /* its main thread waited for news before libvirt was last asked */
    QemuDomainTold told;
    QemuLibvirtGroupsHistory told_groups; /* of libvirt's answers */
    QemuKnown *known;                     /* what its QEMU replied, for later calls */
    QemuHostKept host;
    HostKept *looks; /* files of the process that are read before and after libvirt is asked for it;
                        NULL: none yet */

    DomstatsHealth health;
    DomstatsReason reason_code; /* of the last call */
    char *reason;
    int64_t since_us;         /* wall clock */
    int n_params_before;      /* of its last record: room for the next */
    DomstatsRecord *last;     /* last complete record, kept when a call asked for it */
    unsigned int unsupported; /* groups that this QEMU was found not to have */

    gpointer holder;             /* the call that works on it now; the list's lock guards it */
    QemuEndpoint *next_endpoint; /* the endpoint it gets when the holder lets go; likewise */
    UtilRefcount ref_count;
} QemuDomain;

QemuDomain *qemu_domain_new(QemuEndpoint *endpoint);
QemuDomain *qemu_domain_ref(QemuDomain *self);
void qemu_domain_unref(QemuDomain *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDomain, qemu_domain_unref)

/* True if the caller's is the only reference. */
bool qemu_domain_is_held_once(QemuDomain *self);

/* How the machine is defined: by the source, else by the command line of its process; NULL if
 * neither is known. Borrowed until the endpoint or the process changes. */
const QemuDefinition *qemu_domain_definition(const QemuDomain *self);

/* The definition that says what the domain is made of: libvirt's, where it was asked for, else that
 * of qemu_domain_definition(). */
const QemuDefinition *qemu_domain_about(const QemuDomain *self);

/* True if the place may be dialled: its manager allows it, and it is not known to be no monitor. */
bool qemu_domain_may_dial(const QemuDomain *self, const QemuEndpointPlace *place);

/* The endpoint as it is now, for a caller that does not hold the domain; it unrefs it. */
QemuEndpoint *qemu_domain_ref_endpoint(QemuDomain *self);

/* The source describes the same domain in another way now. Takes a reference. The next call asks
 * QEMU for its identity again if the first monitor is at another place. */
void qemu_domain_set_endpoint(QemuDomain *self, QemuEndpoint *endpoint);

/* Closes the connection. Keeps what the process replied, but for what the connection proved. */
void qemu_domain_disconnect(QemuDomain *self);

/* The same at the end of a call: what was seen of its silence stays too. */
void qemu_domain_let_go(QemuDomain *self);

/* It has answered, or no call waits for it any more: clears what was seen of its silence, but for
 * the bar. */
void qemu_domain_end_silence(QemuDomain *self);

/* The process behind it, known from now on. */
void qemu_domain_set_process(QemuDomain *self, pid_t pid, uint64_t start_ticks);

/* The process has ended, or another one answers: drops all that is kept of it. */
void qemu_domain_forget_process(QemuDomain *self);

/* Sets name and UUID to what QEMU told, as copies; either may be NULL or empty. */
void qemu_domain_identify(QemuDomain *self, const char *name, const char *uuid);

/* For a caller that does not hold the domain: fills in @record's name, UUID and id, and its
 * since_us if the domain has the health of @record already. Gives the groups that it is known not
 * to have. */
unsigned int qemu_domain_describe(QemuDomain *self, DomstatsRecord *record);
void qemu_domain_note_unsupported(QemuDomain *self, unsigned int groups);

/* The last complete record that was kept, as a copy; NULL if there is none. */
DomstatsRecord *qemu_domain_copy_last(QemuDomain *self);
void qemu_domain_keep_last(QemuDomain *self, const DomstatsRecord *record);

/* True once a call has set its health. */
bool qemu_domain_was_called(QemuDomain *self);

/* The verdict of a call: @since_us moves only when the health changes. */
void qemu_domain_set_health(QemuDomain *self, DomstatsHealth health, const char *reason,
                            int64_t wall_us);
