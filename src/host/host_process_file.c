/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process_file: see host_process_file.h.
 *
 * The name is a stranger's: it is followed inside of the process's root and nowhere else, and what
 * is there is looked at before it is opened, since opening a device or a pipe is an act. A process
 * may have changed its root since it read the file (-chroot): in our own mounts our root serves as
 * well.
 */
#include "host_process_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host_process.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    PATH_BYTES = 128,
    CLOCK_SLACK_S = 1, /* the start is told in ticks, the clock may have been set by a little */
};

/* When the process started, in seconds since 1970; 0 if it cannot be told. */
static int64_t
find_start_s(HostRoot *root, pid_t pid)
{
    HostProcessStat stat = {0};
    char text[PATH_BYTES] = "";
    double uptime_s = 0.0;

    if (!host_process_read_stat(root, pid, 0, &stat) ||
        host_root_read(root, "proc/uptime", text, sizeof(text)) <= 0)
        return 0;
    uptime_s = g_ascii_strtod(text, NULL);
    return util_deadline_wall_us() / G_USEC_PER_SEC - (int64_t)uptime_s +
           (int64_t)stat.start_ticks / host_root_ticks_per_second(root);
}

static bool
has_our_mounts(HostRoot *root, pid_t pid)
{
    char path[PATH_BYTES] = "";
    g_autofree char *ours = host_root_readlink(root, "proc/self/ns/mnt");
    g_autofree char *theirs = NULL;

    g_snprintf(path, sizeof(path), "proc/%d/ns/mnt", pid);
    theirs = host_root_readlink(root, path);
    return ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0;
}

/* A descriptor that can only be looked at; -1 with errno. */
static int
find_file(HostRoot *root, pid_t pid, const char *path)
{
    char folder[PATH_BYTES] = "/";
    g_auto(UtilFd) root_fd = -1;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

    if (!has_our_mounts(root, pid))
        g_snprintf(folder, sizeof(folder), "/proc/%d/root", pid);
    root_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root_fd < 0 ? -1 : (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
}

/* All of an open file; NULL if it is longer, or holds a NUL. */
static char *
read_text(int fd, size_t max_bytes)
{
    g_autofree char *text = g_malloc(max_bytes + 1);
    size_t size = 0;
    ssize_t n = 0;

    do {
        n = read(fd, text + size, max_bytes + 1 - size);
        size += (size_t)MAX(n, 0);
    } while ((n > 0 && size <= max_bytes) || (n < 0 && errno == EINTR));
    if (n < 0 || size > max_bytes || memchr(text, '\0', size) != NULL)
        return NULL;
    text[size] = '\0';
    return g_steal_pointer(&text);
}

static char *
read_live(HostRoot *root, pid_t pid, const char *path, size_t max_bytes)
{
    g_auto(UtilFd) found = find_file(root, pid, path);
    g_auto(UtilFd) fd = -1;
    struct stat status = {0};

    if (found < 0 || fstat(found, &status) != 0 || status.st_size > (off_t)max_bytes ||
        status.st_mtim.tv_sec > find_start_s(root, pid) + CLOCK_SLACK_S)
        return NULL;
    fd = util_fd_reopen(found, O_RDONLY | O_NONBLOCK | O_CLOEXEC, S_IFREG);
    return fd < 0 ? NULL : read_text(fd, max_bytes);
}

char *
host_process_file_read(HostRoot *root, pid_t pid, const char *path, size_t max_bytes,
                       const char *note)
{
    g_autofree char *kept = g_strdup_printf("proc/%d/%s", (int)pid, note);
    char *text = NULL;

    if (!host_root_is_live(root))
        return host_root_read_all(root, kept, max_bytes, NULL);
    if (path[0] != '/')
        return NULL;
    text = read_live(root, pid, path, max_bytes);
    if (text != NULL)
        host_root_note(root, kept, text);
    return text;
}
