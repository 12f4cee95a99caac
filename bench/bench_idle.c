/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_idle: what a connection costs while nobody asks.
 *
 * A wake-up is a context switch: a thread that sleeps on makes none. The one of the observing
 * thread itself is not counted.
 *
 * Of the pages that are resident the library holds those that are left after malloc_trim(). The
 * others hold what the calls freed: malloc keeps it for the next call, in an arena for each
 * thread there was. Of this program's own there is a name for each domain, and the samples.
 */
#include "bench_idle.h"

#include <malloc.h>
#include <poll.h>
#include <string.h>

/* The sum of the numbers behind @name in the file; 0 where it cannot be read. */
static uint64_t
read_number(const char *path, const char *name)
{
    g_autofree char *text = NULL;
    const char *at = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    at = strstr(text, name);
    return at ? g_ascii_strtoull(at + strlen(name), NULL, 10) : 0;
}

BenchIdleMemory
bench_idle_memory(void)
{
    struct mallinfo2 heap = mallinfo2();

    return (BenchIdleMemory){
        .heap_bytes = heap.uordblks + heap.hblkhd,
        .resident_bytes = 1024 * read_number("/proc/self/smaps_rollup", "\nAnonymous:"),
    };
}

static void
set_growth(UtilJsonOut *idle, const char *name, uint64_t before, uint64_t now)
{
    util_jsonout_set(idle, name, util_jsonout_new_int64((int64_t)now - (int64_t)before));
}

/* Context switches of all threads of this process so far. */
static uint64_t
count_switches(uint64_t *ret_n_threads)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/task", 0, NULL);
    const char *name = NULL;
    uint64_t n = 0;

    *ret_n_threads = 0;
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_strdup_printf("/proc/self/task/%s/status", name);

        n += read_number(path, "\nvoluntary_ctxt_switches:");
        (*ret_n_threads)++;
    }
    return n;
}

UtilJsonOut *
bench_idle_observe(unsigned int wait_ms, const BenchIdleMemory *before)
{
    BenchIdleMemory now = bench_idle_memory();
    UtilJsonOut *idle = util_jsonout_new_object();
    uint64_t n_threads = 0;
    uint64_t n_before = count_switches(&n_threads);
    uint64_t n_after = 0;

    poll(NULL, 0, (int)wait_ms);
    n_after = count_switches(&n_threads);
    util_jsonout_set(idle, "wait_ms", util_jsonout_new_count(wait_ms));
    util_jsonout_set(idle, "threads", util_jsonout_new_count(n_threads));
    util_jsonout_set(idle, "wakeups", util_jsonout_new_int64((int64_t)(n_after - n_before) - 1));
    set_growth(idle, "heap_bytes", before->heap_bytes, now.heap_bytes);
    set_growth(idle, "resident_bytes", before->resident_bytes, now.resident_bytes);
    malloc_trim(0);
    set_growth(idle, "held_bytes", before->resident_bytes, bench_idle_memory().resident_bytes);
    return idle;
}
