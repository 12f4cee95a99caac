/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_recorder: the copy that a recording keeps of what host_root reads.
 *
 * Only host_root uses it. May be used from several threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct HostRecorder HostRecorder;

/* Below @dir, which is made if it is not there; closed to other users, since command lines
 * may hold secrets. */
HostRecorder *host_recorder_new(const char *dir, GError **error);
void host_recorder_free(HostRecorder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostRecorder, host_recorder_free)

/* Keeps the bytes of a file. If they are not @is_whole, a longer copy is left as it is. */
void host_recorder_file(HostRecorder *self, const char *path, const char *bytes, size_t size,
                        bool is_whole);

/* Keeps the names in a folder: folders for folders, empty files for all else, until more is
 * known. Names kept earlier that are not in @names go, if @is_whole. @folder_fd is the folder
 * that was listed. */
void host_recorder_list(HostRecorder *self, const char *path, int folder_fd, char *const *names,
                        bool is_whole);

/* Keeps where a link points, as a link that points there. */
void host_recorder_link(HostRecorder *self, const char *path, const char *target);

/* Keeps no more, and closes the folder. If every copy could be written, the file @name gets @text,
 * unless that is NULL. The errno of what could not be written first, or 0. */
int host_recorder_finish(HostRecorder *self, const char *name, const char *text);
