/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_filter: which domains are shown, and which name a search finds.
 *
 * A filter has words with spaces between, which must all fit:
 *   TEXT           the name, or that of the disk or interface, contains it; case does not matter
 *   name:TEXT      likewise, of the domain only
 *   uuid:TEXT      the UUID begins with it
 *   state:TEXT     the state: its word (running, paused, ...) or its letter
 *   health:TEXT    the health: ok, slow, stopped, ...
 *   /REGEX         the name fits a regular expression (PCRE)
 *   !WORD          any of these does not fit
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "top_model.h"

typedef struct TopFilter TopFilter;

/* NULL with an error if the text is no filter: too long, a word not known, a regular expression
 * that is none. An empty text shows all. */
TopFilter *top_filter_new(const char *text, GError **error);
void top_filter_free(TopFilter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopFilter, top_filter_free)

/* @self may be NULL: all fit. @unit: the disk or interface of the row, or NULL. */
bool top_filter_fits(const TopFilter *self, const TopModelEntry *entry, const TopSampleUnit *unit);

/* True if the name of the row contains @text; case does not matter. */
bool top_filter_finds(const char *text, const TopModelEntry *entry, const TopSampleUnit *unit);

/* The state of the domain as virsh calls it: that of its last answer. "no state" if none is known.
 */
const char *top_filter_state_name(const TopModelEntry *entry);
