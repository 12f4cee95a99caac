/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_root: see host_root.h.
 *
 * Owns the descriptor of the root and, while it records, the recording. In a live root links are
 * followed as the kernel does it. A recorded tree is not trusted: no path leaves it, and only
 * regular files are read. Does not know what the files mean.
 */
#include "host_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_about.h"
#include "host_entries.h"
#include "host_file.h"
#include "host_limits.h"
#include "host_path.h"
#include "host_recorder.h"
#include "host_text.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define OPEN_FLAGS      (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define MAX_HOST_BYTES  4096
#define MAX_COUNT_BYTES 32
#define KEPT_SHARE      4

/* One read() of a file in /proc gives that many bytes, or the whole file if it is shorter. */
#define ONE_READ_BYTES 4096

struct HostRoot {
    int folder_fd; /* O_PATH */
    bool is_live;
    HostAbout about;
    HostBlocked *blocked;
    HostBlocked *blocked_storage;
    HostRecorder *record; /* atomic: of the current recording; NULL: there is none */
    GPtrArray *ended; /* HostRecorder *, of earlier recordings: other threads may still use one */
    int n_kept_most;
    int n_kept; /* atomic */
};

/* A share of the descriptors that this process may open; the monitors and the application need the
 * rest. */
static int
count_kept_most(void)
{
    struct rlimit limit = {0};

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    return (int)MIN(limit.rlim_cur / KEPT_SHARE, HOST_LIMIT_KEPT);
}

HostRoot *
host_root_new_live(void)
{
    HostRoot *self = g_new0(HostRoot, 1);

    self->folder_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    self->is_live = true;
    self->about.ticks_per_second = sysconf(_SC_CLK_TCK);
    self->about.page_bytes = sysconf(_SC_PAGESIZE);
    self->n_kept_most = count_kept_most();
    self->blocked = host_blocked_new();
    self->blocked_storage = host_blocked_new();
    return self;
}

static bool
read_about(HostRoot *self, const char *dir, GError **error)
{
    char text[MAX_HOST_BYTES] = "";
    ssize_t size = host_root_read(self, HOST_ABOUT_FILE, text, sizeof(text));

    if (size >= 0)
        return host_about_parse(dir, text, (size_t)size, &self->about, error);
    if (errno == ENOENT)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "'%s' is no recording: it has no '%s'",
                    dir, HOST_ABOUT_FILE);
    else
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "damaged recording '%s/%s': %s", dir,
                    HOST_ABOUT_FILE,
                    errno == ELOOP || errno == EINVAL ? "no regular file" : g_strerror(errno));
    return false;
}

HostRoot *
host_root_new_recorded(const char *dir, GError **error)
{
    g_autoptr(HostRoot) self = g_new0(HostRoot, 1);

    self->folder_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self->folder_fd < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "'%s' is no recording: %s", dir,
                    g_strerror(errno));
        return NULL;
    }
    if (!read_about(self, dir, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
host_root_free(HostRoot *self)
{
    if (!self)
        return;
    util_fd_clear(&self->folder_fd);
    host_recorder_free(self->record);
    host_blocked_unref(self->blocked);
    host_blocked_unref(self->blocked_storage);
    g_clear_pointer(&self->ended, g_ptr_array_unref);
    g_free(self);
}

bool
host_root_is_open(const HostRoot *self)
{
    return self->folder_fd >= 0;
}

bool
host_root_is_live(const HostRoot *self)
{
    return self->is_live;
}

long
host_root_ticks_per_second(const HostRoot *self)
{
    return self->about.ticks_per_second;
}

long
host_root_page_bytes(const HostRoot *self)
{
    return self->about.page_bytes;
}

int64_t
host_root_recorded_s(const HostRoot *self)
{
    return self->about.recorded_s;
}

HostBlocked *
host_root_blocked(HostRoot *self)
{
    return self->blocked;
}

HostBlocked *
host_root_blocked_storage(HostRoot *self)
{
    return self->blocked_storage;
}

static HostRecorder *
get_record(HostRoot *self)
{
    return g_atomic_pointer_get(&self->record);
}

/* A recorded tree may have devices and pipes, which could block or have effects if they were
 * opened. */
static int
open_recorded_file(const HostRoot *self, const char *path)
{
    const char *name = NULL;
    g_auto(UtilFd) parent = host_path_open_parent(self->folder_fd, path, false, &name);

    return parent < 0 ? -1 : util_fd_open_file(parent, name, OPEN_FLAGS | O_NOFOLLOW, S_IFREG);
}

static int
open_file(const HostRoot *self, const char *path)
{
    if (self->is_live)
        return openat(self->folder_fd, path, OPEN_FLAGS);
    return open_recorded_file(self, path);
}

/* Reads @size bytes, or less at the end of the file. Gives the number, or -1 with errno. */
static ssize_t
read_up_to(int fd, char *buffer, size_t size)
{
    size_t n_bytes = 0;
    ssize_t n = 0;

    do {
        n = read(fd, buffer + n_bytes, size - n_bytes);
        if (n < 0 && errno != EINTR)
            return -1;
        n_bytes += (size_t)MAX(n, 0);
    } while (n != 0 && n_bytes < size && (n < 0 || size > ONE_READ_BYTES));
    return (ssize_t)n_bytes;
}

ssize_t
host_root_read(HostRoot *self, const char *path, char *buffer, size_t size)
{
    g_auto(UtilFd) fd = open_file(self, path);
    HostRecorder *record = get_record(self);
    ssize_t n_bytes = 0;

    if (fd < 0)
        return -1;
    n_bytes = read_up_to(fd, buffer, size - 1);
    if (n_bytes < 0)
        return -1;
    buffer[n_bytes] = '\0';
    if (record)
        host_recorder_file(record, path, buffer, (size_t)n_bytes, (size_t)n_bytes < size - 1);
    return n_bytes;
}

void
host_root_keep_copy(HostRoot *self, const char *path, const char *bytes, size_t size)
{
    HostRecorder *record = get_record(self);

    if (record)
        host_recorder_file(record, path, bytes, size, true);
}

char *
host_root_read_all(HostRoot *self, const char *path, size_t max_bytes, size_t *ret_size)
{
    g_auto(UtilFd) fd = open_file(self, path);
    char *bytes = NULL;
    size_t size = 0;

    if (fd < 0)
        return NULL;
    bytes = host_file_read_whole(fd, max_bytes, &size);
    if (bytes != NULL)
        host_root_keep_copy(self, path, bytes, size);
    if (bytes != NULL && ret_size)
        *ret_size = size;
    return bytes;
}

UtilCount
host_root_read_count(HostRoot *self, const char *path)
{
    char text[MAX_COUNT_BYTES] = "";

    if (host_root_read(self, path, text, sizeof(text)) <= 0)
        return (UtilCount){0};
    return host_text_whole_count(text);
}

bool
host_root_may_keep(HostRoot *self)
{
    return self->is_live && get_record(self) == NULL;
}

int
host_root_open_kept(HostRoot *self, const char *path)
{
    int fd = -1;

    if (!host_root_may_keep(self))
        return -1;
    if (g_atomic_int_add(&self->n_kept, 1) < self->n_kept_most)
        fd = open_file(self, path);
    if (fd < 0)
        g_atomic_int_add(&self->n_kept, -1);
    return fd;
}

void
host_root_close_kept(HostRoot *self, int fd)
{
    if (fd < 0)
        return;
    close(fd);
    g_atomic_int_add(&self->n_kept, -1);
}

bool
host_root_reserve(HostRoot *self, size_t n)
{
    if (n > HOST_LIMIT_KEPT)
        return false;
    if (g_atomic_int_add(&self->n_kept, (int)n) + (int)n <= self->n_kept_most)
        return true;
    host_root_release(self, n);
    return false;
}

void
host_root_release(HostRoot *self, size_t n)
{
    g_atomic_int_add(&self->n_kept, -(int)n);
}

static int
open_folder(const HostRoot *self, const char *path)
{
    if (self->is_live)
        return openat(self->folder_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return host_path_open(self->folder_fd, path, O_RDONLY | O_DIRECTORY);
}

/* The list of all processes is not recorded: a host has thousands that no replay needs. */
static bool
may_record_list(const char *path)
{
    return !g_str_equal(path, "proc") && !g_str_equal(path, "proc/");
}

char **
host_root_list(HostRoot *self, const char *path, size_t max_names)
{
    g_auto(UtilFd) fd = open_folder(self, path);
    HostRecorder *record = get_record(self);
    bool is_whole = false;
    char **names = NULL;

    if (fd < 0)
        return NULL;
    names = host_entries_take_names(fd, max_names, &is_whole);
    if (record && may_record_list(path))
        host_recorder_list(record, path, fd, names, is_whole);
    return names;
}

static gint
compare_numbers(gconstpointer a, gconstpointer b)
{
    pid_t first = *(const pid_t *)a;
    pid_t second = *(const pid_t *)b;

    return (first > second) - (first < second);
}

/* /proc lists most folders in this order, and checking that costs less than sorting. */
static bool
is_ascending(const GArray *numbers)
{
    for (guint i = 1; i < numbers->len; i++) {
        if (g_array_index(numbers, pid_t, i - 1) >= g_array_index(numbers, pid_t, i))
            return false;
    }
    return true;
}

/* Appends to @numbers; false with errno. */
static bool
read_numbers(HostRoot *self, const char *path, size_t max_numbers, GArray *numbers)
{
    g_auto(UtilFd) fd = -1;
    g_auto(GStrv) names = NULL;

    if (get_record(self) != NULL && may_record_list(path)) {
        names = host_root_list(self, path, max_numbers);
        for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
            pid_t number = host_text_pid(names[i]);

            if (number > 0)
                g_array_append_val(numbers, number);
        }
        return names != NULL;
    }
    fd = open_folder(self, path);
    if (fd >= 0)
        host_entries_take_numbers(fd, max_numbers, numbers);
    return fd >= 0;
}

pid_t *
host_root_list_numbers(HostRoot *self, const char *path, size_t max_numbers, size_t *ret_n)
{
    GArray *numbers = g_array_new(TRUE, FALSE, sizeof(pid_t));

    if (!read_numbers(self, path, max_numbers, numbers)) {
        g_array_unref(numbers);
        return NULL;
    }
    if (!is_ascending(numbers))
        g_array_sort(numbers, compare_numbers);
    if (ret_n)
        *ret_n = numbers->len;
    return (pid_t *)(void *)g_array_free(numbers, FALSE);
}

/* Reads the link at the last part of @path; that link itself is never followed. */
static ssize_t
read_link(const HostRoot *self, const char *path, char *target, size_t size)
{
    g_auto(UtilFd) parent = -1;
    const char *name = NULL;

    if (self->is_live)
        return readlinkat(self->folder_fd, path, target, size);
    parent = host_path_open_parent(self->folder_fd, path, false, &name);
    if (parent < 0)
        return -1;
    return readlinkat(parent, name, target, size);
}

char *
host_root_readlink(HostRoot *self, const char *path)
{
    HostRecorder *record = get_record(self);
    char target[PATH_MAX] = "";
    ssize_t size = read_link(self, path, target, sizeof(target));

    if (size < 0)
        return NULL;
    if ((size_t)size >= sizeof(target)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    target[size] = '\0';
    if (record)
        host_recorder_link(record, path, target);
    return g_strdup(target);
}

/* Reads each link by its path: in a recording, and while one is made, which keeps each. */
static bool
walk_paths(HostRoot *self, const char *path, size_t max_names, HostRootTakeLink take, void *data)
{
    g_auto(GStrv) names = host_root_list(self, path, max_names);

    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *link = g_strdup_printf("%s/%s", path, names[i]);
        g_autofree char *target = host_root_readlink(self, link);

        if (target != NULL)
            take(names[i], target, data);
    }
    return names != NULL;
}

bool
host_root_walk_links(HostRoot *self, const char *path, size_t max_names, HostRootTakeLink take,
                     void *data)
{
    g_auto(UtilFd) folder = -1;
    g_auto(GStrv) names = NULL;
    char target[PATH_MAX] = "";
    bool is_whole = false;

    if (!host_root_may_keep(self))
        return walk_paths(self, path, max_names, take, data);
    folder = open_folder(self, path);
    if (folder < 0)
        return false;
    names = host_entries_take_names(folder, max_names, &is_whole);
    for (size_t i = 0; names[i] != NULL; i++) {
        ssize_t size = readlinkat(folder, names[i], target, sizeof(target));

        if (size < 0 || (size_t)size >= sizeof(target))
            continue;
        target[size] = '\0';
        take(names[i], target, data);
    }
    return true;
}

bool
host_root_start_recording(HostRoot *self, const char *dir, GError **error)
{
    g_autoptr(HostRecorder) record = NULL;

    if (get_record(self) == NULL)
        record = host_recorder_new(dir, error);
    if (record != NULL && g_atomic_pointer_compare_and_exchange(&self->record, NULL, record)) {
        g_steal_pointer(&record);
        return true;
    }
    if (error != NULL && *error == NULL)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                    "cannot record into '%s': another recording is being made", dir);
    return false;
}

static void
free_recorder(gpointer data)
{
    host_recorder_free(data);
}

/* Ends the recording; @about is the text of host.json, or NULL to write none. The recorder is
 * closed but not freed before the root: other threads use it without a reference. */
static int
end_recording(HostRoot *self, const char *about)
{
    HostRecorder *record = get_record(self);
    int first_errno = 0;

    if (record == NULL)
        return 0;
    first_errno = host_recorder_finish(record, HOST_ABOUT_FILE, about);
    if (self->ended == NULL)
        self->ended = g_ptr_array_new_with_free_func(free_recorder);
    g_ptr_array_add(self->ended, record);
    g_atomic_pointer_set(&self->record, NULL);
    return first_errno;
}

bool
host_root_finish_recording(HostRoot *self, GError **error)
{
    g_autofree char *about = host_about_make_text(&self->about);
    int first_errno = end_recording(self, about);

    if (first_errno == 0)
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "the recording is not complete: %s",
                g_strerror(first_errno));
    return false;
}

void
host_root_drop_recording(HostRoot *self)
{
    end_recording(self, NULL);
}

bool
host_root_stat(HostRoot *self, const char *path, struct stat *ret_stat)
{
    return self->is_live && fstatat(self->folder_fd, path, ret_stat, 0) == 0;
}

void
host_root_note(HostRoot *self, const char *path, const char *text)
{
    HostRecorder *record = get_record(self);

    if (record)
        host_recorder_file(record, path, text, strlen(text), true);
}
