/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_series: a series of samples in a folder: written by --record, read by --replay.
 *
 * The folder has one file, "rounds.json": a line of JSON a round, in the order of time. The first
 * line names the format. A line that was not written to its end, as the host went down, is left
 * out. Whatever the file holds, reading is bounded by TOP_LIMITS.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "top_sample.h"

typedef struct TopSeriesWriter TopSeriesWriter;
typedef struct TopSeriesReader TopSeriesReader;

/* Makes the folder, which may exist; continues a series that is in it. NULL with an error. */
TopSeriesWriter *top_series_writer_new(const char *dir, GError **error);
void top_series_writer_free(TopSeriesWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopSeriesWriter, top_series_writer_free)

/* Adds a round at once, in one write. One that is too large for the reader is recorded as one that
 * failed. */
bool top_series_writer_add(TopSeriesWriter *self, const TopSample *sample, GError **error);

/* Finds the rounds of the series; NULL with an error if there is none. */
TopSeriesReader *top_series_reader_new(const char *dir, GError **error);
void top_series_reader_free(TopSeriesReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopSeriesReader, top_series_reader_free)

size_t top_series_reader_count(const TopSeriesReader *self);
/* Reads a round: a sample to be freed; NULL with an error if what is there is no round. */
TopSample *top_series_reader_load(const TopSeriesReader *self, size_t i, GError **error);
