/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit: the emitters: facts -> typed parameters, one a group, in libvirt's order. Pure.
 * Each is in the file qemu_emit_<group>.c.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "qemu/facts/qemu_facts.h"
#include "qemu_field.h"

/* What an emitter may look at. */
typedef struct {
    const QemuFacts *facts;
    const QemuDefinition *definition; /* NULL: nothing is known */
    bool is_active;
    bool with_backing;
    bool with_ext;
    long ticks_per_second;
    long page_bytes;
    int64_t wall_s; /* seconds since 1970 of this round; 0: not known */
} QemuEmitInput;

/* Writes the group; false when what it rests on is not there, so that it is missing from the
 * record: what could be written without it stays. */
typedef bool (*QemuEmit)(QemuFieldWriter *writer, const QemuEmitInput *input);

/* The virDomainState of @input, and why: libvirt's where it told, else by QEMU's run state. -1,
 * with @ret_reason untouched, when neither is known. Filters ask it too. */
int qemu_emit_state_of(const QemuEmitInput *input, int *ret_reason);

/* qemu_emit_stats.c: statistics of KVM under the fields of cumulative, instant and peak values,
 * in this order. */
void qemu_emit_stats(QemuFieldWriter *writer, const GArray *stats, const QemuFieldId fields[3]);

/* qemu_emit_resctrl.c: the monitors of one kind; the count even when it is 0 only for those of
 * caches. */
void qemu_emit_resctrl(QemuFieldWriter *writer, const QemuEmitInput *input,
                       QemuDefinitionResctrlKind kind);

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
