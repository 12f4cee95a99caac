/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_monitor_qmp: the commands for a running QEMU, and what its replies say.
 */
#include "testing.h"

#include "monitor/monitor_qmp.h"

static char *
add_chardev(void)
{
    return monitor_qmp_add_chardev("/d/a\"b.sock");
}

typedef struct {
    const char *name;
    char *(*make)(void);
    const char *expected;
} CommandRow;

/* clang-format off */
static const CommandRow command_rows[] = {
    {"the character devices", monitor_qmp_query_chardev, "{\"execute\":\"query-chardev\"}"},
    {"the types of objects", monitor_qmp_list_types,
     "{\"execute\":\"qom-list-types\",\"arguments\":{\"implements\":\"user-creatable\"}}"},
    {"a socket is made", add_chardev,
     "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"domstats-live\",\"backend\":{\"type\":\"socket\",\"data\":"
     "{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"\\/d\\/a\\\"b.sock\"}},\"server\":true,\"wait\":false}}}}"},
    {"a monitor is made", monitor_qmp_add_object,
     "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"monitor-qmp\",\"id\":\"domstats-live\","
     "\"chardev\":\"domstats-live\"}}"},
    {"a monitor is taken away", monitor_qmp_remove_object,
     "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"domstats-live\"}}"},
    {"a socket is taken away", monitor_qmp_remove_chardev,
     "{\"execute\":\"chardev-remove\",\"arguments\":{\"id\":\"domstats-live\"}}"},
};

typedef struct {
    const char *name;
    const char *reply;
    const char *error; /* NULL: it was done */
} ReplyRow;

static const ReplyRow reply_rows[] = {
    {"done", "{\"return\":{},\"id\":\"libvirt-9\"}", NULL},
    {"refused, in QEMU's words", "{\"id\":\"libvirt-9\",\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"}}",
     "QEMU says: no"},
    {"refused without words", "{\"error\":{}}", "QEMU says: (nothing that can be read)"},
    {"neither", "{}", "QEMU says: (nothing that can be read)"},
};

typedef struct {
    const char *name;
    const char *filename; /* as JSON, of charmonitor */
    const char *path;     /* NULL: it tells none */
} SocketRow;

static const SocketRow socket_rows[] = {
    {"QEMU 7 and later", "\"unix:/d/monitor.sock,server=on\"", "/d/monitor.sock"},
    {"older ones", "\"unix:/d/monitor.sock,server\"", "/d/monitor.sock"},
    {"no client", "\"disconnected:unix:/d/monitor.sock,server=on\"", "/d/monitor.sock"},
    {"a path like an option", "\"unix:/d,server=on/m,server=on\"", "/d,server=on/m"},
    {"an abstract socket", "\"unix:@a,server=on\"", NULL},
    {"no socket", "\"pty:/dev/pts/1\"", NULL},
    {"no text", "7", NULL},
};

typedef struct {
    const char *name;
    const char *reply;
    bool has_monitors;
} TypesRow;

static const TypesRow types_rows[] = {
    {"QEMU 11.1", "{\"return\":[{\"name\":\"iothread\",\"parent\":\"object\"},{\"name\":\"monitor-qmp\"}]}", true},
    {"QEMU 10.0", "{\"return\":[{\"name\":\"iothread\",\"parent\":\"object\"}]}", false},
    {"no list", "{\"return\":{}}", false},
    {"no JSON", "monitor-qmp", false},
};
/* clang-format on */

static void
is_written(const void *data)
{
    const CommandRow *row = data;
    g_autofree char *text = row->make();
    g_auto(GStrv) slashes = g_strsplit(row->expected, "\\/", -1);
    g_autofree char *expected = g_strjoinv("/", slashes);

    testing_assert_same_text(text, expected);
}

static void
is_judged(const void *data)
{
    const ReplyRow *row = data;
    g_autoptr(GError) error = NULL;

    assert_int_equal(monitor_qmp_check(row->reply, &error), row->error == NULL);
    assert_string_equal(error ? error->message : "", row->error ? row->error : "");
}

static void
is_found(const void *data)
{
    const SocketRow *row = data;
    g_autofree char *reply =
        g_strdup_printf("{\"return\":[{\"label\":\"serial0\",\"filename\":\"unix:/no\"},"
                        "{\"label\":\"charmonitor\",\"filename\":%s}]}",
                        row->filename);
    g_autofree char *path = monitor_qmp_find_socket(reply, "charmonitor");
    g_autofree char *none = monitor_qmp_find_socket(reply, "domstats-live");

    assert_null(none);
    assert_string_equal(path ? path : "", row->path ? row->path : "");
}

static void
says_whether_it_can(const void *data)
{
    const TypesRow *row = data;

    assert_int_equal(monitor_qmp_has_monitors(row->reply), row->has_monitors);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor commands", command_rows, is_written) +
           TESTING_RUN_TABLE("monitor replies", reply_rows, is_judged) +
           TESTING_RUN_TABLE("monitor sockets", socket_rows, is_found) +
           TESTING_RUN_TABLE("monitor types", types_rows, says_whether_it_can);
}
