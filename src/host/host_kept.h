/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kept: keeps the files of one process under /proc open that every call reads: reading one
 * again costs less than half of finding, opening and closing it.
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

/* To be called before the first file of a call. The files read from now on are most likely those of
 * the last call, in the same order. */
void host_kept_begin(HostKept *self);

/* Like host_root_read() of that path; @name is a string literal, compared by its address. Gives -1
 * for a thread that has ended, even if another thread has its number now. */
ssize_t host_kept_read(HostKept *self, pid_t pid, pid_t tid, const char *name, char *buffer,
                       size_t size);
