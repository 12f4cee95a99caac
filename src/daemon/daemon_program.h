/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_program: the service as a whole: opens what the options name, serves it until it is told
 * to end, and removes what it made.
 */
#pragma once

#include "daemon_options.h"

/* Serves until SIGTERM or SIGINT; these and SIGHUP must be blocked. False, with an error that names
 * what cannot be served, if it did not come to that. */
bool daemon_program_run(const DaemonOptions *options, GError **error);

/* Opens all, says on stdout of each place and of the source whether it can be served, and closes
 * it. False if something cannot. */
bool daemon_program_check(const DaemonOptions *options);
