/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_blocked_thread: finds and describes the thread that best explains why a process is silent.
 * Owns nothing; reads /proc.
 */
#include "qemu_blocked_thread.h"

#include "qemu/facts/qemu_limits.h"

pid_t
qemu_blocked_thread_find(HostRoot *root, pid_t pid, UtilDeadline deadline)
{
    HostProcessStat stat = {0};
    size_t n = 0;
    g_autofree pid_t *threads = host_process_list_threads(root, pid, &n);

    n = MIN(n, QEMU_LIMIT_SEARCHED_THREADS);
    for (size_t i = 0; i < n && !util_deadline_has_passed(deadline); i++)
        if (threads[i] != pid && host_process_read_stat(root, pid, threads[i], &stat) &&
            stat.state == 'D')
            return threads[i];
    return 0;
}

char *
qemu_blocked_thread_describe(HostRoot *root, pid_t pid, pid_t thread, HostProcessStat *ret_stat)
{
    g_autofree char *channel = NULL;

    if (thread == 0 || !host_process_read_stat(root, pid, thread, ret_stat) ||
        ret_stat->state != 'D') {
        thread = pid;
        if (!host_process_read_stat(root, pid, pid, ret_stat))
            return g_strdup_printf("its process %d cannot be seen", (int)pid);
    }
    channel = host_process_read_wait_channel(root, pid, thread);
    return g_strdup_printf("thread %d (%s) is in state %c%s%s", (int)thread, ret_stat->name,
                           ret_stat->state, channel[0] != '\0' ? ", in " : "", channel);
}
