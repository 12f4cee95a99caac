/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_names: see cli_names.h.
 */
#include "cli_names.h"

#include <string.h>

#include "cli_escape.h"

struct CliNames {
    GHashTable *first;  /* char * -> DomstatsRecord *: the first record of each name */
    GHashTable *shared; /* char *: names of several domains */
};

/* A domain that was asked for twice has two records. */
static bool
are_of_one_domain(const DomstatsRecord *a, const DomstatsRecord *b)
{
    return a->id == b->id && strcmp(a->uuid, b->uuid) == 0;
}

CliNames *
cli_names_new(DomstatsRecord *const *records, size_t n_records)
{
    CliNames *self = g_new0(CliNames, 1);

    self->first = g_hash_table_new(g_str_hash, g_str_equal);
    self->shared = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < n_records; i++) {
        DomstatsRecord *record = records[i];
        const DomstatsRecord *first = g_hash_table_lookup(self->first, record->name);

        if (record->health == DOMSTATS_HEALTH_NO_DOMAIN)
            continue;
        if (first == NULL)
            g_hash_table_insert(self->first, record->name, record);
        else if (!are_of_one_domain(first, record))
            g_hash_table_add(self->shared, record->name);
    }
    return self;
}

void
cli_names_free(CliNames *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->first);
    g_hash_table_unref(self->shared);
    g_free(self);
}

bool
cli_names_are_shared(const CliNames *self, const DomstatsRecord *record)
{
    return record->health != DOMSTATS_HEALTH_NO_DOMAIN &&
           g_hash_table_contains(self->shared, record->name);
}

void
cli_names_append(const CliNames *self, GString *out, const DomstatsRecord *record)
{
    cli_escape_append_text(out, record->name);
    if (!cli_names_are_shared(self, record))
        return;
    if (record->id >= 0)
        g_string_append_printf(out, " (id %d)", record->id);
    else
        g_string_append_printf(out, " (%s)", record->uuid);
}
