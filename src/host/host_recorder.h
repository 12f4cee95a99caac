/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_recorder: makes the copy of what host_root reads while it records.
 *
 * Only host_root uses it. May be used from several threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct HostRecorder HostRecorder;

/* Records below @dir, which is made if it does not exist, closed to other users because command
 * lines may hold secrets. NULL and CONNECT if that fails. */
HostRecorder *host_recorder_new(const char *dir, GError **error);
void host_recorder_free(HostRecorder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostRecorder, host_recorder_free)

/* Keeps the bytes of a file. If they are only its start (not @is_whole), a longer copy is left as
 * it is. */
void host_recorder_file(HostRecorder *self, const char *path, const char *bytes, size_t size,
                        bool is_whole);

/* Keeps the names in a folder, as folders and empty files, until their contents are read. If the
 * list @is_whole, names that an earlier one had and this one has not are removed. @folder_fd is the
 * folder that was listed. */
void host_recorder_list(HostRecorder *self, const char *path, int folder_fd, char *const *names,
                        bool is_whole);

/* Keeps a link, with the same target. */
void host_recorder_link(HostRecorder *self, const char *path, const char *target);

/* Ends the recording and closes the folder. If every copy could be written and @text is not NULL,
 * writes @text to the file @name. Gives the errno of the first failure, or 0. */
int host_recorder_finish(HostRecorder *self, const char *name, const char *text);
