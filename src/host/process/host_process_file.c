/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process_file: see host_process_file.h.
 *
 * The path comes from another process, so it is resolved inside of that process's root directory
 * and nowhere else. The file's type is checked before it is opened, as opening a device or a pipe
 * has effects. A process that has changed its root since it read the file (-chroot) has
 * no link to the root before. That is taken to be the root of its mount namespace, to which ".."
 * leads: a file that is not in the new root is looked up there.
 *
 * The storage of the file may be gone (NFS), so a thread of the reader does all that touches it.
 */
#include "host_process_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host_file.h"
#include "host_process.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    PATH_BYTES = 128,
    CLOCK_SLACK_S = 1, /* the start is known in ticks, and the clock may have been adjusted since */
    SURE_S = 3,        /* so long before the start: clocks of files are not those of processes */
};

/* When the process started, in seconds since 1970; 0 if it cannot be read. */
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

/* The folders in which a path may have been meant, the likelier first. */
static const char *const roots[] = {"root", "root" HOST_PROCESS_FILE_UP};

/* All that is needed to read the file on another thread. */
typedef struct {
    pid_t pid;
    char *path;
    int64_t latest_s; /* a file that was written later is another one */
    bool is_strict;   /* so is one whose name, owner or link is newer */
} Place;

static void
free_place(gpointer data)
{
    Place *self = data;

    g_free(self->path);
    g_free(self);
}

/* An O_PATH descriptor, of the link itself with O_NOFOLLOW in @flags; -1 with errno. */
static int
find_file_in(const Place *place, const char *root, unsigned int flags)
{
    g_auto(UtilFd) root_fd = -1;
    char folder[PATH_BYTES] = "";
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

    g_snprintf(folder, sizeof(folder), "/proc/%d/%s", (int)place->pid, root);
    root_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root_fd < 0 ? -1 : (int)syscall(SYS_openat2, root_fd, place->path, &how, sizeof(how));
}

/* The same, in the first of these folders that has the file. */
static int
find_file(const Place *place, unsigned int flags)
{
    int fd = -1;

    for (size_t i = 0; i < G_N_ELEMENTS(roots) && fd < 0; i++)
        fd = find_file_in(place, roots[i], flags);
    return fd;
}

/* A rename changes the time of the inode, which no program can set. */
static bool
is_too_new(const Place *place, const struct stat *status)
{
    return status->st_mtim.tv_sec > place->latest_s ||
           (place->is_strict && status->st_ctim.tv_sec > place->latest_s);
}

/* True if the last part of the path was made to lead elsewhere since. */
static bool
is_new_link(const Place *place)
{
    g_auto(UtilFd) link = place->is_strict ? find_file(place, O_NOFOLLOW) : -1;
    struct stat status = {0};

    return place->is_strict &&
           (link < 0 || fstat(link, &status) != 0 || is_too_new(place, &status));
}

/* Everything in an open file; NULL if it is longer than @max_bytes or has a NUL. */
static char *
read_text(int fd, size_t max_bytes)
{
    size_t size = 0;
    g_autofree char *text = host_file_read_whole(fd, max_bytes, &size);

    return text != NULL && strlen(text) == size ? g_steal_pointer(&text) : NULL;
}

static char *
read_place(gconstpointer data, size_t max_bytes, size_t *ret_size)
{
    const Place *place = data;
    g_auto(UtilFd) found = find_file(place, 0);
    g_auto(UtilFd) fd = -1;
    struct stat status = {0};
    char *text = NULL;

    if (found < 0 || fstat(found, &status) != 0)
        return NULL;
    errno = ESTALE;
    if (status.st_size > (off_t)max_bytes || is_too_new(place, &status) || is_new_link(place))
        return NULL;
    fd = util_fd_reopen(found, O_RDONLY | O_NONBLOCK | O_CLOEXEC, S_IFREG);
    text = fd < 0 ? NULL : read_text(fd, max_bytes);
    if (text != NULL)
        *ret_size = strlen(text);
    return text;
}

char *
host_process_file_read(HostReader *reader, pid_t pid, const char *path, size_t max_bytes,
                       const char *note, HostProcessFileTrust trust, UtilDeadline deadline)
{
    HostRoot *root = host_reader_root(reader);
    g_autofree char *kept = g_strdup_printf("proc/%d/%s", (int)pid, note);
    Place *place = NULL;

    errno = EINVAL;
    if (host_root_is_live(root) && path[0] != '/')
        return NULL;
    place = g_new0(Place, 1);
    place->pid = pid;
    place->path = g_strdup(path);
    place->is_strict = trust == HOST_PROCESS_FILE_CERTAIN;
    place->latest_s = find_start_s(root, pid) + (place->is_strict ? -SURE_S : CLOCK_SLACK_S);
    return host_reader_look(reader, pid, kept, (HostReaderLook){read_place, place, free_place},
                            max_bytes, deadline);
}
