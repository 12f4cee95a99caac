/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_fd: a descriptor that closes itself.
 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

/* -1 is no descriptor. Declare it as g_auto(UtilFd) fd = -1; */
typedef int UtilFd;

/* Closes what @self holds and leaves -1; errno is kept. */
void util_fd_clear(UtilFd *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UtilFd, util_fd_clear)

/* Gives the descriptor to the caller and leaves -1. */
int util_fd_steal(UtilFd *self);

/* Gives @take_fd, or a copy of it in its place if it is one of 0, 1 and 2: an application may close
 * these at any time, and what it then prints must not be sent to a peer. Gives -1 with errno on
 * failure, also if @take_fd is -1. */
int util_fd_move_up(int take_fd);

/* Opens @name in @folder_fd as openat() does with @flags, if its file type is @type (S_IFREG, for
 * example). Gives -1 with errno on failure: ELOOP for a symbolic link that is not to be followed,
 * EINVAL for another type. The type is checked before the file is opened, since open() alone may
 * start a watchdog, rewind a tape or wait for the writer of a pipe. */
int util_fd_open_file(int folder_fd, const char *name, int flags, mode_t type);

/* The same for the file that @path_fd, an O_PATH descriptor, refers to. */
int util_fd_reopen(int path_fd, int flags, mode_t type);
