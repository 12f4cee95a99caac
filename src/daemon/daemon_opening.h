/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_opening: opens a source on a thread of its own: a libvirt may take its time to let us
 * connect, and clients are served meanwhile.
 */
#pragma once

#include <systemd/sd-event.h>

#include "domstats/domstats.h"

typedef struct DaemonOpening DaemonOpening;

/* Called from the loop, once: with the open source, or with NULL and @error. May free the opening.
 */
typedef void (*DaemonOpeningDone)(DomstatsConn *take_conn, const GError *error, void *data);

/* Opens @source as @how says, whose pointers are NULL; both are copied. NULL, with SYSTEM, if there
 * is no thread or descriptor for it. */
DaemonOpening *daemon_opening_start(const char *source, const DomstatsOptions *how, sd_event *loop,
                                    DaemonOpeningDone done, void *data, GError **error);

/* @done is not called any more. What is not open yet is closed once it is; nothing waits for it.
 * Takes NULL. */
void daemon_opening_free(DaemonOpening *self);
