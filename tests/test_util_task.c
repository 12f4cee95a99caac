/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_task: a task that ends in time, and one that is left to itself.
 */
#include <pthread.h>
#include <unistd.h>

#include "testing.h"
#include "util/util_task.h"

/* Reads one byte from a pipe: blocked as long as nobody writes. */
typedef struct {
    int from;
    char byte;
    int freed_to; /* a byte is written here when it is freed */
} Errand;

static void
run_errand(void *data)
{
    Errand *errand = data;

    if (read(errand->from, &errand->byte, 1) != 1)
        errand->byte = '?';
}

static void
free_errand(void *data)
{
    Errand *errand = data;

    if (write(errand->freed_to, "f", 1) != 1)
        g_error("no pipe");
    g_free(errand);
}

typedef struct {
    int to_task[2];
    int freed[2];
} Pipes;

static UtilTask *
start(Pipes *pipes)
{
    Errand *errand = g_new0(Errand, 1);

    assert_int_equal(pipe(pipes->to_task), 0);
    assert_int_equal(pipe(pipes->freed), 0);
    errand->from = pipes->to_task[0];
    errand->freed_to = pipes->freed[1];
    return util_task_start(run_errand, errand, free_errand);
}

static void
let_go(const Pipes *pipes)
{
    assert_int_equal(write(pipes->to_task[1], "x", 1), 1);
}

/* Waits until the errand has been freed. */
static void
finish(const Pipes *pipes)
{
    char byte = 0;

    assert_int_equal(read(pipes->freed[0], &byte, 1), 1);
    for (size_t i = 0; i < 2; i++) {
        close(pipes->to_task[i]);
        close(pipes->freed[i]);
    }
}

static void
one_that_ends_gives_its_outcome(void **state)
{
    Pipes pipes;
    UtilTask *task = start(&pipes);

    (void)state;
    let_go(&pipes);
    assert_true(util_task_wait(task, util_deadline_in_ms(60000)));
    assert_true(util_task_wait(task, util_deadline_in_ms(0)));
    assert_int_equal(((Errand *)util_task_data(task))->byte, 'x');
    util_task_free(task);
    finish(&pipes);
}

static void
one_that_is_blocked_is_not_waited_for(void **state)
{
    Pipes pipes;
    UtilTask *task = start(&pipes);
    int64_t before_us = util_deadline_now_us();

    (void)state;
    assert_false(util_task_wait(task, util_deadline_in_ms(20)));
    assert_true(util_deadline_now_us() - before_us >= 20000);
    let_go(&pipes);
    assert_true(util_task_wait(task, util_deadline_in_ms(60000)));
    util_task_free(task);
    finish(&pipes);
}

static void
one_left_behind_frees_what_it_was_given(void **state)
{
    Pipes pipes;
    UtilTask *task = start(&pipes);

    (void)state;
    util_task_free(task);
    let_go(&pipes);
    finish(&pipes);
    util_task_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_ends_gives_its_outcome),
        cmocka_unit_test(one_that_is_blocked_is_not_waited_for),
        cmocka_unit_test(one_left_behind_frees_what_it_was_given),
    };

    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
