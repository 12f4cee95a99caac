/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_alive: see daemon_alive.h.
 */
#include "daemon_alive.h"

#include <glib.h>
#include <string.h>

/* Counted from the state, which is the first behind the name; the name ends at the last ')'. */
enum { START_TIME = 19 };

bool
daemon_alive_is(int pid, uint64_t start_ticks)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;
    const char *end = NULL;

    if (pid <= 0 || start_ticks == 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return false;
    end = strrchr(text, ')');
    if (end == NULL || end[1] != ' ')
        return false;
    words = g_strsplit(end + 2, " ", START_TIME + 2);
    return g_strv_length(words) > START_TIME && words[0][0] != 'Z' && words[0][0] != 'X' &&
           g_ascii_strtoull(words[START_TIME], NULL, 10) == start_ticks;
}
