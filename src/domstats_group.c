/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_group: the table of the groups' names, and look-ups in it.
 */
#include "domstats_group.h"

#include <string.h>

const DomstatsGroup domstats_groups[] = {
    {VIR_DOMAIN_STATS_STATE, "state", "state"},
    {VIR_DOMAIN_STATS_CPU_TOTAL, "cpu-total", "cpu"},
    {VIR_DOMAIN_STATS_BALLOON, "balloon", "balloon"},
    {VIR_DOMAIN_STATS_VCPU, "vcpu", "vcpu"},
    {VIR_DOMAIN_STATS_INTERFACE, "interface", "net"},
    {VIR_DOMAIN_STATS_BLOCK, "block", "block"},
    {VIR_DOMAIN_STATS_PERF, "perf", "perf"},
    {VIR_DOMAIN_STATS_IOTHREAD, "iothread", "iothread"},
    {VIR_DOMAIN_STATS_MEMORY, "memory", "memory"},
    {VIR_DOMAIN_STATS_DIRTYRATE, "dirtyrate", "dirtyrate"},
    {VIR_DOMAIN_STATS_VM, "vm", "vm"},
};
const size_t domstats_n_groups = G_N_ELEMENTS(domstats_groups);

/* @field without the word before its first dot if that word marks fields of ours. */
static const char *
skip_mark(const char *field)
{
    static const char *const marks[] = {"ext.", "about."};

    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (g_str_has_prefix(field, marks[i]))
            return field + strlen(marks[i]);
    return field;
}

unsigned int
domstats_group_of_field(const char *field)
{
    const char *rest = skip_mark(field);
    size_t length = strcspn(rest, ".");

    for (size_t i = 0; i < domstats_n_groups; i++)
        if (strlen(domstats_groups[i].field) == length &&
            strncmp(domstats_groups[i].field, rest, length) == 0)
            return domstats_groups[i].bit;
    return 0;
}

const unsigned int domstats_groups_of_kvm = VIR_DOMAIN_STATS_VM;

/* "vcpu.<n>.<name of KVM's>.sum"; libvirt's own fields of vCPUs have one word behind the number. */
static bool
is_vcpu_stat(const char *field)
{
    static const char *const kinds[] = {".sum", ".cur", ".max"};
    const char *number = field + strlen("vcpu.");

    if (!g_str_has_prefix(field, "vcpu.") || !g_ascii_isdigit(*number))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_suffix(field, kinds[i]))
            return true;
    return false;
}

bool
domstats_group_is_of_kvm(const char *field)
{
    return g_str_has_prefix(field, "cpu.haltpoll.") || g_str_has_prefix(field, "vm.") ||
           is_vcpu_stat(field);
}

unsigned int
domstats_group_of_name(const char *name)
{
    for (size_t i = 0; i < domstats_n_groups; i++)
        if (strcmp(domstats_groups[i].name, name) == 0)
            return domstats_groups[i].bit;
    return 0;
}
