/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_hidden: whether /proc hides processes of other users from us.
 */
#pragma once

#include "host/host_root.h"

/* True if /proc of a live host is mounted with hidepid, and we are not exempt from it. False for a
 * recording. */
bool host_hidden_are_others(HostRoot *root);

/* The same by @mountinfo, the text of /proc/self/mountinfo, for a user in the groups @groups. Pure.
 */
bool host_hidden_by_mounts(const char *mountinfo, const gid_t *groups, size_t n_groups);
