/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_join: several processes or several libvirts that may belong together, on this
 * host: the monitors are sockets of this process, and so is the daemon that is connected to them.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu/managed/qemu_source_join.h"
#include "testing.h"
#include "util/util_fd.h"

enum { N = 3, ANOTHER_PID = 1 };

#define UUID    "11111111-1111-4111-8111-111111111111"
#define MONITOR "/var/lib/libvirt/qemu/domain-1-vm1/monitor.sock"

typedef struct {
    const char *sentence;
    const char *processes; /* of each: 'y': a client is connected to its monitor, 'n': none is */
    const char
        *libvirts;      /* of each that lists the domain: 'y': it is that client, 'n': it is not */
    const char *joined; /* of each process: the libvirt whose domain it is, '-': none */
} Row;

static const Row rows[] = {
    {"the only process is the domain", "n", "n", "0"},
    {"of two processes the one whose monitor is held, the first", "yn", "y", "0-"},
    {"or the second", "ny", "y", "-0"},
    {"of three the last, though neither of the others is held", "nny", "y", "--0"},
    {"of three the first", "ynn", "y", "0--"},
    {"two that are held", "yy", "y", "--"},
    {"two that are held, and one that is not", "yny", "y", "---"},
    {"two that are not held", "nn", "y", "--"},
    {"a monitor that another client holds", "yn", "n", "--"},
    {"of two libvirts the one that holds the monitor, the first", "y", "yn", "0"},
    {"or the second", "y", "ny", "1"},
    {"of three the last, though neither of the others holds it", "y", "nny", "2"},
    {"two libvirts that do not hold it", "y", "nn", "-"},
};

/* What a row needs; [i] is of process i or libvirt i. */
typedef struct {
    char *folder;
    int listeners[N], clients[N];
    QemuEndpoint *processes[N];
    QemuSourceJoinWords words[N];
    QemuSourceDaemon daemons[N];
    GPtrArray *lists[N];
    QemuSourceJoinLibvirt libvirts[N];
} Host;

/* Listens at a socket; connects to it if @is_held. */
static void
make_socket(Host *host, size_t at, bool is_held)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/%zu", host->folder, at);
    host->listeners[at] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    host->clients[at] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(host->listeners[at], (const struct sockaddr *)&address, sizeof(address)),
                     0);
    assert_int_equal(listen(host->listeners[at], 1), 0);
    if (is_held)
        assert_int_equal(
            connect(host->clients[at], (const struct sockaddr *)&address, sizeof(address)), 0);
}

static void
make_process(Host *host, size_t at, bool is_held)
{
    QemuEndpoint *process = qemu_endpoint_new("process", "vm1");
    QemuEndpointPlace *place = NULL;
    struct stat status = {0};

    make_socket(host, at, is_held);
    assert_int_equal(fstat(host->listeners[at], &status), 0);
    process->pid = getpid();
    qemu_endpoint_add_place(process, MONITOR, MONITOR);
    place = g_ptr_array_index(process->places, 0);
    place->socket_inode = status.st_ino;
    process->definition = qemu_definition_new();
    process->definition->uuid = g_strdup(UUID);
    host->processes[at] = process;
    qemu_source_join_read_words(&host->words[at], process);
}

static void
make_libvirt(Host *host, size_t at, bool is_client)
{
    QemuEndpoint *listed = qemu_endpoint_new("libvirt", "vm1");

    listed->uuid = g_strdup(UUID);
    listed->id = 1;
    host->lists[at] = qemu_endpoint_new_array();
    g_ptr_array_add(host->lists[at], listed);
    host->daemons[at].pid = is_client ? getpid() : ANOTHER_PID;
    host->libvirts[at] =
        (QemuSourceJoinLibvirt){.daemon = &host->daemons[at], .endpoints = host->lists[at]};
}

static void
clear_host(Host *host, const Row *row)
{
    for (size_t i = 0; row->processes[i] != '\0'; i++) {
        close(host->listeners[i]);
        close(host->clients[i]);
        qemu_source_join_clear_words(&host->words[i]);
        qemu_endpoint_unref(host->processes[i]);
    }
    for (size_t i = 0; row->libvirts[i] != '\0'; i++)
        g_ptr_array_unref(host->lists[i]);
    testing_remove_folder(host->folder);
}

/* The libvirt of each join, as a row has them. */
static char *
describe(const Host *host, const GArray *joins, GHashTable *joined)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < joins->len; i++) {
        const QemuSourceJoin *join = &g_array_index(joins, QemuSourceJoin, i);

        assert_int_equal(join->trouble == NULL, join->listed != NULL);
        assert_int_equal(join->is_refuted, join->listed == NULL);
        if (join->listed != NULL)
            assert_true(g_hash_table_contains(joined, join->listed));
        g_string_append_c(text,
                          join->listed ? (char)('0' + (int)(join->libvirt - host->libvirts)) : '-');
    }
    return g_string_free(text, FALSE);
}

static void
joins(const void *data)
{
    const Row *row = data;
    Host host = {.folder = testing_make_folder()};
    g_autoptr(HostRoot) root = host_root_new_live();
    g_auto(QemuSourceView) view = {0};
    QemuSourceJoinLists lists = {.view = &view, .libvirts = host.libvirts, .absence = "none"};
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(QemuSourceJoin));
    g_autoptr(GHashTable) joined = NULL;
    g_autofree char *text = NULL;

    g_array_set_clear_func(all, qemu_source_join_clear);
    for (size_t i = 0; row->processes[i] != '\0'; i++) {
        QemuSourceJoin join = {.words = &host.words[i]};

        make_process(&host, i, row->processes[i] == 'y');
        join.process = host.processes[i];
        g_array_append_val(all, join);
    }
    for (; row->libvirts[lists.n_libvirts] != '\0'; lists.n_libvirts++)
        make_libvirt(&host, lists.n_libvirts, row->libvirts[lists.n_libvirts] == 'y');
    qemu_source_view_init(&view, root, util_deadline_in_ms(10000));
    joined = qemu_source_join_all(&lists, all);
    text = describe(&host, all, joined);
    assert_string_equal(text, row->joined);
    clear_host(&host, row);
}

int
main(void)
{
    return TESTING_RUN_TABLE("join", rows, joins);
}
