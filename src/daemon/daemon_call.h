/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_call: one call of the library on a thread of its own, and the connection that calls share.
 *
 * A call ends on the thread of the loop: what it found is read there, after the thread was joined.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "domstats/domstats.h"

/* A connection of the library. Closed with the last reference, on whichever thread drops it. */
typedef struct DaemonCallConn DaemonCallConn;
DaemonCallConn *daemon_call_conn_new(DomstatsConn *take_conn);
DaemonCallConn *daemon_call_conn_ref(DaemonCallConn *self);
void daemon_call_conn_unref(DaemonCallConn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonCallConn, daemon_call_conn_unref)
DomstatsConn *daemon_call_conn_get(DaemonCallConn *self);

/* What a call found. */
typedef struct {
    DomstatsRecord **records; /* NULL: @error is set */
    size_t n_records;
    char *blind_spot; /* NULL: none */
    GError *error;
    int64_t begun_us; /* wall clock */
    int64_t took_us;
} DaemonCallResult;

typedef struct DaemonCall DaemonCall;
/* Called from the loop, once. */
typedef void (*DaemonCallEnded)(DaemonCall *self, void *data);

/* Starts @call, which is copied, on @conn. NULL, with SYSTEM, if there is no thread or descriptor
 * for it. */
DaemonCall *daemon_call_start(DaemonCallConn *conn, const DomstatsCall *call, sd_event *loop,
                              DaemonCallEnded ended, void *data, GError **error);

/* What was asked for. */
const DomstatsCall *daemon_call_asked(const DaemonCall *self);

/* What it found; not before it has ended. */
const DaemonCallResult *daemon_call_result(const DaemonCall *self);

/* Waits for a call that has not ended, tells nobody, and frees it. Not from within @ended. Takes
 * NULL. */
void daemon_call_free(DaemonCall *self);
