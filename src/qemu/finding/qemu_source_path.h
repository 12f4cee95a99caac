/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_path: what the path of a socket tells: the name of its domain, and whether it is a
 * monitor. Pure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The name that tells the domain apart: that of the socket without its usual endings (.sock,
 * .socket, .qmp, .monitor); if that says only that it is a monitor ("qmp", "monitor"), the name of
 * the nearest folder that says more. NULL if no part of the path does. @path is a path, "@name" or
 * "tcp:HOST:PORT". The caller frees. */
char *qemu_source_path_find_name(const char *path);

/* The same, or the name of the socket if no part of the path says more. */
char *qemu_source_path_make_name(const char *path);

/* True if the name of the socket says that it is a QMP monitor, as its users usually name them: for
 * sockets of which nothing else can be known. */
bool qemu_source_path_is_monitors(const char *path);
