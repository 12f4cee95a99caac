/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_index: from the name of a field to the families that are made of it.
 *
 * Made anew for each exposition, for the families that are in it. Each field of a record is looked
 * up once: its numbers are taken out ("block.0.rd.reqs" is "block.#.rd.reqs" and 0), the rest is
 * hashed. Borrows the tables.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "openmetrics_family.h"
#include "openmetrics_limits.h"

typedef struct OpenmetricsIndex OpenmetricsIndex;

typedef enum {
    OPENMETRICS_INDEX_SAMPLE, /* a value of @families */
    OPENMETRICS_INDEX_PART,   /* the number of a device's part */
    OPENMETRICS_INDEX_START,  /* where a bin of a histogram begins */
    OPENMETRICS_INDEX_COUNT,  /* how many are in it */
    OPENMETRICS_INDEX_SELF,   /* a value of @families, and no field: see openmetrics_self.h */
} OpenmetricsIndexKind;

enum { OPENMETRICS_INDEX_FAMILIES = 3, OPENMETRICS_INDEX_SOURCES = 2 };

typedef struct {
    OpenmetricsIndexKind kind;
    OpenmetricsFamilyScope scope; /* of the device that it belongs to */
    int slot;                     /* of the device, where labels find the field; -1: none */
    unsigned int n_families;
    uint16_t families[OPENMETRICS_INDEX_FAMILIES]; /* places in openmetrics_families */
} OpenmetricsIndexEntry;

/* One field of a record. */
typedef struct {
    const OpenmetricsIndexEntry *entry;
    uint32_t numbers[2]; /* of the first and second <n> */
    uint8_t stat_at;     /* where the name of the statistic is in the field */
    uint8_t stat_length;
} OpenmetricsIndexHit;

typedef enum {
    OPENMETRICS_INDEX_FROM_SLOT,
    OPENMETRICS_INDEX_FROM_DEVICE,
    OPENMETRICS_INDEX_FROM_DOMAIN,
    OPENMETRICS_INDEX_FROM_NAME,
    OPENMETRICS_INDEX_FROM_UUID,
    OPENMETRICS_INDEX_FROM_HEALTH,
    OPENMETRICS_INDEX_FROM_REASON,
    OPENMETRICS_INDEX_FROM_BY,
    OPENMETRICS_INDEX_FROM_VERSION,
    OPENMETRICS_INDEX_FROM_WORD,
} OpenmetricsIndexFrom;

/* A label of an info metric. */
typedef struct {
    const char *name; /* with "=", and not terminated after that */
    size_t name_length;
    OpenmetricsIndexFrom from;
    int slots[OPENMETRICS_INDEX_SOURCES]; /* the first that is there; -1: none */
    const char *word;
    size_t word_length;
} OpenmetricsIndexLabel;

typedef struct {
    uint16_t family;
    GArray *labels; /* OpenmetricsIndexLabel */
} OpenmetricsIndexInfo;

/* @sets: bits of OpenmetricsFamilySets. @with_kvm: with the statistics of KVM. */
OpenmetricsIndex *openmetrics_index_new(unsigned int sets, bool with_kvm);
void openmetrics_index_free(OpenmetricsIndex *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OpenmetricsIndex, openmetrics_index_free)

/* False if nothing is made of @field. */
bool openmetrics_index_find(const OpenmetricsIndex *self, const char *field,
                            OpenmetricsIndexHit *ret_hit);

/* The info metrics of @scope. */
const OpenmetricsIndexInfo *openmetrics_index_infos(const OpenmetricsIndex *self,
                                                    OpenmetricsFamilyScope scope, size_t *ret_n);

/* The slots of the fields that name the devices of @scope, and that are their source. */
int openmetrics_index_name_slot(const OpenmetricsIndex *self, OpenmetricsFamilyScope scope);
const int *openmetrics_index_source_slots(const OpenmetricsIndex *self,
                                          OpenmetricsFamilyScope scope);
