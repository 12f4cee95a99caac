/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_shape: which labels the samples of a scope have, in which exposition. The only table
 * of label names, except those of info metrics, which are in the table of families.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "openmetrics_family.h"

typedef enum {
    OPENMETRICS_SHAPE_END,
    OPENMETRICS_SHAPE_DOMAIN,
    OPENMETRICS_SHAPE_UUID,
    OPENMETRICS_SHAPE_DEVICE, /* name of the disk, interface or monitor */
    OPENMETRICS_SHAPE_INDEX,  /* the first <n> of the field */
    OPENMETRICS_SHAPE_SOURCE, /* where a disk's data or an interface's traffic goes */
    /* Those from here on differ among the samples of one device. */
    OPENMETRICS_SHAPE_PART, /* cache, package or node */
    OPENMETRICS_SHAPE_STAT,
    OPENMETRICS_SHAPE_WORD, /* a group, a health, a state */
} OpenmetricsShapeKind;

enum { OPENMETRICS_SHAPE_LABELS = 4 };

typedef struct {
    const char *name;
    OpenmetricsShapeKind kind;
} OpenmetricsShapeLabel;

/* In alphabetical order. */
typedef struct {
    OpenmetricsShapeLabel labels[OPENMETRICS_SHAPE_LABELS];
} OpenmetricsShape;

/* @set: one bit of OpenmetricsFamilySets. */
const OpenmetricsShape *openmetrics_shape_of(unsigned int set, OpenmetricsFamilyScope scope);

/* Whether all samples of one device have the same labels. */
bool openmetrics_shape_is_fixed(const OpenmetricsShape *self);

/* The field that names the devices of @scope, and the one that numbers their parts; NULL: none. */
const char *openmetrics_shape_name_field(OpenmetricsFamilyScope scope);
const char *openmetrics_shape_part_field(OpenmetricsFamilyScope scope);

/* The fields, "FIELD|FIELD", that SOURCE is made of; NULL: none. */
const char *openmetrics_shape_source_fields(OpenmetricsFamilyScope scope);

/* The names as docs/metrics.md lists them: "device, domain"; the caller frees it. */
char *openmetrics_shape_make_names(const OpenmetricsFamily *family, unsigned int set);
