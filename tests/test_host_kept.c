/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_kept: on this process and its threads: files that are read again have their new
 * content, files are not mistaken for each other, and descriptors are given back.
 */
#include "host/host_kept.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "testing.h"

static const char stat_name[] = "stat";
static const char comm_name[] = "comm";

static guint
count_descriptors(void)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(folder) != NULL)
        n++;
    return n;
}

static void
assert_reads(HostKept *kept, pid_t tid, const char *name, const char *expected)
{
    char text[256] = "";

    host_kept_read(kept, getpid(), tid, name, text, sizeof(text));
    assert_non_null(strstr(text, expected));
}

static void
reads_what_is_there_now(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostKept) kept = host_kept_new(root);

    assert_int_equal(pthread_setname_np(pthread_self(), "before"), 0);
    assert_reads(kept, 0, comm_name, "before");
    assert_int_equal(pthread_setname_np(pthread_self(), "now"), 0);
    host_kept_begin(kept);
    assert_reads(kept, 0, comm_name, "now");
}

static void
opens_each_file_once(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostKept) kept = host_kept_new(root);
    guint n_before = count_descriptors();

    for (int round = 0; round < 3; round++) {
        host_kept_begin(kept);
        assert_reads(kept, 0, stat_name, "(");
        assert_reads(kept, getpid(), stat_name, "(");
        assert_int_equal(count_descriptors(), n_before + 2);
    }
    host_kept_free(g_steal_pointer(&kept));
    assert_int_equal(count_descriptors(), n_before);
}

/* Files in another order, fewer files or others never give the content of the wrong one. */
static void
tells_files_apart(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostKept) kept = host_kept_new(root);
    guint n_before = count_descriptors();

    assert_int_equal(pthread_setname_np(pthread_self(), "a-name"), 0);
    for (int round = 0; round < 4; round++) {
        host_kept_begin(kept);
        if (round % 2 == 0)
            assert_reads(kept, 0, stat_name, " (a-name) ");
        assert_reads(kept, 0, comm_name, "a-name\n");
        assert_reads(kept, getpid(), stat_name, " (a-name) ");
    }
    assert_true(count_descriptors() <= n_before + 3);
}

static void *
wait_for_end(void *data)
{
    int *pipe_end = data;
    char byte = 0;

    pipe_end[1] = (int)gettid();
    assert_int_equal(read(pipe_end[0], &byte, 1), 0);
    return NULL;
}

static void
reads_nothing_of_what_has_ended(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostKept) kept = host_kept_new(root);
    int ends[2] = {-1, -1};
    volatile int place[2] = {0, 0};
    HostProcessStat stat = {0};
    GThread *thread = NULL;

    assert_int_equal(pipe(ends), 0);
    place[0] = ends[0];
    thread = g_thread_new("ends", wait_for_end, (void *)(uintptr_t)place);
    while (g_atomic_int_get(&place[1]) == 0)
        g_thread_yield();
    assert_true(host_process_reread_stat(kept, getpid(), place[1], &stat));
    close(ends[1]);
    g_thread_join(thread);
    close(ends[0]);
    host_kept_begin(kept);
    assert_false(host_process_reread_stat(kept, getpid(), place[1], &stat));
}

/* A process that may open few files keeps few of them, and still reads the others. */
static void
leaves_room_for_others(void)
{
    struct rlimit limit = {0};
    struct rlimit few = {0};
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostKept) kept = NULL;
    guint n_before = count_descriptors();

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){40, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    root = host_root_new_live();
    kept = host_kept_new(root);
    for (int i = 0; i < 50; i++)
        assert_reads(kept, 0, i % 2 == 0 ? stat_name : comm_name, "");
    assert_int_equal(count_descriptors(), n_before + 1 + 40 / 4);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* While a recording is made, files are read by their paths, or the recording would lack them. */
static void
keeps_nothing_from_a_recording(void)
{
    char *folder = testing_make_folder();
    g_autofree char *copy = g_strdup_printf("%s/copy/proc/%d/stat", folder, (int)getpid());
    g_autofree char *copies = g_build_filename(folder, "copy", NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostKept) kept = host_kept_new(root);

    assert_reads(kept, 0, stat_name, "(");
    assert_true(host_root_start_recording(root, copies, NULL));
    host_kept_begin(kept);
    assert_reads(kept, 0, stat_name, "(");
    assert_true(host_root_finish_recording(root, NULL));
    assert_true(g_file_test(copy, G_FILE_TEST_EXISTS));
    testing_remove_folder(folder);
}

static void
keeps_again_after_a_recording(void)
{
    char *folder = testing_make_folder();
    g_autofree char *copies = g_build_filename(folder, "copy", NULL);
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostKept) kept = host_kept_new(root);
    guint n_before = 0;

    assert_true(host_root_start_recording(root, copies, NULL));
    assert_reads(kept, 0, stat_name, "(");
    assert_true(host_root_finish_recording(root, NULL));
    n_before = count_descriptors();
    host_kept_begin(kept);
    assert_reads(kept, 0, stat_name, "(");
    assert_int_equal(count_descriptors(), n_before + 1);
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} Row;

static const Row rows[] = {
    {"a file that is read again is read anew", reads_what_is_there_now},
    {"a file is opened once", opens_each_file_once},
    {"files are told apart whatever the order", tells_files_apart},
    {"of a thread that has ended nothing is read", reads_nothing_of_what_has_ended},
    {"there is a share of descriptors for it", leaves_room_for_others},
    {"a recording has all that was read", keeps_nothing_from_a_recording},
    {"after a recording files are kept again", keeps_again_after_a_recording},
};

static void
holds(const void *data)
{
    ((const Row *)data)->check();
}

int
main(void)
{
    return TESTING_RUN_TABLE("kept", rows, holds);
}
