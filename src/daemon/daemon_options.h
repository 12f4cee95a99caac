/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_options: reads the command line of domstatsd, and writes the text of --help.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_options.h"
#include <sys/types.h>

typedef enum {
    DAEMON_OPTIONS_SERVE,
    DAEMON_OPTIONS_CHECK,
    DAEMON_OPTIONS_HELP,
    DAEMON_OPTIONS_VERSION,
} DaemonOptionsCommand;

typedef struct {
    DaemonOptionsCommand command;
    char *source;       /* NULL: auto */
    char *rpc;          /* path of the socket for libvirt's protocol; NULL: not named */
    char *service;      /* path of the socket for our own; NULL: not named */
    GPtrArray *metrics; /* char *: addresses */
    char *names;        /* of the metrics: "domstats", "libvirt", ...; NULL: our own only */
    char *tls_cert;     /* paths of files; NULL: not named */
    char *tls_key;
    char *tls_client_ca;
    bool is_insecure;         /* an address that others can reach needs no TLS */
    unsigned int socket_mode; /* of the files of unix sockets */
    char *socket_group;       /* NULL: the one of the process */
    unsigned int timeout_ms;  /* of a request that sets no deadline */
    unsigned int events_interval_s;
    bool holds_monitors;
    bool is_without_libvirt;
    unsigned int libvirt_requests; /* 0: the library's own */
    bool is_verbose;
} DaemonOptions;

/* Reads the arguments after argv[0]. On failure gives false and leaves @ret_options untouched;
 * @error, of G_OPTION_ERROR, has one line. Nothing after --help or --version is read. */
bool daemon_options_parse(int argc, char *const *argv, DaemonOptions *ret_options, GError **error);

void daemon_options_clear(DaemonOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonOptions, daemon_options_clear)

void daemon_options_append_help(GString *out);

/* The one table of the program's options. */
const UtilOptionTable *daemon_options_table(void);
