/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_reader: see qemu_recording_reader.h. Keeps nothing. qemu_recording_peer reads the
 * files of replies.
 */
#include "qemu_recording_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "domstats_record.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/qmp/qemu_qmp.h"
#include "util/util_error.h"
#include "util/util_fd.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

void
qemu_recording_reader_set_fault(GError **error, const char *folder, const char *file_name,
                                const char *fault)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "damaged recording '%s/%s': %s", folder,
                file_name, fault);
}

/* Opens a regular file within the limit of size; -1 with errno. */
static int
open_regular(const char *path, size_t *ret_size)
{
    g_auto(UtilFd) fd = util_fd_open_file(
        AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, S_IFREG);
    struct stat status = {0};

    if (fd < 0 || fstat(fd, &status) < 0)
        return -1;
    if (status.st_size > QEMU_LIMIT_RECORDING_FILE_BYTES) {
        errno = EFBIG;
        return -1;
    }
    *ret_size = (size_t)status.st_size;
    return util_fd_steal(&fd);
}

/* The bytes of a file, no more than it had when it was opened; NULL with errno. The caller frees.
 */
static char *
read_file(const char *path, size_t *ret_size)
{
    size_t size = 0;
    g_auto(UtilFd) fd = open_regular(path, &size);
    g_autofree char *bytes = NULL;
    size_t n_bytes = 0;
    ssize_t n = 1;

    if (fd < 0)
        return NULL;
    bytes = g_malloc(size + 1);
    while (n_bytes < size && n != 0) {
        n = read(fd, bytes + n_bytes, size - n_bytes);
        if (n < 0 && errno != EINTR)
            return NULL;
        n_bytes += (size_t)MAX(n, 0);
    }
    *ret_size = n_bytes;
    return g_steal_pointer(&bytes);
}

/* Parses one object within the limits of a live monitor's messages; only white space may follow. */
static UtilJson *
parse_object(const char *bytes, size_t size, GError **error)
{
    g_autoptr(UtilJsonStream) stream = qemu_qmp_new_stream();
    g_autoptr(UtilJson) object = NULL;
    ssize_t n = util_jsonstream_take(stream, bytes, size, &object, error);

    if (n < 0)
        return NULL;
    if (object == NULL) {
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "it ends too early");
        return NULL;
    }
    for (size_t i = (size_t)n; i < size; i++) {
        if (!g_ascii_isspace(bytes[i])) {
            g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                                "something follows its object");
            return NULL;
        }
    }
    return g_steal_pointer(&object);
}

UtilJson *
qemu_recording_reader_read_object(const char *folder, const char *file_name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, file_name, NULL);
    size_t size = 0;
    g_autofree char *bytes = read_file(path, &size);
    g_autoptr(GError) fault = NULL;
    UtilJson *object = NULL;

    if (bytes == NULL && (errno == ENOENT || errno == ENOTDIR))
        return NULL;
    if (bytes == NULL) {
        qemu_recording_reader_set_fault(error, folder, file_name,
                                        errno == ELOOP || errno == EINVAL ? "no regular file"
                                                                          : g_strerror(errno));
        return NULL;
    }
    object = parse_object(bytes, size, &fault);
    if (object == NULL)
        qemu_recording_reader_set_fault(error, folder, file_name, fault->message);
    return object;
}

/* True for a folder that holds a domain.json, be it valid or not. */
static bool
is_domain_folder(DIR *dir, const char *name)
{
    g_autofree char *path = g_strconcat(name, "/", QEMU_RECORDING_DOMAIN_FILE, NULL);
    struct stat status = {0};

    return name[0] != '.' && fstatat(dirfd(dir), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode) && fstatat(dirfd(dir), path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **
qemu_recording_reader_list_domains(const char *dir, GError **error)
{
    g_autoptr(DIR) folder = opendir(dir);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry = NULL;

    if (folder == NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot open recording '%s': %s", dir,
                    g_strerror(errno));
        return NULL;
    }
    while (names->len < QEMU_LIMIT_DOMAINS && (entry = readdir(folder)) != NULL)
        if (is_domain_folder(folder, entry->d_name))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}

/* What a libvirt told of the domain. */
static void
read_told(const UtilJson *object, QemuEndpoint *endpoint)
{
    const UtilJson *about = util_json_member(object, "about");
    bool is_autostart = false;

    endpoint->is_listed = util_json_member_boolean(object, "persistent", &endpoint->is_persistent);
    if (util_json_member_boolean(object, "autostart", &is_autostart))
        endpoint->autostart = util_count_of(is_autostart);
    if (about == NULL)
        return;
    endpoint->about = qemu_definition_new();
    for (size_t i = 0; i < QEMU_ABOUT_N_TEXTS; i++)
        qemu_about_set(&endpoint->about->about.texts[i],
                       util_json_member_string(about, qemu_about_names[i]));
}

/* Copies the members of domain.json to @endpoint. Gives NULL, or what is wrong with a member. */
static const char *
read_members(const UtilJson *object, QemuEndpoint *endpoint)
{
    const char *name = util_json_member_string(object, "name");
    const char *uuid = util_json_member_string(object, "uuid");
    const char *health = util_json_member_string(object, "health");
    const char *reason = util_json_member_string(object, "reason");
    int64_t id = 0;
    int64_t pid = 0;

    if (name == NULL || name[0] == '\0')
        return "'name' is no name";
    if (uuid != NULL && !g_uuid_string_is_valid(uuid))
        return "'uuid' is no UUID";
    if (util_json_has(object, "id") &&
        (!util_json_member_int64(object, "id", &id) || id < -1 || id > INT_MAX))
        return "'id' is no id of a domain";
    if (util_json_has(object, "pid") &&
        (!util_json_member_int64(object, "pid", &pid) || pid < 0 || pid > INT_MAX))
        return "'pid' is no number of a process";
    if (health == NULL || !domstats_record_parse_health(health, &endpoint->trouble))
        return "'health' is none of the verdicts";
    g_free(endpoint->name);
    endpoint->name = g_strdup(name);
    endpoint->uuid = uuid ? g_ascii_strdown(uuid, -1) : NULL;
    endpoint->id = (int)id;
    endpoint->pid = (pid_t)pid;
    endpoint->start_ticks = util_json_member_count(object, "start_ticks").value;
    endpoint->is_active = id >= 0;
    util_json_member_boolean(object, "active", &endpoint->is_active);
    if (endpoint->trouble != DOMSTATS_HEALTH_OK)
        endpoint->trouble_reason = g_strdup(reason ? reason : "its recording does not say why");
    read_told(object, endpoint);
    return NULL;
}

QemuEndpoint *
qemu_recording_reader_read_domain(const char *dir, const char *folder)
{
    g_autofree char *path = g_build_filename(dir, folder, NULL);
    g_autofree char *key = g_strconcat("replay:", folder, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(UtilJson) object =
        qemu_recording_reader_read_object(path, QEMU_RECORDING_DOMAIN_FILE, &error);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, folder);
    const char *fault = "no such file";
    const char *monitor = NULL;

    if (object != NULL) {
        fault = read_members(object, endpoint);
        monitor = util_json_member_string(object, "monitor");
    }
    /* The recorded peer is opened by the folder; the monitor's own path is only shown. */
    if (monitor != NULL || endpoint->trouble != DOMSTATS_HEALTH_NO_MONITOR)
        qemu_endpoint_add_place(endpoint, path, monitor ? monitor : path);
    if (fault == NULL)
        return endpoint;
    if (error == NULL)
        qemu_recording_reader_set_fault(&error, path, QEMU_RECORDING_DOMAIN_FILE, fault);
    endpoint->trouble = DOMSTATS_HEALTH_BROKEN;
    endpoint->trouble_reason = g_strdup(error->message);
    return endpoint;
}
