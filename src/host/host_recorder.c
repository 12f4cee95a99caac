/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_recorder: see host_recorder.h.
 *
 * Owns the folder's descriptor and a lock. A tree cannot have a file and a link of one name, nor
 * files below a link. Where both are read, the link stays, because readers ask where it points.
 * Does not know what the files mean.
 */
#include "host_recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_path.h"
#include "util/util_error.h"
#include "util/util_fd.h"

struct HostRecorder {
    int folder_fd;
    pthread_mutex_t lock;
    bool is_finished;
    int first_errno;
};

HostRecorder *
host_recorder_new(const char *dir, GError **error)
{
    g_autoptr(HostRecorder) self = g_new0(HostRecorder, 1);

    pthread_mutex_init(&self->lock, NULL);
    self->folder_fd = -1;
    if (g_mkdir_with_parents(dir, 0700) == 0)
        self->folder_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->folder_fd < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot record into '%s': %s", dir,
                    g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
host_recorder_free(HostRecorder *self)
{
    if (!self)
        return;
    util_fd_clear(&self->folder_fd);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

/* Remembers errno as the first failure, unless it only means that a link is in the way. */
static void
note_failure(HostRecorder *self)
{
    if (self->first_errno == 0 && errno != ENOTDIR && errno != ELOOP && errno != EINVAL)
        self->first_errno = errno;
}

static bool
write_file(int parent, const char *name, const char *bytes, size_t size, bool is_whole)
{
    g_auto(UtilFd) fd = openat(
        parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    struct stat status = {0};

    if (fd < 0 || fstat(fd, &status) < 0)
        return false;
    if (!is_whole && status.st_size > (off_t)size)
        return true;
    if (ftruncate(fd, 0) < 0)
        return false;
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);

        if (n < 0 && errno != EINTR)
            return false;
        bytes += MAX(n, 0);
        size -= (size_t)MAX(n, 0);
    }
    return true;
}

void
host_recorder_file(HostRecorder *self, const char *path, const char *bytes, size_t size,
                   bool is_whole)
{
    g_auto(UtilFd) parent = -1;
    const char *name = NULL;

    pthread_mutex_lock(&self->lock);
    if (!self->is_finished) {
        parent = host_path_open_parent(self->folder_fd, path, true, &name);
        if (parent < 0 || !write_file(parent, name, bytes, size, is_whole))
            note_failure(self);
    }
    pthread_mutex_unlock(&self->lock);
}

static bool
make_link(int parent, const char *name, const char *target)
{
    struct stat status = {0};

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && status.st_size > 0))
            return true; /* the files below that name were read before, so they stay */
        if (unlinkat(parent, name, 0) < 0)
            return false;
    }
    return symlinkat(target, parent, name) == 0;
}

void
host_recorder_link(HostRecorder *self, const char *path, const char *target)
{
    g_auto(UtilFd) parent = -1;
    const char *name = NULL;

    pthread_mutex_lock(&self->lock);
    if (!self->is_finished) {
        parent = host_path_open_parent(self->folder_fd, path, true, &name);
        if (parent < 0 || !make_link(parent, name, target))
            note_failure(self);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Makes an entry for @name, which is in the listed folder @listed_fd, in the copy @copy_fd. */
static bool
make_entry(int copy_fd, int listed_fd, const char *name)
{
    g_auto(UtilFd) fd = -1;
    struct stat status = {0};

    if (fstatat(copy_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    if (fstatat(listed_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
        return mkdirat(copy_fd, name, 0700) == 0;
    fd = openat(copy_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0;
}

/* Removes the entries of an earlier list that are not in @names. */
static void
remove_others(int copy_fd, char *const *names)
{
    int fd = openat(copy_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry = NULL;

    if (!folder) {
        util_fd_clear(&fd);
        return;
    }
    for (size_t i = 0; names[i]; i++)
        g_hash_table_add(known, names[i]);
    while ((entry = readdir(folder))) {
        bool is_dots = g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..");

        if (!is_dots && !g_hash_table_contains(known, entry->d_name))
            g_ptr_array_add(others, g_strdup(entry->d_name));
    }
    closedir(folder);
    for (guint i = 0; i < others->len; i++)
        host_path_remove(copy_fd, others->pdata[i]);
}

static int
open_copy_folder(const HostRecorder *self, const char *path)
{
    /* Makes every folder above the last part; "x" itself is not made. */
    g_autofree char *inside = g_strconcat(path, "/x", NULL);
    g_auto(UtilFd) parent = -1;
    const char *name = NULL;

    parent = host_path_open_parent(self->folder_fd, inside, true, &name);
    return util_fd_steal(&parent);
}

void
host_recorder_list(HostRecorder *self, const char *path, int folder_fd, char *const *names,
                   bool is_whole)
{
    g_auto(UtilFd) copy_fd = -1;

    pthread_mutex_lock(&self->lock);
    if (!self->is_finished) {
        copy_fd = open_copy_folder(self, path);
        if (copy_fd < 0)
            note_failure(self);
        for (size_t i = 0; copy_fd >= 0 && names[i]; i++) {
            if (!make_entry(copy_fd, folder_fd, names[i]))
                note_failure(self);
        }
        if (copy_fd >= 0 && is_whole)
            remove_others(copy_fd, names);
    }
    pthread_mutex_unlock(&self->lock);
}

int
host_recorder_finish(HostRecorder *self, const char *name, const char *text)
{
    int first_errno = 0;

    pthread_mutex_lock(&self->lock);
    self->is_finished = true;
    if (self->first_errno == 0 && text != NULL &&
        !write_file(self->folder_fd, name, text, strlen(text), true))
        self->first_errno = errno;
    util_fd_clear(&self->folder_fd);
    first_errno = self->first_errno;
    pthread_mutex_unlock(&self->lock);
    return first_errno;
}
