/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_endpoint: one domain as a source found it: its identity, and where its monitors are.
 *
 * Owns all that it names. A source fills it before it gives it out; from then on it does not
 * change, so that it can be shared by reference.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "domstats/domstats.h"
#include "libvirt/libvirt_pool.h"
#include "qemu_definition.h"
#include "qemu_manager.h"
#include "util/util_refcount.h"

/* A place where a monitor can be dialled. */
typedef struct {
    char *connect_path; /* what this process dials: a path, perhaps through /proc/<pid>/root;
                           "@name" (abstract); "tcp:HOST:PORT"; or a recording's folder */
    char *bound_path;   /* what QEMU bound: the name in the kernel's socket table */
    const QemuManager *manager; /* whose monitor it is, and what that allows; never NULL */
    ino_t socket_inode; /* of the listening socket that the source has found to be this monitor; 0:
                           the source does not know which it is */
    int socket_fd;      /* its descriptor in the domain's process; -1 unknown */
    bool is_added;   /* no word tells of it: it was added while QEMU ran, and may be no monitor */
    pid_t netns_pid; /* a process in whose network namespace it is dialled; 0: in ours */
} QemuEndpointPlace;

typedef struct {
    char *key;              /* made by the source; two calls see the same QEMU if it is the same */
    char *name;             /* shown until QEMU has answered query-name */
    char *uuid;             /* canonical text; NULL: query-uuid is needed */
    char *identity;         /* what the UUID is derived from if it was given none; NULL: from the
                               first place's @bound_path */
    int id;                 /* 0: the domain list gives one; -1: not running */
    int libvirt_id;         /* by which its libvirt knows this run; 0: by @id */
    pid_t pid;              /* 0: unknown until the monitor is connected */
    uint64_t start_ticks;   /* of @pid; 0 unknown */
    uint64_t exec_mark;     /* differs when @pid has executed another program since; 0 unknown */
    bool is_persistent;     /* libvirt says so; domains of other sources are transient */
    bool may_be_persistent; /* a libvirt manages it, and none lists it */
    bool is_listed;         /* a libvirt lists it, or did: @is_persistent is what it said */
    UtilCount autostart;    /* 0 or 1: whether its libvirt starts it by itself; absent: not told */
    bool is_active;
    bool
        lacks_options; /* of its command line a part could not be read: it may have more monitors */
    GPtrArray *places; /* QemuEndpointPlace *, dialled in this order; may be empty */
    GArray *unusable;  /* ino_t: listening sockets that are QMP monitors and must not be dialled;
                          NULL: none is known */
    GArray *tap_fds;   /* int: at which descriptors of @pid there were network devices when
                          it was found; NULL unknown */
    bool is_without_kvm_stats;   /* @pid had vCPUs of KVM then, and none with statistics: it is a
                                    QEMU that does not open them */
    QemuDefinition *definition;  /* NULL unknown */
    QemuDefinition *about;       /* libvirt's, which only says what it is made of; NULL: none, or
                                    @definition is libvirt's */
    DomstatsHealth trouble;      /* OK, or why the source already knows that it cannot be reached */
    DomstatsReason trouble_code; /* NONE: no code of its own */
    char *trouble_reason;
    int libvirt_state, libvirt_reason; /* virDomainState and its reason; -1: not from libvirt */
    LibvirtPool *libvirt;  /* the libvirt that manages it, which is asked for its statistics, by
                              @uuid, where no place can be dialled; a reference; NULL: none, or it
                              cannot be asked */
    char *libvirt_trouble; /* why the libvirt that manages it cannot be asked; NULL: it can, or none
                              is known to manage it */
    void *source_data;     /* the source's own; freed with @free_source_data */
    GDestroyNotify free_source_data;
    UtilRefcount ref_count;
} QemuEndpoint;

/* A running domain without places; copies both texts, @name made valid UTF-8. */
QemuEndpoint *qemu_endpoint_new(const char *key, const char *name);
QemuEndpoint *qemu_endpoint_ref(QemuEndpoint *self);
/* NULL is taken. */
void qemu_endpoint_unref(QemuEndpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuEndpoint, qemu_endpoint_unref)

/* An array without endpoints, which owns the references that are put into it. */
GPtrArray *qemu_endpoint_new_array(void);
/* Such an array, with a new reference to each of @endpoints. */
GPtrArray *qemu_endpoint_ref_all(const GPtrArray *endpoints);

/* The id by which its libvirt knows this run. */
int qemu_endpoint_libvirt_id(const QemuEndpoint *self);

/* A copy that may be changed, without the source's own data; the definition is shared. */
QemuEndpoint *qemu_endpoint_copy(const QemuEndpoint *self);

/* Appends a place, which it gives, borrowed; copies both paths. Its manager is the one that
 * @bound_path tells. */
QemuEndpointPlace *qemu_endpoint_add_place(QemuEndpoint *self, const char *connect_path,
                                           const char *bound_path);

/* Appends a copy of a place of another endpoint. */
void qemu_endpoint_copy_place(QemuEndpoint *self, const QemuEndpointPlace *place);

/* True if it has a place that is not its manager's alone. */
bool qemu_endpoint_has_own_monitor(const QemuEndpoint *self);

/* Notes that the listening socket @socket_inode is a QMP monitor that must not be dialled. */
void qemu_endpoint_add_unusable(QemuEndpoint *self, ino_t socket_inode);
/* True if the listening socket is a QMP monitor of the domain, usable or not. */
bool qemu_endpoint_has_socket(const QemuEndpoint *self, ino_t socket_inode);

/* Writes the version 5 UUID of @name, in the namespace of URLs, as canonical text. */
void qemu_endpoint_make_uuid(const char *name, char ret_uuid[VIR_UUID_STRING_BUFLEN]);
