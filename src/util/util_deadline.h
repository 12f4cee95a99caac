/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_deadline: a moment on the monotonic clock, and the time left until it. No other file reads a
 * clock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Microseconds on the monotonic clock. */
typedef struct {
    int64_t at_us;
} UtilDeadline;

/* Now, in microseconds: on the monotonic clock, and on the wall clock (since 1970). */
int64_t util_deadline_now_us(void);
int64_t util_deadline_wall_us(void);

UtilDeadline util_deadline_in_ms(unsigned int timeout_ms);

/* The earlier of @self and @timeout_ms from now. */
UtilDeadline util_deadline_at_most(UtilDeadline self, unsigned int timeout_ms);

/* The time left until @self, 0 once it has passed. Milliseconds are rounded up: otherwise poll()
 * would return at once, again and again, during the last one. */
int64_t util_deadline_left_us(UtilDeadline self);
int util_deadline_left_ms(UtilDeadline self);
bool util_deadline_has_passed(UtilDeadline self);

/* Initializes @cond for waits on the monotonic clock, and waits for @cond, but no longer than until
 * @self: then false. */
void util_deadline_init_cond(pthread_cond_t *cond);
bool util_deadline_wait_cond(UtilDeadline self, pthread_cond_t *cond, pthread_mutex_t *lock);
