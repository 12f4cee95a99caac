/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kept: the files of one process under /proc that are read each round, kept open: reading
 * one again costs less than half of finding, opening and closing it.
 */
#pragma once

#include "host_root.h"

#define HOST_KEPT_PATH_BYTES 64

typedef struct HostKept HostKept;

/* proc/<pid>/<name>, or proc/<pid>/task/<tid>/<name> where @tid is not 0. */
void host_kept_make_path(char path[HOST_KEPT_PATH_BYTES], pid_t pid, pid_t tid, const char *name);

/* @root must outlive it. */
HostKept *host_kept_new(HostRoot *root);
void host_kept_free(HostKept *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostKept, host_kept_free)

/* A round begins: what is read now is most likely what was read in the last one, in that order. */
void host_kept_begin(HostKept *self);

/* Like host_root_read() of that path; @name is a literal. Of a thread that has ended it gives -1,
 * whoever has its number. */
ssize_t host_kept_read(HostKept *self, pid_t pid, pid_t tid, const char *name, char *buffer,
                       size_t size);
