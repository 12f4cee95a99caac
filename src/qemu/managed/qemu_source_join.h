/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_join: finds the libvirt and the domain of each QEMU process that a libvirt started.
 * Reads /proc, and the kernel's table of sockets where more than one may be meant.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "qemu_libvirt_signs.h"
#include "qemu_source_daemons.h"

/* One libvirt, and what it answered in this scan; all borrowed. */
typedef struct {
    const QemuSourceDaemon *daemon;
    LibvirtPool *pool;
    const char *trouble;        /* why it cannot be asked now, a clause; NULL: it can */
    bool is_denied;             /* @trouble is a lack of permission */
    bool is_late;               /* @trouble is only that its list of domains has not come in time:
                                   single domains may be asked for */
    const GPtrArray *endpoints; /* its domains (QemuEndpoint *), those of an earlier scan if it is
                                   in trouble; NULL: it has never given its list */
} QemuSourceJoinLibvirt;

/* What the words and the monitor of a process tell. */
typedef struct {
    QemuLibvirtSigns signs;
    bool has_signs;
    char *uuid; /* NULL: unknown */
} QemuSourceJoinWords;

/* True if the process shows that a libvirt started it. */
bool qemu_source_join_is_libvirts(const QemuEndpoint *process);
void qemu_source_join_read_words(QemuSourceJoinWords *self, const QemuEndpoint *process);
void qemu_source_join_clear_words(QemuSourceJoinWords *self);

/* A process, and the domain that it is joined with. */
typedef struct {
    /* Set by the caller; borrowed. */
    QemuEndpoint *process;
    const QemuSourceJoinWords *words; /* NULL: no libvirt started it */
    const char *uri_before; /* of the libvirt that listed it in an earlier scan; NULL: none */

    /* Set by qemu_source_join_all(); borrowed, but for @trouble. */
    const QemuSourceJoinLibvirt *libvirt; /* that manages it; NULL: unknown */
    QemuEndpoint *listed;                 /* its domain in the list of @libvirt; NULL: none */
    bool is_presumed; /* no list has it, but no libvirt other than @libvirt can manage it */
    bool is_refuted;  /* what an earlier list told of it is no longer true */
    bool is_orphan;   /* no libvirt that may manage it was found */
    char *trouble;    /* why libvirt cannot be asked for it, a clause; NULL: it can */
} QemuSourceJoin;

/* Frees what the QemuSourceJoin owns. */
void qemu_source_join_clear(gpointer data);

/* What the processes of a scan are joined with; borrowed. */
typedef struct {
    QemuSourceView *view;
    const QemuSourceJoinLibvirt *libvirts;
    size_t n_libvirts;
    const char *absence; /* the trouble of a process for which no libvirt is found, a clause */
} QemuSourceJoinLists;

/* Sets what is to be set in @joins (QemuSourceJoin). Gives the set of the listed endpoints that are
 * joined with a process, which the caller unrefs. */
GHashTable *qemu_source_join_all(const QemuSourceJoinLists *lists, GArray *joins);
