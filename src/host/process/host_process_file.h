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

/* How sure it must be that the process has read the same text. */
typedef enum {
    HOST_PROCESS_FILE_LIKELY,  /* the file was not written after the process started */
    HOST_PROCESS_FILE_CERTAIN, /* some seconds before, it was complete and had its name: a program
                                  may use one file for several processes, or put an older one there
                                */
} HostProcessFileTrust;

/* The text of the file that @pid calls @path, an absolute path, or called so before a chroot. NULL
 * if there is none (ENOENT), it is no regular file, is longer than @max_bytes, has a NUL, or is too
 * new for @trust; NULL with errno as host_reader_read() if its storage blocks. A recording keeps
 * the text as @note in the folder of the process. The caller frees. */
char *host_process_file_read(HostReader *reader, pid_t pid, const char *path, size_t max_bytes,
                             const char *note, HostProcessFileTrust trust, UtilDeadline deadline);
