/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_freezer: whether a control group keeps a process from running: the freezers of cgroup v1 and
 * v2, which "docker pause" and "systemctl freeze" use. The kernel does not show such a process as
 * stopped (state T).
 */
#pragma once

#include "host/host_root.h"

typedef enum {
    HOST_FREEZER_OFF,      /* not frozen, or that cannot be seen */
    HOST_FREEZER_FREEZING, /* the freezer is on, and some process of the group still runs */
    HOST_FREEZER_FROZEN,
} HostFreezer;

/* Looks at the control group of @pid and at those above it. If it is frozen, sets @ret_group to the
 * group whose freezer is on, as /proc/<pid>/cgroup names it; the caller frees. */
HostFreezer host_freezer_look(HostRoot *root, pid_t pid, char **ret_group);
