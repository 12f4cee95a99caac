/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_loop: see daemon_loop.h.
 */
#include "daemon_loop.h"

#include <time.h>

int
daemon_loop_add_timer(sd_event *loop, sd_event_source **ret_source, sd_event_time_handler_t handler,
                      void *data)
{
    int result = sd_event_add_time(loop, ret_source, CLOCK_MONOTONIC, 0, 1, handler, data);

    return result < 0 ? result : sd_event_source_set_enabled(*ret_source, SD_EVENT_OFF);
}

int
daemon_loop_add_idle(sd_event *loop, sd_event_source **ret_source, sd_event_handler_t handler,
                     void *data)
{
    int result = sd_event_add_defer(loop, ret_source, handler, data);

    if (result >= 0)
        result = sd_event_source_set_priority(*ret_source, SD_EVENT_PRIORITY_IDLE);
    return result < 0 ? result : sd_event_source_set_enabled(*ret_source, SD_EVENT_OFF);
}

void
daemon_loop_set_timer(sd_event_source *timer, int64_t at_us)
{
    (void)sd_event_source_set_time(timer, (uint64_t)at_us);
    (void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* One that waits for its turn keeps its place. */
void
daemon_loop_take_turn(sd_event_source *timer)
{
    int enabled = SD_EVENT_OFF;

    (void)sd_event_source_get_enabled(timer, &enabled);
    if (enabled == SD_EVENT_OFF)
        daemon_loop_set_timer(timer, 0);
}
