/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_perf: the names of events, and counting events of this process, where the kernel allows
 * it.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/host_perf.h"
#include "testing.h"
#include "util/util_error.h"

#define N_PAGES 64

static HostRoot *root; /* live, for all scenarios */

/* Counts @events of this process; prints why and gives NULL if that is not possible. */
static HostPerf *
open_own(const char *const *events, size_t n_expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HostPerf) perf = host_perf_open(root, getpid(), events, &error);

    if (perf && host_perf_n_events(perf) >= n_expected)
        return g_steal_pointer(&perf);
    assert_false(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INVALID));
    print_message("not tried: %s\n", error ? error->message : "this machine lacks the event");
    return NULL;
}

static void
touch_pages(void)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = N_PAGES * page_bytes;
    char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(pages != MAP_FAILED);
    (void)madvise(pages, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += page_bytes)
        *(volatile char *)(pages + i) = 1;
    munmap(pages, size);
}

static uint64_t
read_value(const HostPerf *perf, size_t i, const char *name)
{
    HostPerfValue value = {0};

    assert_true(host_perf_read(perf, i, &value));
    assert_string_equal(value.name, name);
    return value.value;
}

static void
check_counting(void)
{
    static const char *const events[] = {"page_faults", NULL};
    g_autoptr(HostPerf) perf = open_own(events, 1);
    uint64_t before = 0;

    if (!perf)
        return;
    before = read_value(perf, 0, "page_faults");
    touch_pages();
    assert_true(read_value(perf, 0, "page_faults") >= before + N_PAGES);
}

static void
check_order(void)
{
    static const char *const events[] = {"page_faults", "task_clock", "page_faults", "cpu_clock",
                                         NULL};
    g_autoptr(HostPerf) perf = open_own(events, 3);
    HostPerfValue value = {0};

    if (!perf)
        return;
    assert_int_equal(host_perf_n_events(perf), 3);
    (void)read_value(perf, 0, "cpu_clock");
    (void)read_value(perf, 1, "task_clock");
    (void)read_value(perf, 2, "page_faults");
    assert_false(host_perf_read(perf, 3, &value));
}

static gpointer
touch_in_thread(gpointer data)
{
    touch_pages();
    return data;
}

static void
check_threads(void)
{
    static const char *const events[] = {"page_faults", NULL};
    g_autoptr(HostPerf) perf = open_own(events, 1);
    uint64_t before = 0;

    if (!perf)
        return;
    before = read_value(perf, 0, "page_faults");
    g_thread_join(g_thread_new("touch", touch_in_thread, NULL));
    assert_true(read_value(perf, 0, "page_faults") >= before + N_PAGES);
}

/* A thread that runs before anything is counted, and touches pages when it is told to. */
typedef struct {
    int to_thread[2];
    int from_thread[2];
} Pipes;

static gpointer
touch_when_told(gpointer data)
{
    const Pipes *pipes = data;
    char byte = 0;

    if (write(pipes->from_thread[1], "r", 1) == 1 && read(pipes->to_thread[0], &byte, 1) == 1)
        touch_pages();
    return NULL;
}

static GThread *
start_before(Pipes *pipes)
{
    GThread *thread = NULL;
    char byte = 0;

    assert_int_equal(pipe(pipes->to_thread), 0);
    assert_int_equal(pipe(pipes->from_thread), 0);
    thread = g_thread_new("touch", touch_when_told, pipes);
    assert_int_equal(read(pipes->from_thread[0], &byte, 1), 1);
    return thread;
}

static void
end_thread(const Pipes *pipes, GThread *thread)
{
    assert_int_equal(write(pipes->to_thread[1], "x", 1), 1);
    g_thread_join(thread);
    for (size_t i = 0; i < 2; i++) {
        close(pipes->to_thread[i]);
        close(pipes->from_thread[i]);
    }
}

/* The page faults of this process according to getrusage(). */
static uint64_t
count_faults(void)
{
    struct rusage usage = {0};

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (uint64_t)(usage.ru_minflt + usage.ru_majflt);
}

static void
check_threads_before(void)
{
    static const char *const events[] = {"page_faults", NULL};
    Pipes pipes;
    GThread *thread = start_before(&pipes);
    g_autoptr(HostPerf) perf = open_own(events, 1);
    uint64_t own_before = count_faults();
    uint64_t before = perf ? read_value(perf, 0, "page_faults") : 0;
    uint64_t after = 0;

    end_thread(&pipes, thread);
    if (!perf)
        return;
    after = read_value(perf, 0, "page_faults");
    assert_true(after >= before + N_PAGES);
    /* None of them twice. */
    assert_true(after - before < count_faults() - own_before + N_PAGES / 2);
}

/* Takes all descriptors that the root may keep. */
static void
check_no_room(void)
{
    static const char *const events[] = {"page_faults", NULL};
    g_autoptr(HostPerf) allowed = open_own(events, 1);
    g_autoptr(GError) error = NULL;
    size_t n_taken = 0;

    if (!allowed)
        return;
    while (host_root_reserve(root, 1))
        n_taken++;
    assert_null(host_perf_open(root, getpid(), events, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM));
    host_root_release(root, n_taken);
    host_perf_free(host_perf_open(root, getpid(), events, NULL));
    for (size_t i = 0; i < n_taken; i++)
        assert_true(host_root_reserve(root, 1));
    host_root_release(root, n_taken);
}

static void
check_all_events(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(HostPerf) perf = NULL;

    for (size_t i = 0; host_perf_event_name(i); i++)
        g_ptr_array_add(names, (gpointer)host_perf_event_name(i));
    assert_int_equal(names->len, 22);
    g_ptr_array_add(names, NULL);
    perf = open_own((const char *const *)names->pdata, 0);
    assert_true(!perf || host_perf_n_events(perf) < names->len);
}

static void
check_none(void)
{
    static const char *const events[] = {NULL};
    g_autoptr(HostPerf) perf = host_perf_open(root, getpid(), events, NULL);

    assert_non_null(perf);
    assert_int_equal(host_perf_n_events(perf), 0);
}

static void
check_unknown(void)
{
    static const char *const events[] = {"page_faults", "page_fault", NULL};
    g_autoptr(GError) error = NULL;

    assert_null(host_perf_open(root, getpid(), events, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INVALID));
    assert_non_null(strstr(error->message, "'page_fault'"));
    assert_false(host_perf_check_name("", NULL));
    assert_true(host_perf_check_name("cmt", NULL));
    assert_false(host_perf_check_names(events, NULL));
    assert_true(host_perf_check_names(events + 2, NULL));
}

static void
check_gone(void)
{
    static const char *const events[] = {"page_faults", NULL};
    g_autoptr(GError) error = NULL;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_null(host_perf_open(root, child, events, &error));
    assert_false(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INVALID));
}

typedef struct {
    const char *name;
    void (*check)(void);
} Scenario;

static const Scenario scenarios[] = {
    {"page faults of our own are counted", check_counting},
    {"values come in libvirt's order, each once", check_order},
    {"threads made later are counted", check_threads},
    {"threads that were there are counted, once, also when they have ended", check_threads_before},
    {"no descriptors to be had", check_no_room},
    {"what this machine lacks is left out", check_all_events},
    {"no events at all", check_none},
    {"an unknown name is refused by name", check_unknown},
    {"a process that is gone", check_gone},
};

static void
runs_scenario(const void *data)
{
    ((const Scenario *)data)->check();
}

int
main(void)
{
    int n_failed = 0;

    root = host_root_new_live();
    n_failed = TESTING_RUN_TABLE("host_perf", scenarios, runs_scenario);
    host_root_free(root);
    return n_failed;
}
