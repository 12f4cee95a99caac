/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_scrape: a request for metrics, from its question to the rounds until its exposition
 * is sent.
 */
#pragma once

#include <glib.h>
#include <microhttpd.h>
#include <stdbool.h>

#include "daemon_host.h"
#include "daemon_http_client.h"
#include "openmetrics/openmetrics_writer.h"

typedef struct DaemonHttpScrape DaemonHttpScrape;

/* The exposition made last: those who share a round and ask for the same share it too. */
typedef struct {
    int64_t begun_us; /* of its round; 0: there is none */
    unsigned int stats;
    unsigned int extras;
    bool with_kvm;
    OpenmetricsOutputDialect dialect;
    GBytes *bytes;
} DaemonHttpScrapeMade;

/* What all scrapes have in common. */
typedef struct {
    const DaemonHost *host;
    OpenmetricsWriterNames names;
    unsigned int n_scrapes; /* under way */
    DaemonHttpScrapeMade made;
    sd_event_source *forget; /* drops @made once the loop has nothing else to do */
} DaemonHttpScrapes;

/* Borrows @host. */
void daemon_http_scrape_init(DaemonHttpScrapes *self, const DaemonHost *host,
                             OpenmetricsWriterNames names);
void daemon_http_scrape_clear(DaemonHttpScrapes *self);

/* Asks for a round and suspends @client, or sends an error; *ret_scrape then is NULL. What it gives
 * is what the HTTP library's handler gives. */
enum MHD_Result daemon_http_scrape_begin(DaemonHttpScrapes *scrapes, DaemonHttpClient *client,
                                         struct MHD_Connection *connection,
                                         DaemonHttpScrape **ret_scrape);

/* Sends the headers alone, and asks nobody. */
enum MHD_Result daemon_http_scrape_send_head(const DaemonHttpClient *client,
                                             struct MHD_Connection *connection);

/* Sends what came of it, once the client is resumed. */
enum MHD_Result daemon_http_scrape_finish(DaemonHttpScrape *self,
                                          struct MHD_Connection *connection);

/* Takes it back if it waits, and resumes its client, which then ends. */
void daemon_http_scrape_cancel(DaemonHttpScrape *self);

void daemon_http_scrape_free(DaemonHttpScrape *self);
