/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_watch: see qemu_watch.h.
 */
#include "qemu_watch.h"

#include <errno.h>
#include <sys/epoll.h>

#include "util/util_error.h"

bool
qemu_watch_set(QemuWatch *self, int poll_fd, const QemuMonitor *monitor, void *data, GError **error)
{
    bool wants_write = qemu_monitor_wants_write(monitor);
    struct epoll_event event = {.events = EPOLLIN | (wants_write ? (uint32_t)EPOLLOUT : 0),
                                .data.ptr = data};

    if (self->is_polled && self->polls_write == wants_write)
        return true;
    if (epoll_ctl(poll_fd, self->is_polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  qemu_monitor_fd(monitor), &event) < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot poll its monitor: %s",
                    g_strerror(errno));
        return false;
    }
    self->is_polled = true;
    self->polls_write = wants_write;
    return true;
}

void
qemu_watch_clear(QemuWatch *self, int poll_fd, const QemuMonitor *monitor)
{
    if (self->is_polled && monitor != NULL)
        epoll_ctl(poll_fd, EPOLL_CTL_DEL, qemu_monitor_fd(monitor), NULL);
    self->is_polled = false;
}
