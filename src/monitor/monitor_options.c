/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_options: see monitor_options.h.
 */
#include "monitor_options.h"

#include <stddef.h>

#include "util/util_options.h"

#define DEFAULT_URI "qemu:///system"

#define TO(member) offsetof(MonitorOptions, member)

static const char *const sections[] = {"Options", NULL};

/* clang-format off */
static const UtilOption options_table[] = {
    {0, 'c', "connect", "URI", 0, util_options_apply_text, TO(uri), 0,
     "the libvirt to be asked (default: " DEFAULT_URI ")"},
    {0, 0, "config", NULL, 0, util_options_apply_yes, TO(wants_config), 0,
     "only the definition, for the next start"},
    {0, 0, "live", NULL, 0, util_options_apply_yes, TO(wants_live), 0,
     "only the running QEMU (11.1 and later)"},
    {0, 0, "folder", "FOLDER", 0, util_options_apply_text, TO(folder), 0,
     "where the sockets of definitions are to be"},
    {0, 0, "no-check", NULL, 0, util_options_apply_yes, TO(is_unchecked), 0,
     "also if QEMU is not seen to have the right to make its socket"},
    {0, 'y', "yes", NULL, 0, util_options_apply_yes, TO(is_yes), 0, "do it without a question"},
    {0, 'h', "help", NULL, 0, util_options_apply_last, TO(command), MONITOR_OPTIONS_HELP, "this text"},
    {0, 'V', "version", NULL, 0, util_options_apply_last, TO(command), MONITOR_OPTIONS_VERSION, "the version"},
};
/* clang-format on */

static const char *const command_names[] = {
    [MONITOR_OPTIONS_ADD] = "add",
    [MONITOR_OPTIONS_REMOVE] = "remove",
    [MONITOR_OPTIONS_LIST] = "list",
    NULL,
};

static const UtilOptionTable table = {
    .rows = options_table,
    .n_rows = G_N_ELEMENTS(options_table),
    .sections = sections,
    .commands = command_names,
    .command_offset = TO(command),
    .wants_command = true,
    .takes_words = true,
    .words_offset = TO(domains),
};

const UtilOptionTable *
monitor_options_table(void)
{
    return &table;
}

/* Checks what no single option shows. */
static bool
check(const MonitorOptions *self, GError **error)
{
    if (self->command == MONITOR_OPTIONS_HELP || self->command == MONITOR_OPTIONS_VERSION)
        return true;
    if (self->command != MONITOR_OPTIONS_LIST && self->domains->len == 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "'%s' wants the names of domains",
                    command_names[self->command]);
        return false;
    }
    if (self->folder != NULL && self->folder[0] != '/') {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--folder' wants a path that begins with '/', not '%s'", self->folder);
        return false;
    }
    return true;
}

bool
monitor_options_parse(int argc, char *const *argv, MonitorOptions *ret_options, GError **error)
{
    MonitorOptions options = {.uri = g_strdup(DEFAULT_URI),
                              .domains = g_ptr_array_new_with_free_func(g_free)};

    if (!util_options_parse(&table, argc, argv, &options, error) || !check(&options, error)) {
        monitor_options_clear(&options);
        return false;
    }
    *ret_options = options;
    return true;
}

void
monitor_options_clear(MonitorOptions *self)
{
    g_clear_pointer(&self->uri, g_free);
    g_clear_pointer(&self->folder, g_free);
    g_clear_pointer(&self->domains, g_ptr_array_unref);
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
             "  list    which domains have one, and whether it can be connected to\n");
    util_options_append_help(&table, out);
    g_string_append(out,
                    "\nExit status: 0 all done, 1 wrong usage, 2 nothing done, 3 not all done.\n");
}
