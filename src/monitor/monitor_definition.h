/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_definition: changes the persistent definition of one domain, for its next start.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "monitor_connection.h"
#include "monitor_options.h"

/* Both show the user what will change, ask, make the change and say what was done. If there is
 * nothing to do they only say so. */
bool monitor_definition_add(const MonitorOptions *options, const MonitorConnection *connection,
                            virDomainPtr domain, GError **error);
bool monitor_definition_remove(const MonitorOptions *options, const MonitorConnection *connection,
                               virDomainPtr domain, GError **error);
