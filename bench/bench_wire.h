/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_wire: what this program sends to unix sockets, byte by byte.
 *
 * It has connect() and send() of its own, which the library calls in place of the C library's. So
 * what is noted here is what a monitor was sent, and not what somebody thinks is sent.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Notes from now on, or no longer. */
void bench_wire_watch(bool is_on);

/* What was sent on the latest connection to the socket at @path since watching began; NULL: there
 * was none. The caller frees. */
GString *bench_wire_sent_to(const char *path);
