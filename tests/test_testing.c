/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests leave behind: nothing, also those that do not come to their end.
 */
#include "testing.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)

typedef struct {
    const char *name;
    int signal; /* what ends the process; 0: it returns from main() */
} Row;

static const Row rows[] = {
    {"a test that jumped out of its function leaves no folder", 0},
    {"nor one that aborts", SIGABRT},
    {"nor one that is killed", SIGKILL},
};

/* A process of its own that makes a folder with something in it and does not remove it. */
static void
leave_folder(int fd, int signal)
{
    char *path = testing_make_folder();

    testing_write_file(path, "a/b", "text");
    if (write(fd, path, strlen(path)) < 0)
        _exit(1);
    if (signal != 0)
        kill(getpid(), signal);
    _exit(0);
}

static void
leaves_no_folder(const void *data)
{
    const Row *row = data;
    char path[PATH_MAX] = "";
    int fds[2] = {-1, -1};
    gint64 end = g_get_monotonic_time() + PATIENCE_US;
    pid_t child = -1;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0)
        leave_folder(fds[1], row->signal);
    close(fds[1]);
    assert_true(read(fds[0], path, sizeof(path) - 1) > 0);
    close(fds[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (g_file_test(path, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < end)
        poll(NULL, 0, 1);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

int
main(void)
{
    return TESTING_RUN_TABLE("what tests leave behind", rows, leaves_no_folder);
}
