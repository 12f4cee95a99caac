/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_resctrl: reads what a resource control monitor counts: cache use, memory bandwidth, energy.
 */
#pragma once

#include "host_root.h"
#include "util/util_count.h"

/* The usual mount point of resctrl. */
#define HOST_RESCTRL_FOLDER "sys/fs/resctrl"

/* The kinds of values that a monitor has. */
typedef enum {
    HOST_RESCTRL_CACHE,
    HOST_RESCTRL_BANDWIDTH,
    HOST_RESCTRL_ENERGY,
} HostResctrlKind;

/* One cache, memory controller or package. Values of other kinds, and those that this host does not
 * count, are absent. */
typedef struct {
    unsigned int id;               /* the host's number for it */
    UtilCount llc_occupancy_bytes; /* cache */
    UtilCount mbm_local_bytes;     /* bandwidth: since the monitor was made */
    UtilCount mbm_total_bytes;
    bool has_core_energy; /* energy */
    double core_energy_j; /* joules */
    bool has_activity;
    double activity_f; /* farads */
    bool is_swapped;   /* the host lists total before local, or activity before core energy */
} HostResctrlBank;

/* Reads the values of that kind from the monitor in the folder @monitor, relative to the folder
 * @resctrl of @root ("" is the whole host; a leading slash of @resctrl is ignored). Gives
 * HostResctrlBank elements, ascending by id; free with g_array_unref(). NULL if the host counts
 * nothing of that kind (UNSUPPORTED), or if one value cannot be read (BROKEN): an incomplete list
 * could be mistaken for a whole one. */
GArray *host_resctrl_read(HostRoot *root, const char *resctrl, const char *monitor,
                          HostResctrlKind kind, GError **error);
