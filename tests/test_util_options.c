/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_options: command lines of programs with and without sub-commands, and the help. The
 * tests of each program's options have the rest.
 */
#include "util/util_options.h"

#include <string.h>

#include "testing.h"

#define MAX_WORDS 8

typedef enum { COMMAND_ADD, COMMAND_LIST, COMMAND_HELP } Command;

typedef struct {
    Command command;
    bool is_loud;
    unsigned int bits;
    unsigned int count;
    unsigned int timeout_ms;
    char *path;
    GPtrArray *events;
    GPtrArray *words;
} Options;

#define TO(member) offsetof(Options, member)

/* clang-format off */
static const UtilOption options_table[] = {
    {0, 'l', "loud", NULL, 1U << COMMAND_ADD, util_options_apply_yes, TO(is_loud), 0, "with noise"},
    {0, 0, "four", NULL, 0, util_options_apply_bits, TO(bits), 4, "the bit 4"},
    {0, 0, "one", NULL, 0, util_options_apply_bits, TO(bits), 1, "the bit 1"},
    {1, 'n', "count", "NUMBER", 0, util_options_apply_number, TO(count), 9, "how many"},
    {1, 0, "timeout-of-the-call", "SECONDS", 0, util_options_apply_seconds, TO(timeout_ms), 60, "how long"},
    {1, 0, "path", "PATH", 0, util_options_apply_text, TO(path), 0, "where"},
    {1, 0, "event", "NAME", 0, util_options_apply_list, TO(events), 0, "which"},
    {1, 0, "raw", NULL, 0, util_options_apply_nothing, 0, 0, "no effect"},
    {1, 'h', "help", NULL, 0, util_options_apply_last, TO(command), COMMAND_HELP, "this text"},
};
/* clang-format on */

static const char *const sections[] = {"First", "Second", NULL};
static const char *const commands[] = {"add", "list", NULL};

static const UtilOptionTable without_commands = {
    .rows = options_table,
    .n_rows = G_N_ELEMENTS(options_table),
    .sections = sections,
};

static const UtilOptionTable may_have_one = {
    .rows = options_table,
    .n_rows = G_N_ELEMENTS(options_table),
    .sections = sections,
    .commands = commands,
    .command_offset = TO(command),
    .takes_words = true,
    .words_offset = TO(words),
};

static const UtilOptionTable wants_one = {
    .rows = options_table,
    .n_rows = G_N_ELEMENTS(options_table),
    .sections = sections,
    .commands = commands,
    .command_offset = TO(command),
    .wants_command = true,
};

typedef struct {
    const char *sentence;
    const UtilOptionTable *table;
    const char *words[MAX_WORDS]; /* after the program's own name */
    const char *expected;         /* describe()'s text, or "error: " and the message */
} Row;

static const Row rows[] = {
    {"no words", &without_commands, {NULL}, "add"},
    {"letters and names",
     &without_commands,
     {"-l", "-n", "3", "--path=/a", "--raw"},
     "add loud count=3 path=/a"},
    {"an argument in the letter's word", &without_commands, {"-n3"}, "add count=3"},
    {"bits are added up", &without_commands, {"--one", "--four"}, "add bits=5"},
    {"the last text wins", &without_commands, {"--path", "a", "--path", "b"}, "add path=b"},
    {"lists are added to", &without_commands, {"--event=a", "--event=b"}, "add events=a,b"},
    {"seconds become milliseconds",
     &without_commands,
     {"--timeout-of-the-call", "1.5"},
     "add timeout=1500"},
    {"help ends the reading", &without_commands, {"-h", "--bogus"}, "help"},
    {"a program that takes no words",
     &without_commands,
     {"list"},
     "error: unexpected argument 'list'"},
    {"dashes before one", &without_commands, {"--", "-l"}, "error: unexpected argument '-l'"},
    {"the most of a number",
     &without_commands,
     {"--count=10"},
     "error: option '--count' wants a number from 1 to 9, not '10'"},
    {"the most seconds",
     &without_commands,
     {"--timeout-of-the-call=61"},
     "error: option '--timeout-of-the-call' wants seconds from 0.001 to 60, not '61'"},
    {"an empty text",
     &without_commands,
     {"--path="},
     "error: option '--path' needs an argument: PATH"},
    {"an empty entry of a list",
     &without_commands,
     {"--event", ""},
     "error: option '--event' needs an argument: NAME"},
    {"a sub-command", &may_have_one, {"list", "a"}, "list words=a"},
    {"its name behind dashes", &may_have_one, {"--", "list"}, "add words=list"},
    {"its name behind a word", &may_have_one, {"a", "list"}, "add words=a,list"},
    {"an option of another",
     &may_have_one,
     {"--loud", "list"},
     "error: option '--loud' does not go with 'list'"},
    {"an empty word", &may_have_one, {""}, "error: an empty name ''"},
    {"one that must be there", &wants_one, {"list"}, "list"},
    {"behind dashes too", &wants_one, {"--", "list"}, "list"},
    {"but is missing",
     &wants_one,
     {"--raw"},
     "error: a sub-command is missing: expected one of add, list"},
    {"but is another",
     &wants_one,
     {"change"},
     "error: unknown sub-command 'change': expected one of add, list"},
    {"help instead of one", &wants_one, {"--help"}, "help"},
    {"a word too many", &wants_one, {"list", "a"}, "error: unexpected argument 'a'"},
};

static void
describe_list(GString *out, const char *name, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const char *between = i > 0 ? "," : name;

        g_string_append_printf(out, "%s%s", between, (const char *)g_ptr_array_index(list, i));
    }
}

static char *
describe(const Options *options)
{
    static const char *const names[] = {"add", "list", "help"};
    GString *out = g_string_new(names[options->command]);

    g_string_append(out, options->is_loud ? " loud" : "");
    if (options->bits != 0)
        g_string_append_printf(out, " bits=%u", options->bits);
    if (options->count != 0)
        g_string_append_printf(out, " count=%u", options->count);
    if (options->timeout_ms != 0)
        g_string_append_printf(out, " timeout=%u", options->timeout_ms);
    if (options->path != NULL)
        g_string_append_printf(out, " path=%s", options->path);
    describe_list(out, " events=", options->events);
    describe_list(out, " words=", options->words);
    return g_string_free(out, FALSE);
}

static void
reads_words(const void *data)
{
    const Row *row = data;
    const char *argv[MAX_WORDS + 1] = {"program"};
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    Options options = {.events = events, .words = words};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;
    int argc = 1;

    for (; argc <= MAX_WORDS && row->words[argc - 1] != NULL; argc++)
        argv[argc] = row->words[argc - 1];
    if (util_options_parse(row->table, argc, (char *const *)argv, &options, &error))
        got = describe(&options);
    else
        got = g_strconcat("error: ", error->message, NULL);
    g_free(options.path);
    testing_assert_same_text(got, row->expected);
}

static void
has_each_option_in_its_section(const void *data)
{
    g_autoptr(GString) help = g_string_new(NULL);

    (void)data;
    util_options_append_help(&without_commands, help);
    testing_assert_same_text(help->str, "\nFirst:\n"
                                        "  -l, --loud            with noise\n"
                                        "  --four                the bit 4\n"
                                        "  --one                 the bit 1\n"
                                        "\nSecond:\n"
                                        "  -n, --count NUMBER    how many\n"
                                        "  --timeout-of-the-call SECONDS  how long\n"
                                        "  --path PATH           where\n"
                                        "  --event NAME          which\n"
                                        "  --raw                 no effect\n"
                                        "  -h, --help            this text\n");
}

static const struct {
    const char *sentence;
} help_rows[] = {{"the help has each option in its section"}};

int
main(void)
{
    return TESTING_RUN_TABLE("util_options", rows, reads_words) +
           TESTING_RUN_TABLE("util_options help", help_rows, has_each_option_in_its_section);
}
