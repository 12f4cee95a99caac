/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_group: by what rows are grouped, and to which group a domain belongs.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "top_model.h"

typedef enum {
    TOP_GROUP_NONE,
    TOP_GROUP_SLICE, /* see top_slice.h */
    TOP_GROUP_NODE,  /* the NUMA node of the host that has most of its memory */
    TOP_N_GROUPS,
} TopGroup;

/* For the settings. */
const char *top_group_name(TopGroup self);
bool top_group_find(const char *name, TopGroup *ret_group);
/* For people: "by slice"; "" of NONE. */
const char *top_group_phrase(TopGroup self);

/* What the group of the domain is called; NULL: it is not known. The caller frees it. */
char *top_group_of(TopGroup self, const TopModelEntry *entry);
/* What the group of those is called of which it is not known. */
const char *top_group_unknown(TopGroup self);
