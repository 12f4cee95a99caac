/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_series: see top_series.h.
 *
 * How it works
 *
 * The writer locks the file, so that two do not mix their lines, and writes each line at once. If
 * that fails, it cuts the file back to what it was. The reader goes through the file once and keeps
 * where each line begins; it parses a line when it is asked for it. A line that is too long or
 * cannot be parsed is a round that cannot be read; those around it can.
 */
#include "top_series.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "top_limits.h"
#include "top_series_text.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define FILE_NAME "rounds.json"
#define FIRST     "{\"domstats_top\":1}\n"

enum { READ_BYTES = 256 * 1024 };

struct TopSeriesWriter {
    UtilFd fd;
    off_t size;
    GString *line;
};

struct TopSeriesReader {
    UtilFd fd;
    GArray *starts; /* off_t of each line, and the end of the last */
};

/* Sets an error with what errno says, and gives false. */
static bool
fail(GError **error, const char *dir, const char *what)
{
    int number = errno;

    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot %s '%s/" FILE_NAME "': %s", what,
                dir, g_strerror(number));
    return false;
}

static bool
fail_format(GError **error, const char *dir)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                "'%s/" FILE_NAME "' is no series of rounds of domstats top", dir);
    return false;
}

static int
open_file(const char *dir, int flags)
{
    g_auto(UtilFd) folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return folder < 0
               ? -1
               : util_fd_open_file(folder, FILE_NAME, flags | O_NOFOLLOW | O_CLOEXEC, S_IFREG);
}

/* Makes the folder and an empty file where they are not there. */
static int
make_file(const char *dir)
{
    g_auto(UtilFd) folder = -1;
    g_auto(UtilFd) made = -1;

    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return -1;
    folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    made = openat(folder, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made < 0 && errno != EEXIST)
        return -1;
    return open_file(dir, O_RDWR);
}

/* True if the file begins as one of ours. */
static bool
has_first_line(int fd)
{
    char first[sizeof(FIRST) - 1];

    return pread(fd, first, sizeof(first), 0) == (ssize_t)sizeof(first) &&
           memcmp(first, FIRST, sizeof(first)) == 0;
}

/* Writes @text at the end; on failure the file is cut back, and errno says why. */
static bool
add_text(TopSeriesWriter *self, const char *text, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pwrite(self->fd, text + done, size - done, self->size + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int number = n < 0 ? errno : ENOSPC;

            (void)!ftruncate(self->fd, self->size);
            errno = number;
            return false;
        }
        done += (size_t)n;
    }
    self->size += (off_t)size;
    return true;
}

/* Ends a last line that was cut off. */
static bool
end_last_line(TopSeriesWriter *self)
{
    char last = '\0';

    if (pread(self->fd, &last, 1, self->size - 1) != 1)
        return false;
    return last == '\n' || add_text(self, "\n", 1);
}

static bool
begin(TopSeriesWriter *self, const char *dir, GError **error)
{
    if (flock(self->fd, LOCK_EX | LOCK_NB) < 0)
        return fail(error, dir, "lock");
    self->size = lseek(self->fd, 0, SEEK_END);
    if (self->size < 0)
        return fail(error, dir, "read");
    if (self->size == 0)
        return add_text(self, FIRST, sizeof(FIRST) - 1) || fail(error, dir, "write");
    if (!has_first_line(self->fd))
        return fail_format(error, dir);
    return end_last_line(self) || fail(error, dir, "write");
}

TopSeriesWriter *
top_series_writer_new(const char *dir, GError **error)
{
    g_autoptr(TopSeriesWriter) self = g_new0(TopSeriesWriter, 1);

    self->line = g_string_new(NULL);
    self->fd = make_file(dir);
    if (self->fd < 0) {
        (void)fail(error, dir, "make");
        return NULL;
    }
    return begin(self, dir, error) ? g_steal_pointer(&self) : NULL;
}

void
top_series_writer_free(TopSeriesWriter *self)
{
    if (self == NULL)
        return;
    util_fd_clear(&self->fd);
    g_string_free(self->line, TRUE);
    g_free(self);
}

/* No line is longer than what is read again: a round that would have one is one that failed. */
static void
make_line(GString *line, const TopSample *sample)
{
    const TopSampleTimes times = {sample->began_us, sample->ended_us, sample->wall_us};
    g_autoptr(TopSample) failed = NULL;

    g_string_truncate(line, 0);
    top_series_text_append(line, sample);
    if (line->len <= TOP_MAX_ROUND_BYTES)
        return;
    failed = top_sample_new_failed(&times, &sample->host, "the round was too large to be recorded");
    g_string_truncate(line, 0);
    top_series_text_append(line, failed);
}

bool
top_series_writer_add(TopSeriesWriter *self, const TopSample *sample, GError **error)
{
    make_line(self->line, sample);
    if (add_text(self, self->line->str, self->line->len))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "a round could not be recorded: %s",
                g_strerror(errno));
    return false;
}

/* Adds the beginning of each line that ends in @text, which was read at @at. */
static void
find_lines(TopSeriesReader *self, const char *text, size_t size, off_t at)
{
    const char *end = text;

    while (self->starts->len <= TOP_MAX_ROUNDS &&
           (end = memchr(end, '\n', size - (size_t)(end - text))) != NULL) {
        off_t next = at + (end - text) + 1;

        g_array_append_val(self->starts, next);
        end++;
    }
}

/* The first line is that of the format; what follows the last end of a line is no round. */
static bool
read_lines(TopSeriesReader *self)
{
    g_autofree char *text = g_malloc(READ_BYTES);
    off_t at = 0;

    while (self->starts->len <= TOP_MAX_ROUNDS) {
        ssize_t n = pread(self->fd, text, READ_BYTES, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        find_lines(self, text, (size_t)n, at);
        at += n;
    }
    return true;
}

TopSeriesReader *
top_series_reader_new(const char *dir, GError **error)
{
    g_autoptr(TopSeriesReader) self = g_new0(TopSeriesReader, 1);

    self->starts = g_array_new(FALSE, FALSE, sizeof(off_t));
    self->fd = open_file(dir, O_RDONLY);
    if (self->fd < 0 || !read_lines(self)) {
        (void)fail(error, dir, "read");
        return NULL;
    }
    if (!has_first_line(self->fd) || self->starts->len < 2) {
        (void)fail_format(error, dir);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
top_series_reader_free(TopSeriesReader *self)
{
    if (self == NULL)
        return;
    util_fd_clear(&self->fd);
    g_array_unref(self->starts);
    g_free(self);
}

size_t
top_series_reader_count(const TopSeriesReader *self)
{
    return self->starts->len - 1;
}

TopSample *
top_series_reader_load(const TopSeriesReader *self, size_t i, GError **error)
{
    off_t start = g_array_index(self->starts, off_t, i);
    off_t size = g_array_index(self->starts, off_t, i + 1) - start;
    g_autofree char *text = NULL;

    if (size > TOP_MAX_ROUND_BYTES) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "round %zu has more than %d bytes", i + 1,
                    TOP_MAX_ROUND_BYTES);
        return NULL;
    }
    text = g_malloc((size_t)size);
    if (pread(self->fd, text, (size_t)size, start) != (ssize_t)size) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "round %zu cannot be read", i + 1);
        return NULL;
    }
    return top_series_text_parse(text, (size_t)size, error);
}
