/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_group: see top_group.h.
 */
#include "top_group.h"

#include <string.h>

typedef char *(*Tell)(const TopModelEntry *entry);

/* The slice is told with who the domain is, in each round that has the domain. */
static char *
tell_slice(const TopModelEntry *entry)
{
    return g_strdup(entry->seen.now->slice);
}

/* What the domain has on the node; anonymous memory, and files, which shared memory is too. */
static double
count_kib(const TopSampleDomain *domain, const TopSampleUnit *node)
{
    UtilCount anon = top_sample_value(domain, node, TOP_FIELD_NODE_ANON);
    UtilCount file = top_sample_value(domain, node, TOP_FIELD_NODE_FILE);

    return (anon.is_present ? (double)anon.value : 0) + (file.is_present ? (double)file.value : 0);
}

/* The node that has more of its memory than all others together. */
static char *
tell_node(const TopModelEntry *entry)
{
    const TopSampleDomain *domain = entry->seen.now;
    const TopSampleUnit *largest = NULL;
    double sum = 0, most = 0;

    if (top_sample_count_units(domain, TOP_FIELD_KIND_NODE) == 0)
        domain = entry->answered.now;
    for (size_t i = 0; i < top_sample_count_units(domain, TOP_FIELD_KIND_NODE); i++) {
        const TopSampleUnit *node = top_sample_unit(domain, TOP_FIELD_KIND_NODE, i);
        double kib = count_kib(domain, node);

        sum += kib;
        if (kib <= most)
            continue;
        most = kib;
        largest = node;
    }
    if (largest == NULL)
        return NULL;
    return most * 2 > sum ? g_strdup_printf("NUMA node %u", largest->number)
                          : g_strdup("several NUMA nodes");
}

static const struct {
    const char *name;
    const char *phrase;
    const char *unknown;
    Tell tell;
} groups[TOP_N_GROUPS] = {
    [TOP_GROUP_NONE] = {"none", "", "", NULL},
    [TOP_GROUP_SLICE] = {"slice", "by slice", "slice not known", tell_slice},
    [TOP_GROUP_NODE] = {"node", "by NUMA node", "NUMA node not known", tell_node},
};

const char *
top_group_name(TopGroup self)
{
    return groups[self].name;
}

bool
top_group_find(const char *name, TopGroup *ret_group)
{
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (strcmp(groups[i].name, name) == 0) {
            *ret_group = (TopGroup)i;
            return true;
        }
    }
    return false;
}

const char *
top_group_phrase(TopGroup self)
{
    return groups[self].phrase;
}

char *
top_group_of(TopGroup self, const TopModelEntry *entry)
{
    return groups[self].tell != NULL ? groups[self].tell(entry) : NULL;
}

const char *
top_group_unknown(TopGroup self)
{
    return groups[self].unknown;
}
