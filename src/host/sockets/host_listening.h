/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_listening: which unix sockets with a certain name listen in our network namespace: a small
 * question to the kernel, to see in each scan whether one has come or gone.
 */
#pragma once

#include <glib.h>

#include "host/host_root.h"

/* The inodes (guint64, in rising order) of the listeners whose file's name begins with @prefix.
 * NULL if the kernel does not tell. The caller unrefs. */
GArray *host_listening_list(const HostRoot *root, const char *prefix);
