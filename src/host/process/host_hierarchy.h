/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_hierarchy: the hierarchies of control groups, v1 and v2: which group of one a process is in,
 * and where the group's folder is.
 */
#pragma once

#include "host/host_root.h"

typedef struct {
    const char *controller; /* of v1, as /proc/<pid>/cgroup names it; "": cgroup v2 */
    const char *mounts[3];  /* where it usually is, NULL-ended */
    const char *probe;      /* a file that each of its groups has, but the one on top */
} HostHierarchy;

/* The group that @text, of /proc/<pid>/cgroup, names for a controller of v1, or for v2 (""); NULL
 * if it names none. The caller frees. */
char *host_hierarchy_group(const char *text, const char *controller);

/* The folder of @group below the root; NULL if it cannot be seen. The caller frees. */
char *host_hierarchy_folder(HostRoot *root, const HostHierarchy *self, const char *group);
