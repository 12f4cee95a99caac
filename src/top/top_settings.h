/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_settings: the file in which the screen of `domstats top` keeps view, order, delay and columns
 * from one start to the next.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "top_state.h"

/* "$XDG_CONFIG_HOME/domstats/toprc" */
char *top_settings_path(void);

/* Reads the file into @self. A file that is not there changes nothing. What the file says that is
 * not known or not possible is passed over; false, with an error, if it can say nothing at all: it
 * cannot be read, is no file, is too large, or is not of the form. */
bool top_settings_load(TopState *self, const char *path, GError **error);

/* Writes it as a whole, its folders first. */
bool top_settings_save(const TopState *self, const char *path, GError **error);
