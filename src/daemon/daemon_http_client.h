/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_client: one connection of the HTTP server, beside what the HTTP library keeps of it:
 * how long it may take for what it does, and whether it has left while it waits.
 *
 * The HTTP library's own timeout begins anew with each byte, and it does not look at a connection
 * that waits for a round.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct DaemonHttpClient DaemonHttpClient;

/* Borrows all, which live longer. @again is an event that lets the HTTP library run: it is turned
 * on once when a connection is resumed, since the library does not see that by itself. Never NULL.
 */
DaemonHttpClient *daemon_http_client_new(struct MHD_Connection *connection, sd_event *loop,
                                         sd_event_source *again);
void daemon_http_client_free(DaemonHttpClient *self);

/* The part of the URL after '?' of the request that begins; copied. */
void daemon_http_client_set_query(DaemonHttpClient *self, const char *query);
const char *daemon_http_client_query(const DaemonHttpClient *self);

/* Ends the connection unless it comes to its next step within @ms. 0: whenever it likes. */
void daemon_http_client_set_limit(DaemonHttpClient *self, unsigned int ms);

/* Counts bytes of a body, which are thrown away. False once there are too many. */
bool daemon_http_client_add_upload(DaemonHttpClient *self, size_t n_bytes);

/* Stops reading the connection, until daemon_http_client_resume(). If the client leaves meanwhile,
 * @left(@data) is called, once, from the loop. */
void daemon_http_client_suspend(DaemonHttpClient *self, void (*left)(void *data), void *data);
void daemon_http_client_resume(DaemonHttpClient *self);
