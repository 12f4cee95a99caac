/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_thread: see util_thread.h. Does not know what the threads do.
 */
#include "util_thread.h"

#include <pthread.h>
#include <signal.h>

GThread *
util_thread_start(const char *name, GThreadFunc run, void *data)
{
    GThread *thread = NULL;
    sigset_t all;
    sigset_t before;

    /* A new thread inherits the signal mask of the thread that starts it. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread = g_thread_try_new(name, run, data, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}
