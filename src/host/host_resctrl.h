/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_resctrl: what a resource control monitor counts: cache, memory bandwidth, energy.
 */
#pragma once

#include "host_root.h"
#include "util/util_count.h"

/* Where resctrl is mounted as a rule. */
#define HOST_RESCTRL_FOLDER "sys/fs/resctrl"

/* What is asked of a monitor. */
typedef enum {
    HOST_RESCTRL_CACHE,
    HOST_RESCTRL_BANDWIDTH,
    HOST_RESCTRL_ENERGY,
} HostResctrlKind;

/* One cache, memory controller or package. What its kind does not have, or this host does not
 * count, is absent. */
typedef struct {
    unsigned int id;               /* the host's number of it */
    UtilCount llc_occupancy_bytes; /* cache */
    UtilCount mbm_local_bytes;     /* bandwidth: since the monitor was made */
    UtilCount mbm_total_bytes;
    bool has_core_energy; /* energy */
    double core_energy_j; /* joules */
    bool has_activity;
    double activity_f; /* farads */
} HostResctrlBank;

/* HostResctrlBank elements, ascending by id, of the monitor whose folder is @monitor, below
 * the folder @resctrl of @root ("" is the host's own; a slash before @resctrl is nothing). NULL
 * when the host does not count any of that kind (UNSUPPORTED), or when one value that it counts
 * cannot be read (BROKEN): then nothing of that kind is to be told. Free with g_array_unref(). */
GArray *host_resctrl_read(HostRoot *root, const char *resctrl, const char *monitor,
                          HostResctrlKind kind, GError **error);
