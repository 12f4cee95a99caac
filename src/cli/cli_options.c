/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_options: see cli_options.h.
 *
 * The options are read here and not by GOption or getopt_long(), for three reasons: the place of a
 * word matters ("list" is a sub-command before "--" and a domain after it), an option is allowed
 * with some sub-commands only, and abbreviations are refused, since one that works today would
 * break a script when a longer option is added.
 */
#include "cli_options.h"

#include <libvirt/libvirt.h>
#include <stddef.h>
#include <string.h>

#include "domstats/domstats.h"

#define ON_STATS  (1U << CLI_OPTIONS_COMMAND_STATS)
#define ON_LIST   (1U << CLI_OPTIONS_COMMAND_LIST)
#define ON_RECORD (1U << CLI_OPTIONS_COMMAND_RECORD)
#define ON_QUERY  (ON_STATS | ON_LIST)
#define ON_ALL    (ON_STATS | ON_LIST | ON_RECORD)

#define MAX_TIMEOUT_S 86400.0
#define MAX_THREADS   1024

/* Where the second column of --help starts; a longer first column shifts it. */
#define HELP_COLUMN 24

typedef enum {
    SECTION_GROUPS,
    SECTION_FILTERS,
    SECTION_OUTPUT,
    SECTION_SOURCE,
    SECTION_OTHER,
} Section;

typedef struct Option Option;

/* Applies an option to @self; @text is its argument, NULL if it has none. */
typedef bool (*OptionApply)(CliOptions *self, const Option *option, const char *text,
                            GError **error);

struct Option {
    Section section;
    char letter; /* 0: it has only the long name */
    const char *name;
    const char *argument; /* its name in the help; NULL: the option takes none */
    unsigned int commands;
    OptionApply apply;
    unsigned int value; /* what @apply sets: a bit, a command, or the offset of a bool */
    const char *help;
};

static const char *const section_titles[] = {
    [SECTION_GROUPS] = "Groups of statistics (none named: all that are supported)",
    [SECTION_FILTERS] = "Which domains (none named: all)",
    [SECTION_OUTPUT] = "What is reported",
    [SECTION_SOURCE] = "Where domains come from and how they are asked",
    [SECTION_OTHER] = "Other",
};

static bool
apply_stats(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    self->stats |= option->value;
    return true;
}

static bool
apply_flags(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    self->flags |= option->value;
    return true;
}

static bool
apply_extras(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    self->extras |= option->value;
    return true;
}

/* For --raw, which has no effect: values are always printed raw. */
static bool
apply_nothing(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)self;
    (void)option;
    (void)text;
    (void)error;
    return true;
}

static bool
apply_yes(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    G_STRUCT_MEMBER(bool, self, option->value) = true;
    return true;
}

static bool
apply_command(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    self->command = option->value;
    return true;
}

static bool
apply_source(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)option;
    (void)error;
    g_free(self->source);
    self->source = g_strdup(text);
    return true;
}

static bool
apply_domain(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)option;
    if (*text == '\0') {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "an empty name ''");
        return false;
    }
    g_ptr_array_add(self->domains, g_strdup(text));
    return true;
}

static bool
apply_perf_event(CliOptions *self, const Option *option, const char *text, GError **error)
{
    (void)option;
    (void)error;
    g_ptr_array_add(self->perf_events, g_strdup(text));
    return true;
}

static bool
apply_format(CliOptions *self, const Option *option, const char *text, GError **error)
{
    static const char *const names[] = {
        [CLI_OPTIONS_FORMAT_TEXT] = "text", [CLI_OPTIONS_FORMAT_JSON] = "json"};

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
apply_timeout(CliOptions *self, const Option *option, const char *text, GError **error)
{
    bool is_plain = *text != '\0' && text[strspn(text, "0123456789.")] == '\0';
    char *end = NULL;
    double seconds = is_plain ? g_ascii_strtod(text, &end) : 0;

    if (!is_plain || *end != '\0' || seconds < 0.001 || seconds > MAX_TIMEOUT_S) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' wants seconds from 0.001 to %.0f, not '%s'", option->name,
                    MAX_TIMEOUT_S, text);
        return false;
    }
    self->timeout_ms = (unsigned int)(seconds * 1000 + 0.5);
    return true;
}

/* Reads a number from 1 to @most. */
static bool
read_number(const Option *option, const char *text, unsigned int most, unsigned int *ret_number,
            GError **error)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, most, &number, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' wants a number from 1 to %u, not '%s'", option->name, most,
                    text);
        return false;
    }
    *ret_number = (unsigned int)number;
    return true;
}

static bool
apply_threads(CliOptions *self, const Option *option, const char *text, GError **error)
{
    return read_number(option, text, MAX_THREADS, &self->n_threads, error);
}

static bool
apply_libvirt_requests(CliOptions *self, const Option *option, const char *text, GError **error)
{
    return read_number(option, text, DOMSTATS_LIBVIRT_REQUESTS_MOST, &self->libvirt_requests,
                       error);
}

/* clang-format off */
#define GROUP(name, bit, help) \
    {SECTION_GROUPS, 0, name, NULL, ON_STATS, apply_stats, VIR_DOMAIN_STATS_##bit, help}
#define FILTER(name, bit, help) \
    {SECTION_FILTERS, 0, name, NULL, ON_QUERY, apply_flags, \
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_##bit, help}

/* In the order of --help. */
static const Option options_table[] = {
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
    {SECTION_FILTERS, 0, "domain", "DOMAIN", ON_QUERY, apply_domain, 0,
     "a name, UUID or id; may be repeated"},

    {SECTION_OUTPUT, 0, "raw", NULL, ON_STATS, apply_nothing, 0,
     "as in virsh: accepted, values are always raw"},
    {SECTION_OUTPUT, 0, "enforce", NULL, ON_STATS, apply_flags,
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
     "fail if a group that is named cannot be served"},
    {SECTION_OUTPUT, 0, "backing", NULL, ON_STATS, apply_flags,
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING, "whole backing chains in the block group"},
    {SECTION_OUTPUT, 0, "ext", NULL, ON_STATS, apply_extras, DOMSTATS_CALL_EXT,
     "fields that libvirt does not have, named ext.*"},
    {SECTION_OUTPUT, 0, "last", NULL, ON_STATS, apply_extras, DOMSTATS_CALL_LAST,
     "for incomplete domains, their last complete values"},
    {SECTION_OUTPUT, 0, "health", NULL, ON_STATS, apply_yes,
     offsetof(CliOptions, show_health),
     "health as fields, in text too"},
    {SECTION_OUTPUT, 0, "format", "text|json", ON_QUERY, apply_format, 0,
     "how it is written; text if not given"},

    {SECTION_SOURCE, 'c', "connect", "SOURCE", ON_ALL, apply_source, 0,
     "auto (as if not given), dir:PATH, socket:PATH, libvirt:URI or replay:PATH"},
    {SECTION_SOURCE, 0, "timeout", "SECONDS", ON_ALL, apply_timeout, 0,
     "deadline of the whole call, decimals allowed; 5 if not given"},
    {SECTION_SOURCE, 0, "nowait", NULL, ON_QUERY, apply_flags,
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT, "do not wait for a domain known to be stuck"},
    {SECTION_SOURCE, 0, "threads", "NUMBER", ON_ALL, apply_threads, 0,
     "threads of the call; if not given, as many as make it faster"},
    {SECTION_SOURCE, 0, "hold", NULL, ON_ALL, apply_yes, offsetof(CliOptions, holds_monitors),
     "stay connected to the monitors until the end; without it, each is let go at once"},
    {SECTION_SOURCE, 0, "any-listener", NULL, ON_ALL, apply_yes,
     offsetof(CliOptions, takes_any_listener),
     "with dir: and socket:, ask any process that listens, not only a QEMU"},
    {SECTION_SOURCE, 0, "no-libvirt", NULL, ON_ALL, apply_yes,
     offsetof(CliOptions, is_without_libvirt),
     "with auto, ask no libvirt: its domains have only what the host knows"},
    {SECTION_SOURCE, 0, "libvirt-requests", "NUMBER", ON_ALL, apply_libvirt_requests, 0,
     "that one libvirt has at a time, at most; 10 if not given"},
    {SECTION_SOURCE, 0, "perf-event", "NAME", ON_STATS | ON_RECORD, apply_perf_event, 0,
     "an event of the perf group, cpu_cycles say; may be repeated"},

    {SECTION_OTHER, 'h', "help", NULL, ON_ALL, apply_command, CLI_OPTIONS_COMMAND_HELP, "this text"},
    {SECTION_OTHER, 'V', "version", NULL, ON_ALL, apply_command, CLI_OPTIONS_COMMAND_VERSION,
     "the version"},
};
/* clang-format on */

static const char *const command_names[] = {
    [CLI_OPTIONS_COMMAND_STATS] = "stats",
    [CLI_OPTIONS_COMMAND_LIST] = "list",
    [CLI_OPTIONS_COMMAND_RECORD] = "record",
};

/* The state while a command line is read. */
typedef struct {
    char *const *arguments; /* the ones not read yet */
    size_t n_arguments;
    CliOptions options;
    bool has_word;   /* a word that is no option was read: no sub-command may follow */
    bool only_words; /* "--" was read */
    bool is_used[G_N_ELEMENTS(options_table)];
} Reading;

static const char *
take_argument(Reading *reading)
{
    reading->n_arguments--;
    return *reading->arguments++;
}

static const Option *
find_option(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
        if (strlen(options_table[i].name) == length &&
            memcmp(options_table[i].name, name, length) == 0)
            return &options_table[i];
    }
    return NULL;
}

static const Option *
find_letter(char letter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
        if (options_table[i].letter != 0 && options_table[i].letter == letter)
            return &options_table[i];
    }
    return NULL;
}

/* Reads one option. @text is its argument if that is in the same word, else NULL. */
static bool
read_option(Reading *reading, const Option *option, const char *text, GError **error)
{
    if (option->argument == NULL && text != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' takes no argument, but has '%s'", option->name, text);
        return false;
    }
    if (option->argument != NULL && text == NULL) {
        if (reading->n_arguments == 0) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "option '--%s' needs an argument: %s", option->name, option->argument);
            return false;
        }
        text = take_argument(reading);
    }
    reading->is_used[option - options_table] = true;
    return option->apply(&reading->options, option, text, error);
}

static bool
read_dashed(Reading *reading, const char *word, GError **error)
{
    bool is_long = word[1] == '-';
    const char *equals = is_long ? strchr(word, '=') : NULL;
    const char *text = NULL;
    const Option *option = NULL;

    if (is_long) {
        option = find_option(word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word + 2));
        text = equals ? equals + 1 : NULL;
    } else {
        option = find_letter(word[1]);
        text = word[2] != '\0' ? word + 2 : NULL;
    }
    if (option == NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "unknown option '%s'",
                    word);
        return false;
    }
    return read_option(reading, option, text, error);
}

static bool
read_word(Reading *reading, const char *word, GError **error)
{
    bool may_be_command = !reading->has_word && !reading->only_words;

    reading->has_word = true;
    for (size_t i = 0; may_be_command && i < G_N_ELEMENTS(command_names); i++) {
        if (strcmp(word, command_names[i]) == 0) {
            reading->options.command = (CliOptionsCommand)i;
            return true;
        }
    }
    return apply_domain(&reading->options, NULL, word, error);
}

/* Checks what depends on the sub-command, once that is known. */
static bool
check_options(const Reading *reading, GError **error)
{
    CliOptionsCommand command = reading->options.command;

    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
        if (reading->is_used[i] && (options_table[i].commands & (1U << command)) == 0) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                        "option '--%s' does not go with '%s'", options_table[i].name,
                        command_names[command]);
            return false;
        }
    }
    if (command == CLI_OPTIONS_COMMAND_RECORD && reading->options.domains->len != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "'record' wants one folder, not %u", reading->options.domains->len);
        return false;
    }
    return true;
}

static bool
read_all(Reading *reading, GError **error)
{
    while (reading->n_arguments > 0) {
        const char *word = take_argument(reading);
        bool is_option = !reading->only_words && word[0] == '-' && word[1] != '\0';

        if (is_option && strcmp(word, "--") == 0) {
            reading->only_words = true;
            continue;
        }
        if (is_option ? !read_dashed(reading, word, error) : !read_word(reading, word, error))
            return false;
        if (reading->options.command >= CLI_OPTIONS_COMMAND_HELP)
            return true;
    }
    return check_options(reading, error);
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
    Reading reading = {
        .arguments = argc > 0 ? argv + 1 : argv,
        .n_arguments = argc > 0 ? (size_t)argc - 1 : 0,
        .options = {.domains = g_ptr_array_new_with_free_func(g_free),
                    .perf_events = g_ptr_array_new_with_free_func(g_free)},
    };

    if (!read_all(&reading, error)) {
        cli_options_clear(&reading.options);
        return false;
    }
    if (reading.options.command == CLI_OPTIONS_COMMAND_RECORD)
        reading.options.recording_dir = g_ptr_array_steal_index(reading.options.domains, 0);
    end_list(reading.options.domains);
    end_list(reading.options.perf_events);
    *ret_options = reading.options;
    return true;
}

void
cli_options_clear(CliOptions *self)
{
    g_clear_pointer(&self->source, g_free);
    g_clear_pointer(&self->recording_dir, g_free);
    g_clear_pointer(&self->domains, g_ptr_array_unref);
    g_clear_pointer(&self->perf_events, g_ptr_array_unref);
}

static void
append_option_help(GString *out, const Option *option)
{
    size_t start = out->len;
    size_t width = 0;

    if (option->letter != 0)
        g_string_append_printf(out, "  -%c, ", option->letter);
    else
        g_string_append(out, "  ");
    g_string_append_printf(out, "--%s", option->name);
    if (option->argument != NULL)
        g_string_append_printf(out, " %s", option->argument);
    width = out->len - start;
    g_string_append_printf(out, "%*s%s\n", width < HELP_COLUMN ? (int)(HELP_COLUMN - width) : 2, "",
                           option->help);
}

void
cli_options_append_help(GString *out)
{
    g_string_append(out, "Usage: domstats [stats] [OPTION]... [[--domain] DOMAIN]...\n"
                         "       domstats list [OPTION]... [[--domain] DOMAIN]...\n"
                         "       domstats record [OPTION]... DIR\n"
                         "\n"
                         "Statistics of all QEMU/KVM domains of this host, or of those named.\n"
                         "\n"
                         "  stats   fields and values, as 'virsh domstats' writes them (default)\n"
                         "  list    one line a domain: state, health and what is wrong\n"
                         "  record  save every answer under DIR, for '--connect replay:DIR'\n"
                         "\n"
                         "After '--' every word is a domain.\n");
    for (size_t section = 0; section < G_N_ELEMENTS(section_titles); section++) {
        g_string_append_printf(out, "\n%s:\n", section_titles[section]);
        for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
            if (options_table[i].section == section)
                append_option_help(out, &options_table[i]);
        }
    }
    g_string_append(out, "\nExit status: 0 all complete, 1 wrong usage, 2 nothing could be had or\n"
                         "written, 3 some domains are incomplete.\n");
}

void
cli_options_append_group_names(GString *out, unsigned int stats, const char *separator,
                               const char *quote)
{
    const char *between = "";

    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
        const Option *option = &options_table[i];

        if (option->section != SECTION_GROUPS || (stats & option->value) == 0)
            continue;
        g_string_append_printf(out, "%s%s%s%s", between, quote, option->name, quote);
        between = separator;
    }
}
