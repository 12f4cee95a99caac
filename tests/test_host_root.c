/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_root: reading live and recorded trees; a recording gives what the live tree gave.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host_root.h"
#include "testing.h"
#include "util/util_error.h"

#define HOST_JSON "{\"ticks_per_second\":250,\"page_bytes\":16384}"

typedef struct {
    const char *name;
    void (*check)(const char *folder); /* a new one, with a host.json of 250 and 16384 */
} Scenario;

static HostRoot *
open_recorded(const char *folder)
{
    HostRoot *root = host_root_new_recorded(folder, NULL);

    assert_non_null(root);
    return root;
}

static char *
make_path(const char *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* The names joined, or "none". */
static char *
list_as_text(HostRoot *root, const char *path, size_t max_names)
{
    g_auto(GStrv) names = host_root_list(root, path, max_names);

    return names ? g_strjoinv(" ", names) : g_strdup("none");
}

static void
assert_list(HostRoot *root, const char *path, const char *expected)
{
    g_autofree char *text = list_as_text(root, path, 1000);

    assert_string_equal(text, expected);
}

static void
assert_file(HostRoot *root, const char *path, const char *expected)
{
    char buffer[256] = "";

    assert_int_equal(host_root_read(root, path, buffer, sizeof(buffer)), strlen(expected));
    assert_string_equal(buffer, expected);
}

static void
assert_unreadable(HostRoot *root, const char *path, int expected_errno)
{
    char buffer[256] = "";

    errno = 0;
    assert_int_equal(host_root_read(root, path, buffer, sizeof(buffer)), -1);
    assert_int_equal(errno, expected_errno);
}

static void
check_units(const char *folder)
{
    g_autoptr(HostRoot) recorded = open_recorded(folder);
    g_autoptr(HostRoot) live = host_root_new_live();

    assert_false(host_root_is_live(recorded));
    assert_int_equal(host_root_ticks_per_second(recorded), 250);
    assert_int_equal(host_root_page_bytes(recorded), 16384);
    assert_true(host_root_is_live(live));
    assert_int_equal(host_root_ticks_per_second(live), sysconf(_SC_CLK_TCK));
    assert_int_equal(host_root_page_bytes(live), sysconf(_SC_PAGESIZE));
}

static void
check_cut(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    char buffer[5] = "";

    testing_write_file(folder, "proc/1/stat", "123456789");
    assert_int_equal(host_root_read(root, "proc/1/stat", buffer, sizeof(buffer)), 4);
    assert_string_equal(buffer, "1234");
}

static void
check_read_all_limit(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    g_autofree char *text = g_strnfill(10000, 'x');
    g_autofree char *got = NULL;
    size_t size = 0;

    testing_write_file(folder, "proc/net/dev", text);
    got = host_root_read_all(root, "proc/net/dev", 10000, &size);
    assert_int_equal(size, 10000);
    assert_string_equal(got, text);
    errno = 0;
    assert_null(host_root_read_all(root, "proc/net/dev", 9999, NULL));
    assert_int_equal(errno, EFBIG);
}

static void
check_no_way_out(const char *folder)
{
    g_autoptr(HostRoot) root = NULL;
    g_autofree char *inner = make_path(folder, "inner");
    g_autofree char *file_link = make_path(folder, "inner/file");
    g_autofree char *folder_link = make_path(folder, "inner/folder");

    testing_write_file(folder, "outside", "secret");
    testing_write_file(folder, "inner/host.json", HOST_JSON);
    root = open_recorded(inner);
    assert_int_equal(symlink("../outside", file_link), 0);
    assert_int_equal(symlink("..", folder_link), 0);
    assert_unreadable(root, "../outside", EINVAL);
    assert_unreadable(root, "/etc/passwd", EINVAL);
    assert_unreadable(root, "file", ELOOP);
    assert_unreadable(root, "folder/outside", ENOTDIR);
    assert_list(root, "folder", "none");
    assert_list(root, "..", "none");
}

static void
check_pipe(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    g_autofree char *pipe_path = make_path(folder, "pipe");
    int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char event[sizeof(struct inotify_event)] = "";

    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_true(inotify_add_watch(events, pipe_path, IN_OPEN) >= 0);
    assert_unreadable(root, "pipe", EINVAL);
    /* Nor was a device opened, which may have effects. */
    assert_int_equal(read(events, event, sizeof(event)), -1);
    assert_int_equal(errno, EAGAIN);
    close(events);
}

static void
check_list_order(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    g_autofree char *first_two = NULL;
    const char *const names[] = {"t/10", "t/9", "t/100", "t/b", "t/a"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        testing_write_file(folder, names[i], "");
    assert_list(root, "t", "9 10 100 a b");
    assert_list(root, "nothing", "none");
    first_two = list_as_text(root, "t", 2);
    assert_non_null(strchr(first_two, ' '));
    assert_ptr_equal(strchr(first_two, ' '), strrchr(first_two, ' '));
}

static void
check_numbers(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    const char *const names[] = {"t/10", "t/9",  "t/100",         "t/b",
                                 "t/0",  "t/-1", "t/99999999999", "t/7x"};
    size_t n = 0;
    g_autofree pid_t *all = NULL;
    g_autofree pid_t *two = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        testing_write_file(folder, names[i], "");
    all = host_root_list_numbers(root, "t", 10, &n);
    assert_non_null(all);
    assert_int_equal(n, 3);
    assert_true(all[0] == 9 && all[1] == 10 && all[2] == 100 && all[3] == 0);
    two = host_root_list_numbers(root, "t", 2, &n);
    assert_int_equal(n, 2);
    assert_int_equal(two[2], 0);
    assert_null(host_root_list_numbers(root, "nothing", 2, NULL));
    assert_int_equal(errno, ENOENT);
}

/* A small recorded tree in place of a live one: a recording can be made of it too. */
static void
make_original(const char *folder)
{
    g_autofree char *link = make_path(folder, "o/proc/7/fd/3");

    testing_write_file(folder, "o/host.json", HOST_JSON);
    testing_write_file(folder, "o/proc/7/stat", "7 (a) S");
    testing_write_file(folder, "o/proc/7/task/7/stat", "seven");
    testing_write_file(folder, "o/proc/7/task/12/stat", "twelve");
    testing_write_file(folder, "o/proc/8/stat", "8 (b) S");
    testing_write_file(folder, "o/proc/7/fd/4", "");
    assert_int_equal(symlink("socket:[123]", link), 0);
}

static void
check_recording(const char *folder)
{
    g_autofree char *original_dir = make_path(folder, "o");
    g_autofree char *copy_dir = make_path(folder, "deep/copy");
    g_autoptr(HostRoot) original = NULL;
    g_autoptr(HostRoot) copy = NULL;
    g_autofree char *target = NULL;

    make_original(folder);
    original = open_recorded(original_dir);
    assert_true(host_root_start_recording(original, copy_dir, NULL));
    assert_list(original, "proc/7/task", "7 12");
    assert_file(original, "proc/7/task/12/stat", "twelve");
    assert_list(original, "proc/7/fd", "3 4");
    g_free(host_root_readlink(original, "proc/7/fd/3"));
    assert_true(host_root_finish_recording(original, NULL));
    assert_file(original, "proc/8/stat", "8 (b) S");

    copy = open_recorded(copy_dir);
    assert_int_equal(host_root_ticks_per_second(copy), 250);
    assert_list(copy, "proc/7/task", "7 12");
    assert_file(copy, "proc/7/task/12/stat", "twelve");
    assert_unreadable(copy, "proc/7/task/7/stat", ENOENT);
    assert_unreadable(copy, "proc/8/stat", ENOENT);
    assert_list(copy, "proc/7/fd", "3 4");
    target = host_root_readlink(copy, "proc/7/fd/3");
    assert_string_equal(target, "socket:[123]");
    assert_null(host_root_readlink(copy, "proc/7/fd/4"));
}

static void
check_recorded_processes(const char *folder)
{
    g_autofree char *original_dir = make_path(folder, "o");
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autoptr(HostRoot) original = NULL;
    g_autoptr(HostRoot) copy = NULL;

    make_original(folder);
    original = open_recorded(original_dir);
    assert_true(host_root_start_recording(original, copy_dir, NULL));
    assert_list(original, "proc", "7 8");
    assert_file(original, "proc/7/stat", "7 (a) S");
    assert_true(host_root_finish_recording(original, NULL));
    copy = open_recorded(copy_dir);
    assert_list(copy, "proc", "7");
}

static void
check_second_list(const char *folder)
{
    g_autofree char *original_dir = make_path(folder, "o");
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autofree char *gone = make_path(folder, "o/proc/7/task/12");
    g_autofree char *gone_file = make_path(folder, "o/proc/7/task/12/stat");
    g_autoptr(HostRoot) original = NULL;
    g_autoptr(HostRoot) copy = NULL;

    make_original(folder);
    original = open_recorded(original_dir);
    assert_true(host_root_start_recording(original, copy_dir, NULL));
    assert_list(original, "proc/7/task", "7 12");
    assert_file(original, "proc/7/task/12/stat", "twelve");
    assert_int_equal(g_remove(gone_file) | g_remove(gone), 0);
    assert_list(original, "proc/7/task", "7");
    assert_true(host_root_finish_recording(original, NULL));
    copy = open_recorded(copy_dir);
    assert_list(copy, "proc/7/task", "7");
    assert_unreadable(copy, "proc/7/task/12/stat", ENOENT);
}

static void
check_longer_copy(const char *folder)
{
    g_autofree char *original_dir = make_path(folder, "o");
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autoptr(HostRoot) original = NULL;
    g_autoptr(HostRoot) copy = NULL;
    char few[3] = "";

    make_original(folder);
    original = open_recorded(original_dir);
    assert_true(host_root_start_recording(original, copy_dir, NULL));
    assert_file(original, "proc/7/stat", "7 (a) S");
    assert_int_equal(host_root_read(original, "proc/7/stat", few, sizeof(few)), 2);
    assert_true(host_root_finish_recording(original, NULL));
    copy = open_recorded(copy_dir);
    assert_file(copy, "proc/7/stat", "7 (a) S");
}

static void
check_listed_link_with_files(const char *folder)
{
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autoptr(HostRoot) live = host_root_new_live();
    g_autoptr(HostRoot) copy = NULL;
    g_autofree char *names = NULL;

    /* On a live host these are links to folders. */
    assert_true(host_root_start_recording(live, copy_dir, NULL));
    names = list_as_text(live, "sys/class/net", 1000);
    assert_file(live, "sys/class/net/lo/ifindex", "1\n");
    assert_true(host_root_finish_recording(live, NULL));
    copy = open_recorded(copy_dir);
    assert_list(copy, "sys/class/net", names);
    assert_file(copy, "sys/class/net/lo/ifindex", "1\n");
}

static void
check_second_start(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autoptr(GError) error = NULL;

    assert_true(host_root_start_recording(root, copy_dir, NULL));
    assert_false(host_root_start_recording(root, copy_dir, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INVALID));
}

static void
check_one_after_the_other(const char *folder)
{
    g_autofree char *original_dir = make_path(folder, "o");
    g_autofree char *first_dir = make_path(folder, "first");
    g_autofree char *second_dir = make_path(folder, "second");
    g_autoptr(HostRoot) original = NULL;
    g_autoptr(HostRoot) first = NULL;
    g_autoptr(HostRoot) second = NULL;

    make_original(folder);
    original = open_recorded(original_dir);
    assert_true(host_root_start_recording(original, first_dir, NULL));
    assert_file(original, "proc/7/stat", "7 (a) S");
    assert_true(host_root_finish_recording(original, NULL));
    assert_true(host_root_start_recording(original, second_dir, NULL));
    assert_file(original, "proc/8/stat", "8 (b) S");
    assert_true(host_root_finish_recording(original, NULL));
    first = open_recorded(first_dir);
    second = open_recorded(second_dir);
    assert_unreadable(first, "proc/8/stat", ENOENT);
    assert_unreadable(second, "proc/7/stat", ENOENT);
    assert_file(second, "proc/8/stat", "8 (b) S");
}

static void
check_dropped(const char *folder)
{
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autoptr(HostRoot) root = open_recorded(folder);
    g_autoptr(GError) error = NULL;

    assert_true(host_root_start_recording(root, copy_dir, NULL));
    host_root_drop_recording(root);
    assert_null(host_root_new_recorded(copy_dir, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_CONNECT));
}

static void
check_unwritable(const char *folder)
{
    g_autoptr(HostRoot) root = open_recorded(folder);
    g_autofree char *below_file = make_path(folder, "host.json/copy");
    g_autoptr(GError) error = NULL;

    assert_false(host_root_start_recording(root, below_file, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_CONNECT));
}

static gpointer
read_often(gpointer data)
{
    HostRoot *root = data;
    char buffer[64] = "";

    for (int i = 0; i < 200; i++) {
        if (host_root_read(root, "proc/7/task/12/stat", buffer, sizeof(buffer)) != 6)
            return NULL;
        g_strfreev(host_root_list(root, "proc/7/task", 10));
    }
    return root;
}

static void
check_threads(const char *folder)
{
    g_autofree char *original_dir = make_path(folder, "o");
    g_autofree char *copy_dir = make_path(folder, "copy");
    g_autoptr(HostRoot) original = NULL;
    GThread *threads[4] = {NULL};

    make_original(folder);
    original = open_recorded(original_dir);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("read", read_often, original);
    assert_true(host_root_start_recording(original, copy_dir, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_ptr_equal(g_thread_join(threads[i]), original);
    assert_true(host_root_finish_recording(original, NULL));
}

static const Scenario scenarios[] = {
    {"ticks and page size come from host.json, or from the system", check_units},
    {"a file longer than the buffer is cut and ended", check_cut},
    {"a whole file is read up to the limit and no further", check_read_all_limit},
    {"neither dots nor links nor slashes lead out of a recording", check_no_way_out},
    {"a pipe in a recording is no file, and is not opened", check_pipe},
    {"names are listed in order, numbers by value", check_list_order},
    {"numbers of processes are listed without other names", check_numbers},
    {"a recording gives what was read, and nothing else", check_recording},
    {"the list of all processes is not recorded", check_recorded_processes},
    {"a second list takes away what is gone", check_second_list},
    {"a cut read does not shorten a longer copy", check_longer_copy},
    {"a listed link that files were read below becomes a folder", check_listed_link_with_files},
    {"no recording begins while another is made", check_second_start},
    {"a recording may follow another", check_one_after_the_other},
    {"a recording that is dropped is none", check_dropped},
    {"a place that cannot be made is an error", check_unwritable},
    {"threads may read while a recording starts", check_threads},
};

static void
runs_scenario(const void *row)
{
    const Scenario *scenario = row;
    char *folder = testing_make_folder();

    testing_write_file(folder, "host.json", HOST_JSON);
    scenario->check(folder);
    testing_remove_folder(folder);
}

typedef struct {
    const char *name;
    const char *host_json; /* NULL: no such file */
} BadHost;

static const BadHost bad_hosts[] = {
    {"a folder without host.json is no recording", NULL},
    {"host.json must be JSON", "ticks"},
    {"host.json must be an object", "[100,4096]"},
    {"a format that is no number",
     "{\"format\":\"1\",\"ticks_per_second\":100,\"page_bytes\":4096}"},
    {"no ticks", "{\"page_bytes\":4096}"},
    {"no ticks at all", "{\"ticks_per_second\":0,\"page_bytes\":4096}"},
    {"a negative page size", "{\"ticks_per_second\":100,\"page_bytes\":-1}"},
    {"a page size past all reason",
     "{\"ticks_per_second\":100,\"page_bytes\":4611686018427387904}"},
    {"numbers as text", "{\"ticks_per_second\":\"100\",\"page_bytes\":4096}"},
};

static void
refuses_host(const void *row)
{
    const BadHost *bad = row;
    char *folder = testing_make_folder();
    g_autoptr(GError) error = NULL;

    if (bad->host_json)
        testing_write_file(folder, "host.json", bad->host_json);
    assert_null(host_root_new_recorded(folder, &error));
    assert_true(g_error_matches(error, UTIL_ERROR,
                                bad->host_json ? UTIL_ERROR_BROKEN : UTIL_ERROR_CONNECT));
    testing_remove_folder(folder);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("host_root", scenarios, runs_scenario);

    return n_failed + TESTING_RUN_TABLE("host_root: host.json", bad_hosts, refuses_host);
}
