/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_stop: see host_stop.h. Owns nothing. A main thread that waits in a poll is neither stopped
 * nor frozen, so its wait channel is read first.
 */
#include "host_stop.h"

void
host_stop_clear(HostStop *self)
{
    g_clear_pointer(&self->group, g_free);
}

bool
host_stop_find(HostRoot *root, pid_t pid, uint64_t start_ticks, HostStop *ret_stop)
{
    if (host_process_look(root, pid, start_ticks, &ret_stop->stat) != HOST_PROCESS_LIVES)
        return false;
    if (ret_stop->stat.state == 'T' || ret_stop->stat.state == 't')
        return true;
    ret_stop->freezer = host_freezer_look(root, pid, &ret_stop->group);
    return ret_stop->freezer != HOST_FREEZER_OFF;
}

bool
host_stop_look(HostRoot *root, pid_t pid, uint64_t start_ticks)
{
    g_auto(HostStop) stop = {0};

    return host_process_look_at_poll(root, pid, 0) != HOST_PROCESS_POLL_YES &&
           host_stop_find(root, pid, start_ticks, &stop);
}
