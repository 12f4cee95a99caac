/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process_file: reads a file that a process was told to read when it started, as that process
 * saw it.
 */
#pragma once

#include "host/host_reader.h"

/* "/proc/<pid>/root" with this behind it leads to the root of the mount namespace of the process,
 * at which more ".." lead nowhere. For a process that has changed its root (chroot): /proc does not
 * tell which root it had before. */
#define HOST_PROCESS_FILE_UP "/../../../../../../../../../../../../../../../.."

/* The text of the file that @pid calls @path, an absolute path, or called so before a chroot. NULL
 * if there is none, it is no regular file, is longer than @max_bytes, has a NUL, or was written
 * after the process started, so that the process may have read something else; NULL with errno as
 * host_reader_read() if its storage blocks. A recording keeps the text as @note in the folder of
 * the process. The caller frees. */
char *host_process_file_read(HostReader *reader, pid_t pid, const char *path, size_t max_bytes,
                             const char *note, UtilDeadline deadline);
