/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_filter: see domstats_filter.h.
 */
#include "domstats_filter.h"

#define FLAG(name) ((unsigned int)VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name)

static const unsigned int active_flags = FLAG(ACTIVE) | FLAG(INACTIVE);
const unsigned int domstats_filter_persistent = FLAG(PERSISTENT) | FLAG(TRANSIENT);
const unsigned int domstats_filter_state =
    FLAG(RUNNING) | FLAG(PAUSED) | FLAG(SHUTOFF) | FLAG(OTHER);

unsigned int
domstats_filter_all(void)
{
    return active_flags | domstats_filter_persistent | domstats_filter_state;
}

static unsigned int
flag_of_state(int state)
{
    static const struct {
        int state;
        unsigned int flag;
    } states[] = {
        {VIR_DOMAIN_RUNNING, FLAG(RUNNING)},
        {VIR_DOMAIN_PAUSED, FLAG(PAUSED)},
        {VIR_DOMAIN_SHUTOFF, FLAG(SHUTOFF)},
    };

    if (state < 0)
        return domstats_filter_state;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (states[i].state == state)
            return states[i].flag;
    return FLAG(OTHER);
}

static unsigned int
flag_of_persistence(const DomstatsFilterDomain *domain)
{
    if (domain->may_be_persistent)
        return domstats_filter_persistent;
    return domain->is_persistent ? FLAG(PERSISTENT) : FLAG(TRANSIENT);
}

bool
domstats_filter_selects(unsigned int flags, const DomstatsFilterDomain *domain)
{
    const struct {
        unsigned int family;
        unsigned int own; /* the bits of it that the domain has */
    } filters[] = {
        {active_flags, domain->is_active ? FLAG(ACTIVE) : FLAG(INACTIVE)},
        {domstats_filter_persistent, flag_of_persistence(domain)},
        {domstats_filter_state, flag_of_state(domain->state)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
        if ((flags & filters[i].family) != 0 && (flags & filters[i].own) == 0)
            return false;
    return true;
}
