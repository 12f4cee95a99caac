/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any query of a URL and any headers of a scrape are read, or refused with a reason,
 * within their limits. The input has four lines: query, Accept, Accept-Encoding, seconds.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon_http_accept.h"
#include "daemon/daemon_http_query.h"
#include "daemon/daemon_limits.h"

enum { QUERY, ACCEPT, ENCODING, SECONDS, N_LINES, MOST_MS = 5000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that also holds in builds without g_assert(). */
static void
claim(bool is_true)
{
    if (!is_true)
        abort();
}

static void
claim_query(const char *text)
{
    g_auto(DaemonHttpQuery) query = {0};
    g_autoptr(GError) error = NULL;

    if (!daemon_http_query_parse(text, &query, &error)) {
        claim(error != NULL && g_utf8_validate(error->message, -1, NULL));
        return;
    }
    claim(query.domains->len >= 1 && query.domains->len <= DAEMON_LIMIT_HTTP_DOMAINS + 1);
    claim(g_ptr_array_index(query.domains, query.domains->len - 1) == NULL);
    for (guint i = 0; i + 1 < query.domains->len; i++)
        claim(*(const char *)g_ptr_array_index(query.domains, i) != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", N_LINES);
    const char *line[N_LINES] = {NULL};
    unsigned int ms = 0;

    for (size_t i = 0; lines[i] != NULL; i++)
        line[i] = lines[i];
    claim_query(line[QUERY]);
    claim(daemon_http_accept_format(line[ACCEPT]) != NULL);
    if (daemon_http_accept_gzip(line[ENCODING]))
        claim(strcasestr(line[ENCODING], "gzip") != NULL);
    ms = daemon_http_query_timeout_ms(line[SECONDS], MOST_MS);
    claim(ms >= DAEMON_LIMIT_HTTP_LEAST_MS && ms <= MOST_MS);
    return 0;
}
