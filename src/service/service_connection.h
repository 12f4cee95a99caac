/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_connection: one connection to a service, one call at a time.
 *
 * Owns the socket and the bytes half received. Trusts the service as little as it trusts us: what
 * it sends is bounded and checked by service_codec. After an error the connection is of no more
 * use, except after one of the service itself (DOMSTATS_ERROR).
 */
#pragma once

#include <sys/types.h>

#include "service_codec.h"
#include "util/util_deadline.h"

typedef struct ServiceConnection ServiceConnection;

/* How long to wait for a service. */
typedef struct {
    UtilDeadline deadline;
    unsigned int silence_ms; /* the longest time in which it sends nothing; it is pinged after half
                                of that. 0: until the deadline */
} ServiceConnectionPatience;

/* Connects to the socket at @path, without waiting. NULL and CONNECT if nobody listens there,
 * DENIED without permission, TIMEOUT if the service accepts no connection now, INVALID if no socket
 * can have that path. */
ServiceConnection *service_connection_open(const char *path, GError **error);
/* Takes NULL. */
void service_connection_free(ServiceConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServiceConnection, service_connection_free)

/* The user who made the socket; (uid_t)-1 if the kernel does not say. */
uid_t service_connection_user(const ServiceConnection *self);

/* Exchanges hellos. False and TIMEOUT if the service says nothing in time, BROKEN if it is none, or
 * of another version. */
bool service_connection_greet(ServiceConnection *self, const ServiceConnectionPatience *patience,
                              GError **error);

/* What the service said of itself. */
const ServiceCodecHello *service_connection_hello(const ServiceConnection *self);

/* Makes @call; sets @ret_answer, an ANSWER. False and TIMEOUT, CONNECT if the service has closed
 * the connection, BROKEN for what breaks the protocol, or the service's own error (DOMSTATS_ERROR).
 */
bool service_connection_call(ServiceConnection *self, const DomstatsCall *call,
                             const ServiceConnectionPatience *patience,
                             ServiceCodecMessage *ret_answer, GError **error);

/* False if the service has closed the connection, or sent something that nobody waited for. */
bool service_connection_is_quiet(const ServiceConnection *self);
