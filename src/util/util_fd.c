/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_fd: see util_fd.h. Does not know what a descriptor refers to.
 */
#include "util_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void
util_fd_clear(UtilFd *self)
{
    int saved_errno = errno;

    /* On Linux close() frees the number even if it fails with EINTR: it is called only once. */
    if (*self >= 0)
        close(util_fd_steal(self));
    *self = -1;
    errno = saved_errno;
}

int
util_fd_steal(UtilFd *self)
{
    int fd = *self;

    *self = -1;
    return fd;
}

int
util_fd_move_up(int take_fd)
{
    g_auto(UtilFd) fd = take_fd;

    if (fd < 0 || fd > STDERR_FILENO)
        return util_fd_steal(&fd);
    return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

int
util_fd_reopen(int path_fd, int flags, mode_t type)
{
    struct stat status = {0};
    char link[32] = "";

    if (fstat(path_fd, &status) < 0)
        return -1;
    if ((status.st_mode & S_IFMT) != type) {
        errno = S_ISLNK(status.st_mode) ? ELOOP : EINVAL;
        return -1;
    }
    g_snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
    return open(link, flags & ~O_NOFOLLOW);
}

int
util_fd_open_file(int folder_fd, const char *name, int flags, mode_t type)
{
    g_auto(UtilFd) path_fd = openat(folder_fd, name, O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW));

    return path_fd < 0 ? -1 : util_fd_reopen(path_fd, flags, type);
}
