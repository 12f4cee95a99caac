/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_known: see daemon_libvirt_known.h.
 */
#include "daemon_libvirt_known.h"

#include "daemon_alive.h"

static void
free_domain(gpointer data)
{
    DaemonLibvirtKnownDomain *domain = data;

    g_free(domain->name);
    g_free(domain);
}

void
daemon_libvirt_known_init(DaemonLibvirtKnown *self)
{
    self->domains = g_ptr_array_new_with_free_func(free_domain);
    self->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    self->by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    self->by_id = g_hash_table_new(NULL, NULL);
}

void
daemon_libvirt_known_clear(DaemonLibvirtKnown *self)
{
    g_clear_pointer(&self->by_name, g_hash_table_unref);
    g_clear_pointer(&self->by_uuid, g_hash_table_unref);
    g_clear_pointer(&self->by_id, g_hash_table_unref);
    g_clear_pointer(&self->domains, g_ptr_array_unref);
}

/* What two domains have tells neither: a round says which one it is. */
static void
note(GHashTable *table, gpointer key, DaemonLibvirtKnownDomain *domain)
{
    g_hash_table_insert(table, key, g_hash_table_contains(table, key) ? NULL : domain);
}

static void
add(DaemonLibvirtKnown *self, const DomstatsRecord *record)
{
    DaemonLibvirtKnownDomain *domain = g_new0(DaemonLibvirtKnownDomain, 1);

    domain->name = g_strdup(record->name);
    g_strlcpy(domain->uuid, record->uuid, sizeof(domain->uuid));
    domain->id = record->id;
    domain->pid = record->pid;
    domain->start_ticks = record->start_ticks;
    g_ptr_array_add(self->domains, domain);
    note(self->by_name, domain->name, domain);
    note(self->by_uuid, domain->uuid, domain);
    note(self->by_id, GINT_TO_POINTER(domain->id), domain);
}

void
daemon_libvirt_known_take(DaemonLibvirtKnown *self, const DomstatsRecord *const *records,
                          size_t n_records)
{
    daemon_libvirt_known_clear(self);
    daemon_libvirt_known_init(self);
    for (size_t i = 0; i < n_records; i++) {
        if (records[i]->id > 0 && records[i]->pid > 0 && records[i]->start_ticks > 0 &&
            records[i]->health != DOMSTATS_HEALTH_GONE)
            add(self, records[i]);
    }
}

static const DaemonLibvirtKnownDomain *
find_alive(GHashTable *table, gconstpointer key)
{
    const DaemonLibvirtKnownDomain *domain = g_hash_table_lookup(table, key);

    return domain != NULL && daemon_alive_is(domain->pid, domain->start_ticks) ? domain : NULL;
}

const DaemonLibvirtKnownDomain *
daemon_libvirt_known_by_name(const DaemonLibvirtKnown *self, const char *name)
{
    return find_alive(self->by_name, name);
}

const DaemonLibvirtKnownDomain *
daemon_libvirt_known_by_uuid(const DaemonLibvirtKnown *self, const char *uuid)
{
    return find_alive(self->by_uuid, uuid);
}

const DaemonLibvirtKnownDomain *
daemon_libvirt_known_by_id(const DaemonLibvirtKnown *self, int id)
{
    return find_alive(self->by_id, GINT_TO_POINTER(id));
}
