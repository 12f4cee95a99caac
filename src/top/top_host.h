/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_host: what the head of `domstats top` tells of the host: its processors and its memory.
 */
#pragma once

#include "util/util_count.h"

typedef struct {
    UtilCount busy_ticks; /* clock ticks since boot that all processors worked, guests included */
    UtilCount all_ticks;  /* likewise, idle or not */
    UtilCount n_processors;
    UtilCount memory_kib;
    UtilCount memory_available_kib;
} TopHost;

/* From the text of /proc/stat and /proc/meminfo; what is not in it is absent. */
void top_host_parse_stat(TopHost *self, const char *text);
void top_host_parse_meminfo(TopHost *self, const char *text);

/* Reads both. */
void top_host_read(TopHost *ret_host);
