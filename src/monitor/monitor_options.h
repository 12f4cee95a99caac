/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_options: reads the command line of domstats-monitor, and writes the text of --help.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_options.h"

typedef enum {
    MONITOR_OPTIONS_ADD,
    MONITOR_OPTIONS_REMOVE,
    MONITOR_OPTIONS_LIST,
    MONITOR_OPTIONS_HELP,
    MONITOR_OPTIONS_VERSION,
} MonitorOptionsCommand;

typedef struct {
    MonitorOptionsCommand command;
    char *uri;
    char *folder;      /* of the sockets of definitions; NULL: libvirt's own */
    bool is_yes;       /* the user is not asked */
    bool wants_config; /* neither this nor the next: both, as far as the domain has them */
    bool wants_live;
    bool is_unchecked;  /* definitions are changed also if QEMU may have no right to its socket */
    GPtrArray *domains; /* char *, in the order given */
} MonitorOptions;

/* Reads the arguments after argv[0]. On failure gives false and leaves @ret_options untouched;
 * @error, of G_OPTION_ERROR, has one line. Nothing after --help or --version is read. */
bool monitor_options_parse(int argc, char *const *argv, MonitorOptions *ret_options,
                           GError **error);

void monitor_options_clear(MonitorOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MonitorOptions, monitor_options_clear)

void monitor_options_append_help(GString *out);

/* The one table of the program's options. */
const UtilOptionTable *monitor_options_table(void);
