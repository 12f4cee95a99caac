/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_options: see daemon_options.h.
 */
#include "daemon_options.h"

#include <stddef.h>
#include <string.h>

#include "daemon_address.h"
#include "domstats/domstats.h"
#include "util/util_options.h"

enum {
    MOST_SECONDS = 86400,
    MOST_INTERVAL_S = 3600,
    DEFAULT_INTERVAL_S = 5,
    DEFAULT_MODE = 0660,
};

#define TO(member) offsetof(DaemonOptions, member)

typedef enum {
    SECTION_SOURCE,
    SECTION_SERVED,
    SECTION_ACCESS,
    SECTION_OTHER,
} Section;

static const char *const sections[] = {
    [SECTION_SOURCE] = "Where domains come from and how they are asked",
    [SECTION_SERVED] = "What is served (nothing named: see below)",
    [SECTION_ACCESS] = "Who may connect",
    [SECTION_OTHER] = "Other",
    NULL,
};

static bool
apply_path(void *options, const UtilOption *option, const char *text, GError **error)
{
    return daemon_address_check_path(text, error) &&
           util_options_apply_text(options, option, text, error);
}

static bool
apply_address(void *options, const UtilOption *option, const char *text, GError **error)
{
    g_auto(DaemonAddress) address = {0};

    return daemon_address_parse(text, &address, error) &&
           util_options_apply_list(options, option, text, error);
}

/* A mode in octal. */
static bool
apply_mode(void *options, const UtilOption *option, const char *text, GError **error)
{
    guint64 mode = 0;

    if (!g_ascii_string_to_unsigned(text, 8, 0, option->value, &mode, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' wants a mode in octal, 0660 say, not '%s'", option->name, text);
        return false;
    }
    G_STRUCT_MEMBER(unsigned int, options, option->offset) = (unsigned int)mode;
    return true;
}

/* clang-format off */
static const UtilOption options_table[] = {
    {SECTION_SOURCE, 'c', "connect", "SOURCE", 0, util_options_apply_text, TO(source), 0,
     "as in domstats: auto (if not given), dir:PATH, libvirt:URI, ..."},
    {SECTION_SOURCE, 0, "timeout", "SECONDS", 0, util_options_apply_seconds, TO(timeout_ms), MOST_SECONDS,
     "deadline of requests that set none; 5 if not given"},
    {SECTION_SOURCE, 0, "hold", NULL, 0, util_options_apply_yes, TO(holds_monitors), 0,
     "stay connected to the monitors; without it, each is let go at once"},
    {SECTION_SOURCE, 0, "no-libvirt", NULL, 0, util_options_apply_yes, TO(is_without_libvirt), 0,
     "with auto, ask no libvirt: its domains have only what the host knows"},
    {SECTION_SOURCE, 0, "libvirt-requests", "NUMBER", 0, util_options_apply_number, TO(libvirt_requests),
     DOMSTATS_LIBVIRT_REQUESTS_MOST, "requests that one libvirt has at a time, at most; 10 if not given"},

    {SECTION_SERVED, 0, "rpc", "PATH", 0, apply_path, TO(rpc), 0,
     "libvirt's protocol, read-only, at this socket"},
    {SECTION_SERVED, 0, "service", "PATH", 0, apply_path, TO(service), 0,
     "the protocol of 'domstats -c service:PATH'"},
    {SECTION_SERVED, 0, "metrics", "ADDRESS", 0, apply_address, TO(metrics), 0,
     "metrics at HOST:PORT, [IPV6]:PORT or unix:PATH; may be repeated"},
    {SECTION_SERVED, 0, "names", "NAMES", 0, util_options_apply_text, TO(names), 0,
     "names of the metrics: domstats, libvirt or kumina"},
    {SECTION_SERVED, 0, "events-interval", "SECONDS", 0, util_options_apply_number, TO(events_interval_s),
     MOST_INTERVAL_S, "time between looks while a client waits for events; 5 if not given"},

    {SECTION_ACCESS, 0, "socket-mode", "MODE", 0, apply_mode, TO(socket_mode), 0777,
     "of the files of sockets; 0660 if not given"},
    {SECTION_ACCESS, 0, "socket-group", "GROUP", 0, util_options_apply_text, TO(socket_group), 0,
     "of the files of sockets"},
    {SECTION_ACCESS, 0, "tls-cert", "FILE", 0, util_options_apply_text, TO(tls_cert), 0,
     "metrics over TCP by TLS: certificate (PEM)"},
    {SECTION_ACCESS, 0, "tls-key", "FILE", 0, util_options_apply_text, TO(tls_key), 0,
     "its key"},
    {SECTION_ACCESS, 0, "tls-client-ca", "FILE", 0, util_options_apply_text, TO(tls_client_ca), 0,
     "only clients with a certificate of this authority"},
    {SECTION_ACCESS, 0, "insecure", NULL, 0, util_options_apply_yes, TO(is_insecure), 0,
     "also without TLS at an address that other hosts can reach"},

    {SECTION_OTHER, 0, "check", NULL, 0, util_options_apply_bits, TO(command), DAEMON_OPTIONS_CHECK,
     "say whether all of it can be served, and end"},
    {SECTION_OTHER, 'v', "verbose", NULL, 0, util_options_apply_yes, TO(is_verbose), 0,
     "log each client"},
    {SECTION_OTHER, 'h', "help", NULL, 0, util_options_apply_last, TO(command), DAEMON_OPTIONS_HELP, "this text"},
    {SECTION_OTHER, 'V', "version", NULL, 0, util_options_apply_last, TO(command), DAEMON_OPTIONS_VERSION,
     "the version"},
};
/* clang-format on */

static const UtilOptionTable table = {
    .rows = options_table,
    .n_rows = G_N_ELEMENTS(options_table),
    .sections = sections,
};

const UtilOptionTable *
daemon_options_table(void)
{
    return &table;
}

static bool
refuse(GError **error, const char *text)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
    return false;
}

/* Checks what no single option shows. */
static bool
check(const DaemonOptions *self, GError **error)
{
    if ((self->tls_cert == NULL) != (self->tls_key == NULL))
        return refuse(error, "options '--tls-cert' and '--tls-key' go together");
    if (self->tls_client_ca != NULL && self->tls_cert == NULL)
        return refuse(error, "option '--tls-client-ca' needs '--tls-cert' and '--tls-key'");
    if (self->source != NULL && g_str_has_prefix(self->source, "service:"))
        return refuse(error, "the service cannot read from a service: '-c service:...'");
    if (self->rpc != NULL && self->service != NULL && strcmp(self->rpc, self->service) == 0)
        return refuse(error, "options '--rpc' and '--service' name one socket");
    return true;
}

bool
daemon_options_parse(int argc, char *const *argv, DaemonOptions *ret_options, GError **error)
{
    DaemonOptions options = {.metrics = g_ptr_array_new_with_free_func(g_free),
                             .socket_mode = DEFAULT_MODE,
                             .timeout_ms = DOMSTATS_DEFAULT_TIMEOUT_MS,
                             .events_interval_s = DEFAULT_INTERVAL_S};

    if (!util_options_parse(&table, argc, argv, &options, error) ||
        (options.command <= DAEMON_OPTIONS_CHECK && !check(&options, error))) {
        daemon_options_clear(&options);
        return false;
    }
    *ret_options = options;
    return true;
}

void
daemon_options_clear(DaemonOptions *self)
{
    g_clear_pointer(&self->source, g_free);
    g_clear_pointer(&self->rpc, g_free);
    g_clear_pointer(&self->service, g_free);
    g_clear_pointer(&self->metrics, g_ptr_array_unref);
    g_clear_pointer(&self->names, g_free);
    g_clear_pointer(&self->tls_cert, g_free);
    g_clear_pointer(&self->tls_key, g_free);
    g_clear_pointer(&self->tls_client_ca, g_free);
    g_clear_pointer(&self->socket_group, g_free);
}

void
daemon_options_append_help(GString *out)
{
    g_string_append(out, "Usage: domstatsd [OPTION]...\n"
                         "\n"
                         "Serves the statistics of this host's domains: by libvirt's protocol, as "
                         "metrics, and to domstats.\n");
    util_options_append_help(&table, out);
    g_string_append(out, "\n"
                         "With nothing named it serves the sockets that systemd hands over, else\n"
                         "/run/domstats/libvirt-sock-ro, /run/domstats/domstats.sock and "
                         "127.0.0.1:9177.\n"
                         "\n"
                         "Exit status: 0 it was told to end, 1 wrong usage, 2 it cannot serve.\n");
}
