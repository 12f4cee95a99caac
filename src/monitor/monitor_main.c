/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_main: the program `domstats-monitor`: reads the options, does the sub-command for each
 * domain in turn, and counts for how many that succeeded.
 *
 * The library never changes a machine. This program does, if the user says so, through libvirt.
 */
#include <stdio.h>

#include "monitor_connection.h"
#include "monitor_definition.h"
#include "monitor_dialog.h"
#include "monitor_list.h"
#include "monitor_live.h"
#include "monitor_options.h"
#include "util/util_error.h"
#include "util/util_program.h"

typedef enum {
    OUTCOME_DONE,
    OUTCOME_USAGE,
    OUTCOME_NOTHING,
    OUTCOME_PARTLY,
} Outcome;

typedef bool (*Step)(const MonitorOptions *options, const MonitorConnection *connection,
                     virDomainPtr domain, GError **error);

/* What a sub-command does to a definition, and to a running QEMU. */
typedef struct {
    Step config;
    Step live;
} Steps;

static const Steps steps_of[] = {
    [MONITOR_OPTIONS_ADD] = {monitor_definition_add, monitor_live_add},
    [MONITOR_OPTIONS_REMOVE] = {monitor_definition_remove, monitor_live_remove},
};

typedef struct {
    const MonitorOptions *options;
    MonitorConnection *connection;
    MonitorList *list; /* NULL: the sub-command is not "list" */
    guint n_done, n_failed;
} Run;

/* Fails if --config is given for a domain without a definition, or --live for one that does not
 * run. */
static bool
check_parts(const MonitorOptions *options, bool has_config, bool is_running, GError **error)
{
    if (options->wants_config && !has_config) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "it is transient: it has no definition for a next start, and --live is all "
                    "that it can have");
        return false;
    }
    if (options->wants_live && !is_running) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "it does not run: --config gives it a monitor for its next start");
        return false;
    }
    return true;
}

/* Changes the running QEMU. If @is_optional, a QEMU that cannot get a monitor is no failure: the
 * definition has been changed. */
static bool
do_live(const Run *run, Step step, virDomainPtr domain, bool is_optional, GError **error)
{
    g_autoptr(GError) trouble = NULL;

    if (step(run->options, run->connection, domain, &trouble))
        return true;
    if (is_optional && g_error_matches(trouble, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED)) {
        monitor_dialog_say(virDomainGetName(domain), "%s", trouble->message);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

static bool
change(const Run *run, virDomainPtr domain, GError **error)
{
    const MonitorOptions *options = run->options;
    const Steps *steps = &steps_of[options->command];
    bool is_any = !options->wants_config && !options->wants_live;
    bool has_config = virDomainIsPersistent(domain) == 1;
    bool is_running = virDomainIsActive(domain) == 1;

    if (!check_parts(options, has_config, is_running, error))
        return false;
    if (has_config && (is_any || options->wants_config) &&
        !steps->config(options, run->connection, domain, error))
        return false;
    if (!is_running || !(is_any || options->wants_live))
        return true;
    return do_live(run, steps->live, domain, is_any && has_config, error);
}

static bool
do_domain(const Run *run, virDomainPtr domain, GError **error)
{
    if (run->list != NULL)
        return monitor_list_add(run->list, domain, error);
    return change(run, domain, error);
}

/* Does the sub-command for @domain. If that fails, or @domain is NULL for the reason @take_error,
 * says so; @name is the domain's name in the message. */
static void
do_and_count(Run *run, virDomainPtr domain, const char *name, GError *take_error)
{
    g_autoptr(GError) error = take_error;

    if (domain != NULL && do_domain(run, domain, &error)) {
        run->n_done++;
        return;
    }
    run->n_failed++;
    monitor_dialog_complain(name, error ? error->message : "it was not done");
}

static void
do_named(Run *run)
{
    for (guint i = 0; i < run->options->domains->len; i++) {
        const char *name = g_ptr_array_index(run->options->domains, i);
        GError *error = NULL;
        g_autoptr(virDomain) domain = monitor_connection_find(run->connection, name, &error);

        do_and_count(run, domain, name, error);
    }
}

static bool
do_all(Run *run, GError **error)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(run->connection->conn, &domains, 0);

    if (n < 0)
        monitor_connection_set_error(error, "libvirt does not list its domains");
    for (int i = 0; i < n; i++) {
        do_and_count(run, domains[i], virDomainGetName(domains[i]), NULL);
        virDomainFree(domains[i]);
    }
    g_free(domains); /* malloc's */
    return n >= 0;
}

static Outcome
judge(const Run *run)
{
    if (run->n_failed == 0)
        return OUTCOME_DONE;
    return run->n_done > 0 ? OUTCOME_PARTLY : OUTCOME_NOTHING;
}

static Outcome
run_command(const MonitorOptions *options, GError **error)
{
    bool is_list = options->command == MONITOR_OPTIONS_LIST;
    g_autoptr(MonitorConnection) connection = monitor_connection_open(options->uri, is_list, error);
    g_autoptr(MonitorList) list = connection && is_list ? monitor_list_new(connection) : NULL;
    Run run = {.options = options, .connection = connection, .list = list};

    if (connection == NULL)
        return OUTCOME_NOTHING;
    if (options->domains->len > 0)
        do_named(&run);
    else if (!do_all(&run, error))
        return OUTCOME_NOTHING;
    if (list != NULL && (run.n_done > 0 || run.n_failed == 0)) {
        g_autofree char *text = monitor_list_to_text(list);

        monitor_dialog_show(text);
    }
    return judge(&run);
}

static Outcome
run_options(const MonitorOptions *options, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (options->command == MONITOR_OPTIONS_HELP)
        monitor_options_append_help(text);
    else if (options->command == MONITOR_OPTIONS_VERSION)
        g_string_append(text, "domstats-monitor " DOMSTATS_VERSION "\n");
    else
        return run_command(options, error);
    monitor_dialog_show(text->str);
    return OUTCOME_DONE;
}

int
main(int argc, char **argv)
{
    g_auto(MonitorOptions) options = {0};
    g_autoptr(GError) error = NULL;
    Outcome outcome = OUTCOME_USAGE;

    util_program_prepare();
    if (monitor_options_parse(argc, argv, &options, &error))
        outcome = run_options(&options, &error);
    if (error != NULL)
        monitor_dialog_complain(NULL, error->message);
    if ((ferror(stdout) != 0 || fflush(stdout) != 0) && outcome == OUTCOME_DONE)
        outcome = OUTCOME_PARTLY;
    return (int)outcome;
}
