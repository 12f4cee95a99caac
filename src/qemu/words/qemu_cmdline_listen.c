/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_listen: see qemu_cmdline_listen.h.
 *
 * What is wrongly listed hides a monitor, and what is wrongly left out may be dialled as one. So a
 * word that cannot be understood is listed with every port.
 */
#include "qemu_cmdline_listen.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

enum {
    MAX_PORT = 65535,
    VNC_PORT = 5900,       /* of display 0 */
    WEBSOCKET_PORT = 5700, /* likewise */
};

static void
clear_listen(gpointer data)
{
    QemuCmdlineListen *listen = data;

    g_free(listen->host);
}

GArray *
qemu_cmdline_listens_new(void)
{
    GArray *self = g_array_new(FALSE, FALSE, sizeof(QemuCmdlineListen));

    g_array_set_clear_func(self, clear_listen);
    return self;
}

static void
add_ports(GArray *self, const char *host, unsigned int first, unsigned int last)
{
    QemuCmdlineListen listen = {g_strdup(host), first, last};

    g_array_append_val(self, listen);
}

/* Past the limit one element stands for all others. */
static void
add(GArray *self, const char *host, unsigned int first, unsigned int last)
{
    if (self->len < QEMU_LIMIT_LISTENS - 1)
        add_ports(self, host, first, last);
    else if (self->len < QEMU_LIMIT_LISTENS)
        add_ports(self, "", 0, MAX_PORT);
}

static bool
parse_port(const char *text, unsigned int base, unsigned int *ret_port)
{
    uint64_t number = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, MAX_PORT - base, &number, NULL))
        return false;
    *ret_port = base + (unsigned int)number;
    return true;
}

/* Adds the ports @base + @port to @base + @to, or the one port without @to. */
static void
add_texts(GArray *self, const char *host, const char *port, const char *to, unsigned int base)
{
    unsigned int first = 0;
    unsigned int last = MAX_PORT;

    if (!parse_port(port, base, &first) || first == 0) {
        add(self, host, 0, MAX_PORT);
        return;
    }
    if (to == NULL)
        last = first;
    else if (!parse_port(to, base, &last))
        last = MAX_PORT;
    add(self, host, first, MAX(first, last));
}

/* Adds "HOST:PORT" of @length bytes; without a colon it is a port. */
static void
add_address(GArray *self, const char *text, size_t length, const char *to, unsigned int base)
{
    g_autofree char *host = g_strndup(text, length);
    char *colon = strrchr(host, ':');
    char *name = host;

    if (colon == NULL) {
        add_texts(self, "", host, to, base);
        return;
    }
    *colon = '\0';
    if (name[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        name++;
    }
    add_texts(self, name, colon + 1, to, base);
}

/* "-vnc": a display number, and its websocket. */
static void
take_vnc(GArray *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "vnc");
    const char *display = qemu_cmdline_option_get_exact(option, "vnc");
    const char *to = qemu_cmdline_option_get_exact(option, "to");
    const char *websocket = qemu_cmdline_option_get_exact(option, "websocket");

    if (display == NULL || g_str_equal(display, "none"))
        return;
    if (!g_str_has_prefix(display, "unix:"))
        add_address(self, display, strlen(display), to, VNC_PORT);
    if (websocket == NULL)
        return;
    if (g_str_equal(websocket, "on"))
        add_address(self, display, strlen(display), to, WEBSOCKET_PORT);
    else if (!g_str_has_prefix(websocket, "unix:"))
        add_address(self, websocket, strlen(websocket), to, 0);
}

/* "-display": only "vnc=" listens. */
static void
take_display(GArray *self, const char *argument)
{
    if (g_str_has_prefix(argument, "vnc="))
        take_vnc(self, argument + strlen("vnc="));
}

static void
take_spice(GArray *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, NULL);
    const char *host = qemu_cmdline_option_get_exact(option, "addr");
    const char *port = qemu_cmdline_option_get_exact(option, "port");
    const char *tls_port = qemu_cmdline_option_get_exact(option, "tls-port");

    if (port != NULL)
        add_texts(self, host ? host : "", port, NULL, 0);
    if (tls_port != NULL)
        add_texts(self, host ? host : "", tls_port, NULL, 0);
}

/* An address in pairs: "addr.type=inet,addr.host=::1,addr.port=4444". */
static void
take_pairs(GArray *self, const QemuCmdlineOption *option)
{
    const char *host = qemu_cmdline_option_get(option, "host");
    const char *port = qemu_cmdline_option_get(option, "port");

    if (port != NULL)
        add_texts(self, host ? host : "", port, qemu_cmdline_option_get(option, "to"), 0);
}

/* "-incoming": "tcp:HOST:PORT,to=...", or pairs. */
static void
take_incoming(GArray *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "uri");
    const char *uri = qemu_cmdline_option_get_exact(option, "uri");

    if (uri == NULL)
        take_pairs(self, option);
    else if (g_str_has_prefix(uri, "tcp:"))
        add_address(self, uri + strlen("tcp:"), strlen(uri) - strlen("tcp:"),
                    qemu_cmdline_option_get_exact(option, "to"), 0);
}

/* A pair of a network back end: "listen=HOST:PORT" of sockets, "hostfwd=tcp:HOST:PORT-GUEST" of the
 * user's network, which JSON has as "hostfwd.0.str". */
static void
take_net_pair(const char *key, const char *value, void *data)
{
    GArray *self = data;

    if (g_str_equal(key, "listen"))
        add_address(self, value, strlen(value), NULL, 0);
    else if (g_str_has_prefix(key, "hostfwd") && g_str_has_prefix(value, "tcp:"))
        add_address(self, value + strlen("tcp:"), strcspn(value + strlen("tcp:"), "-"), NULL, 0);
    else if (g_str_has_prefix(key, "hostfwd") && value[0] == ':')
        add_address(self, value + 1, strcspn(value + 1, "-"), NULL, 0);
    else if (g_str_has_prefix(key, "guestfwd") && strstr(value, "server") != NULL)
        add(self, "", 0, MAX_PORT); /* a character device in one word, of any kind */
}

static void
take_net(GArray *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "type");

    qemu_cmdline_option_foreach(option, take_net_pair, self);
    if (qemu_cmdline_option_is_on(option, "server"))
        take_pairs(self, option);
}

void
qemu_cmdline_listens_take(GArray *self, const char *name, const char *argument)
{
    static const struct {
        const char *name;
        void (*take)(GArray *self, const char *argument);
    } rows[] = {
        {"vnc", take_vnc},           {"display", take_display}, {"spice", take_spice},
        {"netdev", take_net},        {"nic", take_net},         {"net", take_net},
        {"incoming", take_incoming},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].name, name))
            rows[i].take(self, argument);
}

void
qemu_cmdline_listens_take_socket(GArray *self, const QemuCmdlineSocket *socket)
{
    if (socket->kind == QEMU_CMDLINE_SOCKET_TCP)
        add_texts(self, socket->host, socket->port, socket->to, 0);
}
