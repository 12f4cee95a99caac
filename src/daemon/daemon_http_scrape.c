/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_scrape: see daemon_http_scrape.h.
 *
 * How it works
 *
 *   begin    what is asked for is read; the round is asked; the connection is suspended
 *   done     the exposition is made of the records, which live for that call only; the connection
 *            is resumed, and the HTTP library calls its handler again
 *   finish   the handler sends the exposition, compressed on its way if that was asked for
 *   left     the client ended the connection before: the round is told, the connection resumed,
 *            and the handler ends it
 */
#include "daemon_http_scrape.h"

#include <string.h>

#include "daemon_http_accept.h"
#include "daemon_http_body.h"
#include "daemon_http_page.h"
#include "daemon_http_query.h"
#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "util/util_deadline.h"

#define VARY          "Accept, Accept-Encoding"
#define RETRY_SECONDS "1"

struct DaemonHttpScrape {
    DaemonHttpScrapes *scrapes;
    DaemonHttpClient *client;
    DaemonHttpQuery query;
    const DaemonHttpAcceptFormat *format;
    bool is_compressed;
    DaemonRoundsRequest *request; /* NULL: it is answered, or taken back */
    GBytes *body;                 /* NULL: there is none, see @error; if that is NULL too, it was
                                     taken back */
    GError *error;
};

void
daemon_http_scrape_init(DaemonHttpScrapes *self, const DaemonHost *host,
                        OpenmetricsWriterNames names)
{
    *self = (DaemonHttpScrapes){.host = host, .names = names};
}

static void
forget(DaemonHttpScrapes *self)
{
    g_clear_pointer(&self->made.bytes, g_bytes_unref);
    self->made = (DaemonHttpScrapeMade){0};
    self->forget = sd_event_source_disable_unref(self->forget);
}

void
daemon_http_scrape_clear(DaemonHttpScrapes *self)
{
    forget(self);
}

static int
on_forget(sd_event_source *source, void *data)
{
    (void)source;
    forget(data);
    return 0;
}

/* KVM's statistics cost a QEMU as much as all else: they are asked for only if they are wanted. */
static DomstatsCallExtras
extras_of(const DaemonHttpQuery *query)
{
    return DOMSTATS_CALL_ABOUT | (query->with_ext ? DOMSTATS_CALL_EXT : 0) |
           (query->with_pss ? DOMSTATS_CALL_PSS : 0) |
           (query->with_kvm ? 0 : DOMSTATS_CALL_WITHOUT_KVM);
}

static DomstatsCall
make_call(const DaemonHttpScrape *self, unsigned int timeout_ms)
{
    bool has_domains = self->query.domains->len > 1;

    return (DomstatsCall){
        .domains =
            has_domains ? (const char *const *)(const void *)self->query.domains->pdata : NULL,
        .stats = self->query.stats != 0
                     ? self->query.stats
                     : openmetrics_writer_groups(self->scrapes->names, self->query.with_kvm),
        .timeout_ms = timeout_ms,
        .extras = extras_of(&self->query),
    };
}

static GBytes *
write_exposition(const DaemonHttpScrape *self, const DaemonRoundsAnswer *answer)
{
    const OpenmetricsWriterInput input = {
        .records = answer->records,
        .n_records = answer->n_records,
        .blind_spot = answer->blind_spot,
        .round_us = answer->round_us,
        .now_us = util_deadline_wall_us(),
        .version = self->scrapes->host->version,
        .names = self->scrapes->names,
        .dialect = self->format->dialect,
        .judged = self->query.stats != 0 ? 0 : openmetrics_writer_judged(),
        .with_kvm = self->query.with_kvm,
    };

    return openmetrics_writer_make(&input);
}

/* Kept until those who share the round are answered, which takes several turns of the loop. */
static void
keep(DaemonHttpScrapes *scrapes, const DaemonHttpScrapeMade *made)
{
    forget(scrapes);
    if (daemon_loop_add_idle(scrapes->host->loop, &scrapes->forget, on_forget, scrapes) < 0)
        return;
    (void)sd_event_source_set_enabled(scrapes->forget, SD_EVENT_ONESHOT);
    scrapes->made = *made;
    g_bytes_ref(made->bytes);
}

static GBytes *
get_exposition(const DaemonHttpScrape *self, const DaemonRoundsAnswer *answer)
{
    DaemonHttpScrapeMade *made = &self->scrapes->made;
    DaemonHttpScrapeMade wanted = {.begun_us = answer->begun_us,
                                   .stats = self->query.stats,
                                   .extras = self->query.with_ext,
                                   .with_kvm = self->query.with_kvm,
                                   .dialect = self->format->dialect};

    if (self->query.domains->len > 1)
        return write_exposition(self, answer);
    if (made->bytes != NULL && made->begun_us == wanted.begun_us && made->stats == wanted.stats &&
        made->extras == wanted.extras && made->with_kvm == wanted.with_kvm &&
        made->dialect == wanted.dialect)
        return g_bytes_ref(made->bytes);
    wanted.bytes = write_exposition(self, answer);
    keep(self->scrapes, &wanted);
    return wanted.bytes;
}

static void
on_done(const DaemonRoundsAnswer *answer, const GError *error, void *data)
{
    DaemonHttpScrape *self = data;

    self->request = NULL;
    if (error != NULL)
        self->error = g_error_copy(error);
    else
        self->body = get_exposition(self, answer);
    daemon_http_client_resume(self->client);
}

void
daemon_http_scrape_cancel(DaemonHttpScrape *self)
{
    if (self->request == NULL)
        return;
    daemon_rounds_cancel(self->request);
    self->request = NULL;
    daemon_http_client_resume(self->client);
}

static void
on_left(void *data)
{
    daemon_log(DAEMON_LOG_DEBUG, "a scraper has left before its round ended");
    daemon_http_scrape_cancel(data);
}

static enum MHD_Result
append_value(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const void *const *wanted = data;
    GString *list = (GString *)(uintptr_t)wanted[1];

    (void)kind;
    if (g_ascii_strcasecmp(name, wanted[0]) == 0)
        g_string_append_printf(list, "%s%s", list->len > 0 ? "," : "", value ? value : "");
    return MHD_YES;
}

/* The values of all headers called @name, as one list. */
static char *
get_list(struct MHD_Connection *connection, const char *name)
{
    GString *list = g_string_new(NULL);
    const void *wanted[] = {name, list};

    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, append_value, wanted);
    return g_string_free(list, FALSE);
}

static const DaemonHttpAcceptFormat *
get_format(struct MHD_Connection *connection)
{
    g_autofree char *accept = get_list(connection, MHD_HTTP_HEADER_ACCEPT);

    return daemon_http_accept_format(accept);
}

/* @take_response NULL: memory has run out. */
static enum MHD_Result
send_well(struct MHD_Connection *connection, const DaemonHttpAcceptFormat *format,
          struct MHD_Response *take_response)
{
    if (take_response != NULL) {
        (void)MHD_add_response_header(take_response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      format->content_type);
        (void)MHD_add_response_header(take_response, MHD_HTTP_HEADER_VARY, VARY);
    }
    return daemon_http_page_send(connection, MHD_HTTP_OK, take_response);
}

enum MHD_Result
daemon_http_scrape_send_head(const DaemonHttpClient *client, struct MHD_Connection *connection)
{
    g_autoptr(GError) error = NULL;
    DaemonHttpQuery query = {0};

    if (!daemon_http_query_parse(daemon_http_client_query(client), &query, &error))
        return daemon_http_page_send_text(connection, MHD_HTTP_BAD_REQUEST, error->message);
    daemon_http_query_clear(&query);
    return send_well(connection, get_format(connection), daemon_http_page_new_head());
}

static DaemonHttpScrape *
new_scrape(DaemonHttpScrapes *scrapes, DaemonHttpClient *client, struct MHD_Connection *connection,
           GError **error)
{
    DaemonHttpScrape *self = NULL;
    DaemonHttpQuery query = {0};
    g_autofree char *encoding = get_list(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);

    if (!daemon_http_query_parse(daemon_http_client_query(client), &query, error))
        return NULL;
    self = g_new0(DaemonHttpScrape, 1);
    self->scrapes = scrapes;
    self->client = client;
    self->query = query;
    self->format = get_format(connection);
    self->is_compressed = daemon_http_accept_gzip(encoding);
    scrapes->n_scrapes++;
    return self;
}

enum MHD_Result
daemon_http_scrape_begin(DaemonHttpScrapes *scrapes, DaemonHttpClient *client,
                         struct MHD_Connection *connection, DaemonHttpScrape **ret_scrape)
{
    const char *waits = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                    "X-Prometheus-Scrape-Timeout-Seconds");
    g_autoptr(GError) error = NULL;
    DaemonHttpScrape *self = NULL;
    DomstatsCall call = {0};

    *ret_scrape = NULL;
    if (scrapes->n_scrapes >= DAEMON_LIMIT_HTTP_SCRAPES) {
        daemon_log_refusal("a scraper is told to come later: %u are served", scrapes->n_scrapes);
        return daemon_http_page_send_with(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                                          "too many scrapes are under way",
                                          MHD_HTTP_HEADER_RETRY_AFTER, RETRY_SECONDS);
    }
    self = new_scrape(scrapes, client, connection, &error);
    if (self == NULL)
        return daemon_http_page_send_text(connection, MHD_HTTP_BAD_REQUEST, error->message);
    call = make_call(self, daemon_http_query_timeout_ms(waits, scrapes->host->timeout_ms));
    *ret_scrape = self;
    daemon_http_client_suspend(client, on_left, self);
    self->request = daemon_rounds_ask(scrapes->host->rounds, &call, on_done, self);
    return MHD_YES;
}

static enum MHD_Result
send_error(const DaemonHttpScrape *self, struct MHD_Connection *connection)
{
    unsigned int status = MHD_HTTP_INTERNAL_SERVER_ERROR;

    if (g_error_matches(self->error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG))
        status = MHD_HTTP_BAD_REQUEST;
    if (g_error_matches(self->error, DOMSTATS_ERROR, DOMSTATS_ERROR_TIMEOUT))
        status = MHD_HTTP_SERVICE_UNAVAILABLE;
    return daemon_http_page_send_text(connection, status, self->error->message);
}

enum MHD_Result
daemon_http_scrape_finish(DaemonHttpScrape *self, struct MHD_Connection *connection)
{
    struct MHD_Response *response = NULL;

    if (self->error != NULL)
        return send_error(self, connection);
    if (self->body == NULL)
        return MHD_NO;
    response = daemon_http_body_new(self->body, self->is_compressed);
    g_clear_pointer(&self->body, g_bytes_unref);
    return send_well(connection, self->format, response);
}

void
daemon_http_scrape_free(DaemonHttpScrape *self)
{
    if (self == NULL)
        return;
    if (self->request != NULL)
        daemon_rounds_cancel(self->request);
    self->scrapes->n_scrapes--;
    daemon_http_query_clear(&self->query);
    g_clear_pointer(&self->body, g_bytes_unref);
    g_clear_error(&self->error);
    g_free(self);
}
