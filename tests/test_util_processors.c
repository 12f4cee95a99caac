/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_processors: the processors of the calling thread, not those of the machine.
 */
#include "util/util_processors.h"

#include <sched.h>

#include "testing.h"

/* Where this test may run on a single one, both counts are 1. */
static void
counts_those_of_the_thread(void **state)
{
    cpu_set_t all;
    cpu_set_t one;
    size_t first = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(util_processors_count(), CPU_COUNT(&all));
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(util_processors_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(util_processors_count(), CPU_COUNT(&all));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_those_of_the_thread)};

    return cmocka_run_group_tests_name("util_processors", tests, NULL, NULL);
}
