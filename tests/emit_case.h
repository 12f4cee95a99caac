/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * emit_case: facts and a definition that a test fills, and the text of what an emitter writes.
 */
#pragma once

#include "qemu/params/qemu_emit.h"
#include "testing.h"

typedef struct {
    QemuFacts facts;
    QemuDefinition *definition; /* left out of the input unless @has_definition */
    bool has_definition;
    QemuEmitInput input; /* active; 100 ticks a second, pages of 4096 bytes */
} EmitCase;

/* One row of a table of emitters; the sentence comes first, since TESTING_RUN_TABLE needs it. */
typedef struct {
    const char *sentence;
    QemuEmit emit;
    void (*fill)(EmitCase *self);
    bool is_whole; /* what the emitter must give */
    const char *expected;
} EmitRow;

/* For TESTING_RUN_TABLE. */
void emit_case_check(const void *row);

/* "name type value" lines. The caller frees. */
char *emit_case_text(const virTypedParameter *params, int n_params);

/* An array of @n elements copied from @elements. */
GArray *emit_case_array(const void *elements, guint n, guint element_size);
#define EMIT_CASE_ARRAY(elements)                                                                  \
    emit_case_array((elements), G_N_ELEMENTS(elements), sizeof((elements)[0]))

/* From now on the definition is libvirt's, with what it has been given since then. */
void emit_case_tell_by_libvirt(EmitCase *self);

/* Puts the nodes, by name, where the facts have them. */
void emit_case_set_nodes(EmitCase *self, const QemuFactsNode *nodes, guint n_nodes);

/* For rows: nothing is known; the domain is off; it is off, and QEMU's facts are to be ignored. */
void emit_case_fill_nothing(EmitCase *self);
void emit_case_fill_inactive(EmitCase *self);
void emit_case_fill_off(EmitCase *self);
