/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_path: opens a relative path below a folder and never leaves that folder.
 *
 * It is for trees that others made: ".." is refused and no symbolic link is followed, not even as
 * the last part.
 */
#pragma once

#include <stdbool.h>

/* Opens the folder that holds the last part of @path, below @folder_fd, as an O_PATH descriptor
 * that the caller closes, and sets @ret_name to that part (it points into @path). -1 with errno.
 * With @may_make the folders on the way are made, also in place of empty files. */
int host_path_open_parent(int folder_fd, const char *path, bool may_make, const char **ret_name);

/* Opens @path below @folder_fd with the open() flags @flags; -1 with errno. */
int host_path_open(int folder_fd, const char *path, int flags);

/* Removes @name in @folder_fd; if it is a folder, with everything in it. */
void host_path_remove(int folder_fd, const char *name);
