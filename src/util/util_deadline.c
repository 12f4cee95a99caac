/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_deadline: see util_deadline.h. Owns nothing; does not know what its callers wait for.
 */
#include "util_deadline.h"

#include <glib.h>

enum { US_PER_MS = 1000 };

int64_t
util_deadline_now_us(void)
{
    return g_get_monotonic_time();
}

int64_t
util_deadline_wall_us(void)
{
    return g_get_real_time();
}

UtilDeadline
util_deadline_in_ms(unsigned int timeout_ms)
{
    return (UtilDeadline){util_deadline_now_us() + (int64_t)timeout_ms * US_PER_MS};
}

UtilDeadline
util_deadline_at_most(UtilDeadline self, unsigned int timeout_ms)
{
    UtilDeadline other = util_deadline_in_ms(timeout_ms);

    return self.at_us < other.at_us ? self : other;
}

int64_t
util_deadline_left_us(UtilDeadline self)
{
    int64_t now_us = util_deadline_now_us();

    return self.at_us > now_us ? self.at_us - now_us : 0;
}

int
util_deadline_left_ms(UtilDeadline self)
{
    int64_t left_us = util_deadline_left_us(self);
    int64_t left_ms = left_us / US_PER_MS + (left_us % US_PER_MS != 0);

    /* poll() takes an int. A caller for whom that is not enough asks again when poll() returns. */
    return (int)MIN(left_ms, G_MAXINT);
}

bool
util_deadline_has_passed(UtilDeadline self)
{
    return util_deadline_left_us(self) == 0;
}

void
util_deadline_init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool
util_deadline_wait_cond(UtilDeadline self, pthread_cond_t *cond, pthread_mutex_t *lock)
{
    const struct timespec at = {.tv_sec = self.at_us / G_USEC_PER_SEC,
                                .tv_nsec = self.at_us % G_USEC_PER_SEC * 1000};

    return pthread_cond_timedwait(cond, lock, &at) == 0;
}
