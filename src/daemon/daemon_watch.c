/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_watch: see daemon_watch.h.
 *
 * Its own rounds ask for the run states alone, and do not wait for domains that are known to be
 * stuck. One is under way at a time; if a monitor sends something meanwhile, another one follows.
 */
#include "daemon_watch.h"

#include "daemon_changes.h"
#include "daemon_limits.h"
#include "daemon_loop.h"
#include "util/util_deadline.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000 };

struct DaemonWatchListener {
    DaemonWatchTell tell;
    void *data;
};

struct DaemonWatch {
    DaemonRounds *rounds;
    unsigned int interval_s;
    sd_event_source *timer;
    GPtrArray *listeners;         /* DaemonWatchListener, owned */
    DaemonChanges *changes;       /* NULL: nobody listens */
    DaemonRoundsRequest *request; /* of our own; NULL: none is under way */
    bool has_news;                /* that came while one was under way */
    int64_t asked_us;             /* when the last of our own was asked for */
};

static void
set_timer(DaemonWatch *self, int64_t in_us)
{
    daemon_loop_set_timer(self->timer, util_deadline_now_us() + in_us);
}

/* A guest can make its QEMU send events without end; so looks have a distance from each other. */
static void
look_soon(DaemonWatch *self)
{
    int64_t next_us =
        self->asked_us + (int64_t)DAEMON_LIMIT_WATCH_PAUSE_MS * US_PER_MS - util_deadline_now_us();

    self->has_news = self->request != NULL;
    if (self->changes != NULL && self->request == NULL)
        set_timer(self, MAX(next_us, 0));
}

static void
on_done(const DaemonRoundsAnswer *answer, const GError *error, void *data)
{
    DaemonWatch *self = data;

    (void)answer; /* has been compared: on_ended() has all rounds */
    (void)error;
    self->request = NULL;
    if (self->has_news)
        look_soon(self);
}

static void
ask(DaemonWatch *self)
{
    const DomstatsCall call = {.stats = VIR_DOMAIN_STATS_STATE,
                               .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT};

    if (self->request != NULL)
        return;
    self->has_news = false;
    self->asked_us = util_deadline_now_us();
    self->request = daemon_rounds_ask(self->rounds, &call, on_done, self);
}

static int
on_timer(sd_event_source *source, uint64_t at_us, void *data)
{
    DaemonWatch *self = data;

    (void)source;
    (void)at_us;
    ask(self);
    set_timer(self, (int64_t)self->interval_s * US_PER_S);
    return 0;
}

static void
on_news(void *data)
{
    look_soon(data);
}

static void
on_ended(const DomstatsCall *call, const DaemonRoundsAnswer *answer, void *data)
{
    DaemonWatch *self = data;

    if (self->changes != NULL)
        daemon_changes_take(self->changes, call, answer);
}

static void
on_change(const char *name, const char *uuid, int id, int event, int detail, void *data)
{
    DaemonWatch *self = data;
    const DaemonWatchEvent told = {
        .name = name, .uuid = uuid, .id = id, .event = event, .detail = detail};

    for (guint i = 0; i < self->listeners->len; i++) {
        const DaemonWatchListener *listener = g_ptr_array_index(self->listeners, i);

        listener->tell(&told, listener->data);
    }
}

DaemonWatch *
daemon_watch_new(DaemonRounds *rounds, sd_event *loop, unsigned int interval_s)
{
    static const DaemonRoundsWatcher watcher = {.has_news = on_news, .ended = on_ended};
    DaemonWatch *self = g_new0(DaemonWatch, 1);

    self->rounds = rounds;
    self->interval_s = MAX(interval_s, 1);
    self->listeners = g_ptr_array_new_with_free_func(g_free);
    if (sd_event_add_time(loop, &self->timer, CLOCK_MONOTONIC, 0, 0, on_timer, self) >= 0)
        (void)sd_event_source_set_enabled(self->timer, SD_EVENT_OFF);
    daemon_rounds_watch(rounds, &watcher, self);
    return self;
}

void
daemon_watch_free(DaemonWatch *self)
{
    if (self == NULL)
        return;
    daemon_rounds_watch(self->rounds, NULL, NULL);
    if (self->request != NULL)
        daemon_rounds_cancel(self->request);
    sd_event_source_disable_unref(self->timer);
    daemon_changes_free(self->changes);
    g_ptr_array_unref(self->listeners);
    g_free(self);
}

DaemonWatchListener *
daemon_watch_add(DaemonWatch *self, DaemonWatchTell tell, void *data)
{
    DaemonWatchListener *listener = g_new0(DaemonWatchListener, 1);

    listener->tell = tell;
    listener->data = data;
    g_ptr_array_add(self->listeners, listener);
    if (self->changes != NULL)
        return listener;
    self->changes = daemon_changes_new(on_change, self);
    ask(self);
    set_timer(self, (int64_t)self->interval_s * US_PER_S);
    return listener;
}

void
daemon_watch_remove(DaemonWatch *self, DaemonWatchListener *listener)
{
    g_ptr_array_remove(self->listeners, listener);
    if (self->listeners->len > 0)
        return;
    (void)sd_event_source_set_enabled(self->timer, SD_EVENT_OFF);
    if (self->request != NULL)
        daemon_rounds_cancel(self->request);
    self->request = NULL;
    self->has_news = false;
    g_clear_pointer(&self->changes, daemon_changes_free);
}
