/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_fd: a descriptor that closes itself.
 */
#pragma once

#include <glib.h>

/* -1 holds nothing. Declare it as g_auto(UtilFd) fd = -1; */
typedef int UtilFd;

/* Closes what @self holds and leaves -1; errno is kept. */
void util_fd_clear(UtilFd *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UtilFd, util_fd_clear)

/* Gives the descriptor to the caller and leaves -1. */
int util_fd_steal(UtilFd *self);
