/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_notify: tells systemd how the service is doing (sd_notify(3)). Does nothing where systemd
 * did not start it.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

/* Answers systemd's watchdog from @loop, if the unit asks for that. */
void daemon_notify_watchdog(sd_event *loop);

/* Everything is served; @status is a line for systemctl status. */
void daemon_notify_ready(const char *status);

/* The certificates and the source are read anew; to be followed by daemon_notify_ready(). */
void daemon_notify_reloading(void);

void daemon_notify_stopping(void);
