/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_notify: see daemon_notify.h.
 */
#include "daemon_notify.h"

#include <glib.h>
#include <systemd/sd-daemon.h>

#include "util/util_deadline.h"

void
daemon_notify_watchdog(sd_event *loop)
{
    (void)sd_event_set_watchdog(loop, true);
}

void
daemon_notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
daemon_notify_reloading(void)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, util_deadline_now_us());
}

void
daemon_notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=Ending");
}
