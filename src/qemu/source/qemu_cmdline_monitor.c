/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_monitor: the options that make monitors -> the monitors. Pure.
 *
 * A monitor may name its character device before the device is given, so monitors are
 * collected first and looked up when all words were read.
 */
#include "qemu_cmdline_monitor.h"

#include <limits.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_cmdline_option.h"

/* A control-mode monitor: it names a chardev, or has one of its own. */
typedef struct {
    char *chardev_id;
    char *backend;
    QemuCmdlineOption *chardev;
} FoundMonitor;

struct QemuCmdlineMonitors {
    GHashTable *chardevs; /* id -> QemuCmdlineOption */
    GArray *found;        /* FoundMonitor */
    unsigned int n_human;
};

static void
clear_found(gpointer data)
{
    FoundMonitor *found = data;

    g_free(found->chardev_id);
    g_free(found->backend);
    qemu_cmdline_option_free(found->chardev);
}

static void
free_option(gpointer data)
{
    qemu_cmdline_option_free(data);
}

/* Borrows the strings, takes the option. */
static void
add_found(QemuCmdlineMonitors *self, const char *chardev_id, const char *backend,
          QemuCmdlineOption *take_option)
{
    FoundMonitor found = {g_strdup(chardev_id), g_strdup(backend), take_option};

    if (self->found->len < QEMU_LIMIT_MONITORS)
        g_array_append_val(self->found, found);
    else
        clear_found(&found);
}

void
qemu_cmdline_monitors_take_chardev(QemuCmdlineMonitors *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "backend");
    const char *id = qemu_cmdline_option_get_exact(option, "id");

    if (id != NULL && !g_hash_table_contains(self->chardevs, id)) {
        char *key = g_strdup(id);

        g_hash_table_insert(self->chardevs, key, g_steal_pointer(&option));
    }
}

/* "-mon": its mode tells whether it is a control monitor; the default is one for people. */
void
qemu_cmdline_monitors_take_mon(QemuCmdlineMonitors *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "chardev");
    const char *id = qemu_cmdline_option_get(option, "chardev");

    if (g_strcmp0(qemu_cmdline_option_get(option, "mode"), "control") != 0)
        self->n_human++;
    else if (id != NULL)
        add_found(self, id, NULL, NULL);
}

void
qemu_cmdline_monitors_take_monitor(QemuCmdlineMonitors *self, const char *argument)
{
    if (!g_str_equal(argument, "none"))
        self->n_human++;
}

/* QEMU 11.1 and later make monitors by "-object" too. */
void
qemu_cmdline_monitors_take_object(QemuCmdlineMonitors *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "qom-type");
    const char *type = qemu_cmdline_option_get_exact(option, "qom-type");
    const char *id = qemu_cmdline_option_get_exact(option, "chardev");

    if (g_strcmp0(type, "monitor-hmp") == 0)
        self->n_human++;
    else if (g_strcmp0(type, "monitor-qmp") == 0 && id != NULL)
        add_found(self, id, NULL, NULL);
}

/* "HOST:PORT,more" as the pairs of a chardev option; NULL without a colon. */
static QemuCmdlineOption *
parse_host_and_port(const char *text, const char *more)
{
    const char *end = strchrnul(text, ',');
    const char *colon = memrchr(text, ':', (size_t)(end - text));
    g_autofree char *pairs = NULL;

    if (colon == NULL)
        return NULL;
    pairs = g_strdup_printf("host=%.*s,port=%s%s", (int)MIN(colon - text, INT_MAX), text, colon + 1,
                            more);
    return qemu_cmdline_option_parse(pairs, NULL);
}

/* "-qmp": a character device in the old one-word form. */
void
qemu_cmdline_monitors_take_qmp(QemuCmdlineMonitors *self, const char *argument)
{
    static const struct {
        const char *prefix;
        const char *more; /* what the prefix means beside a TCP socket */
    } tcp_forms[] = {
        {"tcp:", ""},
        {"telnet:", ",telnet=on"},
        {"tn3270:", ",tn3270=on"},
        {"websocket:", ",websocket=on"},
    };
    g_autofree char *backend = NULL;

    if (g_str_equal(argument, "none"))
        return;
    if (g_str_has_prefix(argument, "chardev:")) {
        add_found(self, argument + strlen("chardev:"), NULL, NULL);
        return;
    }
    if (g_str_has_prefix(argument, "unix:")) {
        add_found(self, NULL, "socket",
                  qemu_cmdline_option_parse(argument + strlen("unix:"), "path"));
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tcp_forms); i++) {
        if (g_str_has_prefix(argument, tcp_forms[i].prefix)) {
            const char *rest = argument + strlen(tcp_forms[i].prefix);

            add_found(self, NULL, "socket", parse_host_and_port(rest, tcp_forms[i].more));
            return;
        }
    }
    backend = g_strndup(argument, strcspn(argument, ":,"));
    add_found(self, NULL, backend, NULL);
}

static void
add_monitor(GArray *monitors, QemuCmdlineMonitorKind kind, int fd, char *take_path)
{
    QemuCmdlineMonitor monitor = {kind, take_path, fd};

    g_array_append_val(monitors, monitor);
}

/* Names a character device to which no client can connect, as the end of a sentence. */
static char *
describe_backend(const char *backend)
{
    static const struct {
        const char *backend;
        const char *text;
    } rows[] = {
        {"stdio", "on stdio"},
        {"mon", "on stdio"},
        {"pty", "on a pty"},
        {"vc", "in its display"},
        {"null", "connected to nothing"},
        {"file", "written to a file"},
        {"pipe", "on a pipe"},
        {"serial", "on a serial line"},
        {"udp", "on UDP"},
        {"fd", "on a descriptor that is no socket"},
    };
    g_autofree char *name = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].backend, backend))
            return g_strdup(rows[i].text);
    name = g_utf8_make_valid(backend, -1);
    return g_strdup_printf("on '%s'", name);
}

/* Why a socket cannot be used, as the end of a sentence; NULL if it can. */
static const char *
find_socket_fault(const QemuCmdlineOption *option)
{
    bool is_server = qemu_cmdline_option_is_on(option, "server");

    if (qemu_cmdline_option_is_json(option) && qemu_cmdline_option_get(option, "server") == NULL)
        is_server = true;
    if (!is_server && qemu_cmdline_option_get(option, "fd") != NULL)
        return "on a connection that its launcher holds";
    if (!is_server)
        return "a socket in client mode";
    if (qemu_cmdline_option_get(option, "tls-creds") != NULL)
        return "encrypted with TLS";
    if (qemu_cmdline_option_is_on(option, "websocket"))
        return "behind a websocket";
    if (qemu_cmdline_option_is_on(option, "telnet") || qemu_cmdline_option_is_on(option, "tn3270"))
        return "behind telnet";
    if (qemu_cmdline_option_get(option, "cid") != NULL)
        return "on vsock";
    return NULL;
}

static void
resolve_tcp(const QemuCmdlineOption *option, GArray *monitors)
{
    const char *host = qemu_cmdline_option_get(option, "host");
    const char *port = qemu_cmdline_option_get(option, "port");
    bool is_v6 = host != NULL && strchr(host, ':') != NULL && host[0] != '[';

    if (port == NULL || !g_ascii_string_to_unsigned(port, 10, 1, 65535, NULL, NULL)) {
        add_monitor(monitors, QEMU_CMDLINE_MONITOR_UNUSABLE, -1,
                    g_strdup("a socket without an address"));
        return;
    }
    add_monitor(monitors, QEMU_CMDLINE_MONITOR_TCP, -1,
                g_strdup_printf(is_v6 ? "[%s]:%s" : "%s:%s", host ? host : "", port));
}

static void
resolve_socket(const QemuCmdlineOption *option, GArray *monitors)
{
    const char *fault = find_socket_fault(option);
    const char *fd = qemu_cmdline_option_get(option, "fd");
    const char *path = qemu_cmdline_option_get(option, "path");
    bool is_abstract = qemu_cmdline_option_is_on(option, "abstract");

    if (fd == NULL) /* the address of kind "fd" in JSON */
        fd = qemu_cmdline_option_get(option, "str");
    if (fault == NULL && is_abstract && qemu_cmdline_option_get(option, "tight") != NULL &&
        !qemu_cmdline_option_is_on(option, "tight"))
        fault = "on an abstract socket whose name is filled up with zeros";
    if (fault == NULL && fd != NULL && qemu_cmdline_option_parse_fd(fd) < 0)
        fault = "on a descriptor known by a name only";
    if (fault != NULL)
        add_monitor(monitors, QEMU_CMDLINE_MONITOR_UNUSABLE, -1, g_strdup(fault));
    else if (fd != NULL)
        add_monitor(monitors, QEMU_CMDLINE_MONITOR_FD, qemu_cmdline_option_parse_fd(fd), NULL);
    else if (path != NULL && path[0] != '\0')
        add_monitor(monitors,
                    is_abstract ? QEMU_CMDLINE_MONITOR_ABSTRACT : QEMU_CMDLINE_MONITOR_UNIX, -1,
                    g_strdup(path));
    else
        resolve_tcp(option, monitors);
}

static void
resolve_monitor(const QemuCmdlineMonitors *self, const FoundMonitor *found, GArray *monitors)
{
    const QemuCmdlineOption *option = found->chardev;
    const char *backend = found->backend;

    if (found->chardev_id != NULL) {
        option = g_hash_table_lookup(self->chardevs, found->chardev_id);
        if (option == NULL) {
            add_monitor(monitors, QEMU_CMDLINE_MONITOR_UNUSABLE, -1,
                        g_strdup("on a character device that its command line does not describe"));
            return;
        }
        backend = qemu_cmdline_option_get_exact(option, "backend");
        if (backend == NULL)
            backend = qemu_cmdline_option_get_exact(option, "backend.type");
    }
    if (g_strcmp0(backend, "socket") == 0 && option != NULL)
        resolve_socket(option, monitors);
    else if (g_strcmp0(backend, "socket") == 0)
        add_monitor(monitors, QEMU_CMDLINE_MONITOR_UNUSABLE, -1,
                    g_strdup("a socket without an address"));
    else
        add_monitor(monitors, QEMU_CMDLINE_MONITOR_UNUSABLE, -1,
                    describe_backend(backend ? backend : ""));
}

QemuCmdlineMonitors *
qemu_cmdline_monitors_new(void)
{
    QemuCmdlineMonitors *self = g_new0(QemuCmdlineMonitors, 1);

    self->chardevs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_option);
    self->found = g_array_new(FALSE, FALSE, sizeof(FoundMonitor));
    g_array_set_clear_func(self->found, clear_found);
    return self;
}

void
qemu_cmdline_monitors_free(QemuCmdlineMonitors *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->chardevs);
    g_array_unref(self->found);
    g_free(self);
}

void
qemu_cmdline_monitors_resolve(const QemuCmdlineMonitors *self, GArray *monitors,
                              unsigned int *ret_n_human)
{
    for (guint i = 0; i < self->found->len; i++)
        resolve_monitor(self, &g_array_index(self->found, FoundMonitor, i), monitors);
    *ret_n_human = self->n_human;
}
