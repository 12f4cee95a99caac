/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_main: the program `domstatsd`: prepares the process, reads the options, and serves.
 */
#include <signal.h>
#include <stdio.h>

#include "daemon_log.h"
#include "daemon_options.h"
#include "daemon_program.h"
#include "domstats/domstats.h"
#include "util/util_program.h"

typedef enum {
    OUTCOME_DONE,
    OUTCOME_USAGE,
    OUTCOME_FAILED,
} Outcome;

/* The loop takes these by a descriptor. Threads have all signals blocked. */
static void
block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Only its use shows that the value of some options is wrong: a source, names. */
static Outcome
outcome_of(const GError *error)
{
    return g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE) ||
                   g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG)
               ? OUTCOME_USAGE
               : OUTCOME_FAILED;
}

static Outcome
serve(const DaemonOptions *options)
{
    g_autoptr(GError) error = NULL;

    daemon_log_set_verbose(options->is_verbose);
    if (daemon_program_run(options, &error))
        return OUTCOME_DONE;
    daemon_log(DAEMON_LOG_ERROR, "%s", error->message);
    return outcome_of(error);
}

static Outcome
run(int argc, char *const *argv)
{
    g_auto(DaemonOptions) options = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (!daemon_options_parse(argc, argv, &options, &error)) {
        daemon_log(DAEMON_LOG_ERROR, "%s (see 'domstatsd --help')", error->message);
        return OUTCOME_USAGE;
    }
    if (options.command == DAEMON_OPTIONS_SERVE)
        return serve(&options);
    if (options.command == DAEMON_OPTIONS_CHECK)
        return daemon_program_check(&options) ? OUTCOME_DONE : OUTCOME_FAILED;
    if (options.command == DAEMON_OPTIONS_HELP)
        daemon_options_append_help(text);
    else
        g_string_append(text, "domstatsd " DOMSTATS_VERSION "\n");
    (void)fwrite(text->str, 1, text->len, stdout);
    return OUTCOME_DONE;
}

int
main(int argc, char **argv)
{
    util_program_prepare();
    block_signals();
    return (int)run(argc, argv);
}
