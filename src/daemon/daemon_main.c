/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_main: the program `domstatsd`: prepares the process, reads the options, and serves.
 */
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon_log.h"
#include "daemon_options.h"
#include "daemon_program.h"

typedef enum {
    OUTCOME_DONE,
    OUTCOME_USAGE,
    OUTCOME_FAILED,
} Outcome;

/* If a standard descriptor were closed, a client could get its number, and the log would be sent to
 * it. */
static void
occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

/* Each monitor and each client takes a descriptor, and the usual soft limit is 1024. */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit = {0};

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The loop takes these by a descriptor. Threads have all signals blocked. */
static void
block_signals(void)
{
    sigset_t set;

    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Without this function libvirt prints its errors; our own messages have their text already. */
static void
ignore_libvirt(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static Outcome
serve(const DaemonOptions *options)
{
    g_autoptr(GError) error = NULL;

    daemon_log_set_verbose(options->is_verbose);
    if (daemon_program_run(options, &error))
        return OUTCOME_DONE;
    daemon_log(DAEMON_LOG_ERROR, "%s", error->message);
    return OUTCOME_FAILED;
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
    occupy_standard_descriptors();
    block_signals();
    raise_descriptor_limit();
    virSetErrorFunc(NULL, ignore_libvirt);
    return (int)run(argc, argv);
}
