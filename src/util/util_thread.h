/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_thread: the only place that starts threads.
 *
 * A thread of the library never handles a signal of the application: its handlers run on its own
 * threads, and a SIGPIPE of a socket that libvirt's client writes to ends no program.
 */
#pragma once

#include <glib.h>

/* Starts @run(@data) on a thread with all signals blocked; @name has 15 bytes at most. NULL if the
 * system gives no thread. The caller joins it or unrefs it. */
GThread *util_thread_start(const char *name, GThreadFunc run, void *data);
