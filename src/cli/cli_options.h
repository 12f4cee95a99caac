/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_options: reads the command line, and writes the text of --help.
 *
 * One table describes every option: how it is read, which sub-commands take it and its help. Does
 * not know what is done with the options.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_options.h"

typedef enum {
    CLI_OPTIONS_COMMAND_STATS,
    CLI_OPTIONS_COMMAND_LIST,
    CLI_OPTIONS_COMMAND_RECORD,
    CLI_OPTIONS_COMMAND_DOCTOR,
    CLI_OPTIONS_COMMAND_TOP,
    CLI_OPTIONS_COMMAND_HELP,
    CLI_OPTIONS_COMMAND_VERSION,
} CliOptionsCommand;

typedef enum {
    CLI_OPTIONS_FORMAT_TEXT,
    CLI_OPTIONS_FORMAT_JSON,
} CliOptionsFormat;

/* What CLI_OPTIONS_COMMAND_TOP was told, as it was written; src/top makes sense of it. */
typedef struct {
    bool is_batch;
    bool is_json;
    bool is_reversed;
    bool is_of_host;
    bool counts_requests;
    char *csv;             /* NULL: none; "" is our own */
    unsigned int n_rounds; /* 0: without end */
    unsigned int delay_ms; /* 0: not given */
    char *view;            /* this and what follows: NULL: not given */
    char *columns;
    char *sort;
    char *filter;
    char *record_dir;
    char *replay_dir;
} CliOptionsTop;

typedef struct {
    CliOptionsCommand command;
    CliOptionsFormat format;
    char *source;                  /* NULL: the library's default */
    unsigned int stats;            /* VIR_DOMAIN_STATS_* bits; 0: all that is supported */
    unsigned int flags;            /* VIR_CONNECT_GET_ALL_DOMAINS_STATS_* bits */
    unsigned int extras;           /* DomstatsCallExtras */
    unsigned int timeout_ms;       /* 0: the library's default */
    unsigned int n_threads;        /* 0: the library's default */
    unsigned int libvirt_requests; /* 0: the library's default */
    bool holds_monitors;
    bool takes_any_listener;
    bool is_without_libvirt;
    bool is_without_service;
    bool show_health;
    bool is_verbose;
    char *recording_dir;    /* of CLI_OPTIONS_COMMAND_RECORD only */
    GPtrArray *domains;     /* char *, in the order given; ends with NULL if it is not empty */
    GPtrArray *perf_events; /* likewise */
    CliOptionsTop top;      /* of CLI_OPTIONS_COMMAND_TOP only */
} CliOptions;

/* Reads the arguments after argv[0]. On failure gives false and leaves @ret_options untouched;
 * @error, of G_OPTION_ERROR, has one line that names what is wrong. Nothing after --help or
 * --version is read. */
bool cli_options_parse(int argc, char *const *argv, CliOptions *ret_options, GError **error);

void cli_options_clear(CliOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliOptions, cli_options_clear)

void cli_options_append_help(GString *out);

/* Appends the names of the groups in @stats, which are the names of their options, with @separator
 * between them and @quote around each. Bits without a name are left out. */
void cli_options_append_group_names(GString *out, unsigned int stats, const char *separator,
                                    const char *quote);

/* The one table of the program's options. */
const UtilOptionTable *cli_options_table(void);
