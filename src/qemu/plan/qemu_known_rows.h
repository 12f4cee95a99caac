/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known_rows: the commands whose replies are kept, a row each: what is kept of the reply, and
 * how it is put into facts again. Only qemu_known*.c include it.
 *
 * Knows under which proof (qemu_known_proof.h) each value may be lent. Whether a row is kept now,
 * and when its proof holds, qemu_known.c knows.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "qemu/facts/qemu_facts.h"
#include "qemu/qmp/qemu_command.h"
#include "qemu_known_proof.h"
#include "qemu_schemas.h"

/* The kept values; those of a row are set while it is kept. */
typedef struct {
    QemuSchemas *schemas;
    UtilCount n_vcpus_max;
    UtilCount base_bytes;
    GArray *vcpus;            /* QemuFactsVcpu without statistics and times */
    GStringChunk *vcpu_paths; /* owns the QOM paths in vcpus */
    GPtrArray *nics_with_id;  /* char *, as the next two: names of devices */
    GPtrArray *nics_without_id;
    GPtrArray *nics_on_board;
    QemuFactsMemory guest_stats; /* only the members that the guest itself reports are set */
    UtilCount polling_interval_s;
    GArray *vcpu_stats;         /* VcpuStats, as the next three: kept together */
    QemuSchemas *stats_schemas; /* owns the names in vcpu_stats */
    UtilCount halt_success_ns;
    UtilCount halt_fail_ns;
    bool tells_migrations;
    QemuFactsMigration migration; /* its status is a literal */
    char *migration_error;        /* owns the text in migration */
} QemuKnownRowValues;

/* Out of which a row keeps its value. All borrowed. */
typedef struct {
    const QemuFacts *facts;   /* decoded of the replies of this call */
    QemuCommandSet asked;     /* in this call */
    QemuCommandSet available; /* the commands that this QEMU has */
    QemuSchemasPool *schemas;
    bool has_one_monitor; /* by its command line */
} QemuKnownRowSource;

typedef struct {
    QemuCommandId command;
    QemuKnownProofKind proof;
    QemuCommandSet beside; /* commands that must return in the call that borrows */
    bool is_by_thread;     /* the threads must be the same too, whatever the proof */
    const char *text;      /* what is kept, for docs/internals.md */
    /* Copies the value out of the facts of a call in which @command returned. False, with nothing
     * kept, if such a value cannot be kept. The row holds no value before. NULL: no reply proves
     * what the next one will be. */
    bool (*keep)(QemuKnownRowValues *self, const QemuKnownRowSource *source);
    /* The same out of what the definition proves. NULL: it proves nothing of this command. */
    bool (*keep_proven)(QemuKnownRowValues *self, const QemuDefinitionProven *proven);
    /* Puts the kept value into @facts, which borrow it. */
    void (*give)(const QemuKnownRowValues *self, QemuFacts *facts);
    /* Frees the kept value; NULL: there is nothing to free. */
    void (*drop)(QemuKnownRowValues *self);
} QemuKnownRow;

enum { QEMU_KNOWN_N_ROWS = 16 };

/* In the order in which they are kept: a row may rest on the values of those before it. */
extern const QemuKnownRow qemu_known_rows[QEMU_KNOWN_N_ROWS];
