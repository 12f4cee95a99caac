/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_alive: whether a process that a record names still runs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether process @pid is there and is the one that started @start_ticks clock ticks after the
 * host's boot. False as well if that cannot be told. */
bool daemon_alive_is(int pid, uint64_t start_ticks);
