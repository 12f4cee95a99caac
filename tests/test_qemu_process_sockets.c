/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_process_sockets: the words of a QEMU and the sockets on which it listens in, out: which
 * socket is which monitor. The process of the test itself is read too.
 */
#include "qemu/finding/qemu_process_sockets.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "testing.h"
#include "util/util_fd.h"

enum { N_SOCKETS = 4 };

/* A socket: a path, "@name" or "tcp:ADDRESS:PORT"; their descriptors are 10, 11, ... @found has a
 * word for each monitor. */
typedef struct {
    const char *sentence;
    const char *words; /* behind the program, parted by blanks */
    const char *sockets[N_SOCKETS];
    const char *found;
} MatchRow;

#define QMP(address)    "-qmp " address ",server=on,wait=off "
#define SERIAL(address) "-serial " address ",server=on,wait=off "

static const MatchRow match_rows[] = {
    {"nothing listens", QMP("unix:/a"), {NULL}, "absent"},
    {"a path, among others", QMP("unix:/a"), {"/b", "/a"}, "11"},
    {"a path is compared as a whole", QMP("unix:/a"), {"/aa", "/a/a", "a"}, "absent"},
    {"a relative path", QMP("unix:run/a"), {"run/a"}, "10"},
    {"one path bound twice", QMP("unix:/a") SERIAL("unix:/a"), {"/a", "/a"}, "ambiguous"},
    {"a path that begins like an abstract name", QMP("unix:@a"), {"@a", "file:@a"}, "11"},
    {"an abstract name",
     "-chardev socket,id=m,path=a,abstract=on,server=on,wait=off -mon m,mode=control",
     {"a", "file:@a", "@a"},
     "12"},
    {"a descriptor",
     "-chardev socket,id=m,fd=11,server=on,wait=off -mon m,mode=control",
     {"/a", "/b"},
     "11"},
    {"a descriptor that does not listen",
     "-chardev socket,id=m,fd=12,server=on,wait=off -mon m,mode=control",
     {"/a", "/b"},
     "absent"},
    {"an address", QMP("tcp:127.0.0.1:4444"), {"tcp:127.0.0.1:4444"}, "10"},
    {"another address", QMP("tcp:127.0.0.1:4444"), {"tcp:127.0.0.2:4444"}, "absent"},
    {"another port", QMP("tcp:127.0.0.1:4444"), {"tcp:127.0.0.1:4445"}, "absent"},
    {"no host", QMP("tcp::4444"), {"tcp:0.0.0.0:4444"}, "10"},
    {"no host, and QEMU took ::", QMP("tcp::4444"), {"tcp:[::]:4444"}, "10"},
    {"no host is all addresses", QMP("tcp::4444"), {"tcp:127.0.0.1:4444"}, "absent"},
    {"host 0", QMP("tcp:0:4444"), {"tcp:0.0.0.0:4444"}, "10"},
    {"host 127.1", QMP("tcp:127.1:4444"), {"tcp:127.0.0.1:4444"}, "10"},
    {"a host in hexadecimal", QMP("tcp:0x7f000001:4444"), {"tcp:127.0.0.1:4444"}, "10"},
    {"a host as one number", QMP("tcp:2130706433:4444"), {"tcp:127.0.0.1:4444"}, "10"},
    {"a host by name", QMP("tcp:vmhost:4444"), {"tcp:192.0.2.7:4444"}, "10"},
    {"a name with two addresses",
     QMP("tcp:vmhost:4444"),
     {"tcp:[::1]:4444", "tcp:127.0.0.1:4444"},
     "11"},
    {"the same, and QEMU chose a port for each",
     QMP("tcp:localhost:0"),
     {"tcp:[::1]:36326", "tcp:127.0.0.1:36327"},
     "ambiguous"},
    {"IPv6", QMP("tcp:[::1]:4444"), {"tcp:[::1]:4444"}, "10"},
    {"IPv4 that is written as IPv6",
     QMP("tcp:[::ffff:127.0.0.1]:4444"),
     {"tcp:127.0.0.1:4444"},
     "10"},
    {"a port with a zero before it", QMP("tcp:127.0.0.1:04444"), {"tcp:127.0.0.1:4444"}, "10"},
    {"a port that QEMU chose", QMP("tcp:127.0.0.1:0"), {"tcp:127.0.0.1:36327"}, "10"},
    {"a service's name", QMP("tcp:127.0.0.1:x11-7"), {"tcp:127.0.0.1:6007"}, "10"},
    {"the first port of several", QMP("tcp:127.0.0.1:4444,to=4450"), {"tcp:127.0.0.1:4444"}, "10"},
    {"another of them", QMP("tcp:127.0.0.1:4444,to=4450"), {"tcp:127.0.0.1:4449"}, "10"},
    {"none of them", QMP("tcp:127.0.0.1:4444,to=4450"), {"tcp:127.0.0.1:4451"}, "absent"},
    {"two ports that may be it",
     QMP("tcp:127.0.0.1:0"),
     {"tcp:127.0.0.1:5900", "tcp:127.0.0.1:36327"},
     "ambiguous"},
    {"one of two is a console's",
     QMP("tcp:127.0.0.1:0") SERIAL("tcp:127.0.0.1:5555"),
     {"tcp:127.0.0.1:5555", "tcp:127.0.0.1:36327"},
     "11"},
    {"a console may have either",
     QMP("tcp:127.0.0.1:0") SERIAL("tcp:127.0.0.1:0"),
     {"tcp:127.0.0.1:5555", "tcp:127.0.0.1:36327"},
     "ambiguous"},
    {"a console that had the choice has not that port",
     QMP("tcp:127.0.0.1:4444") SERIAL("tcp:127.0.0.1:0"),
     {"tcp:127.0.0.1:4444", "tcp:127.0.0.1:36327"},
     "10"},
    {"one of two is VNC's",
     QMP("tcp:127.0.0.1:0") "-vnc 127.0.0.1:1",
     {"tcp:127.0.0.1:5901", "tcp:127.0.0.1:36327"},
     "11"},
    {"a debugger may have either",
     QMP("tcp::0") "-gdb tcp::0",
     {"tcp:0.0.0.0:36328", "tcp:0.0.0.0:36327"},
     "ambiguous"},
    {"VNC beside a monitor that had no choice",
     QMP("tcp:127.0.0.1:4444") "-vnc 127.0.0.1:1,to=99",
     {"tcp:127.0.0.1:5907", "tcp:127.0.0.1:4444"},
     "11"},
    {"two monitors",
     QMP("tcp:127.0.0.1:4444") QMP("unix:/a"),
     {"/a", "tcp:127.0.0.1:4444"},
     "11 10"},
    {"two with the same choice",
     QMP("tcp::0") QMP("tcp::0"),
     {"tcp:0.0.0.0:1", "tcp:0.0.0.0:2"},
     "ambiguous ambiguous"},
};

static void
set_listener(HostListener *listener, const char *text)
{
    if (g_str_has_prefix(text, "tcp:")) {
        assert_true(host_address_parse(text + strlen("tcp:"), &listener->address));
        listener->family = listener->address.family;
        return;
    }
    listener->family = AF_UNIX;
    listener->file_inode = text[0] == '@' ? 0 : 7;
    if (g_str_has_prefix(text, "file:"))
        text += strlen("file:");
    g_strlcpy(listener->path, text, sizeof(listener->path));
}

static GArray *
make_sockets(const MatchRow *row)
{
    GArray *sockets = g_array_new(FALSE, FALSE, sizeof(QemuProcessSocket));

    for (int i = 0; i < N_SOCKETS && row->sockets[i] != NULL; i++) {
        QemuProcessSocket socket = {.fd = 10 + i};

        set_listener(&socket.listener, row->sockets[i]);
        g_array_append_val(sockets, socket);
    }
    return sockets;
}

static void
matches(const void *data)
{
    const MatchRow *row = data;
    g_autofree char *text = g_strconcat("qemu ", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(g_strchomp(text), " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autoptr(GArray) sockets = make_sockets(row);
    g_autoptr(GString) found = g_string_new(NULL);

    for (guint i = 0; i < cmdline->monitors->len; i++) {
        const QemuProcessSocket *socket = NULL;
        QemuProcessSocketsMatch match = qemu_process_sockets_match(sockets, cmdline, i, &socket);

        g_string_append(found, i > 0 ? " " : "");
        if (match == QEMU_PROCESS_SOCKETS_FOUND)
            g_string_append_printf(found, "%d", socket->fd);
        else
            g_string_append(found, match == QEMU_PROCESS_SOCKETS_ABSENT ? "absent" : "ambiguous");
    }
    testing_assert_same_text(found->str, row->found);
}

/* @found has the descriptors of all that may be monitors which were added. */
static const MatchRow added_rows[] = {
    {"nothing listens", "-S", {NULL}, ""},
    {"a name of ours, in no word", "-S", {"/a", "/run/domstats/domstats-vm.sock"}, "11"},
    {"the name alone", "-S", {"/run/domstats.sock"}, "10"},
    {"two of them", "-S", {"/a/domstats-1", "/b", "/c/domstats-2"}, "10 12"},
    {"a relative path", "-S", {"domstats-vm.sock"}, "10"},
    {"a folder of ours is no sign", "-S", {"/run/domstats/vm.sock"}, ""},
    {"a name that ends so", "-S", {"/run/my-domstats.sock"}, ""},
    {"an abstract name: anyone may bind it", "-S", {"@domstats-vm"}, ""},
    {"TCP", "-S", {"tcp:127.0.0.1:4444"}, ""},
    {"a monitor of the words", QMP("unix:/run/domstats-vm.sock"), {"/run/domstats-vm.sock"}, ""},
    {"a serial port of the words",
     SERIAL("unix:/run/domstats-vm.sock"),
     {"/run/domstats-vm.sock"},
     ""},
    {"a display of the words", "-vnc unix:/run/domstats-vm.sock", {"/run/domstats-vm.sock"}, ""},
    {"SPICE", "-spice unix=on,addr=/run/domstats-vm.sock", {"/run/domstats-vm.sock"}, ""},
    {"a network of the words",
     "-netdev stream,id=n,server=on,addr.type=unix,addr.path=/run/domstats-vm.sock",
     {"/run/domstats-vm.sock"},
     ""},
    {"migration", "-incoming unix:/run/domstats-vm.sock", {"/run/domstats-vm.sock"}, ""},
    {"a word that cannot be understood", "-new /x/domstats-vm.sock", {"/run/domstats-vm.sock"}, ""},
    {"a longer name in the words: it is left alone",
     QMP("unix:/run/domstats-vm.sock.old"),
     {"/run/domstats-vm.sock"},
     ""},
    {"a shorter name in the words explains nothing",
     QMP("unix:/run/domstats-vm"),
     {"/run/domstats-vm", "/run/domstats-vm.sock"},
     "11"},
    {"a serial port that was passed its socket",
     "-chardev socket,id=s,fd=10,server=on,wait=off -serial chardev:s",
     {"/run/domstats-vm.sock"},
     ""},
    {"a file of options that could not be read",
     "-readconfig /etc/vm.cfg",
     {"/run/domstats-vm.sock"},
     ""},
};

static void
finds_added(const void *data)
{
    const MatchRow *row = data;
    g_autofree char *text = g_strconcat("qemu ", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(g_strchomp(text), " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autoptr(GArray) sockets = make_sockets(row);
    g_autoptr(GString) found = g_string_new(NULL);
    const QemuProcessSocket *socket = NULL;

    for (guint from = 0; from <= sockets->len; from = (guint)(socket->fd - 10) + 1) {
        socket = qemu_process_sockets_find_added(sockets, cmdline, from);
        if (socket == NULL)
            break;
        g_string_append_printf(found, "%s%d", found->len > 0 ? " " : "", socket->fd);
    }
    testing_assert_same_text(found->str, row->found);
}

static void
reads_a_process(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_new(root);
    g_autoptr(HostDescriptors) descriptors = host_descriptors_new(root);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const[]){"qemu", NULL});
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_auto(UtilFd) listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_auto(UtilFd) idle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_autoptr(GArray) sockets = NULL;
    const QemuProcessSocket *found = NULL;

    (void)state;
    g_snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "listening-%d", (int)getpid());
    assert_int_equal(
        bind(listening, (const struct sockaddr *)&address,
             (socklen_t)(sizeof(address.sun_family) + 1 + strlen(address.sun_path + 1))),
        0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(qemu_process_sockets_read(descriptors, table, getpid(), cmdline, &sockets),
                     QEMU_PROCESS_SOCKETS_KNOWN);
    assert_int_equal(sockets->len, 1);
    found = &g_array_index(sockets, QemuProcessSocket, 0);
    assert_int_equal(found->fd, listening);
    assert_string_equal(found->listener.path + 1, address.sun_path + 1);
}

static void
tells_what_cannot_be_read(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_new(root);
    g_autoptr(HostDescriptors) descriptors = host_descriptors_new(root);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const[]){"qemu", NULL});
    GArray *sockets = NULL;

    (void)state;
    assert_int_equal(qemu_process_sockets_read(descriptors, table, INT32_MAX, cmdline, &sockets),
                     QEMU_PROCESS_SOCKETS_ENDED);
    if (geteuid() != 0)
        assert_int_equal(qemu_process_sockets_read(descriptors, table, 1, cmdline, &sockets),
                         QEMU_PROCESS_SOCKETS_DENIED);
    assert_null(sockets);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_process),
        cmocka_unit_test(tells_what_cannot_be_read),
    };

    return TESTING_RUN_TABLE("match", match_rows, matches) +
           TESTING_RUN_TABLE("added", added_rows, finds_added) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
