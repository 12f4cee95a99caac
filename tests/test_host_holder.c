/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_holder: which processes have a socket open.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/sockets/host_holder.h"
#include "sockets_case.h"
#include "testing.h"
#include "util/util_fd.h"

/* A socket that was inherited: a child that keeps it, until @wake is closed. */
static pid_t
fork_keeper(int *ret_wake)
{
    int pipes[2] = {-1, -1};
    char byte = 0;
    pid_t pid = 0;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        close(pipes[1]);
        while (read(pipes[0], &byte, 1) > 0)
            ;
        _exit(0);
    }
    close(pipes[0]);
    *ret_wake = pipes[1];
    return pid;
}

static void
check_all_holders(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_auto(UtilFd) copy = dup(fd);
    g_auto(UtilFd) wake = -1;
    pid_t child = fork_keeper(&wake);
    g_autoptr(GArray) pids =
        host_holders_find_all(holders, sockets_case_inode(fd), util_deadline_in_ms(60000));

    (void)folder;
    assert_int_equal(pids->len, 2);
    assert_int_equal(g_array_index(pids, pid_t, 0) + g_array_index(pids, pid_t, 1),
                     getpid() + child);
    util_fd_clear(&wake);
    waitpid(child, NULL, 0);
}

static void
check_has_socket(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_auto(UtilFd) wake = -1;
    pid_t child = fork_keeper(&wake);
    ino_t inode = sockets_case_inode(fd);
    int hint = -1;

    (void)folder;
    assert_true(host_holders_has(holders, getpid(), inode, &hint));
    assert_int_equal(hint, fd);
    assert_true(host_holders_has(holders, getpid(), inode, &hint));
    hint = 0; /* another file */
    assert_true(host_holders_has(holders, child, inode, &hint));
    assert_int_equal(hint, fd);
    util_fd_clear(&fd);
    hint = 0;
    assert_false(host_holders_has(holders, getpid(), inode, &hint));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(hint, -1);
    assert_true(host_holders_has(holders, child, inode, &hint));
    util_fd_clear(&wake);
    waitpid(child, NULL, 0);
    assert_false(host_holders_has(holders, child, inode, &hint));
    assert_int_equal(errno, ENOENT);
    assert_false(host_holders_has(holders, getpid(), 0, &hint));
}

/* The search was over when it was opened. */
static void
check_late_socket(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);
    UtilDeadline deadline = util_deadline_in_ms(60000);
    int64_t since_us = 0;
    g_auto(UtilFd) fd = -1;
    pid_t pid = 0;

    (void)folder;
    assert_false(host_holders_is_sure(holders, 0));
    assert_int_equal(host_holders_find(holders, 1, 0, deadline), 0);
    assert_true(host_holders_is_sure(holders, 0));
    since_us = util_deadline_now_us();
    assert_false(host_holders_is_sure(holders, since_us));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (pid == 0 && !util_deadline_has_passed(deadline))
        pid = host_holders_find(holders, sockets_case_inode(fd), 0, deadline);
    assert_int_equal(pid, getpid());
    g_array_unref(host_holders_find_all(holders, sockets_case_inode(fd), deadline));
    assert_true(host_holders_is_sure(holders, since_us));
}

static void
check_recorded_holder(const char *folder)
{
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostHolders) holders = NULL;
    g_autofree char *link = g_build_filename(folder, "proc/77/fd/5", NULL);

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/77/fd/4", "");
    testing_write_file(folder, "proc/self/stat", "");
    assert_int_equal(symlink("socket:[123]", link), 0);
    root = host_root_new_recorded(folder, NULL);
    holders = host_holders_new(root);
    /* After the deadline no process is searched. */
    assert_int_equal(host_holders_find(holders, 123, 0, util_deadline_in_ms(0)), 0);
    assert_int_equal(host_holders_find(holders, 123, 0, util_deadline_in_ms(60000)), 77);
    assert_int_equal(host_holders_find(holders, 12, 77, util_deadline_in_ms(60000)), 0);
}

static const SocketsCaseScenario scenarios[] = {
    {"who holds a socket in a recorded tree", check_recorded_holder},
    {"all that have a socket open", check_all_holders},
    {"whether a process has a socket open", check_has_socket},
    {"a socket that is opened after the search", check_late_socket},
};

int
main(void)
{
    return TESTING_RUN_TABLE("host_holder", scenarios, sockets_case_run);
}
