/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_group: the groups of statistics as libvirt's API names them: bit, name, and the first
 * word of their fields. The one table of these names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "domstats/domstats.h"

typedef struct {
    unsigned int bit;  /* VIR_DOMAIN_STATS_* */
    const char *name;  /* as in virsh domstats --NAME: "cpu-total", "interface", ... */
    const char *field; /* the first word of its fields: "cpu", "net", ... */
} DomstatsGroup;

extern const DomstatsGroup domstats_groups[];
extern const size_t domstats_n_groups;

/* The bit of the group that has @field ("net.0.name", "ext.net.0.name" and "about.net.0.mac" are of
 * INTERFACE); 0: of no group. */
unsigned int domstats_group_of_field(const char *field);

/* The groups that are made of KVM's own statistics alone, which DOMSTATS_CALL_WITHOUT_KVM leaves
 * out. */
extern const unsigned int domstats_groups_of_kvm;

/* Whether @field is one of these statistics, of whichever group. */
bool domstats_group_is_of_kvm(const char *field);

/* The bit of the group called @name; 0: none is. */
unsigned int domstats_group_of_name(const char *name);
