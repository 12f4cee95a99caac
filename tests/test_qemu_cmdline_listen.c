/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_cmdline_listen: which TCP ports the words take beside those of monitors.
 */
#include "qemu/words/qemu_cmdline.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "testing.h"

typedef struct {
    const char *sentence;
    const char *words; /* after the program, a blank between */
    const char *listens;
} Row;

static const Row rows[] = {
    {"no words", "", ""},
    {"monitors are not listed", "-qmp tcp:h:1,server,nowait -chardev pty,id=x", ""},
    {"a serial port", "-serial tcp::4445,server,nowait", " 4445"},
    {"a device with a range", "-chardev socket,id=c,host=h,port=4445,to=4450,server=on",
     "h 4445-4450"},
    {"a port by name", "-serial tcp:h:http,server,nowait", "h 0-65535"},
    {"a port that QEMU chooses", "-serial tcp:h:0,server,nowait", "h 0-65535"},
    {"a client listens nowhere", "-serial tcp:h:1 -chardev socket,id=c,host=h,port=1", ""},
    {"a monitor for people", "-monitor telnet::4445,server,nowait", " 4445"},
    {"a debugger", "-gdb tcp::9", " 9"},
    {"a debugger by its short option", "-s", " 1234"},
    {"a test's socket", "-qtest tcp::9,server,nowait", " 9"},

    {"VNC", "-vnc 127.0.0.1:1", "127.0.0.1 5901"},
    {"VNC's version 6", "-vnc [::1]:1,password=on", "::1 5901"},
    {"VNC's range", "-vnc :1,to=9", " 5901-5909"},
    {"VNC's websocket", "-vnc :1,websocket=on", " 5901;  5701"},
    {"VNC's websocket at a port", "-vnc :1,websocket=8080", " 5901;  8080"},
    {"VNC at a unix socket", "-vnc unix:/run/vnc,websocket=unix:/run/ws", ""},
    {"VNC as a display", "-display vnc=:2", " 5902"},
    {"another display", "-display gtk", ""},
    {"no VNC", "-vnc none", ""},
    {"VNC somewhere", "-vnc :many", " 0-65535"},
    {"VNC of a file of options", "-vnc id=default,vnc=:1", " 5901"},
    {"SPICE", "-spice port=5930,tls-port=5931,addr=h", "h 5930; h 5931"},
    {"SPICE at a unix socket", "-spice unix=on,addr=/x", ""},

    {"migration", "-incoming tcp:0:4444", "0 4444"},
    {"migration that is told later, or elsewhere", "-incoming defer -incoming unix:/x", ""},
    {"migration in pairs",
     "-incoming channel-type=main,addr.transport=socket,addr.type=inet,addr.host=h,addr.port=1",
     "h 1"},
    {"migration in JSON",
     "-incoming {\"channel-type\":\"main\",\"addr\":{\"transport\":\"socket\",\"type\":\"inet\","
     "\"host\":\"h\",\"port\":\"1\"}}",
     "h 1"},
    {"forwarded ports",
     "-netdev user,id=n,hostfwd=tcp::5555-:22,hostfwd=tcp:127.0.0.1:80-:80,hostfwd=udp::1-:1,"
     "hostfwd=::2-:2",
     " 5555; 127.0.0.1 80;  2"},
    {"forwarded ports in JSON",
     "-netdev {\"type\":\"user\",\"id\":\"n\",\"hostfwd\":[{\"str\":\"tcp::5555-:22\"}]}", " 5555"},
    {"forwarded ports of -nic and -net", "-nic user,hostfwd=tcp::1-:1 -net user,hostfwd=tcp::2-:2",
     " 1;  2"},
    {"the guest's ports, forwarded to a device in one word",
     "-netdev user,id=n,guestfwd=tcp:10.0.2.9:1-tcp::9,,server,,nowait", " 0-65535"},
    {"or to a program", "-netdev user,id=n,guestfwd=tcp:10.0.2.9:1-cmd:cat", ""},
    {"a network over sockets", "-netdev socket,id=n,listen=:1234", " 1234"},
    {"a network over streams",
     "-netdev stream,id=n,server=on,addr.type=inet,addr.host=h,addr.port=1", "h 1"},
    {"a network that connects",
     "-netdev stream,id=n,server=off,addr.type=inet,addr.host=h,addr.port=1", ""},
};

static void
append_listens(GString *text, const GArray *listens)
{
    for (guint i = 0; i < listens->len; i++) {
        const QemuCmdlineListen *listen = &g_array_index(listens, QemuCmdlineListen, i);

        g_string_append_printf(text, "%s%s %u", i > 0 ? "; " : "", listen->host,
                               listen->port_first);
        if (listen->port_last != listen->port_first)
            g_string_append_printf(text, "-%u", listen->port_last);
    }
}

static QemuCmdline *
parse(const char *text)
{
    g_autofree char *line = g_strconcat("qemu-system-x86_64 ", text, NULL);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    return qemu_cmdline_parse((const char *const *)words);
}

static void
finds_listens(const void *data)
{
    const Row *row = data;
    g_autoptr(QemuCmdline) cmdline = parse(row->words);
    g_autoptr(GString) text = g_string_new(NULL);

    append_listens(text, cmdline->tcp_listens);
    testing_assert_same_text(text->str, row->listens);
}

typedef struct {
    const char *sentence;
    unsigned int n_ports;
    unsigned int n_listens;
    unsigned int last_port; /* of the last element */
} LimitRow;

static const LimitRow limit_rows[] = {
    {"all but one", QEMU_LIMIT_LISTENS - 1, QEMU_LIMIT_LISTENS - 1, QEMU_LIMIT_LISTENS - 1},
    {"the last one stands for all others", QEMU_LIMIT_LISTENS + 9, QEMU_LIMIT_LISTENS, 65535},
};

static void
keeps_the_limit(const void *data)
{
    const LimitRow *row = data;
    g_autoptr(GString) words = g_string_new("-netdev user,id=n");
    g_autoptr(QemuCmdline) cmdline = NULL;

    for (unsigned int i = 1; i <= row->n_ports; i++)
        g_string_append_printf(words, ",hostfwd=tcp::%u-:1", i);
    cmdline = parse(words->str);
    assert_int_equal(cmdline->tcp_listens->len, row->n_listens);
    assert_int_equal(
        g_array_index(cmdline->tcp_listens, QemuCmdlineListen, row->n_listens - 1).port_last,
        row->last_port);
}

int
main(void)
{
    return TESTING_RUN_TABLE("cmdline listens", rows, finds_listens) +
           TESTING_RUN_TABLE("cmdline listens: limit", limit_rows, keeps_the_limit);
}
