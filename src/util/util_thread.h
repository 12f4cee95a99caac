/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_thread: the only file that starts threads.
 *
 * The threads of the library block all signals. So the signal handlers of the application run on
 * its own threads only, and no SIGPIPE of a socket that libvirt's client writes to ends the
 * program.
 */
#pragma once

#include <glib.h>

/* Starts @run(@data) on a thread with all signals blocked; @name has 15 bytes at most. NULL if the
 * system gives no thread. The caller joins it or unrefs it. */
GThread *util_thread_start(const char *name, GThreadFunc run, void *data);
