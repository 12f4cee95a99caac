/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_loop: sources of the loop that are made once, and switched on when they are needed.
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

/* Makes a timer on the monotonic clock, switched off. Gives a negative errno on failure. */
int daemon_loop_add_timer(sd_event *loop, sd_event_source **ret_source,
                          sd_event_time_handler_t handler, void *data);

/* Makes work that is put off until the loop has nothing else to do, switched off. Likewise. */
int daemon_loop_add_idle(sd_event *loop, sd_event_source **ret_source, sd_event_handler_t handler,
                         void *data);

/* Switches a timer on: its handler is called once, at @at_us. */
void daemon_loop_set_timer(sd_event_source *timer, int64_t at_us);

/* Switches a timer on to go on with work at the next turn of the loop, behind all that waits
 * already. Not a deferred source: those come before every event that is newer than they. */
void daemon_loop_take_turn(sd_event_source *timer);
