/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_monitor_options: what command lines of domstats-monitor are read as, and the messages for
 * wrong ones.
 */
#include "testing.h"

#include <string.h>

#include "monitor/monitor_options.h"

enum { MAX_WORDS = 8 };

typedef struct {
    const char *name;
    const char *words[MAX_WORDS]; /* after the program's own name */
    const char *expected;
} Row;

/* clang-format off */
static const Row rows[] = {
    {"a domain", {"add", "web"}, "add qemu:///system web"},
    {"several", {"remove", "web", "db"}, "remove qemu:///system web db"},
    {"all are listed", {"list"}, "list qemu:///system"},
    {"the libvirt, in all its spellings", {"-c", "a:/", "list", "--connect", "b:/", "--connect=c:/=d"}, "list c:/=d"},
    {"every option", {"add", "--yes", "--config", "--live", "--no-check", "--folder=/run/x", "web"},
     "add qemu:///system yes config live no-check folder=/run/x web"},
    {"a short option", {"add", "-y", "web"}, "add qemu:///system yes web"},
    {"a domain that looks like an option", {"add", "--", "--yes"}, "add qemu:///system --yes"},
    {"a domain with a sub-command's name", {"add", "add"}, "add qemu:///system add"},
    {"help, whatever follows", {"--help", "--nonsense"}, "help qemu:///system"},
    {"the version", {"-V"}, "version qemu:///system"},
    {"no words", {NULL}, "error: a sub-command is missing: expected one of add, remove, list"},
    {"no domain to be given one", {"add"}, "error: 'add' wants the names of domains"},
    {"no domain to be taken from", {"remove", "--yes"}, "error: 'remove' wants the names of domains"},
    {"an empty name", {"add", ""}, "error: an empty name ''"},
    {"another sub-command", {"change", "web"},
     "error: unknown sub-command 'change': expected one of add, remove, list"},
    {"another option", {"add", "--force"}, "error: unknown option '--force'"},
    {"an abbreviation", {"add", "--conf"}, "error: unknown option '--conf'"},
    {"an option without its value", {"list", "-c"}, "error: option '--connect' needs an argument: URI"},
    {"a value for one that takes none", {"add", "--yes=1", "web"}, "error: option '--yes' takes no argument, but has '1'"},
    {"a folder that is relative", {"add", "--folder", "run", "web"},
     "error: option '--folder' wants a path that begins with '/', not 'run'"},
};
/* clang-format on */

static char *
describe(const MonitorOptions *options)
{
    static const char *const commands[] = {"add", "remove", "list", "help", "version"};
    GString *text = g_string_new(commands[options->command]);

    g_string_append_printf(text, " %s%s%s%s%s", options->uri, options->is_yes ? " yes" : "",
                           options->wants_config ? " config" : "",
                           options->wants_live ? " live" : "",
                           options->is_unchecked ? " no-check" : "");
    if (options->folder != NULL)
        g_string_append_printf(text, " folder=%s", options->folder);
    for (guint i = 0; i < options->domains->len; i++)
        g_string_append_printf(text, " %s", (const char *)g_ptr_array_index(options->domains, i));
    return g_string_free(text, FALSE);
}

static void
reads(const void *data)
{
    const Row *row = data;
    const char *words[MAX_WORDS + 1] = {"domstats-monitor"};
    g_auto(MonitorOptions) options = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;
    int n = 1;

    for (; n <= MAX_WORDS && row->words[n - 1] != NULL; n++)
        words[n] = row->words[n - 1];
    if (monitor_options_parse(n, (char *const *)words, &options, &error))
        got = describe(&options);
    else
        got = g_strconcat("error: ", error->message, NULL);
    assert_string_equal(got, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor options", rows, reads);
}
