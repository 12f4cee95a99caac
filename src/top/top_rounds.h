/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_rounds: the models that are shown, one after another: of rounds that run now, or of a series
 * that was recorded. Both can be stepped through.
 *
 * Live, a bounded number of past rounds is kept. Whoever has stepped back stays at that round,
 * while later rounds are added, until he steps to the last one.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top_asker.h"
#include "top_model.h"
#include "top_series.h"

typedef struct TopRounds TopRounds;

/* Begins to ask; borrows @conn and what @call refers to. @take_writer: where each round is
 * recorded, or NULL; it is taken, also on failure. */
TopRounds *top_rounds_new_live(DomstatsConn *conn, const TopAskerCall *call,
                               TopSeriesWriter *take_writer, GError **error);
/* Shows the first round of the series, which is taken, also on failure. */
TopRounds *top_rounds_new_replay(TopSeriesReader *take_series, GError **error);
/* Waits for a round that runs. Takes NULL. */
void top_rounds_free(TopRounds *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopRounds, top_rounds_free)

/* Asks the rounds to end and waits @timeout_ms at most; false if one is still under way: then
 * top_rounds_free() would wait for it. */
bool top_rounds_end(TopRounds *self, unsigned int timeout_ms);

/* Can be read when a round has ended; -1 for a replay. */
int top_rounds_fd(const TopRounds *self);
/* Takes the rounds that have ended, without waiting. True if the model that is shown changed. */
bool top_rounds_update(TopRounds *self);

/* The model that is shown, NULL before the first round has ended; borrowed until the next call of
 * top_rounds_update() or top_rounds_step(). If a round failed, its error says why. */
TopModel *top_rounds_model(const TopRounds *self);

/* Goes @by rounds forward, or back if it is negative, as far as there are any. True if that changed
 * the model. In a series a round that cannot be read has an error as its model. */
bool top_rounds_step(TopRounds *self, int by);

/* When the round that runs began, on the monotonic clock; 0: none runs. */
int64_t top_rounds_began_us(const TopRounds *self);
/* Keeps fewer rounds than TOP_MAX_KEPT; two at least. */
void top_rounds_keep(TopRounds *self, size_t n_most);

bool top_rounds_is_replay(const TopRounds *self);
/* The place of the model, from 0, among those that can be stepped to. */
size_t top_rounds_place(const TopRounds *self);
size_t top_rounds_count(const TopRounds *self);

/* How many rounds were dropped, as top_rounds_update() was not called for long. */
size_t top_rounds_count_lost(const TopRounds *self);
/* Why rounds are no longer recorded (the disk is full, say), a sentence; NULL: they are, or were
 * never to be. */
const char *top_rounds_recording_error(TopRounds *self);

/* See top_asker; they do nothing in a replay. */
void top_rounds_set_delay(TopRounds *self, unsigned int delay_ms);
void top_rounds_set_paused(TopRounds *self, bool is_paused);
void top_rounds_hurry(TopRounds *self);
