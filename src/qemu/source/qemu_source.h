/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source: where domains come from. One table of kinds (auto, dir, socket, libvirt,
 * replay); each kind is one file qemu_source_<kind>.c.
 */
#pragma once

#include "host/host_root.h"
#include "libvirt/libvirt_pool.h"
#include "qemu/facts/qemu_endpoint.h"
#include "util/util_deadline.h"

typedef struct QemuSource QemuSource;

/* How a source is to be read. All members zero: the defaults. */
typedef struct {
    bool takes_any_listener; /* the user vouches for every listener at the sockets that the source
                                names */
    bool is_without_libvirt; /* "auto" is not to ask a libvirt */
    LibvirtPoolLimits libvirt_limits;
    unsigned int timeout_ms; /* for opening it; 0: 5000 */
} QemuSourceOptions;

/* What a kind implements. @scan gives a new array of references in a stable order; an endpoint that
 * has not changed since the last scan is the same pointer. */
typedef struct {
    const char *name;     /* "auto", "dir", ... */
    const char *argument; /* what stands after the colon, for messages; NULL: nothing may */
    void *(*open)(const char *argument, HostRoot *root, const QemuSourceOptions *options,
                  GError **error);
    GPtrArray *(*scan)(void *self, UtilDeadline deadline, GError **error);
    void (*close)(void *self);
    /* As qemu_source_describe(); NULL: there is nothing that only costs then. */
    void (*describe)(void *self, bool is_wanted);
    HostRoot *(*root)(void *self); /* the host's files, if the source brings its own; may be NULL */
    const char *(*blind_spot)(void *self); /* as qemu_source_blind_spot(); may be NULL */
} QemuSourceKind;

extern const QemuSourceKind qemu_source_auto;
extern const QemuSourceKind qemu_source_dir;
extern const QemuSourceKind qemu_source_socket;
extern const QemuSourceKind qemu_source_replay;
extern const QemuSourceKind qemu_source_libvirt;

/* Opens "kind:argument"; NULL is "auto". @options may be NULL. Errors: INVALID for an unknown kind,
 * and for an argument that is missing or not allowed; CONNECT if the place that it names cannot be
 * used. */
QemuSource *qemu_source_open(const char *source, const QemuSourceOptions *options, GError **error);
void qemu_source_free(QemuSource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSource, qemu_source_free)

/* Whether the scans from now on are to tell all that is known of what the domains are made of. Not
 * so until it is called. One caller at a time, as for qemu_source_scan(). */
void qemu_source_describe(QemuSource *self, bool is_wanted);

/* The domains there are now: a new array of QemuEndpoint references. One caller at a time. */
GPtrArray *qemu_source_scan(QemuSource *self, UtilDeadline deadline, GError **error);

/* What the last scan could not see: a sentence, which is never freed; or NULL. From any thread. */
const char *qemu_source_blind_spot(const QemuSource *self);

/* The host's files; borrowed, lives as long as the source. */
HostRoot *qemu_source_root(QemuSource *self);
const char *qemu_source_name(const QemuSource *self); /* as it was opened: "auto", "dir:/run/x" */
bool qemu_source_is_replay(const QemuSource *self);
