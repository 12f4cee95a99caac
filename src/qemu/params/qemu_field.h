/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_field: THE table of fields: name pattern, type, unit, meaning, source, when absent.
 * Its rows are in qemu_field.def; docs/fields.md is checked against it, emitters write
 * through it, so a name stands in one place.
 *
 * A pattern's <n> are filled, in order, with the indices of the writer, <stat>, <feature> and
 * <event> with its words.
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
    unsigned int group; /* VIR_DOMAIN_STATS_*; of an ext. field: with which it comes */
    const char *pattern;
    int type; /* VIR_TYPED_PARAM_* */
    const char *unit;
    const char *meaning;
    const char *source;
    const char *absent; /* when it is not there */
} QemuField;

extern const QemuField qemu_fields[QEMU_N_FIELDS];

/* Where fields are written: the list, and what fills the patterns. */
typedef struct {
    UtilParams *params;
    unsigned int index[3]; /* for the first, second and third <n> */
    const char *word;      /* for <stat>, <feature>, <event> */
} QemuFieldWriter;

/* Each asserts that the table gives the field that type. */
void qemu_field_put_int(QemuFieldWriter *self, QemuFieldId field, int value);
void qemu_field_put_uint(QemuFieldWriter *self, QemuFieldId field, unsigned int value);
void qemu_field_put_llong(QemuFieldWriter *self, QemuFieldId field, long long value);
void qemu_field_put_ullong(QemuFieldWriter *self, QemuFieldId field, unsigned long long value);
void qemu_field_put_double(QemuFieldWriter *self, QemuFieldId field, double value);
void qemu_field_put_string(QemuFieldWriter *self, QemuFieldId field, const char *value);
/* Only these two may differ from the table: a boolean also where it says ULLONG (a schema's
 * boolean), ULLONG where it says UINT (a value past 32 bits). */
void qemu_field_put_boolean(QemuFieldWriter *self, QemuFieldId field, bool value);
void qemu_field_put_wide(QemuFieldWriter *self, QemuFieldId field, uint64_t value);
/* Nothing for an absent count or a NULL string. */
void qemu_field_put_count(QemuFieldWriter *self, QemuFieldId field, UtilCount value);

/* Writing by table: rows of a struct's UtilCount members and their fields, in order. */
typedef struct {
    QemuFieldId field;
    size_t offset;
} QemuFieldCount;

void qemu_field_put_counts(QemuFieldWriter *self, const QemuFieldCount *rows, size_t n_rows,
                           const void *base);
