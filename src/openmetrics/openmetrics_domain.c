/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_domain: see openmetrics_domain.h.
 *
 * A shared name gets the UUID in parentheses: "web (f81d4fae-...)". The label then still has one
 * value for each domain, so that queries that join on it go on working, for all domains.
 */
#include "openmetrics_domain.h"

#include <stdbool.h>
#include <string.h>

#include "openmetrics_limits.h"
#include "openmetrics_text.h"

enum { UUID_BYTES = 64 }; /* of a label: blanks, parentheses, the UUID, a number */

typedef struct {
    GHashTable *count;  /* char * -> number of records with that name */
    GHashTable *labels; /* char * -> number of its record */
    const DomstatsRecord *const *records;
} Names;

/* Whether it is certain: domains that do not run may share name and UUID, one a libvirt. */
static bool
are_of_one_domain(const DomstatsRecord *a, const DomstatsRecord *b)
{
    return a->id >= 0 && a->id == b->id && a->pid == b->pid && a->start_ticks == b->start_ticks &&
           strcmp(a->uuid, b->uuid) == 0 && strcmp(a->name, b->name) == 0;
}

/* A long name is cut for it, since what is past the limit of a label is cut too. */
static char *
add_uuid(const char *name, const DomstatsRecord *record, unsigned int n)
{
    g_autofree char *head =
        openmetrics_text_make_valid(name, OPENMETRICS_LIMIT_LABEL_BYTES - UUID_BYTES);

    return n > 1 ? g_strdup_printf("%s (%s, %u)", head, record->uuid, n)
                 : g_strdup_printf("%s (%s)", head, record->uuid);
}

static char *
make_label(Names *names, const DomstatsRecord *record, const char *name)
{
    g_autofree char *label = g_strdup(name);

    if (GPOINTER_TO_UINT(g_hash_table_lookup(names->count, name)) > 1) {
        g_free(label);
        label = add_uuid(name, record, 1);
    }
    for (unsigned int i = 2;
         g_hash_table_contains(names->labels, label) ||
         (strcmp(label, name) != 0 && g_hash_table_contains(names->count, label));
         i++) {
        gpointer other = NULL;

        if (g_hash_table_lookup_extended(names->labels, label, NULL, &other) &&
            are_of_one_domain(names->records[GPOINTER_TO_SIZE(other)], record))
            return NULL;
        g_free(label);
        label = add_uuid(name, record, i);
    }
    return g_steal_pointer(&label);
}

static void
count(Names *names, GPtrArray *texts)
{
    for (guint i = 0; i < texts->len; i++) {
        char *name = g_ptr_array_index(texts, i);
        unsigned int n = GPOINTER_TO_UINT(g_hash_table_lookup(names->count, name));

        g_hash_table_insert(names->count, name, GUINT_TO_POINTER(n + 1));
    }
}

GPtrArray *
openmetrics_domain_make_labels(const DomstatsRecord *const *records, size_t n_records)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
    Names names = {.count = counts, .labels = used, .records = records};
    GPtrArray *labels = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < n_records; i++)
        g_ptr_array_add(
            texts, openmetrics_text_make_valid(records[i]->name, OPENMETRICS_LIMIT_LABEL_BYTES));
    count(&names, texts);
    for (size_t i = 0; i < n_records; i++) {
        char *label = make_label(&names, records[i], g_ptr_array_index(texts, i));

        if (label != NULL)
            g_hash_table_insert(used, label, GSIZE_TO_POINTER(i));
        g_ptr_array_add(labels, label);
    }
    return labels;
}
