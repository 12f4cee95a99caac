/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_family: the table of families.
 */
#include "openmetrics_family.h"

#include <glib.h>

#define FAMILY(sets, type, name, unit, field, scale, scope, labels, help)                          \
    {sets,                                                                                         \
     OPENMETRICS_FAMILY_##type,                                                                    \
     name,                                                                                         \
     unit,                                                                                         \
     field,                                                                                        \
     OPENMETRICS_FAMILY_##scale,                                                                   \
     OPENMETRICS_FAMILY_##scope,                                                                   \
     labels,                                                                                       \
     help},
#define COMMON  OPENMETRICS_FAMILY_COMMON
#define NATIVE  OPENMETRICS_FAMILY_NATIVE
#define LIBVIRT OPENMETRICS_FAMILY_LIBVIRT
#define KUMINA  OPENMETRICS_FAMILY_KUMINA

const OpenmetricsFamily openmetrics_families[] = {
#include "openmetrics_family_native.def"

#include "openmetrics_family_libvirt.def"
};
const size_t openmetrics_n_families = G_N_ELEMENTS(openmetrics_families);
