/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_image_paths: the absolute paths of images that QEMU was given by a relative name.
 *
 * How it works
 *
 * QEMU tells a name as it was given, and "d.qcow2" is in the folder that was QEMU's working
 * directory when it opened the image. QEMU still has the image open, and the kernel tells the
 * absolute path of each open file without touching the storage. So a path is taken only if the
 * process has that file open.
 *
 * The working directory of a QEMU that became a daemon, or changed its root, is "/" now. Its former
 * one is the only folder from which all the names lead to open files. If there are two such
 * folders, or if a symbolic link gives the open file another name, the path stays unknown.
 */
#include <string.h>

#include "host/host_limits.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu_host_parts.h"

/* A folder with which a name is joined, to see whether it leads out of it ("../d.qcow2"). */
#define SOME_FOLDER "/\001"

typedef struct {
    QemuFacts *facts;
    GHashTable *open_files; /* char *: absolute paths */
} Search;

static bool
is_relative(const QemuFactsNode *node)
{
    return node->path != NULL && node->path[0] != '/';
}

bool
qemu_host_has_relative_images(const QemuFacts *facts)
{
    for (guint i = 0; facts->nodes != NULL && i < facts->nodes->len; i++)
        if (is_relative(&g_array_index(facts->nodes, QemuFactsNode, i)))
            return true;
    return false;
}

/* The absolute paths of the files that the process has open; of a file that was removed, its last
 * one. NULL if they cannot be listed. The caller unrefs. */
static GHashTable *
list_open_files(HostRoot *root, pid_t pid)
{
    static const char deleted[] = " (deleted)";
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", (int)pid);
    g_auto(GStrv) names = host_root_list(root, folder, HOST_LIMIT_DESCRIPTORS);
    GHashTable *files = NULL;

    if (names == NULL)
        return NULL;
    files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; names[i] != NULL; i++) {
        g_autofree char *link = g_build_filename(folder, names[i], NULL);
        char *path = host_root_readlink(root, link);

        if (path != NULL && path[0] == '/' && g_str_has_suffix(path, deleted))
            g_hash_table_add(files, g_strndup(path, strlen(path) - strlen(deleted)));
        if (path != NULL && path[0] == '/')
            g_hash_table_add(files, path);
        else
            g_free(path);
    }
    return files;
}

/* The path to which @name leads from @folder; NULL if the process does not have it open. The caller
 * frees. */
static char *
find_open_file(const Search *self, const char *folder, const char *name)
{
    g_autofree char *path = g_canonicalize_filename(name, folder);

    return g_hash_table_contains(self->open_files, path) ? g_steal_pointer(&path) : NULL;
}

/* The end that the path of each file called @name has: "/sub/d.qcow2". NULL for a name that leads
 * out of its folder. The caller frees. */
static char *
make_ending(const char *name)
{
    g_autofree char *path = g_canonicalize_filename(name, SOME_FOLDER);

    return g_str_has_prefix(path, SOME_FOLDER "/") ? g_strdup(path + strlen(SOME_FOLDER)) : NULL;
}

/* The folders from which @name leads to an open file. The caller unrefs. */
static GHashTable *
list_folders(const Search *self, const char *name)
{
    GHashTable *folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *ending = make_ending(name);
    GHashTableIter iter;
    gpointer path = NULL;

    g_hash_table_iter_init(&iter, self->open_files);
    while (ending != NULL && g_hash_table_iter_next(&iter, &path, NULL)) {
        size_t length = strlen(path) - MIN(strlen(path), strlen(ending));

        if (g_str_has_suffix(path, ending))
            g_hash_table_add(folders, length > 0 ? g_strndup(path, length) : g_strdup("/"));
    }
    return folders;
}

static gboolean
is_not_in(gpointer key, gpointer value, gpointer data)
{
    (void)value;
    return !g_hash_table_contains(data, key);
}

/* The only folder from which each name leads to an open file; names that lead to one from no folder
 * are passed over. NULL if there are several such folders, or none. The caller frees. */
static char *
find_folder(const Search *self)
{
    g_autoptr(GHashTable) common = NULL;
    GHashTableIter iter;
    gpointer folder = NULL;
    unsigned int n_names = 0;

    for (guint i = 0; i < self->facts->nodes->len && n_names < QEMU_LIMIT_RELATIVE_NAMES; i++) {
        const QemuFactsNode *node = &g_array_index(self->facts->nodes, QemuFactsNode, i);
        g_autoptr(GHashTable) folders = is_relative(node) ? list_folders(self, node->path) : NULL;

        n_names += folders != NULL;
        if (folders == NULL || g_hash_table_size(folders) == 0)
            continue;
        if (common == NULL)
            common = g_steal_pointer(&folders);
        else
            g_hash_table_foreach_remove(common, is_not_in, folders);
    }
    if (common == NULL || g_hash_table_size(common) != 1)
        return NULL;
    g_hash_table_iter_init(&iter, common);
    return g_hash_table_iter_next(&iter, &folder, NULL) ? g_strdup(folder) : NULL;
}

/* The working directory of the process; NULL if it is "/", which may not be the one it was started
 * in, or cannot be read. */
static char *
read_folder(HostRoot *root, pid_t pid)
{
    g_autofree char *link = g_strdup_printf("proc/%d/cwd", (int)pid);
    g_autofree char *folder = host_root_readlink(root, link);

    if (folder == NULL || folder[0] != '/' || folder[1] == '\0')
        return NULL;
    return g_steal_pointer(&folder);
}

static void
set_path(QemuFacts *facts, QemuFactsNode *node, char *take_path)
{
    if (take_path == NULL)
        return;
    if (facts->owned_texts == NULL)
        facts->owned_texts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(facts->owned_texts, take_path);
    node->path = take_path;
}

void
qemu_host_find_image_paths(HostRoot *root, pid_t pid, QemuFacts *facts)
{
    g_autoptr(GHashTable) open_files = NULL;
    g_autofree char *folder = NULL;
    Search search = {.facts = facts};

    if (!qemu_host_has_relative_images(facts))
        return;
    open_files = list_open_files(root, pid);
    if (open_files == NULL)
        return;
    search.open_files = open_files;
    folder = read_folder(root, pid);
    if (folder == NULL)
        folder = find_folder(&search);
    for (guint i = 0; folder != NULL && i < facts->nodes->len; i++) {
        QemuFactsNode *node = &g_array_index(facts->nodes, QemuFactsNode, i);

        if (is_relative(node))
            set_path(facts, node, find_open_file(&search, folder, node->path));
    }
}

void
qemu_host_read_image_paths(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    qemu_host_find_image_paths(qemu_host_view_root(self), job->domain->pid, facts);
}
