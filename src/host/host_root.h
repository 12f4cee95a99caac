/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_root: the files of a host under /proc and /sys, live or from a recording.
 *
 * Every host fact is read through it, so a recorded tree gives what the live one gave. Paths
 * are relative to the root, without a leading slash: "proc/1/stat". May be used from several
 * threads at once.
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
/* The tree below @dir; page size and ticks come from its host.json. CONNECT if there is none,
 * BROKEN if it is damaged, UNSUPPORTED if a later version made it. */
HostRoot *host_root_new_recorded(const char *dir, GError **error);
void host_root_free(HostRoot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostRoot, host_root_free)

/* False when the root could not be opened, for want of descriptors: errno says so. */
bool host_root_is_open(const HostRoot *self);
/* False for a recording: no process, descriptor or network of it can be asked anything. */
bool host_root_is_live(const HostRoot *self);
/* Clock ticks a second and bytes a page of that host. */
long host_root_ticks_per_second(const HostRoot *self);
long host_root_page_bytes(const HostRoot *self);
/* When the recording was made, in seconds since 1970; 0 of a live host, or not told. */
int64_t host_root_recorded_s(const HostRoot *self);

/* Reads a file from its start into @buffer, at most @size - 1 bytes, and ends it with NUL.
 * Gives the number of bytes, or -1 with errno. What does not fit is cut. */
ssize_t host_root_read(HostRoot *self, const char *path, char *buffer, size_t size);

/* Reads a whole file, however long up to @max_bytes, NUL-terminated; NULL with errno
 * (EFBIG past the limit). The caller frees. */
char *host_root_read_all(HostRoot *self, const char *path, size_t max_bytes, size_t *ret_size);

/* For who has read a file of a live host in another way: keeps a copy of it where one is made. */
void host_root_keep_copy(HostRoot *self, const char *path, const char *bytes, size_t size);

/* The reads of this live host's processes that are blocked. Borrowed. */
HostBlocked *host_root_blocked(HostRoot *self);

/* The names in a folder, without "." and "..", ascending with numbers by their value, at most
 * @max_names (the rest is left out); NULL with errno. The caller frees with g_strfreev(). */
char **host_root_list(HostRoot *self, const char *path, size_t max_names);

/* Those names in a folder that are numbers of processes or threads, ascending, ended by 0;
 * otherwise likewise. The caller frees. */
pid_t *host_root_list_numbers(HostRoot *self, const char *path, size_t max_numbers, size_t *ret_n);

/* Where a symbolic link points; NULL with errno. The caller frees. */
char *host_root_readlink(HostRoot *self, const char *path);

/* What stat() gives of a path of a live host, links followed; false for a recording or with errno.
 */
bool host_root_stat(HostRoot *self, const char *path, struct stat *ret_stat);

/* Opens a file of a live host that is to be read again and again; -1 where there is no room, for
 * the root lets no more than a share of this process's descriptors be kept, or none is to be kept:
 * of a recording, or while one is made. Close it with the other. */
int host_root_open_kept(HostRoot *self, const char *path);
void host_root_close_kept(HostRoot *self, int fd);
/* Sets @n descriptors of other kinds aside, out of the same share; false if there is no room. */
bool host_root_reserve(HostRoot *self, size_t n);
void host_root_release(HostRoot *self, size_t n);
/* False for a recording, and while one is made: then every read has to go by its path. */
bool host_root_may_keep(HostRoot *self);

/* From now on keeps a copy, under @dir, of every file, list and link that is read; only the
 * list of "proc" itself is not kept, which would name every process. INVALID while another
 * recording is made; one may follow another. */
bool host_root_start_recording(HostRoot *self, const char *dir, GError **error);
/* While recording, keeps @text as if it had been read from the file @path: what the kernel told
 * otherwise. */
void host_root_note(HostRoot *self, const char *path, const char *text);
/* Keeps no more, and writes host.json, which makes @dir a recording; false when that or some copy
 * could not be written. */
bool host_root_finish_recording(HostRoot *self, GError **error);
/* Keeps no more; @dir is left as it is, and is no recording. */
void host_root_drop_recording(HostRoot *self);
