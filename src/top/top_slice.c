/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_slice: see top_slice.h.
 */
#include "top_slice.h"

#include <glib.h>
#include <string.h>

#define SLICE ".slice"

enum { START_FIELD = 22 }; /* of /proc/PID/stat; that behind the name is the third */

/* The path of the line "NUMBER:@controller:PATH"; NULL: there is none. The caller frees it. */
static char *
find_path(const char *text, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(lines[i], ":", 3);

        if (g_strv_length(parts) == 3 && strcmp(parts[1], controller) == 0)
            return g_strdup(parts[2]);
    }
    return NULL;
}

/* The path that tells most: a hierarchy that nobody uses has all in "/". */
static char *
choose_path(const char *text)
{
    static const char *const controllers[] = {"name=systemd", "", "memory", "cpu,cpuacct"};
    char *path = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(controllers); i++) {
        char *next = find_path(text, controllers[i]);

        if (next == NULL || (path != NULL && strcmp(next, "/") == 0)) {
            g_free(next);
            continue;
        }
        g_free(path);
        path = next;
        if (strcmp(path, "/") != 0)
            break;
    }
    return path;
}

/* True for the control group of one machine or service, and what is above it is what is wanted. */
static bool
is_unit(const char *name)
{
    static const char *const endings[] = {".scope", ".service", ".libvirt-qemu"};

    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(name, endings[i]))
            return true;
    return false;
}

/* The path that the first parts of @parts up to the machine make. */
static char *
join_parts(char *const *parts)
{
    GString *path = g_string_new(NULL);

    for (; *parts != NULL && !is_unit(*parts); parts++)
        if (**parts != '\0' && strcmp(*parts, "..") != 0)
            g_string_append_printf(path, "/%s", *parts);
    if (path->len == 0)
        g_string_append_c(path, '/');
    return g_string_free(path, FALSE);
}

char *
top_slice_parse(const char *text)
{
    g_autofree char *path = choose_path(text);
    g_auto(GStrv) parts = NULL;
    const char *slice = NULL;
    char *const *first = NULL;

    if (path == NULL || path[0] != '/')
        return NULL;
    parts = g_strsplit(path, "/", -1);
    /* In a container the path of a process outside of it begins with "/..". */
    for (first = parts; *first != NULL && (**first == '\0' || strcmp(*first, "..") == 0);)
        first++;
    for (; *first != NULL && g_str_has_suffix(*first, SLICE); first++)
        slice = *first;
    return slice != NULL ? g_strdup(slice) : join_parts(parts);
}

bool
top_slice_is_process(const char *stat, uint64_t start_ticks)
{
    const char *behind_name = strrchr(stat, ')');
    g_auto(GStrv) fields = NULL;

    if (behind_name == NULL || start_ticks == 0)
        return false;
    fields = g_strsplit(behind_name, " ", START_FIELD);
    return g_strv_length(fields) > START_FIELD - 2 &&
           g_ascii_strtoull(fields[START_FIELD - 2], NULL, 10) == start_ticks;
}

/* The file @name of the process; NULL if it cannot be read. */
static char *
read_file(int pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, name);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* The process is looked at last: it is the same all the time then. */
char *
top_slice_read(int pid, uint64_t start_ticks)
{
    g_autofree char *cgroup = pid > 0 && start_ticks != 0 ? read_file(pid, "cgroup") : NULL;
    g_autofree char *stat = cgroup != NULL ? read_file(pid, "stat") : NULL;

    if (stat == NULL || !top_slice_is_process(stat, start_ticks))
        return NULL;
    return top_slice_parse(cgroup);
}
