/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_host: see top_host.h.
 */
#include "top_host.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "util/util_fd.h"

#define MAX_BYTES ((size_t)256 * 1024) /* /proc/stat of a thousand processors */

enum { FIRST_IDLE = 3, FIRST_GUEST = 8 }; /* columns of the line "cpu": idle, iowait; guest... */

/* Reads the columns of a line of /proc/stat. Guest time is part of user time and not added. */
static void
read_cpu_line(TopHost *self, const char *line)
{
    uint64_t busy = 0, all = 0;
    size_t n = 0;

    for (const char *at = line; n < FIRST_GUEST; n++) {
        char *end = NULL;
        uint64_t ticks = g_ascii_strtoull(at, &end, 10);

        if (end == at)
            break;
        all += ticks;
        if (n != FIRST_IDLE && n != FIRST_IDLE + 1)
            busy += ticks;
        at = end;
    }
    if (n <= FIRST_IDLE)
        return;
    self->busy_ticks = util_count_of(busy);
    self->all_ticks = util_count_of(all);
}

void
top_host_parse_stat(TopHost *self, const char *text)
{
    uint64_t n_processors = 0;

    for (const char *line = text; line != NULL && *line != '\0';) {
        if (g_str_has_prefix(line, "cpu "))
            read_cpu_line(self, line + 4);
        else if (g_str_has_prefix(line, "cpu") && g_ascii_isdigit(line[3]))
            n_processors++;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (n_processors > 0)
        self->n_processors = util_count_of(n_processors);
}

/* The number after @name at the beginning of a line. */
static UtilCount
find_kib(const char *text, const char *name)
{
    UtilCount kib = {0};
    const char *at = text;
    char *end = NULL;

    while (at != NULL && !g_str_has_prefix(at, name)) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL)
        return kib;
    at += strlen(name);
    kib.value = g_ascii_strtoull(at, &end, 10);
    kib.is_present = end != at;
    return kib;
}

void
top_host_parse_meminfo(TopHost *self, const char *text)
{
    self->memory_kib = find_kib(text, "MemTotal:");
    self->memory_available_kib = find_kib(text, "MemAvailable:");
}

/* The beginning of a file; NULL if it cannot be read. The caller frees it. */
static char *
read_file(const char *path)
{
    g_auto(UtilFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = g_malloc(MAX_BYTES + 1);
    size_t length = 0;

    if (fd < 0)
        return NULL;
    while (length < MAX_BYTES) {
        ssize_t n = read(fd, text + length, MAX_BYTES - length);

        if (n <= 0)
            break;
        length += (size_t)n;
    }
    text[length] = '\0';
    return g_steal_pointer(&text);
}

void
top_host_read(TopHost *ret_host)
{
    g_autofree char *stat = read_file("/proc/stat");
    g_autofree char *meminfo = read_file("/proc/meminfo");

    *ret_host = (TopHost){0};
    if (stat != NULL)
        top_host_parse_stat(ret_host, stat);
    if (meminfo != NULL)
        top_host_parse_meminfo(ret_host, meminfo);
}
