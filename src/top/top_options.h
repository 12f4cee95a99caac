/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_options: what `domstats top` was told: words of the command line made to views and columns.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/cli_options.h"
#include "top_asker.h"
#include "top_column.h"
#include "top_filter.h"
#include "top_rows.h"

typedef enum {
    TOP_OPTIONS_OUTPUT_SCREEN,
    TOP_OPTIONS_OUTPUT_TEXT,
    TOP_OPTIONS_OUTPUT_CSV,
    TOP_OPTIONS_OUTPUT_VIRT_TOP, /* CSV in virt-top's columns */
    TOP_OPTIONS_OUTPUT_JSON,
} TopOptionsOutput;

typedef struct {
    TopOptionsOutput output;
    TopColumnView view;
    bool has_view;          /* it was given; else the screen may take that of its settings */
    GPtrArray *columns;     /* const TopColumn *; NULL: those of the view */
    const TopColumn *order; /* NULL: that of the view */
    bool is_reversed;
    bool counts_requests;
    bool is_of_host;
    TopFilter *filter;       /* NULL: all */
    const char *filter_text; /* borrowed; NULL: none */
    TopAskerCall call;       /* borrows from the CliOptions */
    bool has_delay;          /* it was given */
    unsigned int n_rounds;   /* 0: without end */
    const char *record_dir;  /* borrowed; NULL: none */
    const char *replay_dir;
} TopOptions;

/* Borrows @options as long as the result is used. False, with an error of G_OPTION_ERROR, for what
 * does not go together or is not known. */
bool top_options_make(TopOptions *ret_options, const CliOptions *options, GError **error);
void top_options_clear(TopOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TopOptions, top_options_clear)

/* For output without a screen: the rows of a round, how cells are computed, and the columns (to be
 * unreferenced). */
TopRows *top_options_rows(const TopOptions *self, TopModel *model);
TopColumnMode top_options_mode(const TopOptions *self, const TopModel *model);
GPtrArray *top_options_columns(const TopOptions *self);
