/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_options: what command lines of domstatsd are read as, and the messages for wrong
 * ones.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_options.h"

enum { MAX_WORDS = 24 };

typedef struct {
    const char *name;
    const char *words[MAX_WORDS]; /* after the program's own name */
    const char *expected;
} Row;

/* clang-format off */
static const Row rows[] = {
    {"nothing", {NULL}, "serve mode=660 timeout=5000 interval=5"},
    {"every option with a value",
     {"-c", "dir:/x", "--rpc", "/r", "--service=/s", "--metrics", "[::1]:1", "--metrics=unix:/m", "--names", "libvirt",
      "--events-interval", "9", "--socket-mode", "0666", "--socket-group", "g", "--timeout", "0.5",
      "--libvirt-requests", "3"},
     "serve source=dir:/x rpc=/r service=/s metrics=[::1]:1 metrics=unix:/m names=libvirt mode=666 group=g "
     "timeout=500 interval=9 requests=3"},
    {"every option without", {"--hold", "--no-libvirt", "--insecure", "-v", "--check"},
     "check mode=660 timeout=5000 interval=5 insecure hold no-libvirt verbose"},
    {"certificates", {"--tls-cert", "c", "--tls-key", "k", "--tls-client-ca", "a"},
     "serve cert=c key=k ca=a mode=660 timeout=5000 interval=5"},
    {"help, whatever follows", {"--help", "--nonsense"}, "help mode=660 timeout=5000 interval=5"},
    {"the version", {"--check", "-V"}, "version mode=660 timeout=5000 interval=5"},
    {"another option", {"--port=1"}, "error: unknown option '--port=1'"},
    {"a word", {"all"}, "error: unexpected argument 'all'"},
    {"a relative path", {"--rpc", "x"}, "error: 'x' is no address: the path of a socket begins with '/'"},
    {"an address without a port", {"--metrics", "h"},
     "error: 'h' is no address: it is HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"a mode that is not octal", {"--socket-mode", "rw"}, "error: option '--socket-mode' wants a mode in octal, 0660 say, not 'rw'"},
    {"a mode with more than rights", {"--socket-mode", "4777"},
     "error: option '--socket-mode' wants a mode in octal, 0660 say, not '4777'"},
    {"a certificate without its key", {"--tls-cert", "c"}, "error: options '--tls-cert' and '--tls-key' go together"},
    {"an authority without a certificate", {"--tls-client-ca", "a"},
     "error: option '--tls-client-ca' needs '--tls-cert' and '--tls-key'"},
    {"a service that reads from a service", {"-c", "service:/x"},
     "error: the service cannot read from a service: '-c service:...'"},
    {"one socket for two protocols", {"--rpc=/x", "--service=/x"}, "error: options '--rpc' and '--service' name one socket"},
    {"too many requests at a time", {"--libvirt-requests", "65"},
     "error: option '--libvirt-requests' wants a number from 1 to 64, not '65'"},
    {"an interval of 0", {"--events-interval", "0"},
     "error: option '--events-interval' wants a number from 1 to 3600, not '0'"},
};
/* clang-format on */

static void
append(GString *text, const char *name, const char *value)
{
    if (value != NULL)
        g_string_append_printf(text, " %s=%s", name, value);
}

static char *
describe(const DaemonOptions *options)
{
    static const char *const commands[] = {"serve", "check", "help", "version"};
    GString *text = g_string_new(commands[MIN((unsigned int)options->command, 3)]);

    append(text, "source", options->source);
    append(text, "rpc", options->rpc);
    append(text, "service", options->service);
    for (guint i = 0; i < options->metrics->len; i++)
        append(text, "metrics", g_ptr_array_index(options->metrics, i));
    append(text, "names", options->names);
    append(text, "cert", options->tls_cert);
    append(text, "key", options->tls_key);
    append(text, "ca", options->tls_client_ca);
    g_string_append_printf(text, " mode=%o", options->socket_mode);
    append(text, "group", options->socket_group);
    g_string_append_printf(text, " timeout=%u interval=%u", options->timeout_ms,
                           options->events_interval_s);
    if (options->libvirt_requests != 0)
        g_string_append_printf(text, " requests=%u", options->libvirt_requests);
    g_string_append_printf(text, "%s%s%s%s", options->is_insecure ? " insecure" : "",
                           options->holds_monitors ? " hold" : "",
                           options->is_without_libvirt ? " no-libvirt" : "",
                           options->is_verbose ? " verbose" : "");
    return g_string_free(text, FALSE);
}

static void
reads(const void *data)
{
    const Row *row = data;
    char *argv[MAX_WORDS + 1] = {(char *)"domstatsd"};
    int argc = 1;
    g_auto(DaemonOptions) options = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    for (; argc <= MAX_WORDS - 1 && row->words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)row->words[argc - 1];
    if (daemon_options_parse(argc, argv, &options, &error))
        got = describe(&options);
    else
        got = g_strconcat("error: ", error->message, NULL);
    assert_string_equal(got, row->expected);
}

static void
help_names_every_option(void **state)
{
    static const char *const names[] = {
        "--connect SOURCE", "--rpc PATH",    "--service PATH",    "--metrics ADDRESS",
        "--check",          "--socket-mode", "--events-interval", "--insecure",
        "--hold",           "--version",
    };
    g_autoptr(GString) text = g_string_new(NULL);

    (void)state;
    daemon_options_append_help(text);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        assert_non_null(strstr(text->str, names[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"--help names every option", help_names_every_option, NULL, NULL, NULL},
    };

    return TESTING_RUN_TABLE("options", rows, reads) +
           cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
