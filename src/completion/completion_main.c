/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_main: writes what a shell completes for a program of ours:
 *
 *     completion-writer bash|zsh PROGRAM
 *
 * Used while building; not installed.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli_options.h"
#include "completion_bash.h"
#include "completion_shared.h"
#include "completion_zsh.h"
#include "daemon/daemon_options.h"
#include "monitor/monitor_options.h"

static const CompletionShared programs[] = {
    {"domstats", cli_options_table, "stats", "record"},
    {"domstats-monitor", monitor_options_table, NULL, NULL},
    {"domstatsd", daemon_options_table, NULL, NULL},
};

int
main(int argc, char **argv)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t i = 0; argc == 3 && i < G_N_ELEMENTS(programs); i++) {
        if (strcmp(argv[2], programs[i].program) != 0)
            continue;
        if (strcmp(argv[1], "bash") == 0)
            completion_bash_append(out, &programs[i]);
        if (strcmp(argv[1], "zsh") == 0)
            completion_zsh_append(out, &programs[i]);
    }
    return out->len > 0 && fwrite(out->str, 1, out->len, stdout) == out->len ? 0 : 1;
}
