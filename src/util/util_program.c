/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_program: see util_program.h.
 */
#include "util_program.h"

#include <fcntl.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* If a standard descriptor were closed, the connection to a monitor or a client could get its
 * number, and what is printed would be sent to it. Each is opened for the wrong direction, so that
 * using it still fails. */
static void
occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

/* Each monitor and each client takes a descriptor, and the usual soft limit is 1024. */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit = {0};

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Without this function libvirt prints its errors; our own messages have their text already. */
static void
ignore_libvirt(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

void
util_program_prepare(void)
{
    occupy_standard_descriptors();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    raise_descriptor_limit();
    virSetErrorFunc(NULL, ignore_libvirt);
}
