/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_path: see host_path.h. Opens part after part with O_NOFOLLOW, which every kernel has.
 */
#include "host_path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/util_fd.h"

/* More parts than any path under /proc or /sys has; host_path_remove() has a descriptor open for
 * each level. */
#define MAX_DEPTH 32

/* Copies the part at the start of @path. Gives its length, or 0 with errno if it is not allowed. */
static size_t
copy_part(const char *path, char part[NAME_MAX + 1])
{
    size_t length = strcspn(path, "/");

    if (length > NAME_MAX) {
        errno = ENAMETOOLONG;
        return 0;
    }
    memcpy(part, path, length);
    part[length] = '\0';
    if (length == 0 || g_str_equal(part, ".") || g_str_equal(part, "..")) {
        errno = EINVAL;
        return 0;
    }
    return length;
}

/* Makes the folder @name, also in place of an empty file: host_recorder_list() makes empty files
 * for names that later turn out to be folders. */
static bool
make_folder(int folder_fd, const char *name)
{
    struct stat status = {0};

    if (mkdirat(folder_fd, name, 0700) == 0)
        return true;
    if (errno != EEXIST || fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (!S_ISREG(status.st_mode) || status.st_size > 0)
        return true;
    return unlinkat(folder_fd, name, 0) == 0 && mkdirat(folder_fd, name, 0700) == 0;
}

int
host_path_open_parent(int folder_fd, const char *path, bool may_make, const char **ret_name)
{
    g_auto(UtilFd) here = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    char part[NAME_MAX + 1] = "";

    for (int depth = 0; here >= 0 && depth < MAX_DEPTH; depth++) {
        g_auto(UtilFd) above = -1;
        size_t length = copy_part(path, part);

        if (length == 0)
            return -1;
        if (path[length] == '\0') {
            *ret_name = path;
            return util_fd_steal(&here);
        }
        if (may_make && !make_folder(here, part))
            return -1;
        above = util_fd_steal(&here);
        here = openat(above, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        path += length + 1;
    }
    if (here >= 0)
        errno = ENAMETOOLONG;
    return -1;
}

int
host_path_open(int folder_fd, const char *path, int flags)
{
    const char *name = NULL;
    g_auto(UtilFd) parent = host_path_open_parent(folder_fd, path, false, &name);

    if (parent < 0)
        return -1;
    return openat(parent, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

static void
remove_to_depth(int folder_fd, const char *name, int depth)
{
    g_auto(UtilFd) fd = -1;
    const struct dirent *entry = NULL;
    DIR *folder = NULL;

    if (unlinkat(folder_fd, name, 0) == 0 || depth == 0)
        return;
    fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder)
        return;
    (void)util_fd_steal(&fd); /* closedir() closes it */
    while ((entry = readdir(folder))) {
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
            remove_to_depth(dirfd(folder), entry->d_name, depth - 1);
    }
    closedir(folder);
    unlinkat(folder_fd, name, AT_REMOVEDIR);
}

void
host_path_remove(int folder_fd, const char *name)
{
    remove_to_depth(folder_fd, name, MAX_DEPTH);
}
