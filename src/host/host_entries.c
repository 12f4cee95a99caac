/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_entries: see host_entries.h. Owns nothing.
 *
 * Calls getdents64() and not readdir(), because allocating the buffer of opendir() costs more than
 * reading the short folders of /proc.
 */
#include "host_entries.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "host_text.h"

#define LIST_BYTES 8192

static int
compare_names(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the names in @entries, the output of getdents64(); false if there are more than
 * @max_names. */
static bool
add_names(GPtrArray *names, const char *entries, ssize_t size, size_t max_names)
{
    for (ssize_t at = 0; at < size;) {
        /* The kernel aligns each entry. */
        const struct dirent64 *entry = (const void *)(entries + at);

        at += entry->d_reclen;
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, ".."))
            continue;
        if (names->len >= max_names)
            return false;
        g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    return true;
}

char **
host_entries_take_names(int folder_fd, size_t max_names, bool *ret_is_whole)
{
    GPtrArray *names = g_ptr_array_new();
    union {
        char bytes[LIST_BYTES];
        struct dirent64 first; /* for its alignment */
    } buffer;
    bool has_room = true;
    ssize_t size = 0;

    while (has_room && (size = getdents64(folder_fd, buffer.bytes, sizeof(buffer.bytes))) > 0)
        has_room = add_names(names, buffer.bytes, size, max_names);
    *ret_is_whole = has_room && size == 0;
    if (names->len > 1)
        qsort(names->pdata, names->len, sizeof(names->pdata[0]), compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* Like add_names(), but adds only names that are numbers of processes or threads. */
static bool
add_numbers(GArray *numbers, const char *entries, ssize_t size, size_t max_numbers)
{
    for (ssize_t at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(entries + at);
        pid_t number = host_text_pid(entry->d_name);

        at += entry->d_reclen;
        if (number > 0 && numbers->len >= max_numbers)
            return false;
        if (number > 0)
            g_array_append_val(numbers, number);
    }
    return true;
}

void
host_entries_take_numbers(int folder_fd, size_t max_numbers, GArray *numbers)
{
    union {
        char bytes[LIST_BYTES];
        struct dirent64 first; /* for its alignment */
    } buffer;
    ssize_t size = 0;

    do
        size = getdents64(folder_fd, buffer.bytes, sizeof(buffer.bytes));
    while (size > 0 && add_numbers(numbers, buffer.bytes, size, max_numbers));
}
