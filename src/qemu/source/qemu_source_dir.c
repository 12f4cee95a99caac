/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_dir: "dir:PATH": every socket file in a directory.
 *
 * Owns the endpoints of the last scan. readdir() tells names, kinds and inodes, so no file is
 * looked at by itself. If a file is gone, so is its endpoint: the driver judges whether the QEMU
 * still runs, since it has the connection. A file that was renamed is the same domain, since a QEMU
 * keeps the inode that it has bound.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_source.h"
#include "qemu_source_path.h"
#include "util/util_error.h"

typedef struct {
    char *path;
    GHashTable *endpoints; /* key -> QemuEndpoint, of the last scan */
    bool was_scanned;
} DirSource;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

static void
unref_endpoint(gpointer data)
{
    qemu_endpoint_unref(data);
}

static GHashTable *
new_endpoint_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, unref_endpoint);
}

static DIR *
open_folder(const char *path, UtilError code, GError **error)
{
    DIR *folder = opendir(path);

    if (folder == NULL)
        g_set_error(error, UTIL_ERROR, (int)code, "cannot list directory '%s': %s", path,
                    g_strerror(errno));
    return folder;
}

/* The directory must be there when the source is opened, or the user has mistyped it. Later it may
 * be removed and made again. */
static void *
open_dir(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    g_autoptr(DIR) folder = open_folder(argument, UTIL_ERROR_CONNECT, error);
    DirSource *self = NULL;

    (void)options;
    (void)root;
    if (folder == NULL)
        return NULL;
    self = g_new0(DirSource, 1);
    self->path = g_canonicalize_filename(argument, NULL);
    self->endpoints = new_endpoint_table();
    return self;
}

static void
close_dir(void *data)
{
    DirSource *self = data;

    g_hash_table_unref(self->endpoints);
    g_free(self->path);
    g_free(self);
}

/* Some file systems do not tell the kind of a file in readdir(): then it is looked at. */
static bool
is_socket(DIR *folder, const struct dirent *entry)
{
    struct stat status = {0};

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_SOCK;
    return fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISSOCK(status.st_mode);
}

static const char *
path_of(const QemuEndpoint *endpoint)
{
    const QemuEndpointPlace *place = g_ptr_array_index(endpoint->places, 0);

    return place->bound_path;
}

/* The endpoint of the last scan if it is the same file by the same name, else a new one. */
static QemuEndpoint *
take_endpoint(const DirSource *self, const char *key, const char *path)
{
    g_autofree char *name = NULL;
    QemuEndpoint *endpoint = g_hash_table_lookup(self->endpoints, key);

    if (endpoint != NULL && g_str_equal(path_of(endpoint), path))
        return qemu_endpoint_ref(endpoint);
    name = qemu_source_path_make_name(path);
    endpoint = qemu_endpoint_new(key, name);
    qemu_endpoint_add_place(endpoint, path, path);
    return endpoint;
}

static int
compare_paths(const void *a, const void *b)
{
    const QemuEndpoint *const *left = a;
    const QemuEndpoint *const *right = b;

    return strcmp(path_of(*left), path_of(*right));
}

typedef struct {
    const DirSource *source;
    GPtrArray *endpoints; /* QemuEndpoint *, as they are found */
    GHashTable *seen;     /* key -> QemuEndpoint */
} DirScan;

/* Adds the socket at @path. If its inode was seen before in this scan, it is the same file: it has
 * a second name, or was renamed during the scan. If there are two files with one inode number,
 * readdir() of that file system does not tell inodes: then the key of the second has its name in
 * it. */
static void
add_socket(DirScan *self, const char *path, guint64 inode)
{
    g_autofree char *key = g_strdup_printf("dir:%s:%" G_GUINT64_FORMAT, self->source->path, inode);
    QemuEndpoint *other = g_hash_table_lookup(self->seen, key);
    QemuEndpoint *endpoint = NULL;
    struct stat first = {0};
    struct stat second = {0};

    if (other != NULL && lstat(path_of(other), &first) != 0) {
        g_ptr_array_remove(self->endpoints, other);
    } else if (other != NULL) {
        if (lstat(path, &second) != 0 ||
            (first.st_dev == second.st_dev && first.st_ino == second.st_ino))
            return;
        g_free(key);
        key = g_strdup_printf("dir:%s:%" G_GUINT64_FORMAT, path, inode);
    }
    endpoint = take_endpoint(self->source, key, path);
    g_hash_table_replace(self->seen, endpoint->key, qemu_endpoint_ref(endpoint));
    g_ptr_array_add(self->endpoints, endpoint);
}

/* What the last scan found, for a scan that the deadline cut short. */
static GPtrArray *
list_last(const DirSource *self, GError **error)
{
    GPtrArray *endpoints = NULL;
    GHashTableIter iter;
    gpointer endpoint = NULL;

    if (!self->was_scanned) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT,
                    "directory '%s' could not be read by the deadline", self->path);
        return NULL;
    }
    endpoints = g_ptr_array_new_with_free_func(unref_endpoint);
    g_hash_table_iter_init(&iter, self->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint))
        g_ptr_array_add(endpoints, qemu_endpoint_ref(endpoint));
    g_ptr_array_sort(endpoints, compare_paths);
    return endpoints;
}

static GPtrArray *
scan_dir(void *data, UtilDeadline deadline, GError **error)
{
    DirSource *self = data;
    g_autoptr(DIR) folder = open_folder(self->path, UTIL_ERROR_SYSTEM, error);
    g_autoptr(GHashTable) seen = new_endpoint_table();
    g_autoptr(GPtrArray) endpoints = NULL;
    const struct dirent *entry = NULL;

    if (folder == NULL)
        return NULL;
    endpoints = g_ptr_array_new_with_free_func(unref_endpoint);
    while (endpoints->len < QEMU_LIMIT_DOMAINS && (entry = readdir(folder)) != NULL) {
        if (util_deadline_has_passed(deadline))
            return list_last(self, error);
        g_autofree char *path = g_build_filename(self->path, entry->d_name, NULL);

        if (is_socket(folder, entry))
            add_socket(&(DirScan){self, endpoints, seen}, path, entry->d_ino);
    }
    g_ptr_array_sort(endpoints, compare_paths);
    g_hash_table_unref(self->endpoints);
    self->endpoints = g_steal_pointer(&seen);
    self->was_scanned = true;
    return g_steal_pointer(&endpoints);
}

const QemuSourceKind qemu_source_dir = {
    .name = "dir",
    .argument = "PATH",
    .open = open_dir,
    .scan = scan_dir,
    .close = close_dir,
};
