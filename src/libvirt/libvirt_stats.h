/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_stats: asks a libvirt for the statistics of one domain.
 */
#pragma once

#include "libvirt_pool.h"

/* What is asked. */
typedef struct {
    const char *uuid;   /* canonical text */
    unsigned int stats; /* VIR_DOMAIN_STATS_*; 0: all that this libvirt has */
    unsigned int flags; /* of VIR_CONNECT_GET_ALL_DOMAINS_STATS_*: BACKING, NOWAIT, ENFORCE_STATS */
} LibvirtStatsQuestion;

/* What libvirt said. */
typedef struct {
    char *name;
    int id; /* of the run that the values are of; -1: the domain does not run */
    virTypedParameterPtr params; /* libvirt's memory, freed with virTypedParamsFree() */
    int n_params;
    int64_t asked_us, answered_us; /* monotonic */
} LibvirtStatsAnswer;

/* Gives a request whose data, once it has ended without trouble, is libvirt_stats_answer(). */
LibvirtPoolRequest *libvirt_stats_ask(LibvirtPool *pool, const LibvirtStatsQuestion *question,
                                      LibvirtPoolInbox *inbox);

/* Borrowed until the request is freed. */
LibvirtStatsAnswer *libvirt_stats_answer(LibvirtPoolRequest *ended);
