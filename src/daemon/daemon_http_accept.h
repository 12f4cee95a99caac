/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_accept: what a client of the HTTP server accepts: the format of an exposition, and
 * its compression. Pure: reads the values of headers.
 */
#pragma once

#include <stdbool.h>

#include "openmetrics/openmetrics_output.h"

typedef struct {
    OpenmetricsOutputDialect dialect;
    const char *content_type; /* constant */
} DaemonHttpAcceptFormat;

/* The format of the highest q in @accept, the first of those that are alike. The text format if
 * nothing is asked for, or nothing that is served: a scraper reads it whatever it says. @accept may
 * be NULL. */
const DaemonHttpAcceptFormat *daemon_http_accept_format(const char *accept);

/* Whether @accept_encoding names gzip, with a q above 0. May be NULL. */
bool daemon_http_accept_gzip(const char *accept_encoding);
