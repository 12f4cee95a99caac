/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netns_child: see netns_child.h. The child ends when its end of a pipe is closed, so also when the
 * test is killed.
 */
#include "netns_child.h"

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

static bool
raise_loopback(void)
{
    struct ifreq request = {.ifr_flags = IFF_UP};
    g_auto(UtilFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_strlcpy(request.ifr_name, "lo", sizeof(request.ifr_name));
    return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* In the child: acts, says so, and waits until the parent closes its end. */
static void
live(NetnsChildAct act, const char *argument, int say, int wait)
{
    char text[NETNS_CHILD_TEXT_BYTES] = "";
    char byte = 0;

    if (unshare(CLONE_NEWNET) == 0 && raise_loopback()) {
        act(argument, text);
        if (write(say, text, sizeof(text)) == sizeof(text))
            while (read(wait, &byte, 1) > 0)
                ;
    }
    _exit(0);
}

NetnsChild
netns_child_start(NetnsChildAct act, const char *argument)
{
    NetnsChild self = {.wake = -1};
    int said[2] = {-1, -1};
    int woken[2] = {-1, -1};
    ssize_t size = 0;

    assert_int_equal(pipe(said), 0);
    assert_int_equal(pipe(woken), 0);
    self.pid = fork();
    if (self.pid == 0) {
        close(woken[1]);
        live(act, argument, said[1], woken[0]);
    }
    close(said[1]);
    close(woken[0]);
    self.wake = woken[1];
    size = read(said[0], self.text, sizeof(self.text));
    close(said[0]);
    if (size != sizeof(self.text)) {
        netns_child_clear(&self);
        skip(); /* no right to make a network namespace */
    }
    return self;
}

void
netns_child_clear(NetnsChild *self)
{
    util_fd_clear(&self->wake);
    if (self->pid > 0)
        waitpid(self->pid, NULL, 0);
}
