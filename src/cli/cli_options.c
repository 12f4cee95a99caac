/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_options: see cli_options.h.
 */
#include "cli_options.h"

#include <libvirt/libvirt.h>
#include <stddef.h>
#include <string.h>

#include "domstats/domstats.h"
#include "util/util_options.h"

#define ON_STATS   (1U << CLI_OPTIONS_COMMAND_STATS)
#define ON_LIST    (1U << CLI_OPTIONS_COMMAND_LIST)
#define ON_RECORD  (1U << CLI_OPTIONS_COMMAND_RECORD)
#define ON_DOCTOR  (1U << CLI_OPTIONS_COMMAND_DOCTOR)
#define ON_TOP     (1U << CLI_OPTIONS_COMMAND_TOP)
#define ON_QUERY   (ON_STATS | ON_LIST)
#define ON_DOMAINS (ON_QUERY | ON_TOP)
#define ON_ALL     (ON_STATS | ON_LIST | ON_RECORD | ON_DOCTOR | ON_TOP)

#define MAX_TIMEOUT_S 86400
#define MAX_THREADS   1024
#define MAX_DELAY_S   3600
#define MAX_ROUNDS    1000000000

typedef enum {
    SECTION_GROUPS,
    SECTION_FILTERS,
    SECTION_OUTPUT,
    SECTION_TOP,
    SECTION_SOURCE,
    SECTION_OTHER,
} Section;

static const char *const section_titles[] = {
    [SECTION_GROUPS] = "Groups of statistics (none named: all that are supported)",
    [SECTION_FILTERS] = "Which domains (none named: all)",
    [SECTION_OUTPUT] = "What is reported",
    [SECTION_TOP] = "With 'top'",
    [SECTION_SOURCE] = "Where domains come from and how they are asked",
    [SECTION_OTHER] = "Other",
    NULL,
};

static bool
apply_format(void *options, const UtilOption *option, const char *text, GError **error)
{
    static const char *const names[] = {
        [CLI_OPTIONS_FORMAT_TEXT] = "text", [CLI_OPTIONS_FORMAT_JSON] = "json"};
    CliOptions *self = options;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            self->format = (CliOptionsFormat)i;
            return true;
        }
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "option '--%s' knows 'text' and 'json', not '%s'", option->name, text);
    return false;
}

static bool
apply_csv(void *options, const UtilOption *option, const char *text, GError **error)
{
    CliOptions *self = options;

    (void)option;
    (void)error;
    g_free(self->top.csv);
    self->top.csv = g_strdup(text != NULL ? text : "");
    return true;
}

/* clang-format off */
#define TO(member) offsetof(CliOptions, member)
#define GROUP(name, bit, help) \
    {SECTION_GROUPS, 0, name, NULL, ON_STATS, util_options_apply_bits, TO(stats), \
     VIR_DOMAIN_STATS_##bit, help}
#define FILTER(name, bit, help) \
    {SECTION_FILTERS, 0, name, NULL, ON_DOMAINS, util_options_apply_bits, TO(flags), \
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_##bit, help}

/* In the order of --help. */
static const UtilOption options_table[] = {
    GROUP("state", STATE, "state and its reason"),
    GROUP("cpu-total", CPU_TOTAL, "host CPU time of the whole domain"),
    GROUP("balloon", BALLOON, "memory balloon"),
    GROUP("vcpu", VCPU, "virtual CPUs"),
    GROUP("interface", INTERFACE, "network interfaces"),
    GROUP("block", BLOCK, "block devices"),
    GROUP("perf", PERF, "perf events of the host"),
    GROUP("iothread", IOTHREAD, "IOThreads"),
    GROUP("memory", MEMORY, "memory bandwidth"),
    GROUP("dirtyrate", DIRTYRATE, "rate at which memory is dirtied"),
    GROUP("vm", VM, "what the hypervisor counts for the domain"),

    FILTER("list-active", ACTIVE, "active domains"),
    FILTER("list-inactive", INACTIVE, "inactive domains"),
    FILTER("list-persistent", PERSISTENT, "persistent domains"),
    FILTER("list-transient", TRANSIENT, "transient domains"),
    FILTER("list-running", RUNNING, "running domains"),
    FILTER("list-paused", PAUSED, "paused domains"),
    FILTER("list-shutoff", SHUTOFF, "domains that are shut off"),
    FILTER("list-other", OTHER, "domains in any other state"),
    {SECTION_FILTERS, 0, "domain", "DOMAIN", ON_DOMAINS | ON_DOCTOR, util_options_apply_list, TO(domains), 0,
     "a name, UUID or id; may be repeated"},

    {SECTION_OUTPUT, 0, "raw", NULL, ON_STATS, util_options_apply_nothing, 0, 0,
     "as in virsh: accepted, values are always raw"},
    {SECTION_OUTPUT, 0, "enforce", NULL, ON_STATS, util_options_apply_bits, TO(flags),
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
     "fail if a group that is named cannot be served"},
    {SECTION_OUTPUT, 0, "backing", NULL, ON_STATS, util_options_apply_bits, TO(flags),
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING, "whole backing chains in the block group"},
    {SECTION_OUTPUT, 0, "ext", NULL, ON_STATS, util_options_apply_bits, TO(extras), DOMSTATS_CALL_EXT,
     "fields that libvirt does not have, named ext.*"},
    {SECTION_OUTPUT, 0, "pss", NULL, ON_STATS, util_options_apply_bits, TO(extras), DOMSTATS_CALL_PSS,
     "each one's share of memory (ext.balloon.pss), and swap; costs the most"},
    {SECTION_OUTPUT, 0, "about", NULL, ON_STATS, util_options_apply_bits, TO(extras), DOMSTATS_CALL_ABOUT,
     "what domains are made of, as fields named about.*"},
    {SECTION_OUTPUT, 0, "no-kvm", NULL, ON_STATS, util_options_apply_bits, TO(extras), DOMSTATS_CALL_WITHOUT_KVM,
     "without KVM's own statistics, which cost QEMU the most"},
    {SECTION_OUTPUT, 0, "last", NULL, ON_STATS, util_options_apply_bits, TO(extras), DOMSTATS_CALL_LAST,
     "for incomplete domains, their last complete values"},
    {SECTION_OUTPUT, 0, "health", NULL, ON_STATS, util_options_apply_yes, TO(show_health), 0,
     "health as fields, in text too"},
    {SECTION_OUTPUT, 'v', "verbose", NULL, ON_LIST, util_options_apply_yes, TO(is_verbose), 0,
     "with 'list': who answered, and how many seconds ago"},
    {SECTION_OUTPUT, 0, "format", "text|json", ON_QUERY | ON_DOCTOR, apply_format, TO(format), 0,
     "how it is written; text if not given"},

    {SECTION_TOP, 'b', "batch", NULL, ON_TOP, util_options_apply_yes, TO(top.is_batch), 0,
     "write a table for each round, without a screen"},
    {SECTION_TOP, 'n', "rounds", "NUMBER", ON_TOP, util_options_apply_number, TO(top.n_rounds),
     MAX_ROUNDS, "how many rounds are written; without it, until the end of the program"},
    {SECTION_TOP, 'd', "delay", "SECONDS", ON_TOP, util_options_apply_seconds, TO(top.delay_ms),
     MAX_DELAY_S, "from one round to the next, 0.5 or more; 2 if not given"},
    {SECTION_TOP, 0, "view", "VIEW", ON_TOP, util_options_apply_text, TO(top.view), 0,
     "vms (as if not given), cpu, memory, disks, nics or vcpus"},
    {SECTION_TOP, 'o', "columns", "KEY,...", ON_TOP, util_options_apply_text, TO(top.columns), 0,
     "these columns instead of those of the view; the manual page lists them"},
    {SECTION_TOP, 's', "sort", "KEY", ON_TOP, util_options_apply_text, TO(top.sort), 0,
     "sort by this column"},
    {SECTION_TOP, 'r', "reverse", NULL, ON_TOP, util_options_apply_yes, TO(top.is_reversed), 0,
     "sort the other way round"},
    {SECTION_TOP, 0, "filter", "FILTER", ON_TOP, util_options_apply_text, TO(top.filter), 0,
     "only rows that fit: part of a name, state:paused, health:ok, /REGEX, !WORD, ..."},
    {SECTION_TOP, 0, "requests", NULL, ON_TOP, util_options_apply_yes, TO(top.counts_requests), 0,
     "count requests and packets, not bytes"},
    {SECTION_TOP, 0, "of-host", NULL, ON_TOP, util_options_apply_yes, TO(top.is_of_host), 0,
     "CPU in percent of all processors of the host, not of one"},
    {SECTION_TOP, 0, "csv", "[=virt-top]", ON_TOP, apply_csv, TO(top.csv), 0,
     "write comma-separated values, without a screen; also in virt-top's columns"},
    {SECTION_TOP, 0, "json", NULL, ON_TOP, util_options_apply_yes, TO(top.is_json), 0,
     "write a line of JSON for each round, without a screen"},
    {SECTION_TOP, 0, "record", "DIR", ON_TOP, util_options_apply_text, TO(top.record_dir), 0,
     "save the rounds in a folder as well"},
    {SECTION_TOP, 0, "replay", "DIR", ON_TOP, util_options_apply_text, TO(top.replay_dir), 0,
     "show the rounds that were saved there, and ask nothing"},

    {SECTION_SOURCE, 'c', "connect", "SOURCE", ON_ALL, util_options_apply_text, TO(source), 0,
     "auto (as if not given), dir:PATH, socket:PATH, libvirt:URI, service:PATH or replay:PATH"},
    {SECTION_SOURCE, 0, "timeout", "SECONDS", ON_ALL, util_options_apply_seconds, TO(timeout_ms),
     MAX_TIMEOUT_S,
     "deadline of the whole call, decimals allowed; 5 if not given"},
    {SECTION_SOURCE, 0, "nowait", NULL, ON_QUERY, util_options_apply_bits, TO(flags),
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT, "do not wait for a domain known to be stuck"},
    {SECTION_SOURCE, 0, "threads", "NUMBER", ON_ALL, util_options_apply_number, TO(n_threads),
     MAX_THREADS,
     "threads of the call; if not given, as many as make it faster"},
    {SECTION_SOURCE, 0, "hold", NULL, ON_ALL, util_options_apply_yes, TO(holds_monitors), 0,
     "stay connected to the monitors until the end; without it, each is let go at once"},
    {SECTION_SOURCE, 0, "any-listener", NULL, ON_ALL, util_options_apply_yes, TO(takes_any_listener), 0,
     "with dir: and socket:, ask any process that listens, not only a QEMU"},
    {SECTION_SOURCE, 0, "no-libvirt", NULL, ON_ALL, util_options_apply_yes, TO(is_without_libvirt), 0,
     "with auto, ask no libvirt: its domains have only what the host knows"},
    {SECTION_SOURCE, 0, "no-service", NULL, ON_ALL, util_options_apply_yes, TO(is_without_service), 0,
     "with auto, do not read from domstatsd, also if it runs"},
    {SECTION_SOURCE, 0, "libvirt-requests", "NUMBER", ON_ALL, util_options_apply_number,
     TO(libvirt_requests), DOMSTATS_LIBVIRT_REQUESTS_MOST,
     "requests that one libvirt has at a time, at most; 10 if not given"},
    {SECTION_SOURCE, 0, "perf-event", "NAME", ON_STATS | ON_RECORD | ON_DOCTOR,
     util_options_apply_list,
     TO(perf_events), 0,
     "an event of the perf group, cpu_cycles say; may be repeated"},

    {SECTION_OTHER, 'h', "help", NULL, ON_ALL, util_options_apply_last, TO(command),
     CLI_OPTIONS_COMMAND_HELP, "this text"},
    {SECTION_OTHER, 'V', "version", NULL, ON_ALL, util_options_apply_last, TO(command),
     CLI_OPTIONS_COMMAND_VERSION,
     "the version"},
};
/* clang-format on */

static const char *const command_names[] = {
    [CLI_OPTIONS_COMMAND_STATS] = "stats",   [CLI_OPTIONS_COMMAND_LIST] = "list",
    [CLI_OPTIONS_COMMAND_RECORD] = "record", [CLI_OPTIONS_COMMAND_DOCTOR] = "doctor",
    [CLI_OPTIONS_COMMAND_TOP] = "top",       NULL,
};

static const UtilOptionTable table = {
    .rows = options_table,
    .n_rows = G_N_ELEMENTS(options_table),
    .sections = section_titles,
    .commands = command_names,
    .command_offset = offsetof(CliOptions, command),
    .takes_words = true,
    .words_offset = offsetof(CliOptions, domains),
};

const UtilOptionTable *
cli_options_table(void)
{
    return &table;
}

/* The only word of "record" is its folder. */
static bool
take_recording_dir(CliOptions *self, GError **error)
{
    if (self->command != CLI_OPTIONS_COMMAND_RECORD)
        return true;
    if (self->domains->len != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "'record' wants one folder, not %u", self->domains->len);
        return false;
    }
    self->recording_dir = g_ptr_array_steal_index(self->domains, 0);
    return true;
}

/* Ends the list with NULL, as the library wants it, unless it is empty. */
static void
end_list(GPtrArray *list)
{
    if (list->len > 0)
        g_ptr_array_add(list, NULL);
}

bool
cli_options_parse(int argc, char *const *argv, CliOptions *ret_options, GError **error)
{
    CliOptions options = {.domains = g_ptr_array_new_with_free_func(g_free),
                          .perf_events = g_ptr_array_new_with_free_func(g_free)};

    if (!util_options_parse(&table, argc, argv, &options, error) ||
        !take_recording_dir(&options, error)) {
        cli_options_clear(&options);
        return false;
    }
    end_list(options.domains);
    end_list(options.perf_events);
    *ret_options = options;
    return true;
}

void
cli_options_clear(CliOptions *self)
{
    g_clear_pointer(&self->source, g_free);
    g_clear_pointer(&self->recording_dir, g_free);
    g_clear_pointer(&self->top.csv, g_free);
    g_clear_pointer(&self->top.view, g_free);
    g_clear_pointer(&self->top.columns, g_free);
    g_clear_pointer(&self->top.sort, g_free);
    g_clear_pointer(&self->top.filter, g_free);
    g_clear_pointer(&self->top.record_dir, g_free);
    g_clear_pointer(&self->top.replay_dir, g_free);
    g_clear_pointer(&self->domains, g_ptr_array_unref);
    g_clear_pointer(&self->perf_events, g_ptr_array_unref);
}

void
cli_options_append_help(GString *out)
{
    g_string_append(out, "Usage: domstats [stats] [OPTION]... [[--domain] DOMAIN]...\n"
                         "       domstats list [OPTION]... [[--domain] DOMAIN]...\n"
                         "       domstats record [OPTION]... DIR\n"
                         "       domstats doctor [OPTION]... [[--domain] DOMAIN]...\n"
                         "       domstats top [OPTION]... [[--domain] DOMAIN]...\n"
                         "\n"
                         "Statistics of all QEMU/KVM domains of this host, or of those named.\n"
                         "\n"
                         "  stats   fields and values, as 'virsh domstats' writes them (default)\n"
                         "  list    one line a domain: state, health and what is wrong\n"
                         "  record  save every answer under DIR, for '--connect replay:DIR'\n"
                         "  doctor  what cannot be read, why, and the line that mends it\n"
                         "  top     a live view: CPU, ready time, memory, disks, interfaces\n"
                         "\n"
                         "After '--' every word is a domain.\n");
    util_options_append_help(&table, out);
    g_string_append(out,
                    "\nExit status: 0 all complete, 1 wrong usage, 2 nothing could be had or\n"
                    "written, 3 some domains are incomplete, or with 'list' and 'top' not ok.\n");
}

void
cli_options_append_group_names(GString *out, unsigned int stats, const char *separator,
                               const char *quote)
{
    const char *between = "";

    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
        const UtilOption *option = &options_table[i];

        if (option->section != SECTION_GROUPS || (stats & option->value) == 0)
            continue;
        g_string_append_printf(out, "%s%s%s%s", between, quote, option->name, quote);
        between = separator;
    }
}
