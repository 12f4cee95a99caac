/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_page: the responses of the HTTP server that are no exposition, and the headers that
 * all have.
 */
#pragma once

#include <microhttpd.h>

/* Sends @response, which it takes, with the headers that all responses have. NULL: memory has run
 * out, and the connection ends. */
enum MHD_Result daemon_http_page_send(struct MHD_Connection *connection, unsigned int status,
                                      struct MHD_Response *take_response);

/* Sends one line of text. */
enum MHD_Result daemon_http_page_send_text(struct MHD_Connection *connection, unsigned int status,
                                           const char *text);

/* The same, with one more header. */
enum MHD_Result daemon_http_page_send_with(struct MHD_Connection *connection, unsigned int status,
                                           const char *text, const char *header, const char *value);

/* The page at "/", which says what there is. */
enum MHD_Result daemon_http_page_send_landing(struct MHD_Connection *connection,
                                              const char *version);

/* The response to a HEAD of something whose length is not known, as nobody was asked for it. NULL:
 * memory has run out. */
struct MHD_Response *daemon_http_page_new_head(void);
