/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_fd: a descriptor is closed once, by its last owner.
 */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/util_fd.h"

typedef struct {
    const char *sentence;
    void (*check)(void);
} Row;

static bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int
open_and_leave(void)
{
    g_auto(UtilFd) fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(is_open(fd));
    return fd;
}

static void
closes_at_the_end(void)
{
    assert_false(is_open(open_and_leave()));
}

static void
hands_over(void)
{
    UtilFd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    UtilFd taken = util_fd_steal(&fd);

    assert_int_equal(fd, -1);
    util_fd_clear(&fd);
    assert_true(is_open(taken));
    util_fd_clear(&taken);
    assert_int_equal(taken, -1);
}

static void
clears_nothing(void)
{
    UtilFd fd = -1;

    util_fd_clear(&fd);
    util_fd_clear(&fd);
    assert_int_equal(fd, -1);
}

static void
keeps_errno(void)
{
    /* No such descriptor: close() fails and would set EBADF. */
    UtilFd fd = INT16_MAX;

    assert_false(is_open(fd));
    errno = ENOENT;
    util_fd_clear(&fd);
    assert_int_equal(errno, ENOENT);
}

static void
moves_up(void)
{
    g_auto(UtilFd) standard = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    g_auto(UtilFd) fd = -1;
    bool was_open = standard >= 0;

    close(STDIN_FILENO);
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    fd = util_fd_move_up(STDIN_FILENO);
    assert_false(is_open(STDIN_FILENO));
    if (was_open)
        dup2(standard, STDIN_FILENO);
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(util_fd_move_up(fd), fd);
    assert_int_equal(util_fd_move_up(-1), -1);
}

static const Row rows[] = {
    {"the end of a block closes it", closes_at_the_end},
    {"one that was handed over stays open", hands_over},
    {"clearing nothing is harmless", clears_nothing},
    {"errno is kept", keeps_errno},
    {"no standard descriptor is kept", moves_up},
};

static void
holds(const void *data)
{
    const Row *row = data;

    row->check();
}

int
main(void)
{
    return TESTING_RUN_TABLE("util_fd", rows, holds);
}
