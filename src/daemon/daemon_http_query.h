/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_query: what a scrape asks for: the part of its URL after '?', and the header that
 * says how long the scraper waits. Pure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GPtrArray *domains; /* char *, each once, in their order; NULL at the end; empty: all domains */
    unsigned int stats; /* VIR_DOMAIN_STATS_*; 0: all groups */
    bool with_ext;      /* fields that libvirt does not have */
    bool with_pss;      /* shares of memory */
    bool with_kvm;      /* statistics of KVM; yes if the group is named that is made of them */
} DaemonHttpQuery;

/* Reads "domain=NAME&group=NAME&ext=1&pss=1&kvm=1"; @query may be NULL. On failure gives false with
 * an error of G_OPTION_ERROR that names what is wrong, and leaves @ret_query untouched. */
bool daemon_http_query_parse(const char *query, DaemonHttpQuery *ret_query, GError **error);

void daemon_http_query_clear(DaemonHttpQuery *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonHttpQuery, daemon_http_query_clear)

/* The deadline of a round for a scraper that waits as long as @scrape_timeout says (the value of
 * X-Prometheus-Scrape-Timeout-Seconds, or NULL): half a second less, and never more than @most_ms.
 * What is no number of seconds is as if it was not there. */
unsigned int daemon_http_query_timeout_ms(const char *scrape_timeout, unsigned int most_ms);
