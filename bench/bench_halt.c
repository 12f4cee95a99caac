/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_halt: see bench_halt.h. A thread that sleeps stops when it is next scheduled, so the states
 * of all threads are watched.
 */
#include "bench_halt.h"

#include <signal.h>
#include <string.h>
#include <sys/types.h>

enum { PATIENCE_US = 5 * 1000 * 1000, STEP_US = 1000 };

static bool
is_thread_stopped(const char *folder, const char *thread)
{
    g_autofree char *path = g_build_filename(folder, thread, "stat", NULL);
    g_autofree char *text = NULL;
    const char *state = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return true; /* it has ended */
    state = strrchr(text, ')');
    return state != NULL && strncmp(state, ") T", strlen(") T")) == 0;
}

static bool
is_stopped(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) threads = g_dir_open(folder, 0, NULL);

    for (const char *name = threads ? g_dir_read_name(threads) : NULL; name != NULL;
         name = g_dir_read_name(threads))
        if (!is_thread_stopped(folder, name))
            return false;
    return threads != NULL;
}

bool
bench_halt_all(const GArray *pids)
{
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

    for (guint i = 0; i < pids->len; i++)
        kill(g_array_index(pids, pid_t, i), SIGSTOP);
    for (guint i = 0; i < pids->len; i++)
        while (!is_stopped(g_array_index(pids, pid_t, i))) {
            if (g_get_monotonic_time() > end_us)
                return false;
            g_usleep(STEP_US); /* word allowed: nothing tells when a process has stopped */
        }
    return true;
}

void
bench_halt_end(const GArray *pids)
{
    for (guint i = 0; i < pids->len; i++)
        kill(g_array_index(pids, pid_t, i), SIGCONT);
}
