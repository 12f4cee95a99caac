/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process_owner: who owns a process, and the file of its program.
 */
#pragma once

#include "host/host_reader.h"

/* The user who owns the program file of @pid. False if that cannot be told by @deadline: no
 * permission, or the file's storage blocks. A recording keeps it as "exe-owner" in the folder of
 * the process. */
bool host_process_owner_of_program(HostReader *reader, pid_t pid, UtilDeadline deadline,
                                   uid_t *ret_uid);

/* The user as whom the process runs (its real user ID). */
bool host_process_owner_of_process(HostRoot *root, pid_t pid, uid_t *ret_uid);
