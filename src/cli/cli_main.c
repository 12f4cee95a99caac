/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_main: the command `domstats`: reads the options, makes one call of the library, prints the
 * answer.
 *
 * Owns the connection, the output and the exit status. All it knows of domains is in the records
 * that it passes on.
 *
 * How it works
 *
 * First the process is prepared: descriptors 0 to 2 are opened if they are not, SIGPIPE becomes an
 * error of write(), and the limit of descriptors is raised. Then the options are read, and the
 * sub-command makes its call and prints the answer. Then the output is ended, which may still fail.
 * The lines about domains that are not well are written to stderr after that, so that they are the
 * last on a terminal.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli_doctor.h"
#include "cli_escape.h"
#include "cli_json.h"
#include "cli_list.h"
#include "cli_options.h"
#include "cli_outcome.h"
#include "cli_output.h"
#include "cli_text.h"
#include "doctor/doctor_report.h"
#include "domstats/domstats.h"
#include "top/top_run.h"
#include "util/util_program.h"

/* What one run of the command writes. */
typedef struct {
    CliOutput output;
    GString *troubles;  /* lines for stderr */
    DomstatsConn *conn; /* open until all is written: with --hold it stays connected so long */
} Report;

/* What the library answered. */
typedef struct {
    DomstatsRecord **records;
    size_t n_records;
    bool is_for_all;        /* no domain was named */
    const char *blind_spot; /* of the source; NULL: none */
} Answer;

typedef CliOutcome (*RunCommand)(const CliOptions *options, Report *report);

static void
write_errors(const GString *lines)
{
    (void)fwrite(lines->str, 1, lines->len, stderr);
}

/* Appends the line about @error; gives the exit status for it. */
static CliOutcome
complain(Report *report, const GError *error)
{
    g_string_append(report->troubles, "domstats: ");
    cli_escape_append_text(report->troubles, error->message);
    g_string_append_c(report->troubles, '\n');
    return cli_outcome_of_error(error);
}

static DomstatsConn *
open_source(const CliOptions *options, GError **error)
{
    bool has_events = options->perf_events->len > 0;
    DomstatsOptions how = {
        .timeout_ms = options->timeout_ms,
        .n_threads = options->n_threads,
        .monitors = options->holds_monitors ? DOMSTATS_MONITORS_HOLD : DOMSTATS_MONITORS_RELEASE,
        .listeners = options->takes_any_listener ? DOMSTATS_LISTENERS_ANY : DOMSTATS_LISTENERS_QEMU,
        .libvirt = options->is_without_libvirt ? DOMSTATS_LIBVIRT_NEVER : DOMSTATS_LIBVIRT_DEFAULT,
        .libvirt_requests = options->libvirt_requests,
        .service = options->is_without_service ? DOMSTATS_SERVICE_NEVER : DOMSTATS_SERVICE_DEFAULT,
        .perf_events = has_events ? (const char *const *)options->perf_events->pdata : NULL,
    };

    return domstats_open(options->source, &how, error);
}

static void
clear_answer(Answer *self)
{
    domstats_record_list_free(self->records);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, clear_answer)

/* Makes the call of the sub-command; false with an error. */
static bool
ask(const CliOptions *options, unsigned int stats, Report *report, Answer *ret_answer,
    GError **error)
{
    DomstatsConn *conn = open_source(options, error);
    bool has_names = options->domains->len > 0;
    const DomstatsCall call = {
        .domains = has_names ? (const char *const *)options->domains->pdata : NULL,
        .stats = stats,
        .flags = options->flags,
        .extras =
            options->command == CLI_OPTIONS_COMMAND_DOCTOR ? DOMSTATS_CALL_EXT : options->extras,
    };
    int n = -1;

    report->conn = conn;
    if (conn != NULL && options->command == CLI_OPTIONS_COMMAND_RECORD)
        n = domstats_save_recording(conn, options->recording_dir, 0, &ret_answer->records, error);
    else if (conn != NULL)
        n = domstats_get_stats(conn, &call, &ret_answer->records, error);
    if (n < 0)
        return false;
    ret_answer->n_records = (size_t)n;
    ret_answer->is_for_all = !has_names;
    ret_answer->blind_spot = domstats_get_blind_spot(conn);
    return true;
}

static void
append_troubles(Report *report, const Answer *answer)
{
    g_autoptr(CliNames) names = cli_names_new(answer->records, answer->n_records);

    for (size_t i = 0; i < answer->n_records; i++)
        cli_outcome_append_trouble(report->troubles, names, answer->records[i]);
}

static CliOutcome
judge(Report *report, const Answer *answer)
{
    return cli_outcome_of_blind_spot(report->troubles, answer->blind_spot, answer->is_for_all,
                                     answer->records, answer->n_records);
}

static CliOutcome
run_stats(const CliOptions *options, Report *report)
{
    g_autoptr(GError) error = NULL;
    g_auto(Answer) answer = {0};

    if (!ask(options, options->stats, report, &answer, &error))
        return complain(report, error);
    if (options->format == CLI_OPTIONS_FORMAT_JSON)
        cli_json_print(&report->output, answer.records, answer.n_records, answer.blind_spot);
    else
        cli_text_print(&report->output, answer.records, answer.n_records, options->show_health);
    append_troubles(report, &answer);
    return judge(report, &answer);
}

static int64_t
find_now_us(void)
{
    return g_get_real_time(); /* word allowed: util_deadline is within the library */
}

/* Appends no lines for stderr, as the table shows which domains are not well. */
static CliOutcome
run_list(const CliOptions *options, Report *report)
{
    g_autoptr(GError) error = NULL;
    g_auto(Answer) answer = {0};

    if (!ask(options, VIR_DOMAIN_STATS_STATE, report, &answer, &error))
        return complain(report, error);
    if (options->format == CLI_OPTIONS_FORMAT_JSON)
        cli_json_print_list(&report->output, answer.records, answer.n_records, answer.blind_spot);
    else
        cli_list_print(&report->output, answer.records, answer.n_records,
                       options->is_verbose ? find_now_us() : 0);
    return cli_outcome_of_table(judge(report, &answer), answer.records, answer.n_records);
}

static CliOutcome
run_record(const CliOptions *options, Report *report)
{
    g_autoptr(GError) error = NULL;
    g_auto(Answer) answer = {0};
    size_t n_complete = 0;

    if (!ask(options, 0, report, &answer, &error))
        return complain(report, error);
    n_complete = cli_outcome_count_complete(answer.records, answer.n_records);
    g_string_append_printf(report->output.text, "%zu", n_complete);
    if (n_complete < answer.n_records)
        g_string_append_printf(report->output.text, " of %zu", answer.n_records);
    g_string_append_printf(report->output.text, " domain%s recorded in '",
                           answer.n_records == 1 ? "" : "s");
    cli_escape_append_text(report->output.text, options->recording_dir);
    g_string_append(report->output.text, "'\n");
    append_troubles(report, &answer);
    return judge(report, &answer);
}

static CliOutcome
run_doctor(const CliOptions *options, Report *report)
{
    g_autoptr(GError) error = NULL;
    g_auto(Answer) answer = {0};
    g_auto(DoctorReport) found = {0};

    if (!ask(options, 0, report, &answer, &error))
        return complain(report, error);
    doctor_report_make(options->source, answer.records, answer.n_records, answer.blind_spot,
                       &found);
    if (options->format == CLI_OPTIONS_FORMAT_JSON)
        cli_doctor_print_json(&report->output, &found);
    else
        cli_doctor_print(&report->output, &found);
    return cli_doctor_outcome(&found);
}

static CliOutcome
run_top(const CliOptions *options, Report *report)
{
    g_autoptr(GError) error = NULL;
    CliOutcome status = top_run(options, open_source, &report->output, &error);

    if (error != NULL)
        (void)complain(report, error);
    return status;
}

static CliOutcome
run_help(const CliOptions *options, Report *report)
{
    (void)options;
    cli_options_append_help(report->output.text);
    return CLI_OUTCOME_COMPLETE;
}

static CliOutcome
run_version(const CliOptions *options, Report *report)
{
    (void)options;
    g_string_append(report->output.text, "domstats " DOMSTATS_VERSION "\n");
    return CLI_OUTCOME_COMPLETE;
}

static const RunCommand commands[] = {
    [CLI_OPTIONS_COMMAND_STATS] = run_stats,     [CLI_OPTIONS_COMMAND_LIST] = run_list,
    [CLI_OPTIONS_COMMAND_RECORD] = run_record,   [CLI_OPTIONS_COMMAND_DOCTOR] = run_doctor,
    [CLI_OPTIONS_COMMAND_TOP] = run_top,         [CLI_OPTIONS_COMMAND_HELP] = run_help,
    [CLI_OPTIONS_COMMAND_VERSION] = run_version,
};

static CliOutcome
run(int argc, char *const *argv, Report *report)
{
    g_auto(CliOptions) options = {0};
    g_autoptr(GError) error = NULL;
    CliOutcome status = CLI_OUTCOME_COMPLETE;

    if (!cli_options_parse(argc, argv, &options, &error)) {
        (void)complain(report, error);
        g_string_insert(report->troubles, (gssize)report->troubles->len - 1,
                        " (see 'domstats --help')");
        return CLI_OUTCOME_USAGE;
    }
    status = commands[options.command](&options, report);
    if (!cli_output_end(&report->output, &error)) {
        (void)complain(report, error);
        return CLI_OUTCOME_NOTHING;
    }
    return status;
}

int
main(int argc, char **argv)
{
    Report report = {.troubles = g_string_new(NULL)};
    CliOutcome status = CLI_OUTCOME_COMPLETE;

    util_program_prepare();
    cli_output_init(&report.output, STDOUT_FILENO);
    status = run(argc, argv, &report);
    domstats_close(report.conn);
    write_errors(report.troubles);
    cli_output_clear(&report.output);
    g_string_free(report.troubles, TRUE);
    return (int)status;
}
