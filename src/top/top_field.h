/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_field: which fields of a record `domstats top` reads, and what a field belongs to: the domain
 * or one of its vCPUs, disks or interfaces, or of the NUMA nodes that have its memory (its units).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    TOP_FIELD_KIND_DOMAIN,
    TOP_FIELD_KIND_VCPU,
    TOP_FIELD_KIND_DISK,
    TOP_FIELD_KIND_NIC,
    TOP_FIELD_KIND_NODE, /* a NUMA node of the host */
    TOP_FIELD_N_KINDS,
} TopFieldKind;

/* Every field: TOP_FIELD_DISK_RD_BYTES, ... Those of one kind stand together. */
typedef enum {
#define TOP_FIELD(kind, name, pattern) TOP_FIELD_##kind##_##name,
#include "top_field.def"
    TOP_N_FIELDS,
} TopField;

enum {
    /* The most fields that a kind has. */
    TOP_FIELD_MOST_OF_KIND = 32,
};

TopFieldKind top_field_kind(TopField field);
/* Its place among the fields of its kind: 0, 1, ... */
size_t top_field_place(TopField field);
/* "block.#.rd.bytes" */
const char *top_field_pattern(TopField field);
size_t top_field_count_of_kind(TopFieldKind kind);

/* The field that a record calls @name, and for those of a unit its number. False if it is none of
 * the table. */
bool top_field_find(const char *name, TopField *ret_field, unsigned int *ret_number);

/* True if @name is that of the names of units: "block.#.name" or "net.#.name". */
bool top_field_is_unit_name(const char *name, TopFieldKind *ret_kind, unsigned int *ret_number);
