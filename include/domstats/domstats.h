/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats: how every virtual machine of a QEMU/KVM host is doing, in one call.
 *
 * The groups, fields, types and flags are libvirt's, with libvirt's own constants:
 * VIR_DOMAIN_STATS_* for groups, VIR_CONNECT_GET_ALL_DOMAINS_STATS_* for flags. What a
 * record holds is read with libvirt's virTypedParamsGet*() functions.
 *
 * Threads: every function may be called from several threads at once on one connection, save
 * domstats_close(), which must be the last. A call may start threads, which have all signals
 * blocked, so that handlers of the application run on its own threads. Between calls nothing runs
 * and nothing wakes up, except a thread that the kernel or libvirt holds in a call that cannot be
 * interrupted.
 *
 * fork(): a child must not use a connection that its parent opened, nor close it: both would talk
 * to the same monitors. Its descriptors are closed by exec(). A child opens its own.
 *
 * Paths are of any bytes, as the kernel has them; names of domains and reasons are UTF-8.
 */
#ifndef DOMSTATS_H
#define DOMSTATS_H

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

/* The version of this header, and a number of it that grows with each version. */
#define DOMSTATS_MAJOR_VERSION 0
#define DOMSTATS_MINOR_VERSION 1
#define DOMSTATS_MICRO_VERSION 0
#define DOMSTATS_VERSION_NUMBER                                                                    \
    (DOMSTATS_MAJOR_VERSION * 1000000 + DOMSTATS_MINOR_VERSION * 1000 + DOMSTATS_MICRO_VERSION)

/* The version of the library that the program runs with, as DOMSTATS_VERSION_NUMBER. */
unsigned int domstats_version(void);

/* Errors of a whole call. What befalls a single domain is never an error of the call: it is
 * the health of that domain's record. */
#define DOMSTATS_ERROR (domstats_error_quark())
GQuark domstats_error_quark(void);

/* One to one with libvirt's virErrorNumber, which is the value of each. */
typedef enum {
    DOMSTATS_ERROR_INTERNAL = VIR_ERR_INTERNAL_ERROR,
    DOMSTATS_ERROR_NO_CONNECT = VIR_ERR_NO_CONNECT,
    DOMSTATS_ERROR_INVALID_ARG = VIR_ERR_INVALID_ARG,
    DOMSTATS_ERROR_SYSTEM = VIR_ERR_SYSTEM_ERROR,
    DOMSTATS_ERROR_TIMEOUT = VIR_ERR_OPERATION_TIMEOUT,
    DOMSTATS_ERROR_UNSUPPORTED = VIR_ERR_ARGUMENT_UNSUPPORTED,
} DomstatsError;

/* How a domain is doing, as far as its monitor shows it. */
typedef enum {
    DOMSTATS_HEALTH_OK,         /* all replies came within the deadline */
    DOMSTATS_HEALTH_SLOW,       /* replies came late; the connection is kept */
    DOMSTATS_HEALTH_BUSY,       /* another process holds the monitor */
    DOMSTATS_HEALTH_WEDGED,     /* QEMU's main loop is blocked, its monitor thread answers */
    DOMSTATS_HEALTH_STOPPED,    /* nothing answers: process stopped or in uninterruptible sleep */
    DOMSTATS_HEALTH_GONE,       /* the process ended */
    DOMSTATS_HEALTH_DENIED,     /* no permission to connect */
    DOMSTATS_HEALTH_BROKEN,     /* the peer does not speak QMP, or broke its rules or our limits */
    DOMSTATS_HEALTH_NO_MONITOR, /* QEMU runs without a QMP monitor that could be used */
    DOMSTATS_HEALTH_NO_DOMAIN,  /* no domain has the name, UUID or id that was asked for */
} DomstatsHealth;

/* The name of @health as it is printed: "ok", "slow", ...; "unknown" for any other number. */
const char *domstats_health_to_string(DomstatsHealth health);

/* What a call wants that libvirt's flags cannot say. These bits are apart from those flags, so
 * that libvirt may add flags without meeting ours. */
typedef enum {
    /* Fields libvirt does not have, named "ext.*"; docs/fields.md lists them. */
    DOMSTATS_CALL_EXT = 1 << 0,
    /* A record that is not complete brings the domain's last complete one in @last. */
    DOMSTATS_CALL_LAST = 1 << 1,
} DomstatsCallExtras;

/* Whom the values of a record come from. */
typedef enum {
    DOMSTATS_ANSWERED_BY_NOBODY,  /* there are none */
    DOMSTATS_ANSWERED_BY_HOST,    /* the host alone: /proc, /sys, the kernel */
    DOMSTATS_ANSWERED_BY_MONITOR, /* its QEMU, and what the host knows beside it */
    DOMSTATS_ANSWERED_BY_LIBVIRT, /* libvirt, of a domain that does not run */
    DOMSTATS_ANSWERED_BY_SERVICE, /* a running domstatsd */
} DomstatsAnsweredBy;

/* The name of @by as it is printed: "nobody", "host", ...; "unknown" for any other number. */
const char *domstats_answered_by_to_string(DomstatsAnsweredBy by);

/* Why a domain has its health, for programs; the record's reason says it for people. */
typedef enum {
    DOMSTATS_REASON_NONE,            /* OK: there is nothing to say */
    DOMSTATS_REASON_OTHER,           /* only the sentence tells */
    DOMSTATS_REASON_LATE,            /* SLOW: some replies came in time */
    DOMSTATS_REASON_NO_TIME,         /* SLOW: the call's time was too short to ask, or to judge */
    DOMSTATS_REASON_SHORTAGE,        /* SLOW: this process lacked something: descriptors, memory */
    DOMSTATS_REASON_HELD,            /* BUSY: another process is the monitor's client */
    DOMSTATS_REASON_MAIN_LOOP,       /* WEDGED: QEMU answers, but carries out no command */
    DOMSTATS_REASON_SILENT,          /* WEDGED: QEMU greeted, and answers nothing */
    DOMSTATS_REASON_NO_GREETING,     /* WEDGED: the connection was made, no greeting came */
    DOMSTATS_REASON_BACKLOG,         /* WEDGED: nobody accepts the connections that wait */
    DOMSTATS_REASON_SIGNAL,          /* STOPPED: by a signal or a debugger */
    DOMSTATS_REASON_UNINTERRUPTIBLE, /* STOPPED: a thread sleeps in the kernel */
    DOMSTATS_REASON_ENDED,           /* GONE: its process is no more */
    DOMSTATS_REASON_PERMISSION,      /* DENIED */
    DOMSTATS_REASON_PROTOCOL,        /* BROKEN: what it sent breaks QMP's rules or our limits */
    DOMSTATS_REASON_CLOSED,          /* BROKEN: it closed the connection */
    DOMSTATS_REASON_NO_MONITOR,      /* NO_MONITOR: it has none that could be used */
    DOMSTATS_REASON_NOBODY_LISTENS,  /* NO_MONITOR or GONE: where its monitor should be */
    DOMSTATS_REASON_NO_NAME,         /* NO_DOMAIN */
} DomstatsReason;

/* The name of @reason as it is printed: "none", "late", ...; "unknown" for any other number. */
const char *domstats_reason_to_string(DomstatsReason reason);

typedef struct DomstatsRecord DomstatsRecord;

/* The answer for one domain. Owned by the list it came in; all members are read-only. Later
 * versions may have more members: do not copy the struct. */
struct DomstatsRecord {
    char *name;                        /* query-name, else what the source calls it */
    char uuid[VIR_UUID_STRING_BUFLEN]; /* query-uuid, else version 5 of the socket's path */
    int id; /* libvirt's, else the pid: positive and the same while that QEMU runs. -1: it does not
               run, or its process is not known: see @health */
    virTypedParameterPtr params; /* NULL when @n_params is 0 */
    int n_params;
    DomstatsHealth health;
    char *reason;         /* a sentence for a person, UTF-8; NULL when @health is OK */
    int64_t since_us;     /* wall clock, µs since 1970: when @health became what it is */
    int64_t taken_us;     /* wall clock, µs since 1970: when the last answer was taken */
    int64_t monitor_us;   /* µs from the first command to the last answer; -1: none came */
    unsigned int missing; /* wanted groups (VIR_DOMAIN_STATS_*) that are not, or not whole, in it */
    DomstatsRecord *last; /* with DOMSTATS_CALL_LAST; else NULL */
    DomstatsAnsweredBy answered_by;
    int pid;              /* of its process; 0: it has none, or it is not known */
    uint64_t start_ticks; /* when @pid began, in clock ticks since the host's boot: tells it from a
                             later process of that number; 0: not known */
    char *monitor;        /* where its monitor is: a path, '@' and an abstract name, or
                             "tcp:HOST:PORT"; NULL: no monitor is known */
    int holder_pid;       /* BUSY: the process that holds the monitor; 0: it cannot be seen */
    DomstatsReason reason_code;
};

/* What becomes of the monitors when a call ends. A monitor serves one client at a time. */
typedef enum {
    DOMSTATS_MONITORS_DEFAULT, /* the library's choice; now: hold */
    DOMSTATS_MONITORS_HOLD,    /* stay connected: the next call costs less, but nobody else can
                                  use the monitor meanwhile */
    DOMSTATS_MONITORS_RELEASE, /* let go of every monitor */
} DomstatsMonitors;

/* How a connection behaves. All zero is the default. Set members by name, in a struct that is
 * otherwise zero: later versions take their new members from @reserved, and a version that does
 * not know them refuses them. Strings are borrowed for domstats_open() only. */
typedef struct {
    unsigned int timeout_ms; /* deadline of a call that names none; 0: 5000 */
    unsigned int n_threads;  /* threads of one call, its caller's included; 0: as many as pay */
    DomstatsMonitors monitors;
    const char *const *perf_events; /* NULL-terminated, as in libvirt's <perf>: "cpu_cycles", ...;
                                       opened for each QEMU when first met; NULL: none */
    const char *resctrl_root;       /* NULL: /sys/fs/resctrl */
    uint64_t reserved[8];           /* zero; else domstats_open() fails with INVALID_ARG */
} DomstatsOptions;

/* What one call asks for. All zero asks for every group of every domain. Set members by name, as
 * with DomstatsOptions. All is borrowed for the call only. */
typedef struct {
    const char *const *domains; /* NULL: every domain; else as domstats_domain_list_get_stats() */
    unsigned int stats;         /* as domstats_get_all_domain_stats(), and so the next two */
    unsigned int flags;
    unsigned int timeout_ms;
    unsigned int extras;  /* DomstatsCallExtras; a bit that is none of them is INVALID_ARG */
    uint64_t reserved[8]; /* zero; else the call fails with INVALID_ARG */
} DomstatsCall;

typedef struct DomstatsConn DomstatsConn;

/* The first record of a list: g_autoptr(DomstatsRecordList) frees the list. */
typedef DomstatsRecord *DomstatsRecordList;

#define DOMSTATS_DEFAULT_TIMEOUT_MS 5000

/* Opens a set of domains:
 *   NULL or "auto"   every QEMU process of this host, found through /proc
 *   "dir:PATH"       every QMP socket in a directory
 *   "socket:PATH"    one monitor
 *   "libvirt:URI"    the domains of a libvirt connection, active or not
 *   "replay:PATH"    a recorded host, made by domstats_save_recording()
 * Initializes libvirt's library (virInitialize()), so that the caller need not before it reads
 * records with virTypedParamsGet*(), on any thread.
 * @options may be NULL. Gives a connection to be closed with domstats_close(), or NULL:
 * INVALID_ARG when the source is not one of these, NO_CONNECT when the place it names
 * cannot be used. A domain that cannot be reached is no error. */
DomstatsConn *domstats_open(const char *source, const DomstatsOptions *options, GError **error);

/* Closes all monitors and frees @conn; NULL is taken. No other call may be running. */
void domstats_close(DomstatsConn *conn);

/* The statistics of every domain that the filter bits of @flags select.
 *
 * @stats: VIR_DOMAIN_STATS_* bits; 0 means every group that the domain, its QEMU and this
 * host support. @flags: VIR_CONNECT_GET_ALL_DOMAINS_STATS_*. A group that is named and not
 * supported is left out, as is one that a record lacks for another reason, and stands in its
 * @missing; with ENFORCE_STATS it is an error. With @stats 0 what is not supported is not missing;
 * what is, and did not come, is.
 * @timeout_ms: the deadline of the whole call, whatever happens; 0: the connection's.
 *
 * Gives the number of records and sets @ret_records to a NULL-terminated array (also for
 * none) to be freed with domstats_record_list_free(). Gives -1 and leaves @ret_records
 * untouched on error: INVALID_ARG for an unknown flag, UNSUPPORTED when ENFORCE_STATS is
 * set and a group cannot be served (the text names group and domain), SYSTEM when the
 * source itself can no longer be read. */
int domstats_get_all_domain_stats(DomstatsConn *conn, unsigned int stats, unsigned int flags,
                                  unsigned int timeout_ms, DomstatsRecord ***ret_records,
                                  GError **error);

/* The same for the domains named in the NULL-terminated @domains, in that order, twice if named
 * twice. A word is looked up as virsh does: as a decimal id, else as a UUID, else as a name; of two
 * domains of one name both are given. A domain that a filter excludes is left out. A word that
 * nothing has gives a record without parameters whose health is NO_DOMAIN and whose name is the
 * word. An empty list is INVALID_ARG. */
int domstats_domain_list_get_stats(DomstatsConn *conn, const char *const *domains,
                                   unsigned int stats, unsigned int flags, unsigned int timeout_ms,
                                   DomstatsRecord ***ret_records, GError **error);

/* The same with all that can be asked for: of every domain, or of those that @call names. @call
 * NULL asks for everything. */
int domstats_get_stats(DomstatsConn *conn, const DomstatsCall *call, DomstatsRecord ***ret_records,
                       GError **error);

/* Frees a NULL-terminated array of records and all they hold; NULL is taken. */
void domstats_record_list_free(DomstatsRecord **records);

/* What the source could not see when a call last looked for domains: a sentence, which is never
 * freed; NULL if it saw everything. Then an answer may lack domains, and one that is empty, or that
 * says NO_DOMAIN, proves nothing. "auto" cannot see others' processes where /proc hides them. */
const char *domstats_get_blind_spot(DomstatsConn *conn);

/* A descriptor that becomes readable when a monitor has sent something or a QEMU has ended;
 * it belongs to @conn. -1 and SYSTEM when none can be made. */
int domstats_get_fd(DomstatsConn *conn, GError **error);

/* Takes in what has come, without waiting: call it when that descriptor is readable. QEMU
 * keeps what is not read in its own memory, so a program that holds monitors for long must. Gives
 * the number of domains that something came from, or whose QEMU ended: 0, also before
 * domstats_get_fd() was called, if the next call will find all as it was. -1 and SYSTEM when the
 * descriptor cannot be read. */
int domstats_dispatch(DomstatsConn *conn, GError **error);

/* Asks every domain everything and saves each reply and host file as it came, under the new
 * or empty folder @dir, for "replay:@dir". Gives the number of records and sets @ret_records, as
 * domstats_get_all_domain_stats() does: of a domain that is not well, or whose record has missing
 * groups, not everything is recorded. -1 and an error if the recording could not be made:
 * INVALID_ARG when @dir is not empty, or while another recording of @conn is made, NO_CONNECT when
 * it cannot be made, SYSTEM when something could not be written. Without an error it may be called
 * again, with another folder. It is made for tools. */
int domstats_save_recording(DomstatsConn *conn, const char *dir, unsigned int timeout_ms,
                            DomstatsRecord ***ret_records, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsConn, domstats_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsRecordList, domstats_record_list_free)

G_END_DECLS

#endif
