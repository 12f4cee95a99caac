/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_reader: reads, with a deadline, those files of processes whose reading may block for ever.
 *
 * Reading cmdline, environ, smaps_rollup or maps of a process waits for the lock of its memory. The
 * process may hold that lock while it waits itself, for a server or a device that is gone. Then no
 * read of these files comes back, whatever flags they are opened with.
 */
#pragma once

#include "host_root.h"
#include "util/util_deadline.h"

typedef struct HostReader HostReader;

/* For one call or one scan: its threads live as long as it. Borrows @root. */
HostReader *host_reader_new(HostRoot *root);
HostRoot *host_reader_root(HostReader *self);
/* Ends its threads; those that are blocked run on by themselves. */
void host_reader_free(HostReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostReader, host_reader_free)

/* As host_root_read_all() of @path, a file of the process @pid. NULL with ETIMEDOUT if the read has
 * not come back by @deadline; NULL with EBUSY if an earlier read of that process, or too many of
 * others, have not come back. May be called from any thread. */
char *host_reader_read(HostReader *self, pid_t pid, const char *path, size_t max_bytes,
                       UtilDeadline deadline, size_t *ret_size);

/* Another way to read than to open a file of /proc: @read is called on a thread of the reader, with
 * nothing but @data, and sets errno when it gives NULL. @free_data may be called on any thread. */
typedef struct {
    char *(*read)(gconstpointer data, size_t max_bytes, size_t *ret_size);
    gpointer data;
    GDestroyNotify free_data;
} HostReaderLook;

/* As host_reader_read(), by @look, whose data it takes: a file on storage that the process @pid
 * names. @path is its name in recordings. Files of /proc of the same process are still read while
 * this blocks. */
char *host_reader_look(HostReader *self, pid_t pid, const char *path, HostReaderLook take_look,
                       size_t max_bytes, UtilDeadline deadline);

/* For tests: @read is called instead of reading the file below "/" or by a look; it sets errno. */
typedef char *(*HostReaderRead)(const char *path, size_t max_bytes, size_t *ret_size);
HostReader *host_reader_new_with(HostRoot *root, HostReaderRead read);
