/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_schemas: what query-stats-schemas told, kept once for all QEMUs that told the same: the
 * names are the host kernel's, so on a host nearly all do.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"

typedef struct QemuSchemas QemuSchemas;

QemuSchemas *qemu_schemas_ref(QemuSchemas *self);
void qemu_schemas_unref(QemuSchemas *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSchemas, qemu_schemas_unref)

/* Lends them to @facts, which hold them until they are cleared. */
void qemu_schemas_lend(QemuSchemas *self, QemuFacts *facts);

/* The different ones of a connection; for several threads at once. */
typedef struct QemuSchemasPool QemuSchemasPool;

QemuSchemasPool *qemu_schemas_pool_new(void);
void qemu_schemas_pool_free(QemuSchemasPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSchemasPool, qemu_schemas_pool_free)

/* Gives a reference to what equals the schemas in @facts: one that is there, or a copy. */
QemuSchemas *qemu_schemas_pool_take(QemuSchemasPool *self, const QemuFacts *facts);
