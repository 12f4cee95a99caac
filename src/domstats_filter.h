/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_filter: the flags of libvirt's call that select domains. The one place with their rules.
 */
#pragma once

#include <stdbool.h>

#include "domstats/domstats.h"

/* Families of flags. Those of one family are alternatives; if none of them is set, every domain
 * passes. */
extern const unsigned int domstats_filter_persistent;
extern const unsigned int domstats_filter_state;

/* The flags of all families. */
unsigned int domstats_filter_all(void);

typedef struct {
    bool is_active;
    bool is_persistent;
    bool may_be_persistent; /* nobody tells @is_persistent: it passes as either */
    int state;              /* virDomainState; -1: not known, it passes as any */
} DomstatsFilterDomain;

/* Whether @flags let @domain through; bits that are no filter do not count. */
bool domstats_filter_selects(unsigned int flags, const DomstatsFilterDomain *domain);
