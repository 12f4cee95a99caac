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

#include "top_slice.h"
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
    GPtrArray *results; /* TopSample *, the oldest first */
    size_t n_lost;      /* of those that nobody took */
    int64_t began_us;   /* the round that runs; 0: none does */
    bool is_paused;
    bool is_hurried;
    bool is_ending;
    bool has_ended;
};

unsigned int
top_asker_timeout_ms(const TopAskerCall *call)
{
    unsigned int most_ms = MIN(call->delay_ms, DOMSTATS_DEFAULT_TIMEOUT_MS);

    return call->timeout_ms != 0 ? MIN(call->timeout_ms, most_ms) : most_ms;
}

/* Ends @times, and gives what the host tells then. */
static TopHost
end_times(TopSampleTimes *times)
{
    TopHost host = {0};

    times->ended_us = util_deadline_now_us();
    times->wall_us = util_deadline_wall_us();
    top_host_read(&host);
    return host;
}

/* Before anybody else has the sample. */
static void
tell_slices(TopSample *sample)
{
    for (guint i = 0; i < sample->domains->len; i++) {
        TopSampleDomain *domain = g_ptr_array_index(sample->domains, i);
        g_autofree char *slice = top_slice_read(domain->pid, domain->start_ticks);

        top_sample_domain_set_slice(domain, slice);
    }
}

TopSample *
top_asker_run(DomstatsConn *conn, const TopAskerCall *call)
{
    TopSampleTimes times = {.began_us = util_deadline_now_us()};
    const DomstatsCall wanted = {
        .domains = call->domains,
        .stats = STATS,
        .flags = call->flags,
        .timeout_ms = top_asker_timeout_ms(call),
        .extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_WITHOUT_KVM,
    };
    g_autoptr(GError) error = NULL;
    DomstatsRecord **records = NULL;
    TopSample *sample = NULL;
    TopHost host = {0};
    int n = domstats_get_stats(conn, &wanted, &records, &error);

    host = end_times(&times);
    if (n < 0)
        return top_sample_new_failed(&times, &host, error->message);
    sample = top_sample_new(records, (size_t)n, &times, &host, domstats_get_blind_spot(conn));
    domstats_record_list_free(records);
    if (call->tells_slices)
        tell_slices(sample);
    return sample;
}

static void
unref_sample(void *sample)
{
    top_sample_unref(sample);
}

/* Takes @sample. Called with the lock held. */
static void
put_result(TopAsker *self, TopSample *sample)
{
    const uint64_t one = 1;

    if (self->results->len >= MOST_WAITING) {
        g_ptr_array_remove_index(self->results, 0);
        self->n_lost++;
    }
    g_ptr_array_add(self->results, sample);
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
        TopSample *sample = NULL;

        began_us = util_deadline_now_us();
        self->began_us = began_us;
        pthread_mutex_unlock(&self->lock);
        sample = top_asker_run(self->conn, &call);
        if (call.see != NULL)
            call.see(sample, call.see_data);
        pthread_mutex_lock(&self->lock);
        self->began_us = 0;
        put_result(self, sample);
    } while (wait_for_turn(self, began_us));
    self->has_ended = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static void
free_all(TopAsker *self)
{
    g_ptr_array_unref(self->results);
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
    self->results = g_ptr_array_new_with_free_func(unref_sample);
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

TopSample *
top_asker_take(TopAsker *self)
{
    TopSample *sample = NULL;
    uint64_t n = 0;

    pthread_mutex_lock(&self->lock);
    if (self->results->len > 0)
        sample = g_ptr_array_steal_index(self->results, 0);
    /* It can be read until the last result is taken. */
    if (self->results->len == 0)
        (void)!read(self->fd, &n, sizeof(n));
    pthread_mutex_unlock(&self->lock);
    return sample;
}

size_t
top_asker_count_lost(TopAsker *self)
{
    size_t n = 0;

    pthread_mutex_lock(&self->lock);
    n = self->n_lost;
    pthread_mutex_unlock(&self->lock);
    return n;
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
