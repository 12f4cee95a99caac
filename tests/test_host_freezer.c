/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_freezer: control groups that are frozen, in made trees and in this host's hierarchies.
 */
#include "host/process/host_freezer.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

enum { MAX_FILES = 8, PID = 42 };

typedef struct {
    const char *sentence;
    const char *groups; /* of the process */
    struct {
        const char *path;
        const char *text;
    } files[MAX_FILES];
    const char *expected;
} Row;

#define V2 "sys/fs/cgroup/"
#define V1 "sys/fs/cgroup/freezer/"

/* clang-format off */
static const Row rows[] = {
    {"no control groups", "", {{0}}, "off"},
    {"v2, running", "0::/vm\n", {{V2 "vm/cgroup.events", "populated 1\nfrozen 0\n"},
     {V2 "vm/cgroup.freeze", "0\n"}}, "off"},
    {"v2, frozen", "0::/vm\n", {{V2 "vm/cgroup.events", "populated 1\nfrozen 1\n"},
     {V2 "vm/cgroup.freeze", "1\n"}}, "frozen /vm"},
    {"v2, frozen by the group above", "0::/machine.slice/a/vm\n",
     {{V2 "machine.slice/a/vm/cgroup.events", "frozen 1\n"}, {V2 "machine.slice/a/vm/cgroup.freeze", "0\n"},
      {V2 "machine.slice/cgroup.freeze", "1\n"}}, "frozen /machine.slice"},
    {"v2, frozen by a group that cannot be seen", "0::/vm\n", {{V2 "vm/cgroup.events", "frozen 1\n"},
     {V2 "vm/cgroup.freeze", "0\n"}}, "frozen /vm"},
    {"v2, a freeze that does not complete", "0::/a/vm\n", {{V2 "a/vm/cgroup.events", "frozen 0\n"},
     {V2 "a/cgroup.freeze", "1\n"}}, "freezing /a"},
    {"v2 of a hybrid host", "5:cpu:/x\n0::/vm\n", {{V2 "unified/vm/cgroup.events", "frozen 1\n"},
     {V2 "unified/vm/cgroup.freeze", "1\n"}}, "frozen /vm"},
    {"v1, thawed", "7:freezer:/vm\n0::/\n", {{V1 "vm/freezer.state", "THAWED\n"},
     {V1 "vm/freezer.self_freezing", "0\n"}}, "off"},
    {"v1, frozen", "7:freezer:/vm\n", {{V1 "vm/freezer.state", "FROZEN\n"},
     {V1 "vm/freezer.self_freezing", "1\n"}}, "frozen /vm"},
    {"v1, frozen by the group above", "7:cpu,freezer:/a/vm\n", {{V1 "a/vm/freezer.state", "FROZEN\n"},
     {V1 "a/vm/freezer.self_freezing", "0\n"}, {V1 "a/freezer.self_freezing", "1\n"}}, "frozen /a"},
    {"v1, freezing", "7:freezer:/vm\n", {{V1 "vm/freezer.state", "FREEZING\n"},
     {V1 "vm/freezer.self_freezing", "1\n"}}, "freezing /vm"},
    {"a hierarchy that is mounted elsewhere", "0::/vm:1\n", {{"run/cg/vm:1/cgroup.events", "frozen 1\n"},
     {"run/cg/vm:1/cgroup.freeze", "1\n"},
     {"proc/self/mountinfo", "31 23 0:28 / / rw - ext4 /dev/vda rw\n"
      "41 31 0:38 / /run/cg rw,relatime shared:1 - cgroup2 cgroup2 rw\n"}}, "frozen /vm:1"},
    {"v1, of which a part is mounted", "7:freezer:/docker/abc/vm\n", {{V1 "vm/freezer.state", "FROZEN\n"},
     {V1 "vm/freezer.self_freezing", "1\n"},
     {"proc/self/mountinfo", "41 31 0:38 /docker/abc /sys/fs/cgroup/freezer ro - cgroup cgroup rw,freezer\n"}},
     "frozen /docker/abc/vm"},
    {"a group outside of our namespace", "0::/../vm\n", {{V2 "cgroup.events", "frozen 1\n"}}, "off"},
    {"no group", "0::\n7:freezer\nfreezer\n", {{0}}, "off"},
    {"the top group", "7:freezer:/\n0::/\n", {{V2 "cgroup.freeze", "1\n"}}, "off"},
    {"mounts that make no sense", "0::/vm\n", {{"proc/self/mountinfo", "1 2 3\n\n - - - - - - - -\n"
     "41 31 0:38 / relative rw - cgroup2 cgroup2 rw\n"}}, "off"},
};
/* clang-format on */

static char *
describe(HostRoot *root, pid_t pid)
{
    static const char *const names[] = {"off", "freezing", "frozen"};
    g_autofree char *group = NULL;
    HostFreezer state = host_freezer_look(root, pid, &group);

    assert_int_equal(group != NULL, state != HOST_FREEZER_OFF);
    return g_strconcat(names[state], group ? " " : NULL, group, NULL);
}

static void
finds_freezer(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autofree char *got = NULL;
    HostRoot *root = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/42/cgroup", row->groups);
    for (size_t i = 0; i < MAX_FILES && row->files[i].path != NULL; i++)
        testing_write_file(folder, row->files[i].path, row->files[i].text);
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    got = describe(root, PID);
    host_root_free(root);
    testing_remove_folder(folder);
    testing_assert_same_text(got, row->expected);
}

typedef struct {
    const char *sentence;
    const char *mounts[3];
    const char *file;
    const char *freeze;
    const char *thaw;
} LiveRow;

static const LiveRow live_rows[] = {
    {"this host's v2",
     {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", NULL},
     "cgroup.freeze",
     "1",
     "0"},
    {"this host's v1", {"/sys/fs/cgroup/freezer", NULL}, "freezer.state", "FROZEN", "THAWED"},
};

/* Writes into a file of the kernel's. */
static bool
set(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    FILE *file = g_fopen(path, "we");
    bool is_written = file != NULL && fputs(text, file) >= 0;

    return file != NULL && fclose(file) == 0 && is_written;
}

/* A new group below the first of @mounts that has this freezer and takes one; else NULL. The
 * caller frees. */
static char *
make_group(const LiveRow *row)
{
    for (size_t i = 0; row->mounts[i] != NULL; i++) {
        g_autofree char *folder = g_strdup_printf("%s/domstats-test-%d", row->mounts[i], getpid());
        g_autofree char *file = g_build_filename(folder, row->file, NULL);

        if (mkdir(folder, 0755) < 0)
            continue;
        if (access(file, W_OK) == 0)
            return g_steal_pointer(&folder);
        rmdir(folder);
    }
    return NULL;
}

static void
sees_live_freezer(const void *data)
{
    const LiveRow *row = data;
    g_autofree char *group = make_group(row);
    g_autofree char *inner = group ? g_strconcat(group, "/in", NULL) : NULL;
    g_autofree char *frozen = NULL;
    g_autofree char *thawed = NULL;
    g_autofree char *number = NULL;
    g_autofree char *expected = NULL;
    HostRoot *root = NULL;
    pid_t pid = 0;

    if (group == NULL) {
        print_message("not tried: no such hierarchy here in which groups can be made\n");
        return;
    }
    assert_int_equal(mkdir(inner, 0755), 0);
    pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    number = g_strdup_printf("%d", (int)pid);
    root = host_root_new_live();
    assert_true(set(inner, "cgroup.procs", number));
    assert_true(set(group, row->file, row->freeze));
    do {
        g_free(frozen);
        frozen = describe(root, pid);
    } while (g_str_has_prefix(frozen, "freezing")); /* until it is complete */
    assert_true(set(group, row->file, row->thaw));
    thawed = describe(root, pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    host_root_free(root);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(group), 0);
    expected = g_strconcat("frozen ", strrchr(group, '/'), NULL);
    testing_assert_same_text(frozen, expected);
    testing_assert_same_text(thawed, "off");
}

int
main(void)
{
    return TESTING_RUN_TABLE("freezer", rows, finds_freezer) +
           TESTING_RUN_TABLE("live freezer", live_rows, sees_live_freezer);
}
