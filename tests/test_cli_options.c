/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_cli_options: what command lines are read as, and the messages for wrong ones.
 */
#include "cli/cli_options.h"

#include <string.h>

#include "testing.h"

#define MAX_WORDS 12

typedef struct {
    const char *sentence;
    const char *words[MAX_WORDS]; /* after the command's own name */
    const char *expected;         /* describe()'s text, or "error: " and the message */
} Row;

static const Row rows[] = {
    {"no words: all groups of all domains", {NULL}, "stats"},
    {"the default's own name", {"stats"}, "stats"},
    {"groups are added up", {"--state", "--block"}, "stats stats=0x21"},
    {"every group has its option",
     {"--state", "--cpu-total", "--balloon", "--vcpu", "--interface", "--block", "--perf",
      "--iothread", "--memory", "--dirtyrate", "--vm"},
     "stats stats=0x7ff"},
    {"every filter has its option",
     {"--list-active", "--list-inactive", "--list-persistent", "--list-transient", "--list-running",
      "--list-paused", "--list-shutoff", "--list-other"},
     "stats flags=0xff"},
    {"virsh's other flags", {"--enforce", "--backing", "--nowait"}, "stats flags=0xe0000000"},
    {"raw changes nothing", {"--raw"}, "stats"},
    {"what libvirt's flags do not know", {"--ext", "--last", "--about"}, "stats extras=0x7"},
    {"domains in the order given, named or not",
     {"b", "--domain", "a", "--domain=c"},
     "stats domains=b,a,c"},
    {"a domain between options", {"--state", "a", "--vcpu"}, "stats stats=0x9 domains=a"},
    {"the source, in all its spellings",
     {"-c", "auto", "-cdir:/a", "--connect", "dir:/b", "--connect=dir:/c=d"},
     "stats source=dir:/c=d"},
    {"seconds with decimals", {"--timeout", "2.5"}, "stats timeout_ms=2500"},
    {"the shortest timeout", {"--timeout=0.001"}, "stats timeout_ms=1"},
    {"JSON", {"--format", "json"}, "stats json"},
    {"the last word on the format wins", {"--format=json", "--format=text"}, "stats"},
    {"threads", {"--threads", "4"}, "stats n_threads=4"},
    {"letting go of monitors, showing health",
     {"--hold", "--health"},
     "stats holds_monitors show_health"},
    {"any listener", {"--any-listener"}, "stats takes_any_listener"},
    {"no libvirt", {"list", "--no-libvirt"}, "list is_without_libvirt"},
    {"no service", {"list", "--no-service"}, "list is_without_service"},
    {"requests to libvirt", {"--libvirt-requests", "64"}, "stats libvirt_requests=64"},
    {"perf events", {"--perf-event=a", "--perf-event", "b"}, "stats perf_events=a,b"},
    {"the list", {"list"}, "list"},
    {"more columns", {"list", "-v"}, "list is_verbose"},
    {"an option before the sub-command", {"--list-active", "list"}, "list flags=0x1"},
    {"a domain called list, after dashes", {"--", "list"}, "stats domains=list"},
    {"a domain called list, named as one", {"--domain", "list"}, "stats domains=list"},
    {"a domain called list, after another word", {"a", "list"}, "stats domains=a,list"},
    {"a sub-command, then a domain of its name", {"list", "list"}, "list domains=list"},
    {"a domain that looks like an option", {"--", "--state"}, "stats domains=--state"},
    {"a lone dash is a domain", {"-"}, "stats domains=-"},
    {"a second pair of dashes is a domain", {"--", "--"}, "stats domains=--"},
    {"a recording", {"record", "-c", "auto", "dir"}, "record source=auto recording_dir=dir"},
    {"what lacks",
     {"doctor", "--format", "json", "-c", "auto", "a"},
     "doctor source=auto json domains=a"},
    {"a domain called doctor", {"--", "doctor"}, "stats domains=doctor"},
    {"the live view", {"top"}, "top"},
    {"all that top takes, but for its output",
     {"top", "-bn3", "-d0.5", "--view=disks", "-o", "name,rd", "-rs", "rd", "vm"},
     "top domains=vm batch n=3 delay_ms=500 view=disks columns=name,rd sort=rd reversed"},
    {"what is shown of which rows",
     {"top", "--filter", "state:paused a", "--requests", "--of-host", "--nowait"},
     "error: option '--nowait' does not go with 'top'"},
    {"what is shown of which rows, without that",
     {"top", "--filter", "state:paused a", "--requests", "--of-host", "--list-active"},
     "top flags=0x1 filter=state:paused a requests of_host"},
    {"our own comma-separated values", {"top", "--csv"}, "top csv="},
    {"those of virt-top", {"top", "--csv=virt-top"}, "top csv=virt-top"},
    {"an argument that may be left out is in the same word",
     {"top", "--csv", "virt-top"},
     "top domains=virt-top csv="},
    {"lines of JSON, recorded", {"top", "--json", "--record", "d"}, "top json record=d"},
    {"a replay", {"top", "--replay=d"}, "top replay=d"},
    {"an option of top without it", {"-b"}, "error: option '--batch' does not go with 'stats'"},
    {"help ends the reading", {"--help", "--bogus"}, "help"},
    {"help after a sub-command that lacks its folder", {"record", "-h"}, "help"},
    {"the version", {"-V"}, "version"},

    {"an unknown option is named", {"--bogus"}, "error: unknown option '--bogus'"},
    {"an unknown letter is named", {"-x"}, "error: unknown option '-x'"},
    {"nothing is abbreviated", {"--stat"}, "error: unknown option '--stat'"},
    {"an option that is longer", {"--states"}, "error: unknown option '--states'"},
    {"dashes and an equals sign", {"--=a"}, "error: unknown option '--=a'"},
    {"an argument that is missing",
     {"--timeout"},
     "error: option '--timeout' needs an argument: SECONDS"},
    {"an argument too many",
     {"--state=1"},
     "error: option '--state' takes no argument, but has '1'"},
    {"letters in one word", {"list", "-vc", "dir:/a"}, "list source=dir:/a is_verbose"},
    {"one that ends the reading among them", {"-Vx"}, "version"},
    {"a letter in a word that is none", {"list", "-vx"}, "error: unknown option '-x'"},
    {"a timeout that is no number",
     {"--timeout", "5s"},
     "error: option '--timeout' wants seconds from 0.001 to 86400, not '5s'"},
    {"an empty timeout",
     {"--timeout="},
     "error: option '--timeout' wants seconds from 0.001 to 86400, not ''"},
    {"no time at all",
     {"--timeout=0"},
     "error: option '--timeout' wants seconds from 0.001 to 86400, not '0'"},
    {"a timeout with two points",
     {"--timeout=1.2.3"},
     "error: option '--timeout' wants seconds from 0.001 to 86400, not '1.2.3'"},
    {"less than no time",
     {"--timeout", "-1"},
     "error: option '--timeout' wants seconds from 0.001 to 86400, not '-1'"},
    {"more than a day",
     {"--timeout=86401"},
     "error: option '--timeout' wants seconds from 0.001 to 86400, not '86401'"},
    {"no threads",
     {"--threads=0"},
     "error: option '--threads' wants a number from 1 to 1024, not '0'"},
    {"more requests to libvirt than it may have",
     {"--libvirt-requests=65"},
     "error: option '--libvirt-requests' wants a number from 1 to 64, not '65'"},
    {"threads with a sign",
     {"--threads=+1"},
     "error: option '--threads' wants a number from 1 to 1024, not '+1'"},
    {"an unknown format",
     {"--format", "xml"},
     "error: option '--format' knows 'text' and 'json', not 'xml'"},
    {"an empty domain", {""}, "error: an empty name ''"},
    {"a group in the list", {"list", "--block"}, "error: option '--block' does not go with 'list'"},
    {"groups are not for what lacks",
     {"doctor", "--block"},
     "error: option '--block' does not go with 'doctor'"},
    {"a domain for a recording",
     {"record", "d", "--domain=a"},
     "error: option '--domain' does not go with 'record'"},
    {"a recording in a folder without a name", {"record", ""}, "error: an empty name ''"},
    {"a recording without a folder", {"record"}, "error: 'record' wants one folder, not 0"},
    {"a recording in two folders", {"record", "a", "b"}, "error: 'record' wants one folder, not 2"},
};

static const char *const command_names[] = {
    [CLI_OPTIONS_COMMAND_STATS] = "stats",     [CLI_OPTIONS_COMMAND_LIST] = "list",
    [CLI_OPTIONS_COMMAND_RECORD] = "record",   [CLI_OPTIONS_COMMAND_DOCTOR] = "doctor",
    [CLI_OPTIONS_COMMAND_TOP] = "top",         [CLI_OPTIONS_COMMAND_HELP] = "help",
    [CLI_OPTIONS_COMMAND_VERSION] = "version",
};

static void
describe_text(GString *out, const char *name, const char *text)
{
    if (text != NULL)
        g_string_append_printf(out, " %s=%s", name, text);
}

static void
describe_bits(GString *out, const char *name, unsigned int bits)
{
    if (bits != 0)
        g_string_append_printf(out, " %s=0x%x", name, bits);
}

static void
describe_number(GString *out, const char *name, unsigned int number)
{
    if (number != 0)
        g_string_append_printf(out, " %s=%u", name, number);
}

static void
describe_list(GString *out, const char *name, const GPtrArray *list)
{
    g_autofree char *text = NULL;

    if (list->len > 0)
        text = g_strjoinv(",", (char **)list->pdata);
    describe_text(out, name, text);
}

static void
describe_top(GString *out, const CliOptionsTop *top)
{
    g_string_append(out, top->is_batch ? " batch" : "");
    describe_text(out, "csv", top->csv);
    g_string_append(out, top->is_json ? " json" : "");
    describe_number(out, "n", top->n_rounds);
    describe_number(out, "delay_ms", top->delay_ms);
    describe_text(out, "view", top->view);
    describe_text(out, "columns", top->columns);
    describe_text(out, "sort", top->sort);
    g_string_append(out, top->is_reversed ? " reversed" : "");
    describe_text(out, "filter", top->filter);
    g_string_append(out, top->counts_requests ? " requests" : "");
    g_string_append(out, top->is_of_host ? " of_host" : "");
    describe_text(out, "record", top->record_dir);
    describe_text(out, "replay", top->replay_dir);
}

/* Every option that differs from the defaults. */
static char *
describe(const CliOptions *options)
{
    GString *out = g_string_new(command_names[options->command]);

    describe_text(out, "source", options->source);
    describe_bits(out, "stats", options->stats);
    describe_bits(out, "flags", options->flags);
    describe_bits(out, "extras", options->extras);
    describe_number(out, "timeout_ms", options->timeout_ms);
    describe_number(out, "n_threads", options->n_threads);
    describe_number(out, "libvirt_requests", options->libvirt_requests);
    g_string_append(out, options->holds_monitors ? " holds_monitors" : "");
    g_string_append(out, options->takes_any_listener ? " takes_any_listener" : "");
    g_string_append(out, options->is_without_libvirt ? " is_without_libvirt" : "");
    g_string_append(out, options->is_without_service ? " is_without_service" : "");
    g_string_append(out, options->show_health ? " show_health" : "");
    g_string_append(out, options->is_verbose ? " is_verbose" : "");
    g_string_append(out, options->format == CLI_OPTIONS_FORMAT_JSON ? " json" : "");
    describe_text(out, "recording_dir", options->recording_dir);
    describe_list(out, "domains", options->domains);
    describe_list(out, "perf_events", options->perf_events);
    describe_top(out, &options->top);
    return g_string_free(out, FALSE);
}

static void
reads_words(const void *data)
{
    const Row *row = data;
    char *argv[MAX_WORDS + 2] = {(char *)"domstats"};
    int argc = 1;
    g_auto(CliOptions) options = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    while (argc <= MAX_WORDS && row->words[argc - 1] != NULL) {
        argv[argc] = (char *)row->words[argc - 1];
        argc++;
    }
    if (cli_options_parse(argc, argv, &options, &error))
        got = describe(&options);
    else
        got = g_strconcat("error: ", error->message, NULL);
    testing_assert_same_text(got, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("cli_options", rows, reads_words);
}
