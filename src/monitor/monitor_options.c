/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_options: see monitor_options.h. The rules are those of the command domstats: options may
 * stand anywhere before "--", and are not abbreviated.
 */
#include "monitor_options.h"

#include <stddef.h>
#include <string.h>

#define DEFAULT_URI "qemu:///system"

enum { HELP_COLUMN = 24, NO_OFFSET = -1 };

typedef struct {
    char letter; /* 0: it has only the long name */
    const char *name;
    const char *argument;          /* its name in the help; NULL: the option takes none */
    int offset;                    /* of the bool that it sets, or of the char * */
    MonitorOptionsCommand command; /* where @offset is NO_OFFSET */
    const char *help;
} Option;

#define AT(member) ((int)offsetof(MonitorOptions, member))

/* clang-format off */
static const Option options_table[] = {
    {'c', "connect", "URI", AT(uri), 0, "the libvirt to be asked (default: " DEFAULT_URI ")"},
    {0, "config", NULL, AT(wants_config), 0, "only the definition, for the next start"},
    {0, "live", NULL, AT(wants_live), 0, "only the running QEMU (11.1 and later)"},
    {0, "folder", "FOLDER", AT(folder), 0, "where the sockets of definitions are to be"},
    {0, "no-check", NULL, AT(is_unchecked), 0, "also if QEMU is not seen to have the right to make its socket"},
    {'y', "yes", NULL, AT(is_yes), 0, "do it without a question"},
    {'h', "help", NULL, NO_OFFSET, MONITOR_OPTIONS_HELP, "this text"},
    {'V', "version", NULL, NO_OFFSET, MONITOR_OPTIONS_VERSION, "the version"},
};

static const struct {
    const char *name;
    MonitorOptionsCommand command;
    bool wants_domains;
} commands[] = {
    {"add", MONITOR_OPTIONS_ADD, true},
    {"remove", MONITOR_OPTIONS_REMOVE, true},
    {"list", MONITOR_OPTIONS_LIST, false},
};
/* clang-format on */

typedef struct {
    int argc;
    char *const *argv;
    int at;
    bool has_command;
    bool is_over; /* --help or --version was there */
    MonitorOptions options;
} Reading;

static bool
refuse(GError **error, const char *what, const char *word)
{
    g_autofree char *valid = g_utf8_make_valid(word, -1);

    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, what);
    g_prefix_error(error, "'%s': ", valid);
    return false;
}

/* The option of @word, "-c", "--connect" or "--connect=URI"; sets @ret_value behind the "=". */
static const Option *
find_option(const char *word, const char **ret_value)
{
    bool is_long = g_str_has_prefix(word, "--");
    size_t length = strcspn(word, "=");

    *ret_value = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++) {
        const Option *option = &options_table[i];

        if (!is_long && option->letter != 0 && word[1] == option->letter && word[2] == '\0')
            return option;
        if (is_long && strlen(option->name) == length - 2 &&
            strncmp(word + 2, option->name, length - 2) == 0) {
            *ret_value = word[length] == '=' ? word + length + 1 : NULL;
            return option;
        }
    }
    return NULL;
}

static bool
take_text(Reading *reading, const Option *option, const char *value, GError **error)
{
    char **place = &G_STRUCT_MEMBER(char *, &reading->options, option->offset);

    if (value == NULL && reading->at < reading->argc)
        value = reading->argv[reading->at++];
    if (value == NULL || *value == '\0')
        return refuse(error, "the option wants a value", option->name);
    g_free(*place);
    *place = g_strdup(value);
    return true;
}

static bool
take_option(Reading *reading, const char *word, GError **error)
{
    const char *value = NULL;
    const Option *option = find_option(word, &value);

    if (option == NULL)
        return refuse(error, "there is no such option", word);
    if (option->argument != NULL)
        return take_text(reading, option, value, error);
    if (value != NULL)
        return refuse(error, "the option takes no value", word);
    if (option->offset == NO_OFFSET) {
        reading->options.command = option->command;
        reading->is_over = true;
    } else {
        G_STRUCT_MEMBER(bool, &reading->options, option->offset) = true;
    }
    return true;
}

static bool
take_word(Reading *reading, const char *word, GError **error)
{
    if (reading->has_command) {
        if (*word == '\0')
            return refuse(error, "an empty name is no domain", word);
        g_ptr_array_add(reading->options.domains, g_strdup(word));
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(word, commands[i].name) != 0)
            continue;
        reading->options.command = commands[i].command;
        reading->has_command = true;
        return true;
    }
    return refuse(error, "there is no such sub-command: add, remove and list are", word);
}

static bool
take_all(Reading *reading, GError **error)
{
    bool is_behind = false;

    while (reading->at < reading->argc && !reading->is_over) {
        const char *word = reading->argv[reading->at++];
        bool is_option = !is_behind && word[0] == '-' && word[1] != '\0';

        if (is_option && strcmp(word, "--") == 0)
            is_behind = true;
        else if (!(is_option ? take_option(reading, word, error) : take_word(reading, word, error)))
            return false;
    }
    return true;
}

/* What only the whole line shows. */
static bool
check(const Reading *reading, GError **error)
{
    const MonitorOptions *options = &reading->options;

    if (reading->is_over)
        return true;
    if (!reading->has_command)
        return refuse(error, "a sub-command is missing: add, remove or list", "domstats-monitor");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (commands[i].command == options->command && commands[i].wants_domains &&
            options->domains->len == 0)
            return refuse(error, "name the domains", commands[i].name);
    if (options->folder != NULL && options->folder[0] != '/')
        return refuse(error, "the path of a folder begins with '/'", options->folder);
    return true;
}

bool
monitor_options_parse(int argc, char *const *argv, MonitorOptions *ret_options, GError **error)
{
    Reading reading = {.argc = argc, .argv = argv, .at = 1};

    reading.options.uri = g_strdup(DEFAULT_URI);
    reading.options.domains = g_ptr_array_new_with_free_func(g_free);
    if (!take_all(&reading, error) || !check(&reading, error)) {
        monitor_options_clear(&reading.options);
        return false;
    }
    *ret_options = reading.options;
    return true;
}

void
monitor_options_clear(MonitorOptions *self)
{
    g_clear_pointer(&self->uri, g_free);
    g_clear_pointer(&self->folder, g_free);
    g_clear_pointer(&self->domains, g_ptr_array_unref);
}

static void
append_option_help(GString *out, const Option *option)
{
    size_t start = out->len;
    size_t width = 0;

    g_string_append(out, "  ");
    if (option->letter != 0)
        g_string_append_printf(out, "-%c, ", option->letter);
    g_string_append_printf(out, "--%s", option->name);
    if (option->argument != NULL)
        g_string_append_printf(out, " %s", option->argument);
    width = out->len - start;
    g_string_append_printf(out, "%*s%s\n", width < HELP_COLUMN ? (int)(HELP_COLUMN - width) : 2, "",
                           option->help);
}

void
monitor_options_append_help(GString *out)
{
    g_string_append(
        out, "Usage: domstats-monitor add [OPTION]... DOMAIN...\n"
             "       domstats-monitor remove [OPTION]... DOMAIN...\n"
             "       domstats-monitor list [OPTION]... [DOMAIN]...\n"
             "\n"
             "Gives QEMUs of libvirt a second monitor, through which domstats asks them directly.\n"
             "\n"
             "  add     into the definition, and into the running QEMU if it can take one\n"
             "  remove  takes away what add made\n"
             "  list    which domains have one, and whether it can be connected to\n"
             "\n"
             "Options:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(options_table); i++)
        append_option_help(out, &options_table[i]);
    g_string_append(out,
                    "\nExit status: 0 all done, 1 wrong usage, 2 nothing done, 3 not all done.\n");
}
