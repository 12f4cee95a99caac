/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_log: lines on stderr for the administrator, with the priority before each where the
 * journal reads them (sd-daemon(3)).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    DAEMON_LOG_ERROR,
    DAEMON_LOG_WARNING,
    DAEMON_LOG_INFO,
    DAEMON_LOG_DEBUG, /* only with daemon_log_set_verbose() */
} DaemonLogLevel;

void daemon_log_set_verbose(bool is_verbose);

/* Writes one line. Control characters and bytes that are not UTF-8, which a client or a path may
 * bring, are replaced. Never waits: lines that stderr does not take are counted in a later one. */
void daemon_log(DaemonLogLevel level, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for what any client can cause: DAEMON_LIMIT_REFUSALS_LOGGED lines a minute, then a count
 * with the first line of a later minute. */
void daemon_log_refusal(const char *format, ...) G_GNUC_PRINTF(1, 2);
