/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_options: what the command line asks for, and the text that --help gives.
 *
 * One table describes every option: how it is read, which sub-command takes it and what help
 * says of it. Knows nothing of how the wish is carried out.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    CLI_OPTIONS_COMMAND_STATS,
    CLI_OPTIONS_COMMAND_LIST,
    CLI_OPTIONS_COMMAND_RECORD,
    CLI_OPTIONS_COMMAND_HELP,
    CLI_OPTIONS_COMMAND_VERSION,
} CliOptionsCommand;

typedef enum {
    CLI_OPTIONS_FORMAT_TEXT,
    CLI_OPTIONS_FORMAT_JSON,
} CliOptionsFormat;

typedef struct {
    CliOptionsCommand command;
    CliOptionsFormat format;
    char *source;            /* NULL: the library's default */
    unsigned int stats;      /* VIR_DOMAIN_STATS_* bits; 0: all that is supported */
    unsigned int flags;      /* VIR_CONNECT_GET_ALL_DOMAINS_STATS_* bits */
    unsigned int extras;     /* DomstatsCallExtras */
    unsigned int timeout_ms; /* 0: the library's default */
    unsigned int n_threads;  /* 0: as many as pay */
    bool release_monitors;
    bool show_health;
    char *recording_dir;    /* of CLI_OPTIONS_COMMAND_RECORD only */
    GPtrArray *domains;     /* char *, in the order given; ends with NULL if it is not empty */
    GPtrArray *perf_events; /* likewise */
} CliOptions;

/* Reads the arguments after argv[0]. False, with one line that names what is wrong (an error
 * of G_OPTION_ERROR), leaves @ret_options untouched. --help and --version end the reading. */
bool cli_options_parse(int argc, char *const *argv, CliOptions *ret_options, GError **error);

void cli_options_clear(CliOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliOptions, cli_options_clear)

void cli_options_append_help(GString *out);

/* The names of the groups in @stats, which are those of their options, with @separator between
 * them and @quote around each; bits without a name are left out. */
void cli_options_append_group_names(GString *out, unsigned int stats, const char *separator,
                                    const char *quote);
