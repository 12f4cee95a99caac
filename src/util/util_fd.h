/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_fd: a descriptor that closes itself.
 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

/* -1 holds nothing. Declare it as g_auto(UtilFd) fd = -1; */
typedef int UtilFd;

/* Closes what @self holds and leaves -1; errno is kept. */
void util_fd_clear(UtilFd *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UtilFd, util_fd_clear)

/* Gives the descriptor to the caller and leaves -1. */
int util_fd_steal(UtilFd *self);

/* Opens @name below @folder_fd as openat() does with @flags, if it is of the kind @kind: S_IFREG,
 * say. -1 with errno, EINVAL if it is of another kind and ELOOP if that is a link. Its kind is
 * looked at before it is opened: opening alone may start a watchdog, wind a tape or wait for a
 * writer. */
int util_fd_open_file(int folder_fd, const char *name, int flags, mode_t kind);

/* The same of what @place_fd, an O_PATH descriptor, stands for. */
int util_fd_reopen(int place_fd, int flags, mode_t kind);
