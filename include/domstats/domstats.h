/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats: how every virtual machine of a QEMU/KVM host is doing, in one call.
 *
 * The groups, fields, types and flags are libvirt's, with libvirt's own constants:
 * VIR_DOMAIN_STATS_* for groups, VIR_CONNECT_GET_ALL_DOMAINS_STATS_* for flags. What a record holds
 * is read with libvirt's virTypedParamsGet*() functions.
 *
 * Threads: every function may be called from several threads at once on one connection, except
 * domstats_close(), which must be the last. A call may start threads; they block all signals, so
 * the signal handlers of the application run on its own threads. No thread of the library runs
 * between two calls, except one that the kernel or libvirt holds in a call that cannot be
 * interrupted.
 *
 * fork(): a child must neither use nor close a connection that its parent opened: both would talk
 * to the same monitors. exec() closes its descriptors. A child opens its own connection.
 *
 * Paths may have any bytes, as in the kernel; names of domains and reasons are UTF-8, except the
 * name of a NO_DOMAIN record, which is the word that was asked for.
 */
#ifndef DOMSTATS_H
#define DOMSTATS_H

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

/* The version of this header, and a number made of it, which grows with each version. */
#define DOMSTATS_MAJOR_VERSION 0
#define DOMSTATS_MINOR_VERSION 1
#define DOMSTATS_MICRO_VERSION 0
#define DOMSTATS_VERSION_NUMBER                                                                    \
    (DOMSTATS_MAJOR_VERSION * 1000000 + DOMSTATS_MINOR_VERSION * 1000 + DOMSTATS_MICRO_VERSION)

/* The version of the library that the program runs with, made as DOMSTATS_VERSION_NUMBER. */
unsigned int domstats_version(void);

/* Errors of a whole call. Trouble with a single domain is not an error of the call: the record of
 * that domain tells it as its health. */
#define DOMSTATS_ERROR (domstats_error_quark())
GQuark domstats_error_quark(void);

/* The value of each is the one of libvirt's virErrorNumber that means the same. */
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
    DOMSTATS_HEALTH_SLOW,       /* replies came late or were refused for now, or no time to ask */
    DOMSTATS_HEALTH_BUSY,       /* another process holds the monitor */
    DOMSTATS_HEALTH_WEDGED,     /* QEMU runs and executes no command: its main loop is blocked */
    DOMSTATS_HEALTH_STOPPED,    /* nothing answers: process stopped or in uninterruptible sleep */
    DOMSTATS_HEALTH_GONE,       /* the process ended */
    DOMSTATS_HEALTH_DENIED,     /* no permission to its monitor, or to see its process */
    DOMSTATS_HEALTH_BROKEN,     /* the peer does not speak QMP, or broke its rules or our limits */
    DOMSTATS_HEALTH_NO_MONITOR, /* QEMU runs without a QMP monitor that can be used */
    DOMSTATS_HEALTH_NO_DOMAIN,  /* no domain has the name, UUID or id that was asked for */
} DomstatsHealth;

/* The name of @health as it is printed: "ok", "slow", ...; "unknown" for any other number. */
const char *domstats_health_to_string(DomstatsHealth health);

/* What a call asks for beyond libvirt's flags. These bits have a member of their own, so that no
 * flag of a later libvirt can collide with them. */
typedef enum {
    /* Adds fields that libvirt does not have, named "ext.*"; docs/fields.md lists them. */
    DOMSTATS_CALL_EXT = 1 << 0,
    /* Adds to an incomplete record the last complete one of its domain, as @last. */
    DOMSTATS_CALL_LAST = 1 << 1,
    /* Adds what a domain is made of, as fields named "about.*" (machine, buses of disks, networks
     * of interfaces), each with the group that its second word tells: "about.block.0.bus" comes
     * with BLOCK. docs/fields.md lists them. */
    DOMSTATS_CALL_ABOUT = 1 << 2,
    /* Leaves out KVM's own statistics: the fields "cpu.haltpoll.*", "vcpu.<n>.<name>.sum", ".cur"
     * and ".max", and the group VM. To tell them costs a QEMU as much CPU time as all else that is
     * asked of it. A domain of libvirt's then has the groups CPU_TOTAL and VCPU from the host, not
     * from libvirt, if it tells as much; they stand behind libvirt's groups. */
    DOMSTATS_CALL_WITHOUT_KVM = 1 << 3,
    /* Adds "ext.balloon.pss" and "ext.balloon.swap", for which the kernel walks all memory of each
     * QEMU: several times the CPU time of all other fields, and more for large guests. */
    DOMSTATS_CALL_PSS = 1 << 4,
} DomstatsCallExtras;

/* Where the values of a record come from. */
typedef enum {
    DOMSTATS_ANSWERED_BY_NONE,    /* there are no values */
    DOMSTATS_ANSWERED_BY_HOST,    /* the host alone: /proc, /sys, the kernel */
    DOMSTATS_ANSWERED_BY_MONITOR, /* the monitor of its QEMU, and the host */
    DOMSTATS_ANSWERED_BY_LIBVIRT, /* libvirt, which manages the domain, and the host */
    DOMSTATS_ANSWERED_BY_SERVICE, /* a running domstatsd */
} DomstatsAnsweredBy;

/* The name of @by as it is printed: "none", "host", ...; "unknown" for any other number. */
const char *domstats_answered_by_to_string(DomstatsAnsweredBy by);

/* Why a domain has its health, for programs; @reason of the record says it to people. */
typedef enum {
    DOMSTATS_REASON_NONE,        /* OK */
    DOMSTATS_REASON_OTHER,       /* no code of its own: see @reason */
    DOMSTATS_REASON_LATE,        /* SLOW: only some of the replies came in time */
    DOMSTATS_REASON_NO_TIME,     /* SLOW: the call's time was too short to ask, or to judge */
    DOMSTATS_REASON_SHORTAGE,    /* SLOW: descriptors or memory ran out here */
    DOMSTATS_REASON_HELD,        /* BUSY: another process is the monitor's client */
    DOMSTATS_REASON_MAIN_LOOP,   /* WEDGED: QEMU answers, but executes no command */
    DOMSTATS_REASON_SILENT,      /* WEDGED: QEMU sent its greeting, and then no reply */
    DOMSTATS_REASON_NO_GREETING, /* WEDGED: QEMU sent no greeting; SLOW: the same, and it cannot be
                                    seen whether another client holds its monitor; NO_MONITOR: what
                                    was added while QEMU ran is no monitor */
    DOMSTATS_REASON_BACKLOG,     /* WEDGED: QEMU accepts no connection; its backlog is full */
    DOMSTATS_REASON_SIGNAL,      /* STOPPED: by a signal or a debugger */
    DOMSTATS_REASON_UNINTERRUPTIBLE, /* STOPPED: a thread sleeps in the kernel */
    DOMSTATS_REASON_ENDED,           /* GONE: its process has ended */
    DOMSTATS_REASON_PERMISSION,      /* DENIED */
    DOMSTATS_REASON_PROTOCOL,        /* BROKEN: what QEMU sent breaks QMP's rules or our limits */
    DOMSTATS_REASON_CLOSED,          /* BROKEN: QEMU closed the connection */
    DOMSTATS_REASON_NO_MONITOR,      /* NO_MONITOR: QEMU has no monitor that can be used */
    DOMSTATS_REASON_NO_LISTENER,     /* NO_MONITOR or GONE: no process listens at its address */
    DOMSTATS_REASON_NO_NAME,         /* NO_DOMAIN: nothing has that name, UUID or id */
    DOMSTATS_REASON_MANAGED,         /* NO_MONITOR: its monitor is its manager's alone */
    DOMSTATS_REASON_NOT_QEMU,        /* NO_MONITOR: another program listens at its address */
    DOMSTATS_REASON_WAITS,           /* NO_MONITOR: QEMU starts its guest when a client connects */
    DOMSTATS_REASON_SHARED,          /* NO_MONITOR: a console, say, is on the same socket */
    DOMSTATS_REASON_STARTING,        /* SLOW: QEMU has begun, and serves no client yet */
    DOMSTATS_REASON_FROZEN,          /* STOPPED: by the freezer of its control group */
    DOMSTATS_REASON_QUEUED,          /* SLOW or WEDGED: a client waits at its monitor already */
    DOMSTATS_REASON_LIBVIRT_SILENT,  /* SLOW or WEDGED: libvirt, which was asked for it, does not
                                        answer */
    DOMSTATS_REASON_LIBVIRT_JOB,     /* SLOW: libvirt left groups out, since a job of the domain was
                                        under way */
    DOMSTATS_REASON_LIBVIRT_AWAY,    /* NO_MONITOR, BUSY or DENIED: its monitor is libvirt's, and
                                        that libvirt cannot be asked */
    DOMSTATS_REASON_LIBVIRT_LIMIT,   /* SLOW: libvirt has as many requests of ours as it may have */
    DOMSTATS_REASON_REFUSED,         /* SLOW: QEMU refuses commands in the state that it is in */
} DomstatsReason;

/* The name of @reason as it is printed: "none", "late", ...; "unknown" for any other number. */
const char *domstats_reason_to_string(DomstatsReason reason);

typedef struct DomstatsRecord DomstatsRecord;

/* What a call found out about one domain. The list that it came in owns it; all members are
 * read-only. Later versions may have more members: do not copy the struct. */
struct DomstatsRecord {
    char *name;                        /* query-name, else what the source calls it */
    char uuid[VIR_UUID_STRING_BUFLEN]; /* query-uuid, else version 5 of its monitor's place */
    int id; /* libvirt's, else the pid: positive and the same while that QEMU runs. -1: it does not
               run, or its process is not known: see @health */
    virTypedParameterPtr params; /* NULL when @n_params is 0 */
    int n_params;
    DomstatsHealth health;
    char *reason;     /* a sentence for a person, UTF-8; NULL when @health is OK */
    int64_t since_us; /* wall clock, µs since 1970: when it was first seen to have this @health */
    int64_t taken_us; /* wall clock, µs since 1970: when the record was made */
    int64_t monitor_us;   /* µs from the first command to the last reply; -1: no reply came */
    unsigned int missing; /* wanted groups (VIR_DOMAIN_STATS_*) that it lacks, wholly or in part */
    DomstatsRecord *last; /* with DOMSTATS_CALL_LAST; else NULL */
    DomstatsAnsweredBy answered_by;
    int pid;              /* its process; 0: it has none, or it is not known */
    uint64_t start_ticks; /* when @pid started, in clock ticks since the host's boot: tells it from
                             a later process with that number; 0: not known */
    char *monitor;        /* the address of its monitor: a path, '@' and an abstract name, or
                             "tcp:HOST:PORT"; NULL: no monitor is known */
    int holder_pid;       /* BUSY: the process that holds the monitor; 0: not known */
    DomstatsReason reason_code;
};

/* Whether the library stays connected to the monitors between calls. A monitor serves one client at
 * a time. Whatever is chosen, a monitor that its manager keeps for itself, libvirt's for example,
 * is never dialled: the domain is NO_MONITOR, with the reason MANAGED. */
typedef enum {
    DOMSTATS_MONITORS_DEFAULT, /* disconnect from each monitor as soon as its replies are in, except
                                  from those that were made for this library: the name of the
                                  chardev, of the monitor or of the socket begins with "domstats" */
    DOMSTATS_MONITORS_HOLD,    /* stay connected where the monitor's manager allows it: the next
                                  call costs less, but no other client can use the monitor
                                  meanwhile */
    DOMSTATS_MONITORS_RELEASE, /* disconnect from all of them */
} DomstatsMonitors;

/* Which listeners "dir:PATH" and "socket:PATH" dial. */
typedef enum {
    DOMSTATS_LISTENERS_QEMU, /* only a QEMU whose own words make that socket a QMP monitor */
    DOMSTATS_LISTENERS_ANY,  /* whichever process listens: the caller knows that it is a QMP server
                                which may be dialled, a proxy of a monitor for example */
} DomstatsListeners;

/* Whether "auto" asks the libvirt that manages a domain. */
typedef enum {
    DOMSTATS_LIBVIRT_DEFAULT, /* for the statistics of domains that have no other monitor than
                                 libvirt's, for names, and for the domains that do not run */
    DOMSTATS_LIBVIRT_NEVER,   /* no libvirt is asked: those domains have only what the host knows */
} DomstatsLibvirt;

/* Whether "auto" reads from the service of this host, domstatsd. */
typedef enum {
    DOMSTATS_SERVICE_DEFAULT, /* if it runs, sees all that this process sees, and can do what these
                                 options ask for: a host then has one reader, however many programs
                                 ask. If it fails, the host is asked in the same call */
    DOMSTATS_SERVICE_NEVER,   /* the QEMUs of this host are asked by this process */
} DomstatsService;

/* The most that DomstatsOptions.libvirt_requests may be. */
#define DOMSTATS_LIBVIRT_REQUESTS_MOST 64

/* How a connection behaves. All members zero: the defaults. Set members by name, in a struct that
 * is otherwise zero: later versions take their new members from @reserved, and a version that does
 * not know them refuses them. Strings are borrowed for domstats_open() only. */
typedef struct {
    unsigned int timeout_ms; /* deadline of calls that do not set one; 0: 5000 */
    unsigned int n_threads;  /* threads of a call, its caller's included; 0: as many as help */
    DomstatsMonitors monitors;
    DomstatsListeners listeners;
    DomstatsLibvirt libvirt;
    unsigned int libvirt_requests; /* that one libvirt has of this connection at a time, at most,
                                      those included that it does not answer; 0: 10; 2 at least.
                                      Each takes a connection to it, and may take one of its
                                      workers, of which there are 20; so more than
                                      DOMSTATS_LIBVIRT_REQUESTS_MOST are refused */
    const char *const
        *perf_events;         /* NULL-terminated, as in libvirt's <perf>: "cpu_cycles", ...;
                                 counted for each QEMU from the first call that finds it; NULL: none */
    const char *resctrl_root; /* NULL: /sys/fs/resctrl */
    DomstatsService service;
    uint64_t reserved[7]; /* zero; else domstats_open() fails with INVALID_ARG */
} DomstatsOptions;

/* What one call asks for. All members zero: every group of every domain. Set members by name, as
 * with DomstatsOptions. Everything is borrowed for the call only. */
typedef struct {
    const char *const *domains; /* NULL: all; else as domstats_domain_list_get_stats() */
    unsigned int stats;         /* as domstats_get_all_domain_stats(); so are the next two */
    unsigned int flags;
    unsigned int timeout_ms;
    unsigned int extras; /* DomstatsCallExtras; the call fails with INVALID_ARG for any other bit */
    uint64_t reserved[8]; /* zero; else the call fails with INVALID_ARG */
} DomstatsCall;

typedef struct DomstatsConn DomstatsConn;

/* A list of records: g_autoptr(DomstatsRecordList) frees it. */
typedef DomstatsRecord *DomstatsRecordList;

#define DOMSTATS_DEFAULT_TIMEOUT_MS 5000

/* Opens a set of domains:
 *   NULL or "auto"   every QEMU process of this host: from the service if it runs, else found
 *                    through /proc
 *   "dir:PATH"       every QEMU that has a QMP socket in a directory
 *   "socket:PATH"    one monitor of a QEMU
 *   "libvirt:URI"    the domains of a libvirt connection, active or not
 *   "service:PATH"   what a running domstatsd serves at that socket
 *   "replay:PATH"    a recorded host, made by domstats_save_recording()
 * Initializes libvirt's library (virInitialize()), so that records can be read with
 * virTypedParamsGet*() on any thread.
 * @options may be NULL. Gives a connection, to be closed with domstats_close(), or NULL:
 * INVALID_ARG if the source is not one of these, NO_CONNECT if the place it names cannot be
 * used. A domain that cannot be reached is not an error. */
DomstatsConn *domstats_open(const char *source, const DomstatsOptions *options, GError **error);

/* Disconnects from all monitors and frees @conn. Takes NULL. No other call may be running. */
void domstats_close(DomstatsConn *conn);

/* The statistics of every domain that the filter bits of @flags select.
 *
 * @stats: VIR_DOMAIN_STATS_* bits; 0 means every group that the domain, its QEMU and this
 * host support. @flags: VIR_CONNECT_GET_ALL_DOMAINS_STATS_*. A group that is named in @stats
 * and that a record lacks is set in its @missing, whether it is not supported or failed; with
 * ENFORCE_STATS a group that is not supported is an error. With @stats 0 a group is set in @missing
 * only if it is supported and failed. A bit that is no group is ignored, or with ENFORCE_STATS an
 * error.
 * @timeout_ms: the deadline of the whole call, whatever happens; 0: the connection's.
 *
 * Gives the number of records and sets @ret_records to a NULL-terminated array (also for
 * none), to be freed with domstats_record_list_free(). On error gives -1 and leaves @ret_records
 * untouched: INVALID_ARG for an unknown flag, UNSUPPORTED if ENFORCE_STATS is set and a group
 * cannot be served (the message names group and domain), SYSTEM if the source itself can no
 * longer be read. */
int domstats_get_all_domain_stats(DomstatsConn *conn, unsigned int stats, unsigned int flags,
                                  unsigned int timeout_ms, DomstatsRecord ***ret_records,
                                  GError **error);

/* The same for the domains that the NULL-terminated @domains names, in that order, twice if named
 * twice. A word is looked up as virsh does: as a decimal id, else as a UUID, else as a name, else
 * as the address of a monitor (a path, "@name", "tcp:HOST:PORT"); if two domains have that name,
 * both are given. A domain that a filter excludes is left out. For a word that matches no domain
 * there is a record without parameters, whose health is NO_DOMAIN and whose name is the word. An
 * empty list is INVALID_ARG. */
int domstats_domain_list_get_stats(DomstatsConn *conn, const char *const *domains,
                                   unsigned int stats, unsigned int flags, unsigned int timeout_ms,
                                   DomstatsRecord ***ret_records, GError **error);

/* The same with @call, which has all that can be asked for. NULL asks for every group of every
 * domain. */
int domstats_get_stats(DomstatsConn *conn, const DomstatsCall *call, DomstatsRecord ***ret_records,
                       GError **error);

/* Frees a NULL-terminated array of records and all they hold. Takes NULL. */
void domstats_record_list_free(DomstatsRecord **records);

/* What the source could not see when a call last looked for domains: a sentence, which is never
 * freed; NULL if it saw everything. If it is not NULL, domains may be missing: an empty list, or a
 * NO_DOMAIN, proves nothing. The source "auto" cannot see the processes of other users where /proc
 * hides them, nor domains that do not run of a libvirt that it cannot ask; "dir:PATH" cannot always
 * see which process listens at a socket. */
const char *domstats_get_blind_spot(DomstatsConn *conn);

/* A descriptor that becomes readable when a monitor has sent something or a QEMU has ended. It
 * belongs to @conn. -1 and SYSTEM if none can be made, UNSUPPORTED with "service:PATH", which tells
 * no news. From then on "auto" asks the host and no service. */
int domstats_get_fd(DomstatsConn *conn, GError **error);

/* Reads what the monitors have sent, without waiting. To be called when that descriptor is
 * readable, by any program that holds monitors for long: QEMU keeps what is not read in its own
 * memory. Gives the number of domains whose monitor sent something or whose QEMU ended; it is 0 if
 * the next call will find everything as it was, and before domstats_get_fd() was called. -1 and
 * SYSTEM if the descriptor cannot be read. */
int domstats_dispatch(DomstatsConn *conn, GError **error);

/* Asks every domain for everything and saves each reply and each host file unchanged in the new or
 * empty folder @dir, for "replay:@dir". Gives the number of records and sets @ret_records, as
 * domstats_get_all_domain_stats() does; the recording of a domain is incomplete if its record is
 * not OK or has missing groups. -1 and an error if the recording could not be made: INVALID_ARG if
 * @dir is not empty or another recording of @conn is being made, NO_CONNECT if @dir cannot be made,
 * SYSTEM if something could not be written, UNSUPPORTED with "service:PATH". Without an error it
 * may be called again, with another folder. It is made for tools. */
int domstats_save_recording(DomstatsConn *conn, const char *dir, unsigned int timeout_ms,
                            DomstatsRecord ***ret_records, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsConn, domstats_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsRecordList, domstats_record_list_free)

G_END_DECLS

#endif
