/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_source: the connection of the library that rounds ask: its monitors are read by the loop
 * between rounds, and it can be replaced while rounds run.
 */
#pragma once

#include "daemon_call.h"

typedef struct DaemonSource DaemonSource;

/* Takes @take_conn, borrows @loop. @has_news is called from the loop when a monitor has sent
 * something, or a QEMU has ended, while no call was asking it. */
DaemonSource *daemon_source_new(DomstatsConn *take_conn, sd_event *loop,
                                void (*has_news)(void *data), void *data, GError **error);
void daemon_source_free(DaemonSource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonSource, daemon_source_free)

/* What calls are to use from now on; borrowed. */
DaemonCallConn *daemon_source_conn(const DaemonSource *self);

/* Later calls use @take_conn; the one before it is closed when its last call has ended. False, with
 * @take_conn closed, if its monitors cannot be watched: then all stays as it was. */
bool daemon_source_replace(DaemonSource *self, DomstatsConn *take_conn, GError **error);
