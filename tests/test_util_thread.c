/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_thread: no signal interrupts a thread of the library.
 */
#include <pthread.h>
#include <signal.h>

#include "testing.h"
#include "util/util_task.h"
#include "util/util_thread.h"

static const int signals_tried[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGCHLD, SIGUSR1, SIGPROF};

static unsigned int
count_blocked(void)
{
    unsigned int n_blocked = 0;
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (size_t i = 0; i < G_N_ELEMENTS(signals_tried); i++)
        n_blocked += sigismember(&mask, signals_tried[i]) == 1;
    return n_blocked;
}

static gpointer
count_in_thread(gpointer data)
{
    *(unsigned int *)data = count_blocked();
    return NULL;
}

static void
count_in_task(void *data)
{
    *(unsigned int *)data = count_blocked();
}

static void
a_thread_blocks_all_signals(void **state)
{
    unsigned int n_blocked = 0;
    GThread *thread = util_thread_start("domstats-test", count_in_thread, &n_blocked);

    (void)state;
    assert_non_null(thread);
    g_thread_join(thread);
    assert_int_equal(n_blocked, G_N_ELEMENTS(signals_tried));
}

static void
a_task_blocks_all_signals(void **state)
{
    unsigned int n_blocked = 0;
    g_autoptr(UtilTask) task = util_task_start(count_in_task, &n_blocked, NULL);

    (void)state;
    assert_non_null(task);
    assert_true(util_task_wait(task, util_deadline_in_ms(60000)));
    assert_int_equal(n_blocked, G_N_ELEMENTS(signals_tried));
}

static void
who_starts_it_keeps_its_mask(void **state)
{
    sigset_t usr1;
    sigset_t before;
    unsigned int n_blocked = 0;

    (void)state;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &usr1, &before);
    g_thread_join(util_thread_start("domstats-test", count_in_thread, &n_blocked));
    assert_int_equal(count_blocked(), 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_blocks_all_signals),
        cmocka_unit_test(a_task_blocks_all_signals),
        cmocka_unit_test(who_starts_it_keeps_its_mask),
    };

    return cmocka_run_group_tests_name("util_thread", tests, NULL, NULL);
}
