/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_group_path: the names of control groups that managers of machines make. Pure.
 */
#pragma once

#include <stdbool.h>

/* What follows "<prefix><digits>" in @text; NULL if @text does not begin with that. */
const char *host_group_path_skip_numbered(const char *text, const char *prefix);

/* True for the name of a group that libvirt makes inside of a machine's. */
bool host_group_path_is_inner(const char *name);

/* The groups that may be that of the machine whose process is in the group @path, the best one
 * first: the unit of systemd that it is in, then the group itself, without those that libvirt makes
 * inside. Neither is the top group. NULL-ended; the caller frees. */
char **host_group_path_candidates(const char *path);
