/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_procnet: the listeners that /proc/<pid>/net tells of.
 */
#include <sys/socket.h>

#include "host/sockets/host_sockets.h"
#include "testing.h"

typedef struct {
    const char *name;
    const char *line;
    const char *expected; /* path of the listener with inode 321; NULL none */
} ProcRow;

#define PROC_HEAD "Num       RefCount Protocol Flags    Type St Inode Path\n"

static const ProcRow proc_rows[] = {
    {"a listener", "ff00: 00000002 00000000 00010000 0001 01   321 /run/a.sock\n", "/run/a.sock"},
    {"a path with blanks", "ff00: 00000002 00000000 00010000 0001 01 321 /run/a b.sock\n",
     "/run/a b.sock"},
    {"an abstract name", "ff00: 00000002 00000000 00010000 0001 01 321 @abc", "@abc"},
    {"a connection", "ff00: 00000003 00000000 00000000 0001 03   321 /run/a.sock\n", NULL},
    {"another inode", "ff00: 00000002 00000000 00010000 0001 01  3210 /run/a.sock\n", NULL},
    {"no name", "ff00: 00000002 00000000 00010000 0001 01   321\n", NULL},
    {"an empty name", "ff00: 00000002 00000000 00010000 0001 01   321 \n", NULL},
    {"a line that is none", "00010000 321\n321 /x\n", NULL},
};

static void
finds_path(const void *data)
{
    const ProcRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *text = g_strconcat(PROC_HEAD, row->line, NULL);
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostSockets) sockets = NULL;
    HostListener got = {0};
    bool is_found = false;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/5/net/unix", text);
    root = host_root_new_recorded(folder, NULL);
    sockets = host_sockets_new(root);
    assert_true(host_sockets_add_namespace(sockets, 5, NULL) != 0);
    assert_true(host_sockets_add_namespace(sockets, 6, NULL) == 0);
    is_found = host_sockets_find(sockets, AF_UNIX, 321, &got);
    testing_remove_folder(folder);
    assert_int_equal(is_found, row->expected != NULL);
    if (is_found) {
        assert_string_equal(got.path, row->expected);
        assert_false(got.knows_queue);
    }
}

typedef struct {
    const char *name;
    const char *file;
    const char *line;
    const char *expected; /* address of the listener with inode 321; NULL none */
    unsigned int n_queued;
} ProcTcpRow;

#define TCP_REST " 00:00000000 00000000     0        0 "

static const ProcTcpRow proc_tcp_rows[] = {
    {"IPv4", "tcp", " 0: 0100007F:115C 00000000:0000 0A 00000000:00000002" TCP_REST "321 1 0\n",
     "127.0.0.1:4444", 2},
    {"IPv6", "tcp6",
     " 0: 00000000000000000000000001000000:115C 00000000000000000000000000000000:0000 0A "
     "00000000:00000000" TCP_REST "321 1\n",
     "[::1]:4444", 0},
    {"all addresses", "tcp",
     " 0: 00000000:115C 00000000:0000 0A 00000000:00000000" TCP_REST "321 1", "0.0.0.0:4444", 0},
    {"a connection", "tcp",
     " 0: 0100007F:115C 0100007F:1000 01 00000000:00000000" TCP_REST "321 1\n", NULL, 0},
    {"an address of the other version", "tcp6",
     " 0: 0100007F:115C 00000000:0000 0A 00000000:00000000" TCP_REST "321 1\n", NULL, 0},
    {"a line that is cut", "tcp", " 0: 0100007F:115C 00000000:0000 0A 00000000:0000\n", NULL, 0},
    {"no hexadecimal number", "tcp",
     " 0: 010000ZZ:115C 00000000:0000 0A 00000000:00000000" TCP_REST "321 1\n", NULL, 0},
};

static void
finds_tcp_in_proc(const void *data)
{
    const ProcTcpRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *file = g_strconcat("proc/5/net/", row->file, NULL);
    char text[HOST_ADDRESS_TEXT_BYTES] = "";
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostSockets) sockets = NULL;
    HostListener got = {0};
    bool is_found = false;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/5/net/unix", PROC_HEAD);
    testing_write_file(folder, file, row->line);
    root = host_root_new_recorded(folder, NULL);
    sockets = host_sockets_new(root);
    assert_true(host_sockets_add_namespace(sockets, 5, NULL) != 0);
    is_found = host_sockets_find(sockets, AF_INET, 321, &got);
    testing_remove_folder(folder);
    assert_int_equal(is_found, row->expected != NULL);
    if (!is_found)
        return;
    host_address_format(&got.address, text);
    assert_string_equal(text, row->expected);
    assert_int_equal(got.n_queued, row->n_queued);
}

int
main(void)
{
    return TESTING_RUN_TABLE("host_procnet", proc_rows, finds_path) +
           TESTING_RUN_TABLE("host_procnet: TCP", proc_tcp_rows, finds_tcp_in_proc);
}
