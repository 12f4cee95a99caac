/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kept: see host_kept.h. Owns the descriptors, as many as the root has room for; does not know
 * what is in the files.
 *
 * Calls that ask for the same read the same files in the same order. So there is no table to look
 * in: the files stand in the order in which the last call read them. The first one that differs
 * from the file that is read now is closed, with all files after it.
 */
#include "host_kept.h"

#include <errno.h>
#include <unistd.h>

typedef struct {
    pid_t pid;
    pid_t tid;
    const char *name; /* a literal */
    int fd;           /* -1: not kept, for want of room or because of a recording */
} File;

struct HostKept {
    HostRoot *root;
    GArray *files;
    guint place; /* of the file that is read next */
};

void
host_kept_make_path(char path[HOST_KEPT_PATH_BYTES], pid_t pid, pid_t tid, const char *name)
{
    if (tid == 0)
        g_snprintf(path, HOST_KEPT_PATH_BYTES, "proc/%d/%s", pid, name);
    else
        g_snprintf(path, HOST_KEPT_PATH_BYTES, "proc/%d/task/%d/%s", pid, tid, name);
}

HostKept *
host_kept_new(HostRoot *root)
{
    HostKept *self = g_new0(HostKept, 1);

    self->root = root;
    self->files = g_array_new(FALSE, FALSE, sizeof(File));
    return self;
}

static void
forget_from(HostKept *self, guint place)
{
    for (guint i = place; i < self->files->len; i++)
        host_root_close_kept(self->root, g_array_index(self->files, File, i).fd);
    g_array_set_size(self->files, place);
}

void
host_kept_free(HostKept *self)
{
    if (self == NULL)
        return;
    forget_from(self, 0);
    g_array_unref(self->files);
    g_free(self);
}

void
host_kept_begin(HostKept *self)
{
    self->place = 0;
}

/* Moves to the file that is read next; opens it if there is room. */
static const File *
next_file(HostKept *self, pid_t pid, pid_t tid, const char *name)
{
    File file = {pid, tid, name, -1};
    char path[HOST_KEPT_PATH_BYTES] = "";

    if (self->place < self->files->len) {
        File *known = &g_array_index(self->files, File, self->place);

        if (known->pid == pid && known->tid == tid && known->name == name) {
            self->place++;
            if (known->fd >= 0)
                return known;
            host_kept_make_path(path, pid, tid, name);
            known->fd = host_root_open_kept(self->root, path);
            return known;
        }
        forget_from(self, self->place);
    }
    host_kept_make_path(path, pid, tid, name);
    file.fd = host_root_open_kept(self->root, path);
    g_array_append_val(self->files, file);
    return &g_array_index(self->files, File, self->place++);
}

ssize_t
host_kept_read(HostKept *self, pid_t pid, pid_t tid, const char *name, char *buffer, size_t size)
{
    const File *file = next_file(self, pid, tid, name);
    char path[HOST_KEPT_PATH_BYTES] = "";
    ssize_t n_bytes = 0;

    if (file->fd < 0 || !host_root_may_keep(self->root)) {
        host_kept_make_path(path, pid, tid, name);
        return host_root_read(self->root, path, buffer, size);
    }
    do
        n_bytes = pread(file->fd, buffer, size - 1, 0);
    while (n_bytes < 0 && errno == EINTR);
    if (n_bytes >= 0)
        buffer[n_bytes] = '\0';
    return n_bytes;
}
