/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_path: walks a relative path below a folder without ever leaving it.
 *
 * For trees that others made: no "..", and no symbolic link is followed, not even the last
 * part, so a link in a recording is only text.
 */
#pragma once

#include <stdbool.h>

/* The folder that holds the last part of @path, below @folder_fd, as an O_PATH descriptor for the
 * caller to close, and that part as @ret_name (points into @path). -1 with errno. With
 * @may_make folders on the way are made, also in place of empty files. */
int host_path_open_parent(int folder_fd, const char *path, bool may_make, const char **ret_name);

/* Opens @path below @folder_fd with the open() flags @flags; -1 with errno. */
int host_path_open(int folder_fd, const char *path, int flags);

/* Removes @name below @folder_fd, a folder with all that is in it. */
void host_path_remove(int folder_fd, const char *name);
