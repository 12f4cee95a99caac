/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_places: see daemon_places.h.
 */
#include "daemon_places.h"

#include <grp.h>

enum { GROUP_BYTES = 16384 };

static const DaemonPlaces usual_places[] = {
    {DAEMON_LISTENER_LIBVIRT, "/run/domstats/libvirt-sock-ro"},
    {DAEMON_LISTENER_SERVICE, "/run/domstats/domstats.sock"},
    {DAEMON_LISTENER_METRICS, "127.0.0.1:9177"},
};

static void
add(GArray *places, DaemonListenerKind kind, const char *text)
{
    const DaemonPlaces place = {kind, text};

    if (text != NULL)
        g_array_append_val(places, place);
}

GArray *
daemon_places_list(const DaemonOptions *options, bool has_handed)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(DaemonPlaces));

    add(places, DAEMON_LISTENER_LIBVIRT, options->rpc);
    add(places, DAEMON_LISTENER_SERVICE, options->service);
    for (guint i = 0; i < options->metrics->len; i++)
        add(places, DAEMON_LISTENER_METRICS, g_ptr_array_index(options->metrics, i));
    if (places->len == 0 && !has_handed)
        g_array_append_vals(places, usual_places, G_N_ELEMENTS(usual_places));
    return places;
}

bool
daemon_places_find_rights(const DaemonOptions *options, DaemonListenerRights *ret_rights,
                          GError **error)
{
    DaemonListenerRights rights = {.mode = options->socket_mode, .group = (gid_t)-1};
    g_autofree char *buffer = g_malloc(GROUP_BYTES);
    struct group group = {0};
    struct group *found = NULL;

    if (options->socket_group != NULL) {
        (void)getgrnam_r(options->socket_group, &group, buffer, GROUP_BYTES, &found);
        if (found == NULL) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                        "there is no group '%s' for option '--socket-group'",
                        options->socket_group);
            return false;
        }
        rights.group = found->gr_gid;
    }
    *ret_rights = rights;
    return true;
}

bool
daemon_places_open(const DaemonPlaces *self, const DaemonListenerRights *rights,
                   GPtrArray *listeners, GError **error)
{
    DaemonListener *listener = NULL;

    if (self->kind == DAEMON_LISTENER_METRICS)
        return daemon_listener_open_address(self->text, rights, listeners, error);
    listener = daemon_listener_open_unix(self->kind, self->text, rights, error);
    if (listener != NULL)
        g_ptr_array_add(listeners, listener);
    return listener != NULL;
}

bool
daemon_places_check_tls(const DaemonOptions *options, const DaemonListener *listener,
                        GError **error)
{
    if (listener->is_local || options->tls_cert != NULL || options->is_insecure)
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                "other hosts can reach '%s': give --tls-cert and --tls-key, or say --insecure",
                listener->text);
    return false;
}
