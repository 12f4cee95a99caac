/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_asker: see top_asker.h.
 *
 * How it works
 *
 * The thread runs a round without holding the lock, puts the result into a list, writes to the
 * eventfd and waits for the time of the next round, or for a wish: another delay, a hurry, a pause,
 * the end. The screen's thread takes results and states wishes under the lock.
 */
#include "top_asker.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/util_deadline.h"
#include "util/util_fd.h"
#include "util/util_thread.h"

#define MOST_WAITING 8
#define STATS                                                                                      \
    (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |              \
     VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK)

struct TopAsker {
    DomstatsConn *conn;
    GThread *thread;
    UtilFd fd;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    TopAskerCall call;
    GArray *results;  /* TopAskerResult, the oldest first */
    int64_t began_us; /* the round that runs; 0: none does */
    bool is_paused;
    bool is_hurried;
    bool is_ending;
    bool has_ended;
};

TopSample *
top_asker_run(DomstatsConn *conn, const TopAskerCall *call, GError **error)
{
    unsigned int timeout_ms = call->timeout_ms;
    TopSampleTimes times = {.began_us = util_deadline_now_us()};
    DomstatsRecord **records = NULL;
    TopSample *sample = NULL;
    TopHost host = {0};
    int n = 0;

    if (timeout_ms == 0)
        timeout_ms = DOMSTATS_DEFAULT_TIMEOUT_MS;
    timeout_ms = MIN(timeout_ms, call->delay_ms);
    const DomstatsCall wanted = {
        .domains = call->domains,
        .stats = STATS,
        .flags = call->flags,
        .timeout_ms = timeout_ms,
        .extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_WITHOUT_KVM,
    };
    n = domstats_get_stats(conn, &wanted, &records, error);
    if (n < 0)
        return NULL;
    times.ended_us = util_deadline_now_us();
    times.wall_us = util_deadline_wall_us();
    top_host_read(&host);
    sample = top_sample_new(records, (size_t)n, &times, &host, domstats_get_blind_spot(conn));
    domstats_record_list_free(records);
    return sample;
}

static void
clear_result(void *data)
{
    TopAskerResult *result = data;

    top_sample_unref(result->sample);
    g_free(result->error);
}

/* Called with the lock held. */
static void
put_result(TopAsker *self, TopAskerResult result)
{
    const uint64_t one = 1;

    if (self->results->len >= MOST_WAITING)
        g_array_remove_index(self->results, 0);
    g_array_append_val(self->results, result);
    /* An eventfd takes it at once. */
    if (write(self->fd, &one, sizeof(one)) < 0)
        g_assert_not_reached();
}

/* Waits for the time of the next round. False if there is none, as the end is wanted. Called with
 * the lock held. */
static bool
wait_for_turn(TopAsker *self, int64_t began_us)
{
    while (!self->is_ending) {
        int64_t at_us = began_us + (int64_t)self->call.delay_ms * 1000;
        const UtilDeadline turn = {at_us};

        if (self->is_hurried || (!self->is_paused && util_deadline_has_passed(turn)))
            break;
        if (self->is_paused)
            pthread_cond_wait(&self->changed, &self->lock);
        else
            (void)util_deadline_wait_cond(turn, &self->changed, &self->lock);
    }
    self->is_hurried = false;
    return !self->is_ending;
}

static void *
run(void *data)
{
    TopAsker *self = data;
    int64_t began_us = 0;

    pthread_mutex_lock(&self->lock);
    do {
        const TopAskerCall call = self->call;
        g_autoptr(GError) error = NULL;
        TopAskerResult result = {0};

        began_us = util_deadline_now_us();
        self->began_us = began_us;
        pthread_mutex_unlock(&self->lock);
        result.sample = top_asker_run(self->conn, &call, &error);
        if (result.sample == NULL)
            result.error = g_strdup(error->message);
        pthread_mutex_lock(&self->lock);
        self->began_us = 0;
        put_result(self, result);
    } while (wait_for_turn(self, began_us));
    self->has_ended = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static void
free_all(TopAsker *self)
{
    g_array_unref(self->results);
    util_fd_clear(&self->fd);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

TopAsker *
top_asker_new(DomstatsConn *conn, const TopAskerCall *call, GError **error)
{
    TopAsker *self = g_new0(TopAsker, 1);

    self->conn = conn;
    self->call = *call;
    self->results = g_array_new(FALSE, FALSE, sizeof(TopAskerResult));
    g_array_set_clear_func(self->results, clear_result);
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->changed);
    self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->fd >= 0)
        self->thread = util_thread_start("top rounds", run, self);
    if (self->thread != NULL)
        return self;
    free_all(self);
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM,
                "the system gives no thread or descriptor");
    return NULL;
}

/* The thread ends after the round that runs. */
static void
ask_to_end(TopAsker *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_ending = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

bool
top_asker_end(TopAsker *self, unsigned int timeout_ms)
{
    UtilDeadline deadline = util_deadline_in_ms(timeout_ms);
    bool has_ended = false;

    ask_to_end(self);
    pthread_mutex_lock(&self->lock);
    while (!self->has_ended && !util_deadline_has_passed(deadline))
        (void)util_deadline_wait_cond(deadline, &self->changed, &self->lock);
    has_ended = self->has_ended;
    pthread_mutex_unlock(&self->lock);
    return has_ended;
}

void
top_asker_free(TopAsker *self)
{
    if (self == NULL)
        return;
    ask_to_end(self);
    (void)g_thread_join(self->thread);
    free_all(self);
}

int64_t
top_asker_began_us(TopAsker *self)
{
    int64_t began_us = 0;

    pthread_mutex_lock(&self->lock);
    began_us = self->began_us;
    pthread_mutex_unlock(&self->lock);
    return began_us;
}

int
top_asker_fd(const TopAsker *self)
{
    return self->fd;
}

bool
top_asker_take(TopAsker *self, TopAskerResult *ret_result)
{
    uint64_t n = 0;
    bool has_one = false;

    pthread_mutex_lock(&self->lock);
    has_one = self->results->len > 0;
    if (has_one) {
        *ret_result = g_array_index(self->results, TopAskerResult, 0);
        g_array_index(self->results, TopAskerResult, 0) = (TopAskerResult){0};
        g_array_remove_index(self->results, 0);
    }
    /* It can be read until the last result is taken. */
    if (self->results->len == 0)
        (void)!read(self->fd, &n, sizeof(n));
    pthread_mutex_unlock(&self->lock);
    return has_one;
}

void
top_asker_set_delay(TopAsker *self, unsigned int delay_ms)
{
    pthread_mutex_lock(&self->lock);
    self->call.delay_ms = delay_ms;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void
top_asker_hurry(TopAsker *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_hurried = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void
top_asker_set_paused(TopAsker *self, bool is_paused)
{
    pthread_mutex_lock(&self->lock);
    self->is_paused = is_paused;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}
