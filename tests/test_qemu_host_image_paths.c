/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_host_image_paths: relative names of images, and which open files prove their paths.
 */
#include <string.h>
#include <unistd.h>

#include "qemu/host/qemu_host_parts.h"
#include "testing.h"

enum { MAX_NAMES = 5 };

typedef struct {
    const char *sentence;
    const char *folder; /* where the process stands; NULL: it cannot be seen */
    const char *open[MAX_NAMES];
    const char *names[MAX_NAMES]; /* as QEMU tells them */
    const char *expected;
} Row;

static const Row rows[] = {
    {"a name leads to an open file from where QEMU stands",
     "/srv/a",
     {"/srv/a/d.qcow2"},
     {"d.qcow2"},
     "/srv/a/d.qcow2"},
    {"through folders and back",
     "/srv/a",
     {"/srv/a/d.qcow2", "/srv/up.qcow2"},
     {"./sub/../d.qcow2", "../up.qcow2"},
     "/srv/a/d.qcow2 /srv/up.qcow2"},
    {"absolute names and none stay",
     "/srv/a",
     {"/srv/a/d", "/img/x"},
     {"d", "/img/x", ""},
     "/srv/a/d /img/x -"},
    {"of two files of one name the one from there",
     "/srv/a",
     {"/srv/a/base.raw", "/srv/a/sub/base.raw"},
     {"base.raw", "sub/base.raw"},
     "/srv/a/base.raw /srv/a/sub/base.raw"},
    {"a file that is not open proves nothing",
     "/srv/a",
     {"/srv/b/d.qcow2", "/srv/a/d.qcow2x"},
     {"d.qcow2"},
     "d.qcow2"},
    {"nor do a socket and a pipe",
     "/srv/a",
     {"socket:[7]", "pipe:[8]"},
     {"socket:[7]"},
     "socket:[7]"},
    {"a file that was removed has the path it had",
     "/srv/a",
     {"/srv/a/d.qcow2 (deleted)"},
     {"d.qcow2"},
     "/srv/a/d.qcow2"},
    {"a link leads to a file of another name",
     "/srv/a",
     {"/img/real.qcow2", "/srv/a/b"},
     {"d.qcow2", "b"},
     "d.qcow2 /srv/a/b"},
    {"a daemon's folder is the one that all names lead from",
     "/",
     {"/srv/a/base.raw", "/srv/a/sub/base.raw"},
     {"base.raw", "sub/base.raw"},
     "/srv/a/base.raw /srv/a/sub/base.raw"},
    {"a daemon with one image",
     "/",
     {"/srv/a/d.qcow2", "/dev/null"},
     {"./d.qcow2"},
     "/srv/a/d.qcow2"},
    {"a daemon that was started in /", "/", {"/d.qcow2"}, {"d.qcow2"}, "/d.qcow2"},
    {"two folders that all names may lead from", "/", {"/srv/a/d", "/srv/b/d"}, {"d"}, "d"},
    {"no folder that all names lead from", "/", {"/srv/a/d", "/srv/b/e"}, {"d", "e"}, "d e"},
    {"a name that leads from none does not keep the others",
     "/",
     {"/srv/a/d", "/img/real"},
     {"link", "d"},
     "link /srv/a/d"},
    {"a daemon's name that leads out of its folder", "/", {"/srv/a/d"}, {"../a/d"}, "../a/d"},
    {"where the folder cannot be seen, likewise", NULL, {"/srv/a/d"}, {"d"}, "/srv/a/d"},
};

static void
make_process(const char *folder, const Row *row)
{
    g_autofree char *cwd = g_build_filename(folder, "proc/42/cwd", NULL);

    testing_write_file(folder, "proc/42/fd/.keep", "");
    if (row->folder != NULL)
        assert_int_equal(symlink(row->folder, cwd), 0);
    for (size_t i = 0; i < MAX_NAMES && row->open[i] != NULL; i++) {
        g_autofree char *link = g_strdup_printf("%s/proc/42/fd/%zu", folder, i);

        assert_int_equal(symlink(row->open[i], link), 0);
    }
}

static void
finds_paths(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_auto(QemuFacts) facts = {0};
    g_autoptr(GString) got = g_string_new(NULL);

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    make_process(folder, row);
    qemu_facts_init(&facts);
    facts.nodes = g_array_new(FALSE, TRUE, sizeof(QemuFactsNode));
    for (size_t i = 0; i < MAX_NAMES && row->names[i] != NULL; i++) {
        QemuFactsNode node = {.path = row->names[i][0] != '\0' ? row->names[i] : NULL};

        g_array_append_val(facts.nodes, node);
    }
    qemu_host_find_image_paths(root, 42, &facts);
    qemu_host_find_image_paths(root, 43, &facts); /* no such process: nothing changes */
    testing_remove_folder(folder);
    for (guint i = 0; i < facts.nodes->len; i++) {
        const QemuFactsNode *node = &g_array_index(facts.nodes, QemuFactsNode, i);

        g_string_append_printf(got, "%s%s", i > 0 ? " " : "", node->path ? node->path : "-");
    }
    assert_string_equal(got->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("image paths", rows, finds_paths);
}
