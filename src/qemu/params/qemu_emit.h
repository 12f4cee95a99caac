/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit: the emitters. Each turns facts into the typed parameters of one group, in libvirt's
 * order, and is in a file qemu_emit_<group>.c. Pure.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "qemu/facts/qemu_facts.h"
#include "qemu_field.h"

/* All that an emitter reads. */
typedef struct {
    const QemuFacts *facts;
    const QemuDefinition *definition; /* NULL unknown */
    const QemuDefinition *about;      /* of what the domain is made; NULL unknown */
    bool is_active;
    bool with_backing;
    bool with_ext;
    bool with_pss;
    bool with_about;
    bool is_persistence_known;
    bool is_persistent;
    UtilCount autostart; /* 0 or 1 */
    long ticks_per_second;
    long page_bytes;
    int64_t wall_s; /* time of this call in seconds since 1970; 0 unknown */
} QemuEmitInput;

/* Writes the parameters that the facts allow. False if facts that the group needs are absent: the
 * record then reports the group as missing, though it keeps what was written. */
typedef bool (*QemuEmit)(QemuFieldWriter *writer, const QemuEmitInput *input);

/* The virDomainState and its reason: libvirt's if it is known, else by QEMU's run state. -1, with
 * @ret_reason untouched, if neither is. The filters of a request use it too. */
int qemu_emit_state_of(const QemuEmitInput *input, int *ret_reason);

/* qemu_emit_stats.c: writes statistics of KVM. @fields are those for cumulative, instant and peak
 * values, in this order. */
void qemu_emit_stats(QemuFieldWriter *writer, const GArray *stats, const QemuFieldId fields[3]);

/* qemu_emit_resctrl.c: writes the monitors of one kind; without any not even their count, as in
 * libvirt 12.8. Older versions write the count of cache monitors also if it is 0. */
void qemu_emit_resctrl(QemuFieldWriter *writer, const QemuEmitInput *input,
                       QemuDefinitionResctrlKind kind);

/* qemu_emit_migration.c: the migration under way, or the last one; part of the group state. */
void qemu_emit_migration(QemuFieldWriter *writer, const QemuFacts *facts);

/* qemu_emit_job.c: the block jobs; part of the group block. @rows: QemuBlockRow, as the record
 * numbers them. */
void qemu_emit_job(QemuFieldWriter *writer, const QemuEmitInput *input, const GArray *rows);

bool qemu_emit_state(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_cpu(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_balloon(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_vcpu(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_interface(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_block(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_perf(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_iothread(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_memory(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_dirtyrate(QemuFieldWriter *writer, const QemuEmitInput *input);
bool qemu_emit_vm(QemuFieldWriter *writer, const QemuEmitInput *input);

/* qemu_emit_about.c: for a call with about. fields. */
void qemu_emit_about_state(QemuFieldWriter *writer, const QemuEmitInput *input);

/* A disk; each may be NULL. */
typedef struct {
    const QemuAboutDisk *told;    /* by libvirt's definition or the command line */
    const QemuFactsDisk *disk;    /* as QEMU lists it */
    const QemuFactsNode *node;    /* of its top image */
    const QemuFactsNode *storage; /* of that image's file */
} QemuEmitAboutDisk;
void qemu_emit_about_disk(QemuFieldWriter *writer, const QemuEmitInput *input,
                          const QemuEmitAboutDisk *disk);

void qemu_emit_about_nic(QemuFieldWriter *writer, const QemuFactsNic *nic);
/* All interfaces: those of the facts, else those of libvirt's definition. */
void qemu_emit_about_nics(QemuFieldWriter *writer, const QemuEmitInput *input);
