/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_reader: reading files of processes, some of which block.
 *
 * A read of "proc/N/blocked" blocks: it waits for a byte from a pipe, which the test writes later.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/host_reader.h"
#include "testing.h"

enum { BRIEFLY_MS = 20, LONG_MS = 60000, MAX_BYTES = 4096, PID = 42, OTHER = 43 };

static int pipe_fds[2];
static int n_reads; /* atomic */
static GThread *last_reader;

static char *
read_or_wait(const char *path, size_t max_bytes, size_t *ret_size)
{
    char byte = 0;

    (void)max_bytes;
    g_atomic_int_inc(&n_reads);
    if (strstr(path, "/blocked") != NULL) {
        while (read(pipe_fds[0], &byte, 1) != 1)
            ;
    } else {
        last_reader = g_thread_self();
    }
    *ret_size = 4;
    return g_strdup("text");
}

static char *
read_path(HostReader *reader, pid_t pid, const char *name, unsigned int timeout_ms)
{
    g_autofree char *path = g_strdup_printf("proc/%d/%s", (int)pid, name);

    return host_reader_read(reader, pid, path, MAX_BYTES, util_deadline_in_ms(timeout_ms), NULL);
}

static void
assert_reads(HostReader *reader, pid_t pid)
{
    g_autofree char *text = read_path(reader, pid, "cmdline", LONG_MS);

    assert_non_null(text);
    assert_string_equal(text, "text");
}

/* The read is not begun. */
static void
assert_busy(HostReader *reader, pid_t pid, const char *name)
{
    errno = 0;
    assert_null(read_path(reader, pid, name, LONG_MS));
    assert_int_equal(errno, EBUSY);
}

static char *
read_blocked(HostReader *reader, pid_t pid)
{
    return read_path(reader, pid, "blocked", BRIEFLY_MS);
}

/* Begins a read that blocks. One whose thread had no processor in that time was not begun at all,
 * and is soon no longer in the list: then it is tried again. */
static void
block(HostBlocked *blocked, HostReader *reader, pid_t pid,
      char *(*begin)(HostReader *reader, pid_t pid))
{
    int n_before = g_atomic_int_get(&n_reads);

    while (g_atomic_int_get(&n_reads) == n_before) {
        errno = 0;
        assert_null(begin(reader, pid));
        assert_int_equal(errno, ETIMEDOUT);
        while (g_atomic_int_get(&n_reads) == n_before && !host_blocked_may_read(blocked, pid))
            g_thread_yield();
    }
}

/* Ends @n of the blocked reads, and waits until they are no longer in the list. */
static void
let_go(HostBlocked *blocked, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    for (int i = 0; i < n; i++)
        while (!host_blocked_may_read(blocked, PID + i))
            g_thread_yield();
}

static void
check_helper_is_used_again(HostRoot *root)
{
    g_autoptr(HostReader) reader = host_reader_new_with(root, read_or_wait);
    GThread *first = NULL;

    assert_reads(reader, PID);
    first = last_reader;
    for (pid_t pid = PID; pid < PID + 50; pid++) {
        assert_reads(reader, pid);
        assert_ptr_equal(last_reader, first);
    }
    assert_ptr_not_equal(first, g_thread_self());
}

static void
check_blocked(HostRoot *root)
{
    g_autoptr(HostReader) reader = host_reader_new_with(root, read_or_wait);
    int n_before = 0;

    block(host_root_blocked(root), reader, PID, read_blocked);
    n_before = g_atomic_int_get(&n_reads);
    assert_busy(reader, PID, "blocked");
    assert_busy(reader, PID, "cmdline");
    assert_int_equal(g_atomic_int_get(&n_reads), n_before); /* none of them was begun */
    assert_reads(reader, OTHER);
    let_go(host_root_blocked(root), 1);
    assert_reads(reader, PID);
}

static void
check_many_blocked(HostRoot *root)
{
    g_autoptr(HostReader) reader = host_reader_new_with(root, read_or_wait);

    for (int i = 0; i < HOST_LIMIT_BLOCKED_READS; i++)
        block(host_root_blocked(root), reader, PID + i, read_blocked);
    assert_busy(reader, PID + HOST_LIMIT_BLOCKED_READS, "cmdline");
    let_go(host_root_blocked(root), HOST_LIMIT_BLOCKED_READS);
    assert_reads(reader, PID + HOST_LIMIT_BLOCKED_READS);
}

/* A later call has another reader, and the same root. */
static void
check_later_call(HostRoot *root)
{
    g_autoptr(HostReader) later = NULL;
    HostReader *reader = host_reader_new_with(root, read_or_wait);

    block(host_root_blocked(root), reader, PID, read_blocked);
    host_reader_free(reader);
    later = host_reader_new_with(root, read_or_wait);
    assert_busy(later, PID, "cmdline");
    let_go(host_root_blocked(root), 1);
    assert_reads(later, PID);
}

static void
check_all_gone_before(HostRoot *root)
{
    HostRoot *own = host_root_new_live();
    HostReader *reader = host_reader_new_with(own, read_or_wait);
    HostBlocked *blocked = host_blocked_ref(host_root_blocked(own));

    (void)root;
    block(blocked, reader, PID, read_blocked);
    host_reader_free(reader);
    host_root_free(own);
    let_go(blocked, 1);
    host_blocked_unref(blocked);
}

static void
check_no_time(HostRoot *root)
{
    g_autoptr(HostReader) reader = host_reader_new_with(root, read_or_wait);
    int n_before = g_atomic_int_get(&n_reads);

    assert_null(read_path(reader, PID, "cmdline", 0));
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(g_atomic_int_get(&n_reads), n_before);
    host_reader_free(NULL);
}

static void
check_own_files(HostRoot *root)
{
    g_autoptr(HostReader) reader = host_reader_new(root);
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);
    g_autofree char *expected =
        host_root_read_all(root, "proc/self/cmdline", MAX_BYTES * MAX_BYTES, NULL);
    g_autofree char *got = NULL;
    size_t size = 0;

    got = host_reader_read(reader, getpid(), "proc/self/cmdline", MAX_BYTES * MAX_BYTES, deadline,
                           &size);
    assert_non_null(got);
    assert_string_equal(got, expected);
    assert_true(size > strlen(got));
    assert_null(host_reader_read(reader, getpid(), "proc/self/none", MAX_BYTES, deadline, NULL));
    assert_int_equal(errno, ENOENT);
    assert_null(host_reader_read(reader, getpid(), "proc/self/smaps", 16, deadline, NULL));
    assert_int_equal(errno, EFBIG);
}

static char *
look_at_pipe(gconstpointer data, size_t max_bytes, size_t *ret_size)
{
    return read_or_wait(data, max_bytes, ret_size);
}

static char *
look(HostReader *reader, const char *path, unsigned int timeout_ms)
{
    const HostReaderLook own = {look_at_pipe, g_strdup(path), g_free};

    return host_reader_look(reader, PID, "proc/42/file", own, MAX_BYTES,
                            util_deadline_in_ms(timeout_ms));
}

static char *
look_blocked(HostReader *reader, pid_t pid)
{
    (void)pid;
    return look(reader, "/blocked", BRIEFLY_MS);
}

static void
check_storage(HostRoot *root)
{
    g_autoptr(HostReader) reader = host_reader_new(root);
    g_autofree char *text = NULL;

    block(host_root_blocked_storage(root), reader, PID, look_blocked);
    assert_null(look(reader, "/other", LONG_MS));
    assert_int_equal(errno, EBUSY);
    assert_true(host_blocked_may_read(host_root_blocked(root), PID));
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    while (!host_blocked_may_read(host_root_blocked_storage(root), PID))
        g_thread_yield();
    text = look(reader, "/other", LONG_MS);
    assert_string_equal(text, "text");
}

static void
check_recording(HostRoot *root)
{
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) live = host_root_new_live();
    g_autoptr(HostReader) reader = host_reader_new_with(live, read_or_wait);
    g_autoptr(HostRoot) recorded = NULL;
    g_autoptr(HostReader) again = NULL;
    g_autofree char *text = NULL;

    (void)root;
    assert_true(host_root_start_recording(live, folder, NULL));
    assert_reads(reader, PID);
    assert_true(host_root_finish_recording(live, NULL));
    recorded = host_root_new_recorded(folder, NULL);
    assert_non_null(recorded);
    again = host_reader_new(recorded);
    text = read_path(again, PID, "cmdline", LONG_MS);
    assert_non_null(text);
    assert_string_equal(text, "text");
    testing_remove_folder(folder);
}

typedef struct {
    const char *name;
    void (*check)(HostRoot *root);
} Scenario;

static const Scenario scenarios[] = {
    {"one thread reads one file after the other", check_helper_is_used_again},
    {"a process that blocks costs one thread, and no other process", check_blocked},
    {"when many block nothing more is begun", check_many_blocked},
    {"a later call knows of it", check_later_call},
    {"it may come back when all else is gone", check_all_gone_before},
    {"without time nothing is begun", check_no_time},
    {"files of our own", check_own_files},
    {"storage that blocks leaves the files of /proc", check_storage},
    {"what is read is recorded, and read from a recording", check_recording},
};

static void
runs_scenario(const void *data)
{
    g_autoptr(HostRoot) root = host_root_new_live();

    assert_int_equal(pipe(pipe_fds), 0);
    ((const Scenario *)data)->check(root);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

int
main(void)
{
    return TESTING_RUN_TABLE("host_reader", scenarios, runs_scenario);
}
