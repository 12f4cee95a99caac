/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_rounds: see top_rounds.h.
 *
 * How it works
 *
 * Live, each sample of the asker makes the next model, which is added to those that are kept; the
 * oldest are dropped. The asker's thread records it.
 *
 * In a series a step forward makes the next model from the one that is shown. A step back makes the
 * models from WARM_UP rounds before the wanted one on, since a model has what earlier rounds told
 * of domains that do not answer: what is older than that is not known after a step back.
 */
#include "top_rounds.h"

#include "top_limits.h"

enum { WARM_UP = 32 };

struct TopRounds {
    TopAsker *asker;         /* NULL: a replay */
    TopSeriesWriter *writer; /* of the asker's thread; NULL: not recorded, or no longer */
    char *recording_error;   /* set once, by that thread */
    TopSeriesReader *series; /* NULL: live */
    GPtrArray *kept;         /* TopModel *, the oldest first; of a replay the one that is shown */
    size_t n_kept_bytes;
    size_t n_most_kept;
    size_t place; /* of the model that is shown: among @kept, or among the rounds of the series */
};

static void
unref_model(void *model)
{
    top_model_unref(model);
}

/* Called on the thread of the rounds, so that a screen or an output that blocks costs no round of
 * the series. A round that cannot be recorded ends the recording: the rest would have a gap that
 * nobody sees. */
static void
record(TopSample *sample, void *data)
{
    TopRounds *self = data;
    g_autoptr(GError) error = NULL;

    if (self->writer == NULL || top_series_writer_add(self->writer, sample, &error))
        return;
    g_clear_pointer(&self->writer, top_series_writer_free);
    g_atomic_pointer_set(&self->recording_error, g_strdup(error->message));
}

static TopRounds *
new_rounds(void)
{
    TopRounds *self = g_new0(TopRounds, 1);

    self->kept = g_ptr_array_new_with_free_func(unref_model);
    self->n_most_kept = TOP_MAX_KEPT;
    return self;
}

TopRounds *
top_rounds_new_live(DomstatsConn *conn, const TopAskerCall *call, TopSeriesWriter *take_writer,
                    GError **error)
{
    g_autoptr(TopRounds) self = new_rounds();
    TopAskerCall own = *call;

    self->writer = take_writer;
    own.see = record;
    own.see_data = self;
    self->asker = top_asker_new(conn, &own, error);
    return self->asker != NULL ? g_steal_pointer(&self) : NULL;
}

/* A round whose times are not known: those of the end of the round before are the best there is. */
static TopSample *
make_unreadable(const TopModel *before, const char *message)
{
    static const TopHost unknown = {0};
    TopSampleTimes times = {0};

    if (before != NULL) {
        times.began_us = times.ended_us = before->sample->ended_us;
        times.wall_us = before->sample->wall_us;
    }
    return top_sample_new_failed(&times, &unknown, message);
}

/* The model of round @i after @before (NULL: the first one that is looked at). */
static TopModel *
load(const TopRounds *self, size_t i, const TopModel *before)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TopSample) sample = top_series_reader_load(self->series, i, &error);

    if (sample == NULL)
        sample = make_unreadable(before, error->message);
    return top_model_next(before, sample);
}

/* Shows @model, which is taken, as round @i of the series. */
static void
show(TopRounds *self, size_t i, TopModel *model)
{
    g_ptr_array_set_size(self->kept, 0);
    g_ptr_array_add(self->kept, model);
    self->place = i;
}

TopRounds *
top_rounds_new_replay(TopSeriesReader *take_series, GError **error)
{
    g_autoptr(TopRounds) self = new_rounds();

    self->series = take_series;
    if (top_series_reader_count(self->series) == 0) {
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_NO_CONNECT, "the series has no rounds");
        return NULL;
    }
    show(self, 0, load(self, 0, NULL));
    return g_steal_pointer(&self);
}

void
top_rounds_free(TopRounds *self)
{
    if (self == NULL)
        return;
    top_asker_free(self->asker);
    top_series_writer_free(self->writer);
    top_series_reader_free(self->series);
    g_ptr_array_unref(self->kept);
    g_free(self->recording_error);
    g_free(self);
}

bool
top_rounds_end(TopRounds *self, unsigned int timeout_ms)
{
    return self->asker == NULL || top_asker_end(self->asker, timeout_ms);
}

int
top_rounds_fd(const TopRounds *self)
{
    return self->asker != NULL ? top_asker_fd(self->asker) : -1;
}

static void
drop_oldest(TopRounds *self)
{
    while (self->kept->len > 2 &&
           (self->kept->len > self->n_most_kept || self->n_kept_bytes > TOP_MAX_KEPT_BYTES)) {
        TopModel *oldest = g_ptr_array_index(self->kept, 0);

        self->n_kept_bytes -= top_model_count_bytes(oldest);
        g_ptr_array_remove_index(self->kept, 0);
        self->place -= self->place > 0 ? 1 : 0;
    }
}

/* Adds the model of a round; gives true if it is shown, as the last one was, or if the one that was
 * shown is dropped. */
static bool
add_round(TopRounds *self, TopSample *sample)
{
    size_t n = self->kept->len;
    const TopModel *before = n > 0 ? g_ptr_array_index(self->kept, n - 1) : NULL;
    const TopModel *shown = top_rounds_model(self);
    TopModel *model = top_model_next(before, sample);

    if (n == 0 || self->place == n - 1)
        self->place = n;
    g_ptr_array_add(self->kept, model);
    self->n_kept_bytes += top_model_count_bytes(model);
    drop_oldest(self);
    /* Only compared: it may be gone. */
    return top_rounds_model(self) != shown;
}

bool
top_rounds_update(TopRounds *self)
{
    bool has_changed = false;

    while (self->asker != NULL) {
        g_autoptr(TopSample) sample = top_asker_take(self->asker);

        if (sample == NULL)
            break;
        has_changed = add_round(self, sample) || has_changed;
    }
    return has_changed;
}

TopModel *
top_rounds_model(const TopRounds *self)
{
    size_t place = self->series != NULL ? 0 : self->place;

    return self->kept->len > 0 ? g_ptr_array_index(self->kept, place) : NULL;
}

/* Shows round @i of the series. */
static void
seek(TopRounds *self, size_t i)
{
    g_autoptr(TopModel) model = top_model_ref(top_rounds_model(self));
    size_t next = self->place + 1;

    if (i < next) {
        g_clear_pointer(&model, top_model_unref);
        next = i > WARM_UP ? i - WARM_UP : 0;
    } else if (i - next > WARM_UP) {
        next = i - WARM_UP;
    }
    for (; next <= i; next++) {
        TopModel *after = load(self, next, model);

        top_model_unref(model);
        model = after;
    }
    show(self, i, g_steal_pointer(&model));
}

bool
top_rounds_step(TopRounds *self, int by)
{
    size_t n = top_rounds_count(self);
    size_t wanted = self->place;

    if (n == 0)
        return false;
    if (by < 0)
        wanted -= MIN(wanted, (size_t) - (gint64)by);
    else
        wanted = MIN(wanted + (size_t)by, n - 1);
    if (wanted == self->place)
        return false;
    if (self->series != NULL)
        seek(self, wanted);
    else
        self->place = wanted;
    return true;
}

int64_t
top_rounds_began_us(const TopRounds *self)
{
    return self->asker != NULL ? top_asker_began_us(self->asker) : 0;
}

void
top_rounds_keep(TopRounds *self, size_t n_most)
{
    self->n_most_kept = CLAMP(n_most, 2, TOP_MAX_KEPT);
}

bool
top_rounds_is_replay(const TopRounds *self)
{
    return self->series != NULL;
}

size_t
top_rounds_place(const TopRounds *self)
{
    return self->place;
}

size_t
top_rounds_count(const TopRounds *self)
{
    return self->series != NULL ? top_series_reader_count(self->series) : self->kept->len;
}

size_t
top_rounds_count_lost(const TopRounds *self)
{
    return self->asker != NULL ? top_asker_count_lost(self->asker) : 0;
}

const char *
top_rounds_recording_error(TopRounds *self)
{
    return g_atomic_pointer_get(&self->recording_error);
}

void
top_rounds_set_delay(TopRounds *self, unsigned int delay_ms)
{
    if (self->asker != NULL)
        top_asker_set_delay(self->asker, delay_ms);
}

void
top_rounds_set_paused(TopRounds *self, bool is_paused)
{
    if (self->asker != NULL)
        top_asker_set_paused(self->asker, is_paused);
}

void
top_rounds_hurry(TopRounds *self)
{
    if (self->asker != NULL)
        top_asker_hurry(self->asker);
}
