/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_root: the files of a host under /proc and /sys, live or from a recording.
 *
 * Every fact about a host that is in a file is read through it, so a recorded tree gives what the
 * live one gave. Paths are relative to the root, without a leading slash: "proc/1/stat". May be
 * used from several threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "host_blocked.h"
#include "util/util_count.h"

typedef struct HostRoot HostRoot;

HostRoot *host_root_new_live(void);
/* Opens the recording in @dir; the page size and tick rate come from its host.json. CONNECT if it
 * is no recording, BROKEN if it is damaged, UNSUPPORTED if a later version made it. */
HostRoot *host_root_new_recorded(const char *dir, GError **error);
void host_root_free(HostRoot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostRoot, host_root_free)

/* False if the root could not be opened because descriptors ran out. */
bool host_root_is_open(const HostRoot *self);
/* False for a recording, whose processes, descriptors and networks cannot be asked anything. */
bool host_root_is_live(const HostRoot *self);
/* Clock ticks a second and bytes a page of that host. */
long host_root_ticks_per_second(const HostRoot *self);
long host_root_page_bytes(const HostRoot *self);
/* When the recording was made, in seconds since 1970; 0 for a live host, or if it does not say. */
int64_t host_root_recorded_s(const HostRoot *self);

/* Reads the start of a file into @buffer, at most @size - 1 bytes, and adds a NUL. Gives the number
 * of bytes, or -1 with errno. */
ssize_t host_root_read(HostRoot *self, const char *path, char *buffer, size_t size);

/* Reads a whole file of at most @max_bytes, NUL-terminated; NULL with errno, EFBIG past the limit.
 * @ret_size may be NULL. The caller frees. */
char *host_root_read_all(HostRoot *self, const char *path, size_t max_bytes, size_t *ret_size);

/* Reads a file that has one number, perhaps with a line end; absent for any other. */
UtilCount host_root_read_count(HostRoot *self, const char *path);

/* While recording, keeps @bytes as the content of @path. For callers that have read the file of a
 * live host in another way. */
void host_root_keep_copy(HostRoot *self, const char *path, const char *bytes, size_t size);

/* The blocked reads of a live host's processes; NULL for a recording. Borrowed. */
HostBlocked *host_root_blocked(HostRoot *self);
/* Likewise the reads of files that such processes name, which their storage blocks. */
HostBlocked *host_root_blocked_storage(HostRoot *self);

/* The names in a folder, without "." and "..", in ascending order, in which digits compare by their
 * value. At most @max_names; the rest is left out. NULL with errno. The caller frees with
 * g_strfreev(). */
char **host_root_list(HostRoot *self, const char *path, size_t max_names);

/* The names in a folder that are numbers of processes or threads, ascending, ended by 0; at most
 * @max_numbers. NULL with errno. @ret_n may be NULL. The caller frees. */
pid_t *host_root_list_numbers(HostRoot *self, const char *path, size_t max_numbers, size_t *ret_n);

/* Where a symbolic link points; NULL with errno. The caller frees. */
char *host_root_readlink(HostRoot *self, const char *path);

/* Calls @take for each link in a folder, in the order of host_root_list(), with its name and where
 * it points; links that are gone by then are left out. Reads them by the folder, which costs less
 * than by their paths. False with errno if the folder cannot be listed. */
typedef void (*HostRootTakeLink)(const char *name, const char *target, void *data);
bool host_root_walk_links(HostRoot *self, const char *path, size_t max_names, HostRootTakeLink take,
                          void *data);

/* stat() of a path of a live host, with links followed. False for a recording, or with errno. */
bool host_root_stat(HostRoot *self, const char *path, struct stat *ret_stat);

/* Opens a file of a live host that is to be read many times. -1 if it cannot be opened, or is not
 * to be kept: in a recording, while one is made, or past the share of this process's descriptors
 * that may be kept. Close it with host_root_close_kept(). */
int host_root_open_kept(HostRoot *self, const char *path);
void host_root_close_kept(HostRoot *self, int fd);
/* Reserves @n other descriptors out of the same share; false if there is no room. */
bool host_root_reserve(HostRoot *self, size_t n);
void host_root_release(HostRoot *self, size_t n);
/* False for a recording, and while one is made: then every file has to be read by its path. */
bool host_root_may_keep(HostRoot *self);

/* Starts a recording: a copy of every file, list and link that is read from now on is kept under
 * @dir. Only the list of "proc" is not kept, which would name every process. INVALID while another
 * recording is made. */
bool host_root_start_recording(HostRoot *self, const char *dir, GError **error);
/* While recording, keeps @text as if it had been read from the file @path. For facts that the
 * kernel gave in another way. */
void host_root_note(HostRoot *self, const char *path, const char *text);
/* Ends the recording and writes host.json, which makes @dir a recording; false if that or a copy
 * could not be written. */
bool host_root_finish_recording(HostRoot *self, GError **error);
/* Ends the recording and leaves @dir as it is, without host.json. */
void host_root_drop_recording(HostRoot *self);
