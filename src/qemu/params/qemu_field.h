/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_field: the only table of fields: name pattern, type, unit, meaning, source, when absent.
 *
 * Its rows are in qemu_field.def. Emitters write through it, and a test compares docs/fields.md
 * with it, so each name stands in one place. In a pattern, each <n> is replaced by the next index
 * of the writer, and <stat> by its word.
 */
#pragma once

#include "domstats/domstats.h"
#include "util/util_count.h"
#include "util/util_params.h"

typedef enum {
#define FIELD(id, group, pattern, type, unit, meaning, source, absent) QEMU_FIELD_##id,
#include "qemu_field.def"
#undef FIELD
    QEMU_N_FIELDS
} QemuFieldId;

typedef struct {
    unsigned int group; /* VIR_DOMAIN_STATS_*; an "ext." field comes with that group */
    const char *pattern;
    int type; /* VIR_TYPED_PARAM_* */
    const char *unit;
    const char *meaning;
    const char *source;
    const char *absent; /* when the field is not in a record */
} QemuField;

extern const QemuField qemu_fields[QEMU_N_FIELDS];

/* The list to which fields are appended, and what fills the patterns of their names. Borrows both
 * pointers. */
typedef struct {
    UtilParams *params;
    unsigned int index[3]; /* for the first, second and third <n> */
    const char *word;      /* for <stat> */
} QemuFieldWriter;

/* Each appends one parameter, and asserts that the field has that type in the table. A NULL string
 * is not appended. */
void qemu_field_put_int(QemuFieldWriter *self, QemuFieldId field, int value);
void qemu_field_put_uint(QemuFieldWriter *self, QemuFieldId field, unsigned int value);
void qemu_field_put_llong(QemuFieldWriter *self, QemuFieldId field, long long value);
void qemu_field_put_ullong(QemuFieldWriter *self, QemuFieldId field, unsigned long long value);
void qemu_field_put_double(QemuFieldWriter *self, QemuFieldId field, double value);
void qemu_field_put_string(QemuFieldWriter *self, QemuFieldId field, const char *value);
/* Only these two may differ from the table: the first is also for ULLONG fields, whose statistic
 * may be a boolean by its schema; the second is for UINT fields, and writes ULLONG for a value past
 * 32 bits, as libvirt does. */
void qemu_field_put_boolean(QemuFieldWriter *self, QemuFieldId field, bool value);
void qemu_field_put_wide(QemuFieldWriter *self, QemuFieldId field, uint64_t value);
/* Appends nothing for an absent count. */
void qemu_field_put_count(QemuFieldWriter *self, QemuFieldId field, UtilCount value);

/* A row of a table: a field, and the place of its UtilCount in a struct. */
typedef struct {
    QemuFieldId field;
    size_t offset;
} QemuFieldCount;

/* Appends the counts of all rows that are present; @base is the struct. */
void qemu_field_put_counts(QemuFieldWriter *self, const QemuFieldCount *rows, size_t n_rows,
                           const void *base);
