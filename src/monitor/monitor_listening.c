/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_listening: see monitor_listening.h. Owns the paths.
 */
#include "monitor_listening.h"

#include <string.h>

#include "monitor_place.h"

/* The columns of /proc/net/unix: number, count, protocol, flags, type, state, inode, path. */
enum { COLUMN_FLAGS = 3, COLUMN_PATH = 7, N_COLUMNS };

#define FLAG_LISTENS "00010000"

struct MonitorListening {
    GHashTable *paths; /* a set */
};

/* A path may hold blanks: all that follows the seventh column is the path. */
static void
take_line(MonitorListening *self, const char *line)
{
    const char *columns[N_COLUMNS] = {NULL};
    const char *at = line;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        at += strspn(at, " ");
        if (*at == '\0')
            return;
        columns[i] = at;
        at += i < COLUMN_PATH ? strcspn(at, " ") : 0;
    }
    if (g_str_has_prefix(columns[COLUMN_FLAGS], FLAG_LISTENS) && columns[COLUMN_PATH][0] == '/')
        g_hash_table_add(self->paths, g_strdup(columns[COLUMN_PATH]));
}

MonitorListening *
monitor_listening_parse(const char *text)
{
    MonitorListening *self = g_new0(MonitorListening, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    self->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; lines[i] != NULL; i++)
        take_line(self, lines[i]);
    return self;
}

MonitorListening *
monitor_listening_read(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/net/unix", &text, NULL, NULL))
        return monitor_listening_parse("");
    return monitor_listening_parse(text);
}

void
monitor_listening_free(MonitorListening *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->paths);
    g_free(self);
}

bool
monitor_listening_has(const MonitorListening *self, const char *path)
{
    return g_hash_table_contains(self->paths, path);
}

/* The folder of a running domain is called domain-ID-NAME, and no two domains have the same id. */
const char *
monitor_listening_find_live(const MonitorListening *self, const char *folder, int id)
{
    g_autofree char *begin = g_strdup_printf("%s/domain-%d-", folder, id);
    GHashTableIter iter;
    gpointer path = NULL;

    g_hash_table_iter_init(&iter, self->paths);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        const char *rest =
            g_str_has_prefix(path, begin) ? strchr((const char *)path + strlen(begin), '/') : NULL;

        if (rest != NULL && strcmp(rest + 1, MONITOR_PLACE_LIVE_NAME) == 0)
            return path;
    }
    return NULL;
}
