/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_endpoint: one domain as a source found it: who it is said to be, and how to reach it.
 *
 * Immutable once a source has given it out, hence shared by reference.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

#include "domstats/domstats.h"
#include "qemu_definition.h"
#include "util/util_refcount.h"

/* A place where a monitor can be dialled. */
typedef struct {
    char *connect_path; /* as this process reaches it: may lead through /proc/<pid>/root;
                           '@' first: abstract; "tcp:HOST:PORT"; for a recording its folder */
    char *bound_path;   /* as QEMU bound it: the name in the kernel's socket table */
} QemuEndpointPlace;

typedef struct {
    char *key;            /* the same as long as it is the same QEMU: source's own words */
    char *name;           /* what to call it until query-name has answered */
    char *uuid;           /* canonical; NULL: ask QEMU */
    int id;               /* 0: give one; -1: not running */
    pid_t pid;            /* 0 unknown until connected */
    uint64_t start_ticks; /* of @pid; 0 unknown */
    bool is_persistent;   /* as libvirt has it; others are transient */
    bool is_active;
    GPtrArray *places;          /* QemuEndpointPlace *, to be tried in order; may be empty */
    QemuDefinition *definition; /* NULL: nothing is known */
    DomstatsHealth trouble;     /* OK, or why it cannot be reached though it is there */
    char *trouble_reason;
    int libvirt_state, libvirt_reason; /* virDomainState; -1: not told by libvirt */
    void *source_data;                 /* the source's own; freed with @free_source_data */
    GDestroyNotify free_source_data;
    UtilRefcount ref_count;
} QemuEndpoint;

QemuEndpoint *qemu_endpoint_new(const char *key, const char *name);
QemuEndpoint *qemu_endpoint_ref(QemuEndpoint *self);
void qemu_endpoint_unref(QemuEndpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuEndpoint, qemu_endpoint_unref)

void qemu_endpoint_add_place(QemuEndpoint *self, const char *connect_path, const char *bound_path);

/* Version 5 UUID of @name in the namespace of URLs, as canonical text in @ret_uuid. */
void qemu_endpoint_make_uuid(const char *name, char ret_uuid[VIR_UUID_STRING_BUFLEN]);
