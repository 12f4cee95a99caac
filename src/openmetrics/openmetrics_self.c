/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_self: see openmetrics_self.h.
 */
#include "openmetrics_self.h"

#include <string.h>

const OpenmetricsSelf openmetrics_self[OPENMETRICS_SELF_N_WORDS] = {
    [OPENMETRICS_SELF_TIME] = {"round.time", "how long the call of the library took"},
    [OPENMETRICS_SELF_BLIND_SPOT] = {"round.blind-spot", "whether domains may be missing"},
    [OPENMETRICS_SELF_KNOWN] = {"round.known", "records of domains that there are"},
    [OPENMETRICS_SELF_ANSWERED] = {"round.answered", "those that are ok"},
    [OPENMETRICS_SELF_ACTIVE] = {"round.active", "those whose state is not 5, off"},
    [OPENMETRICS_SELF_UP] = {"round.up", "always 1"},
    [OPENMETRICS_SELF_HEALTH] = {"round.health", "records of each health"},
    [OPENMETRICS_SELF_DOMAIN_ANSWERED] = {"domain.answered", "whether the health is ok"},
    [OPENMETRICS_SELF_DOMAIN_TIMED_OUT] = {"domain.timed-out", "whether it is not"},
    [OPENMETRICS_SELF_DOMAIN_COMPLETE] = {"domain.complete", "whether no wanted group is missing"},
    [OPENMETRICS_SELF_DOMAIN_MISSING] = {"domain.missing", "the wanted groups that are"},
    [OPENMETRICS_SELF_DOMAIN_SINCE] = {"domain.since", "since when it has its health"},
    [OPENMETRICS_SELF_DOMAIN_AGE] = {"domain.age", "now less when the record was made"},
    [OPENMETRICS_SELF_DOMAIN_MONITOR_TIME] = {"domain.monitor-time",
                                              "first command to last reply; absent: no reply came"},
    [OPENMETRICS_SELF_DOMAIN_USED_PERCENT] =
        {"domain.used-percent",
         "(balloon.available - balloon.usable) / balloon.available; absent: the guest reports "
         "neither"},
};

static const virTypedParameter *
find(const DomstatsRecord *record, const char *field)
{
    for (int i = 0; i < record->n_params; i++)
        if (strcmp(record->params[i].field, field) == 0)
            return &record->params[i];
    return NULL;
}

int
openmetrics_self_state(const DomstatsRecord *record)
{
    const virTypedParameter *state = find(record, "state.state");

    return state != NULL && state->type == VIR_TYPED_PARAM_INT ? state->value.i : -1;
}

const char *
openmetrics_self_state_text(int state)
{
    static const char *const texts[] = {
        [VIR_DOMAIN_NOSTATE] = "no state",
        [VIR_DOMAIN_RUNNING] = "the domain is running",
        [VIR_DOMAIN_BLOCKED] = "the domain is blocked on resource",
        [VIR_DOMAIN_PAUSED] = "the domain is paused by user",
        [VIR_DOMAIN_SHUTDOWN] = "the domain is being shut down",
        [VIR_DOMAIN_SHUTOFF] = "the domain is shut off",
        [VIR_DOMAIN_CRASHED] = "the domain is crashed",
        [VIR_DOMAIN_PMSUSPENDED] = "the domain is suspended by guest power management",
    };

    return state >= 0 && (size_t)state < G_N_ELEMENTS(texts) ? texts[state] : texts[0];
}

double
openmetrics_self_used_percent(const DomstatsRecord *record)
{
    const virTypedParameter *available = find(record, "balloon.available");
    const virTypedParameter *usable = find(record, "balloon.usable");

    if (available == NULL || usable == NULL || available->type != VIR_TYPED_PARAM_ULLONG ||
        usable->type != VIR_TYPED_PARAM_ULLONG || available->value.ul == 0 ||
        usable->value.ul > available->value.ul)
        return -1;
    return (double)(available->value.ul - usable->value.ul) / (double)available->value.ul * 100;
}
