/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_self: what an exposition tells that is in no field: of the round, and of a record
 * beside its fields. Rows of the table of families name them like fields.
 */
#pragma once

#include <stdint.h>

#include "domstats/domstats.h"

typedef enum {
    OPENMETRICS_SELF_TIME,
    OPENMETRICS_SELF_BLIND_SPOT,
    OPENMETRICS_SELF_KNOWN,
    OPENMETRICS_SELF_ANSWERED,
    OPENMETRICS_SELF_ACTIVE,
    OPENMETRICS_SELF_UP,
    OPENMETRICS_SELF_HEALTH,
    OPENMETRICS_SELF_DOMAIN_ANSWERED,
    OPENMETRICS_SELF_DOMAIN_TIMED_OUT,
    OPENMETRICS_SELF_DOMAIN_COMPLETE,
    OPENMETRICS_SELF_DOMAIN_MISSING,
    OPENMETRICS_SELF_DOMAIN_SINCE,
    OPENMETRICS_SELF_DOMAIN_AGE,
    OPENMETRICS_SELF_DOMAIN_MONITOR_TIME,
    OPENMETRICS_SELF_DOMAIN_USED_PERCENT,
    OPENMETRICS_SELF_N_WORDS,
} OpenmetricsSelfId;

typedef struct {
    const char *word; /* as the table of families has it */
    const char *meaning;
} OpenmetricsSelf;

extern const OpenmetricsSelf openmetrics_self[OPENMETRICS_SELF_N_WORDS];

/* Libvirt's number of the domain's state; -1: not known. */
int openmetrics_self_state(const DomstatsRecord *record);

/* The texts that exporters have in their label "state_desc". */
const char *openmetrics_self_state_text(int state);

/* Used memory of the guest in percent of what it sees; negative: not known. */
double openmetrics_self_used_percent(const DomstatsRecord *record);
