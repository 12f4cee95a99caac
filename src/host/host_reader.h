/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_reader: reads files of processes whose reading may block for ever, by a deadline.
 *
 * cmdline, environ, smaps_rollup and maps of a process wait for the lock of its memory, which it
 * may hold while it waits itself: for a server that is gone, or for a device. Then nothing that
 * reads them comes back, whatever flags they are opened with.
 */
#pragma once

#include "host_root.h"
#include "util/util_deadline.h"

typedef struct HostReader HostReader;

/* For one call or one scan: its threads run while it is there. Borrows @root. */
HostReader *host_reader_new(HostRoot *root);
/* Ends its threads, and leaves those that are blocked to themselves. */
void host_reader_free(HostReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostReader, host_reader_free)

/* As host_root_read_all() of @path, a file of the process @pid. NULL with ETIMEDOUT when it has not
 * come back by @deadline, with EBUSY when an earlier read of that process has not come back yet or
 * too many of others have not. From any thread. */
char *host_reader_read(HostReader *self, pid_t pid, const char *path, size_t max_bytes,
                       UtilDeadline deadline, size_t *ret_size);

/* For tests: what reads, in place of opening the file below "/" and reading it. With errno. */
typedef char *(*HostReaderRead)(const char *path, size_t max_bytes, size_t *ret_size);
HostReader *host_reader_new_with(HostRoot *root, HostReaderRead read);
