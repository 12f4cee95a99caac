/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_deadline: deadlines and clocks, by relations that hold on a slow machine too.
 */
#include "testing.h"

#include "util/util_deadline.h"

enum { FAR_MS = 3600000, NEAR_MS = 10 };

typedef struct {
    const char *sentence;
    void (*check)(void);
} Row;

static void
goes_on(void)
{
    int64_t before_us = util_deadline_now_us();

    assert_true(util_deadline_now_us() >= before_us);
}

static void
is_after_2020(void)
{
    const int64_t new_year_2020_us = INT64_C(1577836800) * 1000000;

    assert_true(util_deadline_wall_us() > new_year_2020_us);
}

static void
is_in_the_future(void)
{
    int64_t before_us = util_deadline_now_us();
    UtilDeadline deadline = util_deadline_in_ms(FAR_MS);

    assert_true(deadline.at_us >= before_us + INT64_C(1000) * FAR_MS);
    assert_true(deadline.at_us <= util_deadline_now_us() + INT64_C(1000) * FAR_MS);
    assert_false(util_deadline_has_passed(deadline));
}

static void
passes_at_once(void)
{
    assert_true(util_deadline_has_passed(util_deadline_in_ms(0)));
}

static void
never_negative(void)
{
    UtilDeadline past = {util_deadline_now_us() - 5000};

    assert_true(util_deadline_has_passed(past));
    assert_int_equal(util_deadline_left_us(past), 0);
    assert_int_equal(util_deadline_left_ms(past), 0);
}

static void
rounds_up(void)
{
    UtilDeadline deadline = util_deadline_in_ms(FAR_MS);
    int64_t before_us = 0;
    int64_t left_ms = 0;
    int64_t after_us = 0;

    /* Half a millisecond more, so that there is something to round. */
    deadline.at_us += 500;
    before_us = util_deadline_left_us(deadline);
    left_ms = util_deadline_left_ms(deadline);
    after_us = util_deadline_left_us(deadline);
    assert_true(left_ms * 1000 >= after_us);
    assert_true(left_ms * 1000 < before_us + 1000);
}

static void
does_not_spin(void)
{
    UtilDeadline deadline = util_deadline_in_ms(NEAR_MS);

    assert_int_equal(g_poll(NULL, 0, util_deadline_left_ms(deadline)), 0);
    assert_true(util_deadline_has_passed(deadline));
}

static void
fits_poll(void)
{
    assert_int_equal(util_deadline_left_ms(util_deadline_in_ms(UINT32_MAX)), INT32_MAX);
    assert_int_equal(util_deadline_left_ms((UtilDeadline){INT64_MAX}), INT32_MAX);
}

static void
takes_the_earlier(void)
{
    UtilDeadline near = util_deadline_in_ms(NEAR_MS);
    UtilDeadline far = util_deadline_in_ms(FAR_MS);

    assert_int_equal(util_deadline_at_most(near, FAR_MS).at_us, near.at_us);
    assert_true(util_deadline_at_most(far, 0).at_us <= util_deadline_now_us());
}

static const Row rows[] = {
    {"the monotonic clock does not go back", goes_on},
    {"the wall clock counts from 1970", is_after_2020},
    {"a deadline is as far away as asked", is_in_the_future},
    {"a deadline in no time has passed", passes_at_once},
    {"what is left is never negative", never_negative},
    {"what is left in milliseconds is rounded up", rounds_up},
    {"after a poll of what is left it has passed", does_not_spin},
    {"what is left fits into poll's int", fits_poll},
    {"the earlier of two is taken", takes_the_earlier},
};

static void
keeps_time(const void *data)
{
    const Row *row = data;

    row->check();
}

int
main(void)
{
    return TESTING_RUN_TABLE("util_deadline", rows, keeps_time);
}
