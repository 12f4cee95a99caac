/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_path: the paths of monitors, and the names that they tell.
 */
#include "qemu/finding/qemu_source_path.h"
#include "testing.h"

typedef struct {
    const char *path;
    const char *name; /* NULL: it tells none */
} PathRow;

static const PathRow path_rows[] = {
    {"/run/vm/web.sock", "web"},
    {"/run/vm/web.qmp.sock", "web"},
    {"/run/vm/web.monitor", "web"},
    {"/run/qemu-server/100.qmp", "100"},
    {"/run/qmp-web.sock", "qmp-web"},
    {"/run/podman/qmp_podman-machine-default.sock", "qmp_podman-machine-default"},
    {"@vm", "vm"},
    {"@run/one/monitor", "one"},
    {"/root/.minikube/machines/one/monitor", "one"},
    {"/home/u/.lima/alpha/qmp.sock", "alpha"},
    {"/run/vc/vm/0abc/qmp.sock", "0abc"},
    {"/run/vm/one/monitor", "one"},
    {"/run/vm/one/monitor.sock", "one"},
    {"/run/vm/one/control.socket", "one"},
    {"/run/vm/one/sock", "one"},
    {"/run/vm/one/qemu.qmp", "one"},
    {"/run/vm/one/qmp0", "one"},
    {"/run/vm/one/qemu-monitor.2", "one"},
    {"/run/vm/one/.qmp", "one"},
    {"/run/vm/one/domstats.sock", "one"},
    {"/run/incus/web/qemu.monitor", "web"},
    {"/srv/one/run/sockets/qmp.sock", "one"},
    {"/run/vm/17/qmp", "17"},
    {"one/./qmp", "one"},
    {"/run/qemu/qmp.sock", NULL},
    {"/run/vm/monitor", NULL},
    {"/tmp/qmp-sock", NULL},
    {"/run/user/1000/qmp.sock", NULL},
    {"/qmp", NULL},
    {"qmp", NULL},
    {"./qmp", NULL},
    {"@qmp", NULL},
    {"tcp:127.0.0.1:4444", NULL},
    {"/run/caf\xe9/qmp", "caf\xef\xbf\xbd"},
};

static void
tells_a_name(const void *data)
{
    const PathRow *row = data;
    g_autofree char *name = qemu_source_path_find_name(row->path);

    if (row->name == NULL)
        assert_null(name);
    else
        assert_string_equal(name, row->name);
}

static const PathRow any_rows[] = {
    {"/run/vm/one/monitor", "one"}, {"/run/vm/monitor", "monitor"},
    {"/tmp/qmp.sock", "qmp"},       {"@qmp", "qmp"},
    {"/tmp/.sock", ".sock"},        {"tcp:127.0.0.1:4444", "tcp:127.0.0.1:4444"},
};

static void
has_a_name(const void *data)
{
    const PathRow *row = data;
    g_autofree char *name = qemu_source_path_make_name(row->path);

    assert_string_equal(name, row->name);
}

int
main(void)
{
    return TESTING_RUN_TABLE("paths that tell a name", path_rows, tells_a_name) +
           TESTING_RUN_TABLE("any path", any_rows, has_a_name);
}
