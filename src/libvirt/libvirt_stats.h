/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_stats: asks a libvirt for the statistics of one domain. Several that are asked at the
 * same time may go to libvirt in one call.
 */
#pragma once

#include "libvirt_pool.h"

/* What is asked. */
typedef struct {
    const char *uuid;   /* canonical text */
    unsigned int stats; /* VIR_DOMAIN_STATS_*; 0: all that this libvirt has */
    unsigned int flags; /* of VIR_CONNECT_GET_ALL_DOMAINS_STATS_*: BACKING, NOWAIT, ENFORCE_STATS */
    bool may_share;     /* libvirt may be asked for it and others in one call */
    UtilDeadline deadline; /* of the call that wants it */
} LibvirtStatsQuestion;

/* What libvirt said. */
typedef struct {
    char *name;
    int id; /* of the run that the values are of; -1: the domain does not run */
    virTypedParameterPtr params; /* libvirt's memory, freed with virTypedParamsFree() */
    int n_params;
    int64_t connected_us; /* monotonic: since when libvirt, this very daemon, has been connected */
    int64_t took_us;      /* a share of what the call took, if it was about several */
} LibvirtStatsAnswer;

/* Gives a request. */
LibvirtPoolRequest *libvirt_stats_ask(LibvirtPool *pool, const LibvirtStatsQuestion *question,
                                      LibvirtPoolInbox *inbox);

/* Of a request that has ended without trouble. Borrowed until that is freed. */
const LibvirtStatsAnswer *libvirt_stats_answer(LibvirtPoolRequest *ended);

/* Takes the parameters out of the answer; each of them, and the strings, is freed with g_free().
 * The caller alone uses the answer. */
virTypedParameterPtr libvirt_stats_steal_params(LibvirtPoolRequest *ended, int *ret_n);
