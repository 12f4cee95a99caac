/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_words: the arguments of QEMU in a definition: which of them make a monitor, and those
 * that domstats-monitor adds.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The name of the character device that is added. The library recognises monitors of domstats by
 * names that begin with "domstats": src/qemu/facts/qemu_manager.c. */
#define MONITOR_WORDS_ID "domstats"

enum { MONITOR_WORDS_N = 4 };

/* The arguments to be added, in their order. Commas of @path are doubled, as QEMU wants it.
 * Ends with NULL; the caller frees. */
char **monitor_words_make(const char *path);

/* A QMP monitor on a unix socket. */
typedef struct {
    char *path;   /* of its socket */
    bool is_ours; /* its arguments are those of monitor_words_make(), beside each other */
    size_t at;    /* index of the first of its arguments */
} MonitorWordsFound;

/* The monitors that the arguments make: an array of MonitorWordsFound. The caller frees. */
GPtrArray *monitor_words_find(const char *const *words, size_t n_words);

/* The one of @found that is ours; NULL if none is. */
const MonitorWordsFound *monitor_words_ours(const GPtrArray *found);
