/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http: see daemon_http.h.
 *
 * How it works
 *
 *   - each listening socket has a *server*: a daemon of libmicrohttpd, whose epoll descriptor and
 *     next timeout are events of the loop
 *   - a request runs through `handle`, which the library calls when the head is there, once more
 *     when a body has ended, and again when a scrape that waited is resumed
 *   - new certificates need a new daemon of the library: it is begun on the same socket, and the
 *     one before it accepts nobody any more and is stopped when its last client has left
 */
#include "daemon_http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon_http_client.h"
#include "daemon_http_page.h"
#include "daemon_http_scrape.h"
#include "daemon_http_tls.h"
#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum { US_PER_MS = 1000, MS_PER_SECOND = 1000 };

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

typedef struct {
    DaemonHttp *http;
    UtilFd fd; /* the listening socket; the library has a copy */
    bool is_tls;
    bool needs_client_cert;
    bool is_stopped; /* accepts nobody any more */
    struct MHD_Daemon *daemon;
    sd_event_source *io;
    sd_event_source *timer;
    sd_event_source *again; /* a connection was resumed */
} Server;

struct DaemonHttp {
    const DaemonHttpOptions *options;
    const DaemonHost *host;
    DaemonHttpTls tls;
    DaemonHttpScrapes scrapes;
    GPtrArray *servers;  /* Server *, owned */
    GHashTable *waiting; /* DaemonHttpScrape *: all there are */
    bool is_ending;      /* no scrape begins any more */
};

/* A connection. */
typedef struct {
    Server *server;
    DaemonHttpClient *client;
    DaemonHttpScrape *scrape; /* of its present request; NULL: none */
    bool is_past_head;        /* of its present request */
} Connection;

static Connection *
connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static enum MHD_Result
begin_scrape(Connection *self, struct MHD_Connection *connection, bool is_head)
{
    DaemonHttp *http = self->server->http;
    enum MHD_Result result = MHD_NO;

    if (http->is_ending)
        return MHD_NO;
    if (is_head)
        return daemon_http_scrape_send_head(self->client, connection);
    result = daemon_http_scrape_begin(&http->scrapes, self->client, connection, &self->scrape);
    if (self->scrape != NULL)
        g_hash_table_add(http->waiting, self->scrape);
    return result;
}

/* The path of a URL that has a scheme and a host before it, as for a proxy; HTTP/1.1 wants that to
 * be understood. */
static const char *
find_path(const char *url)
{
    const char *host = url[0] != '/' ? strstr(url, "://") : NULL;
    const char *path = host != NULL ? strchr(host + strlen("://"), '/') : url;

    return path != NULL ? path : "/";
}

static enum MHD_Result
route(Connection *self, struct MHD_Connection *connection, const char *path, const char *method)
{
    bool is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    if (self->server->needs_client_cert && !daemon_http_tls_check_client(connection)) {
        daemon_log_refusal("a scraper has no certificate of the authority");
        return daemon_http_page_send_text(connection, MHD_HTTP_FORBIDDEN,
                                          "a certificate of this server's authority is needed");
    }
    if (!is_head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return daemon_http_page_send_with(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                                          "GET and HEAD are served", MHD_HTTP_HEADER_ALLOW,
                                          "GET, HEAD");
    if (strcmp(path, "/metrics") == 0)
        return begin_scrape(self, connection, is_head);
    if (strcmp(path, "/-/healthy") == 0)
        return daemon_http_page_send_text(connection, MHD_HTTP_OK, "ok");
    if (strcmp(path, "/") == 0)
        return daemon_http_page_send_landing(connection, self->server->http->host->version);
    return daemon_http_page_send_text(connection, MHD_HTTP_NOT_FOUND, "there is nothing here");
}

static enum MHD_Result
handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
       const char *version, const char *upload, size_t *n_upload, void **request)
{
    Connection *self = connection_of(connection);

    (void)data;
    (void)version;
    (void)upload;
    if (self == NULL)
        return MHD_NO;
    *request = self;
    if (!self->is_past_head) {
        self->is_past_head = true;
        return MHD_YES;
    }
    if (*n_upload > 0) {
        bool is_bearable = daemon_http_client_add_upload(self->client, *n_upload);

        *n_upload = 0;
        return is_bearable ? MHD_YES : MHD_NO;
    }
    daemon_http_client_set_limit(self->client, DAEMON_LIMIT_HTTP_SEND_MS);
    return self->scrape != NULL ? daemon_http_scrape_finish(self->scrape, connection)
                                : route(self, connection, find_path(path), method);
}

/* Called with each request's URL as it came, before its head is read further. The limit also ends
 * requests that the library leaves unanswered: with more parameters than its memory has room for.
 */
static void *
on_url(void *data, const char *url, struct MHD_Connection *connection)
{
    Connection *self = connection_of(connection);
    const char *query = strchr(url, '?');

    (void)data;
    if (self != NULL) {
        self->is_past_head = false;
        daemon_http_client_set_query(self->client, query ? query + 1 : NULL);
        daemon_http_client_set_limit(self->client, DAEMON_LIMIT_REQUEST_MS);
    }
    return NULL;
}

static void
end_request(Connection *self)
{
    if (self->scrape != NULL) {
        g_hash_table_remove(self->server->http->waiting, self->scrape);
        daemon_http_scrape_free(self->scrape);
        self->scrape = NULL;
    }
    self->is_past_head = false;
}

static void
on_completed(void *data, struct MHD_Connection *connection, void **request,
             enum MHD_RequestTerminationCode how)
{
    Connection *self = connection_of(connection);

    (void)data;
    (void)how;
    *request = NULL;
    if (self == NULL)
        return;
    end_request(self);
    daemon_http_client_set_limit(self->client, DAEMON_LIMIT_HTTP_IDLE_MS);
}

static void
on_connection(void *data, struct MHD_Connection *connection, void **context,
              enum MHD_ConnectionNotificationCode what)
{
    Connection *self = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        self = g_new0(Connection, 1);
        self->server = data;
        self->client =
            daemon_http_client_new(connection, self->server->http->host->loop, self->server->again);
        *context = self;
    } else if (self != NULL) {
        end_request(self);
        daemon_http_client_free(self->client);
        g_free(self);
        *context = NULL;
    }
}

G_GNUC_PRINTF(2, 0)
static void
on_log(void *data, const char *format, va_list arguments)
{
    g_autofree char *line = g_strdup_vprintf(format, arguments);

    (void)data;
    daemon_log(DAEMON_LOG_DEBUG, "http: %s", g_strchomp(line));
}

/* Accepts nobody any more. @self is freed in a later turn of the loop if it has no client. */
static void
stop_server(Server *self)
{
    if (self->is_stopped)
        return;
    self->is_stopped = true;
    util_fd_clear(&self->fd);
    if (self->daemon != NULL) {
        g_auto(UtilFd) copy = MHD_quiesce_daemon(self->daemon);

        (void)copy;
    }
    if (self->timer != NULL)
        daemon_loop_set_timer(self->timer, 0);
}

static void
free_server(gpointer data)
{
    Server *self = data;

    self->io = sd_event_source_disable_unref(self->io);
    self->timer = sd_event_source_disable_unref(self->timer);
    stop_server(self);
    if (self->daemon != NULL)
        MHD_stop_daemon(self->daemon);
    self->again = sd_event_source_disable_unref(self->again);
    g_free(self);
}

static bool
has_left(const Server *self)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return self->is_stopped && info != NULL && info->num_connections == 0;
}

/* Lets the library do what can be done now, and says when it must be called next. */
static void
run(Server *self)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;

    (void)MHD_run(self->daemon);
    if (MHD_get_timeout(self->daemon, &timeout_ms) == MHD_YES)
        daemon_loop_set_timer(self->timer,
                              util_deadline_now_us() + (int64_t)timeout_ms * US_PER_MS);
    else
        (void)sd_event_source_set_enabled(self->timer, SD_EVENT_OFF);
    if (has_left(self))
        g_ptr_array_remove_fast(self->http->servers, self);
}

static int
on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
    (void)source;
    (void)fd;
    (void)events;
    run(data);
    return 0;
}

static int
on_timer(sd_event_source *source, uint64_t at_us, void *data)
{
    (void)source;
    (void)at_us;
    run(data);
    return 0;
}

static int
on_again(sd_event_source *source, void *data)
{
    (void)source;
    run(data);
    return 0;
}

static bool
is_unix(int fd)
{
    int domain = 0;
    socklen_t size = sizeof(domain);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

static bool
fail(GError **error, const char *why)
{
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot serve metrics: %s", why);
    return false;
}

static bool
start_daemon(Server *self, const DaemonHttpTls *tls, int take_fd, GError **error)
{
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    const struct MHD_OptionItem with_tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {tls->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, tls->client_ca},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem without[] = {{MHD_OPTION_END, 0, NULL}};

    self->daemon = MHD_start_daemon(
        self->is_tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, handle, self,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, take_fd,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)DAEMON_LIMIT_HTTP_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned int)DAEMON_LIMIT_HTTP_CONNECTIONS_PER_PEER, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)DAEMON_LIMIT_HTTP_HEAD_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)DAEMON_LIMIT_HTTP_IDLE_MS / MS_PER_SECOND, MHD_OPTION_URI_LOG_CALLBACK,
        on_url, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, self, MHD_OPTION_ARRAY, self->is_tls ? with_tls : without, MHD_OPTION_END);
    if (self->daemon != NULL)
        return true;
    (void)close(take_fd);
    return fail(error, self->is_tls ? "the HTTP library refuses, perhaps the certificates"
                                    : "the HTTP library refuses");
}

static bool
add_events(Server *self, GError **error)
{
    sd_event *loop = self->http->host->loop;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info == NULL ||
        sd_event_add_io(loop, &self->io, info->epoll_fd, EPOLLIN, on_io, self) < 0 ||
        sd_event_add_time(loop, &self->timer, CLOCK_MONOTONIC, 0, 1, on_timer, self) < 0 ||
        sd_event_add_defer(loop, &self->again, on_again, self) < 0)
        return fail(error, "the loop takes no events of the HTTP library");
    return true;
}

/* @fd is copied. */
static bool
add_server(DaemonHttp *self, const DaemonHttpTls *tls, int fd, GError **error)
{
    Server *server = g_new0(Server, 1);
    int copy = -1; /* taken by start_daemon() */

    server->http = self;
    server->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (server->fd >= 0)
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    server->is_tls = tls->cert != NULL && !is_unix(fd);
    server->needs_client_cert = server->is_tls && tls->client_ca != NULL;
    if (copy < 0 || !start_daemon(server, tls, copy, error) || !add_events(server, error)) {
        if (error != NULL && *error == NULL)
            (void)fail(error, g_strerror(errno));
        free_server(server);
        return false;
    }
    g_ptr_array_add(self->servers, server);
    return true;
}

DaemonHttp *
daemon_http_new(const DaemonHttpOptions *options, const DaemonHost *host, GError **error)
{
    DaemonHttp *self = NULL;
    OpenmetricsWriterNames names = OPENMETRICS_WRITER_NAMES_DOMSTATS;
    DaemonHttpTls tls = {0};

    if (options->names != NULL && !openmetrics_writer_parse_names(options->names, &names)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--names' wants domstats, libvirt or kumina, not '%s'", options->names);
        return NULL;
    }
    if (!daemon_http_tls_read(options->tls_cert, options->tls_key, options->tls_client_ca, &tls,
                              error))
        return NULL;
    self = g_new0(DaemonHttp, 1);
    self->options = options;
    self->host = host;
    self->tls = tls;
    self->servers = g_ptr_array_new_with_free_func(free_server);
    self->waiting = g_hash_table_new(NULL, NULL);
    daemon_http_scrape_init(&self->scrapes, host, names);
    return self;
}

/* The library cannot be stopped while a connection is suspended. Those that are resumed, and
 * others, may have the next request here already. */
static void
cancel_all(DaemonHttp *self)
{
    g_autoptr(GList) scrapes = g_hash_table_get_keys(self->waiting);

    self->is_ending = true;
    for (const GList *at = scrapes; at != NULL; at = at->next)
        daemon_http_scrape_cancel(at->data);
    for (guint i = 0; i < self->servers->len; i++)
        (void)MHD_run(((Server *)g_ptr_array_index(self->servers, i))->daemon);
}

void
daemon_http_free(DaemonHttp *self)
{
    if (self == NULL)
        return;
    cancel_all(self);
    g_ptr_array_unref(self->servers);
    daemon_http_scrape_clear(&self->scrapes);
    g_hash_table_unref(self->waiting);
    daemon_http_tls_clear(&self->tls);
    g_free(self);
}

bool
daemon_http_listen(DaemonHttp *self, int take_fd, GError **error)
{
    g_auto(UtilFd) fd = take_fd;

    return add_server(self, &self->tls, fd, error);
}

bool
daemon_http_reload(DaemonHttp *self, GError **error)
{
    const DaemonHttpOptions *options = self->options;
    DaemonHttpTls tls = {0};
    guint n_before = self->servers->len;

    if (options->tls_cert == NULL)
        return true;
    if (!daemon_http_tls_read(options->tls_cert, options->tls_key, options->tls_client_ca, &tls,
                              error))
        return false;
    for (guint i = 0; i < n_before; i++) {
        Server *server = g_ptr_array_index(self->servers, i);

        if (!server->is_tls || server->is_stopped)
            continue;
        if (!add_server(self, &tls, server->fd, error)) {
            daemon_http_tls_clear(&tls);
            return false;
        }
        stop_server(server);
    }
    daemon_http_tls_clear(&self->tls);
    self->tls = tls;
    return true;
}

void
daemon_http_stop(DaemonHttp *self)
{
    for (guint i = 0; i < self->servers->len; i++)
        stop_server(g_ptr_array_index(self->servers, i));
}

unsigned int
daemon_http_n_scrapes(const DaemonHttp *self)
{
    return self->scrapes.n_scrapes;
}
