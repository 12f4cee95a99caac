/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_names: see daemon_names.h. A table of text for each kind of name, so that many words of
 * many records cost no more than one look each.
 */
#include "daemon_names.h"

/* What a word may be, in the order in which they are tried. */
typedef enum {
    BY_ID,
    BY_UUID,
    BY_NAME,
    BY_MONITOR,
    BY_WORD, /* that names no domain */
    N_KINDS,
} Kind;

struct DaemonNames {
    GHashTable *found[N_KINDS]; /* text, owned -> GPtrArray of records, owned */
};

static void
free_list(gpointer data)
{
    g_ptr_array_unref(data);
}

static void
note(DaemonNames *self, Kind kind, char *take_text, DomstatsRecord *record)
{
    GPtrArray *same = g_hash_table_lookup(self->found[kind], take_text);

    if (same == NULL) {
        same = g_ptr_array_new();
        g_hash_table_insert(self->found[kind], take_text, same);
    } else {
        g_free(take_text);
    }
    g_ptr_array_add(same, record);
}

static void
note_record(DaemonNames *self, DomstatsRecord *record)
{
    if (record->health == DOMSTATS_HEALTH_NO_DOMAIN) {
        note(self, BY_WORD, g_strdup(record->name), record);
        return;
    }
    if (record->id > 0)
        note(self, BY_ID, g_strdup_printf("%d", record->id), record);
    note(self, BY_UUID, g_ascii_strdown(record->uuid, -1), record);
    note(self, BY_NAME, g_strdup(record->name), record);
    if (record->monitor != NULL)
        note(self, BY_MONITOR, g_strdup(record->monitor), record);
}

/* What tells a domain from all others. */
static char *
identify(const DomstatsRecord *record)
{
    return g_strdup_printf("%s %d %d %" G_GUINT64_FORMAT " %d %s", record->uuid, record->id,
                           record->pid, record->start_ticks, (int)record->health, record->name);
}

DaemonNames *
daemon_names_new(DomstatsRecord *const *records, size_t n)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    DaemonNames *self = g_new0(DaemonNames, 1);

    for (size_t kind = 0; kind < N_KINDS; kind++)
        self->found[kind] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list);
    for (size_t i = 0; i < n; i++)
        if (g_hash_table_add(seen, identify(records[i])))
            note_record(self, records[i]);
    return self;
}

void
daemon_names_free(DaemonNames *self)
{
    if (self == NULL)
        return;
    for (size_t kind = 0; kind < N_KINDS; kind++)
        g_hash_table_unref(self->found[kind]);
    g_free(self);
}

/* @word as it stands in the table of @kind; NULL: it cannot be of that kind. The caller frees it.
 */
static char *
make_key(Kind kind, const char *word)
{
    guint64 id = 0;

    if (kind == BY_ID)
        return g_ascii_string_to_unsigned(word, 10, 1, G_MAXINT, &id, NULL)
                   ? g_strdup_printf("%d", (int)id)
                   : NULL;
    return kind == BY_UUID ? g_ascii_strdown(word, -1) : g_strdup(word);
}

const GPtrArray *
daemon_names_find(const DaemonNames *self, const char *word)
{
    for (Kind kind = 0; kind < N_KINDS; kind++) {
        g_autofree char *key = make_key(kind, word);
        const GPtrArray *found = key ? g_hash_table_lookup(self->found[kind], key) : NULL;

        if (found != NULL)
            return found;
    }
    return NULL;
}
