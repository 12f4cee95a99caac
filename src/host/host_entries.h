/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_entries: reads the entries of an open folder. Only host_root uses it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The names in a folder, without "." and "..", in ascending order, in which digits compare by their
 * value; at most @max_names. Sets @ret_is_whole to whether those are all. The caller frees with
 * g_strfreev(). */
char **host_entries_take_names(int folder_fd, size_t max_names, bool *ret_is_whole);

/* Appends to @numbers, of pid_t, the names that are numbers of processes or threads, until it has
 * @max_numbers; in the order of the folder. */
void host_entries_take_numbers(int folder_fd, size_t max_numbers, GArray *numbers);
