/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_halt: stops processes by a signal for the time of a call.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Stops the processes @pids (pid_t) and waits until all their threads are stopped. False if one
 * does not stop. */
bool bench_halt_all(const GArray *pids);
/* Lets them go on. */
void bench_halt_end(const GArray *pids);
