/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_program: see daemon_program.h.
 *
 * How it works
 *
 *   1. open the sockets, those named and those that systemd hands over; one that cannot be had ends
 *      the program before anything is served
 *   2. open the source; make the rounds, and the servers on them; tell systemd
 *   3. the loop runs until a signal: SIGHUP reads the certificates anew, and opens the source anew
 *      on a thread; SIGTERM and SIGINT end it
 *   4. the end: nobody is accepted, idle clients are hung up on, calls under way are answered for
 *      ENDING_MS; then what is left is closed, and the files of the sockets are removed
 */
#include "daemon_program.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon_host.h"
#include "daemon_interfaces.h"
#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "daemon_notify.h"
#include "daemon_opening.h"
#include "daemon_places.h"
#include "daemon_server.h"
#include "util/util_deadline.h"

enum {
    US_PER_MS = 1000,
    LOOK_MS = 20,     /* between looks whether all clients have left */
    ENDING_MS = 1500, /* for calls under way when the program ends */
    CHECKING_MS = 5000,
};

typedef struct {
    const DaemonOptions *options;
    GPtrArray *listeners; /* DaemonListener *, owned */
    sd_event *loop;
    DaemonHost host;
    DaemonServer *server;
    DaemonInterfaces *interfaces;
    DaemonOpening *opening;  /* of the source, anew; NULL: none is under way */
    sd_event_source *ending; /* looks whether all clients have left */
    UtilDeadline ending_until;
} Program;

static void
free_listener(gpointer data)
{
    daemon_listener_free(data);
}

static DomstatsOptions
find_how(const DaemonOptions *options)
{
    return (DomstatsOptions){
        .timeout_ms = options->timeout_ms,
        .monitors = options->holds_monitors ? DOMSTATS_MONITORS_HOLD : DOMSTATS_MONITORS_DEFAULT,
        .libvirt = options->is_without_libvirt ? DOMSTATS_LIBVIRT_NEVER : DOMSTATS_LIBVIRT_DEFAULT,
        .libvirt_requests = options->libvirt_requests,
        .service = DOMSTATS_SERVICE_NEVER, /* this is the service */
    };
}

static DomstatsConn *
open_source(const DaemonOptions *options, GError **error)
{
    const DomstatsOptions how = find_how(options);

    return domstats_open(options->source, &how, error);
}

/* Whether the domains are those that a program sees which opens "auto" by itself. */
static bool
is_auto(const DaemonOptions *options)
{
    return (options->source == NULL || g_str_equal(options->source, "auto")) &&
           !options->is_without_libvirt;
}

static bool
open_listeners(Program *self, GError **error)
{
    const DaemonOptions *options = self->options;
    DaemonListenerRights rights = {0};
    g_autoptr(GArray) places = NULL;

    if (!daemon_listener_take_handed(self->listeners, error) ||
        !daemon_places_find_rights(options, &rights, error))
        return false;
    places = daemon_places_list(options, self->listeners->len > 0);
    for (guint i = 0; i < places->len; i++)
        if (!daemon_places_open(&g_array_index(places, DaemonPlaces, i), &rights, self->listeners,
                                error))
            return false;
    for (guint i = 0; i < self->listeners->len; i++)
        if (!daemon_places_check_tls(options, g_ptr_array_index(self->listeners, i), error))
            return false;
    return true;
}

static void
end_reload(const GError *error)
{
    if (error != NULL)
        daemon_log(DAEMON_LOG_ERROR, "the source stays as it was: %s", error->message);
    else
        daemon_log(DAEMON_LOG_INFO, "the source was opened anew");
    daemon_notify_ready("Serving");
}

static void
on_opened(DomstatsConn *take_conn, const GError *error, void *data)
{
    Program *self = data;
    g_autoptr(GError) inner = NULL;

    g_clear_pointer(&self->opening, daemon_opening_free);
    if (take_conn != NULL && !daemon_rounds_reopen(self->host.rounds, take_conn, &inner))
        error = inner;
    end_reload(error);
}

static void
reload_certificates(Program *self)
{
    g_autoptr(GError) error = NULL;

    if (self->options->tls_cert == NULL)
        return;
    if (daemon_interfaces_reload(self->interfaces, &error))
        daemon_log(DAEMON_LOG_INFO, "the certificates were read anew");
    else
        daemon_log(DAEMON_LOG_ERROR, "the certificates stay as they were: %s", error->message);
}

/* A source that is being opened is as new as one that would be opened now. */
static void
reload(Program *self)
{
    const DomstatsOptions how = find_how(self->options);
    g_autoptr(GError) error = NULL;

    if (self->ending != NULL)
        return;
    daemon_notify_reloading();
    reload_certificates(self);
    if (self->opening == NULL)
        self->opening =
            daemon_opening_start(self->options->source, &how, self->loop, on_opened, self, &error);
    if (self->opening == NULL)
        end_reload(error);
}

static int
on_ending(sd_event_source *source, uint64_t at_us, void *data)
{
    Program *self = data;

    (void)at_us;
    if (util_deadline_has_passed(self->ending_until) ||
        (daemon_server_n_clients(self->server) == 0 &&
         !daemon_interfaces_is_busy(self->interfaces) && !daemon_rounds_is_busy(self->host.rounds)))
        return sd_event_exit(self->loop, 0);
    daemon_loop_set_timer(source, util_deadline_now_us() + (int64_t)LOOK_MS * US_PER_MS);
    return 0;
}

static void
end(Program *self)
{
    if (self->ending != NULL) { /* told a second time */
        (void)sd_event_exit(self->loop, 0);
        return;
    }
    daemon_log(DAEMON_LOG_INFO, "ending");
    daemon_notify_stopping();
    g_clear_pointer(&self->opening, daemon_opening_free);
    daemon_interfaces_stop(self->interfaces);
    daemon_server_stop(self->server);
    self->ending_until = util_deadline_in_ms(ENDING_MS);
    if (sd_event_add_time(self->loop, &self->ending, CLOCK_MONOTONIC, 0, 1, on_ending, self) < 0)
        (void)sd_event_exit(self->loop, 0);
}

static int
on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
    Program *self = data;

    (void)source;
    if (info->ssi_signo == SIGHUP)
        reload(self);
    else
        end(self);
    return 0;
}

static bool
add_signals(Program *self, GError **error)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        int result = sd_event_add_signal(self->loop, NULL, numbers[i], on_signal, self);

        if (result < 0) {
            g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot wait for signals: %s",
                        g_strerror(-result));
            return false;
        }
    }
    return true;
}

static bool
serve_all(Program *self, GError **error)
{
    for (guint i = 0; i < self->listeners->len; i++) {
        DaemonListener *listener = g_ptr_array_index(self->listeners, i);

        if (!daemon_interfaces_serve(self->interfaces, self->server, listener, error))
            return false;
        daemon_log(DAEMON_LOG_INFO, "serving %s at %s", daemon_listener_kind_name(listener->kind),
                   listener->text);
    }
    return true;
}

static bool
open_loop(Program *self, GError **error)
{
    int result = sd_event_default(&self->loop);

    if (result < 0)
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "there is no loop: %s",
                    g_strerror(-result));
    return result >= 0;
}

/* Makes all that answers clients, on @take_conn; none can connect yet. */
static bool
make_servers(Program *self, DomstatsConn *take_conn, GError **error)
{
    const DaemonOptions *options = self->options;

    self->host = (DaemonHost){.loop = self->loop,
                              .version = DOMSTATS_VERSION,
                              .started_us = util_deadline_wall_us(),
                              .timeout_ms = options->timeout_ms,
                              .events_interval_s = options->events_interval_s,
                              .is_auto = is_auto(options)};
    self->host.rounds = daemon_rounds_new(take_conn, options->timeout_ms, self->loop, error);
    if (self->host.rounds == NULL)
        return false;
    self->server = daemon_server_new(self->loop, &self->host);
    self->interfaces = daemon_interfaces_new(&self->host, options, error);
    return self->interfaces != NULL;
}

static bool
prepare(Program *self, GError **error)
{
    DomstatsConn *conn = NULL;

    if (!open_listeners(self, error) || !open_loop(self, error))
        return false;
    conn = open_source(self->options, error);
    return conn != NULL && make_servers(self, conn, error) && add_signals(self, error) &&
           serve_all(self, error);
}

static void
remove_files(const Program *self)
{
    for (guint i = 0; i < self->listeners->len; i++)
        daemon_listener_remove(g_ptr_array_index(self->listeners, i));
}

/* A round that a domain holds up may last as long as its deadline; the end does not wait for it. */
static void
leave_at_once(const Program *self)
{
    if (self->host.rounds == NULL || !daemon_rounds_is_busy(self->host.rounds))
        return;
    (void)fflush(NULL);
    _exit(0);
}

static void
clear(Program *self)
{
    daemon_opening_free(self->opening);
    daemon_server_free(self->server);
    daemon_interfaces_free(self->interfaces);
    remove_files(self);
    leave_at_once(self);
    sd_event_source_disable_unref(self->ending);
    daemon_rounds_free(self->host.rounds);
    sd_event_unref(self->loop);
    g_ptr_array_unref(self->listeners);
}

bool
daemon_program_run(const DaemonOptions *options, GError **error)
{
    Program self = {.options = options, .listeners = g_ptr_array_new_with_free_func(free_listener)};
    bool is_ready = prepare(&self, error);

    if (is_ready) {
        daemon_notify_watchdog(self.loop);
        daemon_notify_ready("Serving");
        (void)sd_event_loop(self.loop);
    }
    clear(&self);
    return is_ready;
}

static bool
say(const char *kind, const char *what, const GError *error)
{
    printf("%s %s: %s\n", kind, what, error ? error->message : "can be served");
    return error == NULL;
}

/* Opens one place, says how that went, and closes it. */
static bool
check_place(const DaemonOptions *options, const DaemonPlaces *place,
            const DaemonListenerRights *rights)
{
    g_autoptr(GPtrArray) listeners = g_ptr_array_new_with_free_func(free_listener);
    g_autoptr(GError) error = NULL;

    if (daemon_places_open(place, rights, listeners, &error))
        for (guint i = 0; i < listeners->len && error == NULL; i++)
            (void)daemon_places_check_tls(options, g_ptr_array_index(listeners, i), &error);
    for (guint i = 0; i < listeners->len; i++)
        daemon_listener_remove(g_ptr_array_index(listeners, i));
    return say(daemon_listener_kind_name(place->kind), place->text, error);
}

/* Whether the names of metrics and the certificates are good. */
static bool
check_servers(const DaemonOptions *options, DomstatsConn *take_conn)
{
    Program self = {.options = options, .listeners = g_ptr_array_new_with_free_func(free_listener)};
    g_autoptr(GError) error = NULL;

    if (!open_loop(&self, &error))
        domstats_close(take_conn);
    else
        (void)make_servers(&self, take_conn, &error);
    clear(&self);
    return error == NULL || say("the", "options", error);
}

static bool
check_source(const DaemonOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DomstatsConn) conn = open_source(options, &error);
    g_autoptr(DomstatsRecordList) records = NULL;
    const char *source = options->source ? options->source : "auto";
    int n = -1;

    if (conn != NULL)
        n = domstats_get_all_domain_stats(conn, VIR_DOMAIN_STATS_STATE, 0, CHECKING_MS, &records,
                                          &error);
    if (n < 0)
        return say("source", source, error);
    printf("source %s: can be served, %d domains\n", source, n);
    if (domstats_get_blind_spot(conn) != NULL)
        printf("source %s: does not see everything: %s\n", source, domstats_get_blind_spot(conn));
    return check_servers(options, g_steal_pointer(&conn));
}

bool
daemon_program_check(const DaemonOptions *options)
{
    g_autoptr(GPtrArray) handed = g_ptr_array_new_with_free_func(free_listener);
    g_autoptr(GArray) places = NULL;
    g_autoptr(GError) error = NULL;
    DaemonListenerRights rights = {0};
    bool is_good = true;

    if (!daemon_listener_take_handed(handed, &error) ||
        !daemon_places_find_rights(options, &rights, &error))
        return say("the", "sockets", error);
    for (guint i = 0; i < handed->len; i++) {
        const DaemonListener *listener = g_ptr_array_index(handed, i);
        g_autoptr(GError) inner = NULL;

        (void)daemon_places_check_tls(options, listener, &inner);
        is_good &= say(daemon_listener_kind_name(listener->kind), listener->text, inner);
    }
    places = daemon_places_list(options, handed->len > 0);
    for (guint i = 0; i < places->len; i++)
        is_good &= check_place(options, &g_array_index(places, DaemonPlaces, i), &rights);
    is_good &= check_source(options);
    return is_good;
}
