/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_body: an exposition as the body of a response, compressed or not.
 *
 * It is compressed while it is sent, a piece at a time: a large one holds up nobody else, and a
 * client that does not read costs no more than the memory of the exposition.
 */
#pragma once

#include <glib.h>
#include <microhttpd.h>
#include <stdbool.h>

/* Gives a response with @body, to be destroyed by the caller. NULL if memory or the HTTP library
 * fails. */
struct MHD_Response *daemon_http_body_new(GBytes *body, bool is_compressed);
