/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_host: what every interface of the service is given: the loop, the rounds, and what the
 * command line said.
 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon_rounds.h"

/* All members are set before the first client connects, and outlive the last. */
typedef struct {
    sd_event *loop;
    DaemonRounds *rounds;
    struct DaemonWatch *watch; /* the domains' coming and going, for events; NULL: there are none */
    const char *version;       /* of this program */
    int64_t started_us;        /* wall clock, µs since 1970 */
    unsigned int timeout_ms;   /* of a request that sets no deadline */
    unsigned int events_interval_s; /* between looks, while a client waits for events */
    bool is_auto; /* the domains are those that "auto" gives without further options */
} DaemonHost;
