/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_places: which places the options, systemd and the defaults say are to be served.
 */
#pragma once

#include "daemon_listener.h"
#include "daemon_options.h"

typedef struct {
    DaemonListenerKind kind;
    const char *text; /* path or address; lives as long as the options */
} DaemonPlaces;

/* What is to be opened, an array of DaemonPlaces: what @options names; if that is nothing, and
 * systemd handed nothing over, the usual places. */
GArray *daemon_places_list(const DaemonOptions *options, bool has_handed);

/* Finds the group that the options name. False with an error of G_OPTION_ERROR if there is none. */
bool daemon_places_find_rights(const DaemonOptions *options, DaemonListenerRights *ret_rights,
                               GError **error);

/* Opens one place and adds what listens to @listeners. False with an error that names it. */
bool daemon_places_open(const DaemonPlaces *self, const DaemonListenerRights *rights,
                        GPtrArray *listeners, GError **error);

/* False, with an error of G_OPTION_ERROR, if other hosts can reach @listener and the options give
 * neither TLS nor the permission to go without. */
bool daemon_places_check_tls(const DaemonOptions *options, const DaemonListener *listener,
                             GError **error);
