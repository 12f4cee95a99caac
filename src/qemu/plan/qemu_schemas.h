/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_schemas: replies to query-stats-schemas, each different one kept once for all QEMUs that
 * sent it. The names in it come from the kernel, so nearly all QEMUs of a host send the same.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"

typedef struct QemuSchemas QemuSchemas;

QemuSchemas *qemu_schemas_ref(QemuSchemas *self);
void qemu_schemas_unref(QemuSchemas *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSchemas, qemu_schemas_unref)

/* Puts them into @facts, which hold a reference until they are cleared. */
void qemu_schemas_lend(QemuSchemas *self, QemuFacts *facts);

/* The different schemas of one libdomstats connection. May be used from several threads at once. */
typedef struct QemuSchemasPool QemuSchemasPool;

QemuSchemasPool *qemu_schemas_pool_new(void);
void qemu_schemas_pool_free(QemuSchemasPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSchemasPool, qemu_schemas_pool_free)

/* Gives a reference to schemas that equal those in @facts: pooled ones, or a copy. */
QemuSchemas *qemu_schemas_pool_take(QemuSchemasPool *self, const QemuFacts *facts);
