/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_fd: see util_fd.h. Knows nothing of what a descriptor stands for.
 */
#include "util_fd.h"

#include <errno.h>
#include <unistd.h>

void
util_fd_clear(UtilFd *self)
{
    int saved_errno = errno;

    /* Linux has given the number back even when close() says EINTR: never try again. */
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
