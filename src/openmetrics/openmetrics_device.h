/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_device: the domain of a record and its disks, interfaces, vCPUs, ...: the fields that
 * are their labels, and the labels of their samples.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "domstats/domstats.h"
#include "openmetrics_buffer.h"
#include "openmetrics_index.h"
#include "openmetrics_shape.h"

typedef struct {
    OpenmetricsFamilyScope scope;
    uint32_t number; /* the first <n> of its fields */
    bool has_part;   /* @part_id is the number of part @part */
    uint32_t part;
    uint64_t part_id;
    const virTypedParameter *slots[OPENMETRICS_LIMIT_LABEL_SLOTS];
    size_t name_at, n_name;   /* its name, escaped, in the texts */
    size_t fixed_at, n_fixed; /* its labels, if all its samples have the same */
} OpenmetricsDevice;

/* Those of one record. */
typedef struct {
    const OpenmetricsIndex *index; /* borrowed */
    unsigned int set;              /* whose shape the labels have */
    GArray *devices;               /* OpenmetricsDevice */
    guint last;                    /* the one found last */
    GHashTable *names;             /* char *: names in use in a scope */
    OpenmetricsBuffer texts;
    const char *domain; /* label of the domain, escaped; borrowed */
    const char *uuid;   /* likewise */
} OpenmetricsDevices;

/* What distinguishes samples of one device. */
typedef struct {
    uint32_t part; /* the second <n> */
    const char *stat;
    size_t n_stat;
    const char *word;
} OpenmetricsDeviceSample;

void openmetrics_device_init(OpenmetricsDevices *self, const OpenmetricsIndex *index,
                             unsigned int set);
void openmetrics_device_clear(OpenmetricsDevices *self);

/* Forgets the devices of the record before. */
void openmetrics_device_begin(OpenmetricsDevices *self, const char *domain, const char *uuid);

/* The device, which is made if there is none; valid until the next is made. */
OpenmetricsDevice *openmetrics_device_get(OpenmetricsDevices *self, OpenmetricsFamilyScope scope,
                                          uint32_t number);

/* Once all slots are set: names the devices, no two of a scope alike, and makes their labels. */
void openmetrics_device_name_all(OpenmetricsDevices *self);

/* The labels of a sample of @device in @scope. @set: one bit of OpenmetricsFamilySets. */
void openmetrics_device_append_labels(const OpenmetricsDevices *self, OpenmetricsBuffer *out,
                                      unsigned int set, OpenmetricsFamilyScope scope,
                                      const OpenmetricsDevice *device,
                                      const OpenmetricsDeviceSample *sample);

/* Appends the text of the first of @slots that @device has, escaped. False if it has none. */
bool openmetrics_device_append_slot(OpenmetricsBuffer *out, const OpenmetricsDevice *device,
                                    const int slots[OPENMETRICS_INDEX_SOURCES]);
