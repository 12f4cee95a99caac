/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_ids: see qemu_source_ids.h.
 */
#include "qemu_source_ids.h"

#include "host/host_limits.h"

struct QemuSourceIds {
    GHashTable *given; /* key of a process -> id */
    GHashTable *used;  /* ids of this answer */
};

QemuSourceIds *
qemu_source_ids_new(void)
{
    QemuSourceIds *self = g_new0(QemuSourceIds, 1);

    self->given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->used = g_hash_table_new(NULL, NULL);
    return self;
}

void
qemu_source_ids_free(QemuSourceIds *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->used);
    g_hash_table_unref(self->given);
    g_free(self);
}

void
qemu_source_ids_begin(QemuSourceIds *self, const GPtrArray *processes)
{
    GHashTable *given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_hash_table_remove_all(self->used);
    for (guint i = 0; i < processes->len; i++) {
        const QemuEndpoint *process = g_ptr_array_index(processes, i);
        gpointer key = NULL;
        gpointer id = NULL;

        if (!g_hash_table_steal_extended(self->given, process->key, &key, &id))
            continue;
        g_hash_table_insert(given, key, id);
        g_hash_table_add(self->used, id);
    }
    g_hash_table_unref(self->given);
    self->given = given;
}

/* Adds the id to those of the answer; false if it is none, or there already. */
static bool
use(QemuSourceIds *self, int id)
{
    return id > 0 && g_hash_table_add(self->used, GINT_TO_POINTER(id));
}

/* The pids of the kernel end below HOST_LIMIT_PROCESSES. */
static int
use_other(QemuSourceIds *self)
{
    int id = HOST_LIMIT_PROCESSES;

    while (!use(self, id))
        id++;
    return id;
}

int
qemu_source_ids_give(QemuSourceIds *self, const QemuEndpoint *process, int wanted)
{
    int id = GPOINTER_TO_INT(g_hash_table_lookup(self->given, process->key));

    if (id != 0)
        return id;
    if (use(self, wanted))
        id = wanted;
    else
        id = use(self, process->pid) ? process->pid : use_other(self);
    g_hash_table_insert(self->given, g_strdup(process->key), GINT_TO_POINTER(id));
    return id;
}

int
qemu_source_ids_lend(QemuSourceIds *self, int wanted)
{
    return use(self, wanted) ? wanted : use_other(self);
}
