/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_join: which domain of which libvirt each QEMU process of libvirt's is. Reads /proc
 * and the kernel's table of sockets where two may be one.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "qemu_libvirt_signs.h"
#include "qemu_source_daemons.h"

/* One libvirt, as it was asked in this scan; all borrowed. */
typedef struct {
    const QemuSourceDaemon *daemon;
    LibvirtPool *pool;
    const char *trouble;        /* why it cannot be asked now, a clause; NULL: it can */
    bool is_denied;             /* that is a lack of permission */
    bool is_late;               /* that is nothing but that the list of its domains has not come:
                                   each may be asked for */
    const GPtrArray *endpoints; /* its domains (QemuEndpoint *), those of an earlier scan if there
                                   is a trouble; NULL: it has not told of any yet */
} QemuSourceJoinLibvirt;

/* What a process tells of itself. */
typedef struct {
    QemuLibvirtSigns signs;
    bool has_signs;
    char *uuid; /* by its words; NULL: unknown */
} QemuSourceJoinWords;

/* True if the process is a QEMU of libvirt's, which it tells. */
bool qemu_source_join_is_libvirts(const QemuEndpoint *process);
void qemu_source_join_read_words(QemuSourceJoinWords *self, const QemuEndpoint *process);
void qemu_source_join_clear_words(QemuSourceJoinWords *self);

/* A process, and the domain that it is joined with. */
typedef struct {
    QemuEndpoint *process;            /* borrowed, as all but @trouble */
    const QemuSourceJoinWords *words; /* NULL: it is no QEMU of libvirt's */
    const char *uri_before; /* of the libvirt whose it was in an earlier scan; NULL: none */
    const QemuSourceJoinLibvirt *libvirt;
    QemuEndpoint *listed; /* NULL: none */
    bool is_presumed;     /* no list has it, but it can be no other's than @libvirt's */
    bool is_refuted;      /* what an earlier list told of it does not hold any more */
    bool is_orphan;       /* no libvirt that may manage it was found */
    char *trouble;        /* why nothing is joined, or libvirt is not to be asked; NULL: it is */
} QemuSourceJoin;

/* Frees what the QemuSourceJoin owns. */
void qemu_source_join_clear(gpointer data);

/* What all processes of a scan are joined with; borrowed. */
typedef struct {
    QemuSourceView *view;
    const QemuSourceJoinLibvirt *libvirts;
    size_t n_libvirts;
    const char *absence; /* why no libvirt may be found, a clause */
} QemuSourceJoinLists;

/* Settles @joins (QemuSourceJoin), which have their processes. Gives the endpoints of the lists
 * that are joined, as keys of a set, which the caller unrefs. */
GHashTable *qemu_source_join_all(const QemuSourceJoinLists *lists, GArray *joins);
