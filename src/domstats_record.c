/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_record: see domstats_record.h.
 */
#include "domstats_record.h"

#include <string.h>

#include "util/util_params.h"

static const char *const health_names[] = {
    [DOMSTATS_HEALTH_OK] = "ok",
    [DOMSTATS_HEALTH_SLOW] = "slow",
    [DOMSTATS_HEALTH_BUSY] = "busy",
    [DOMSTATS_HEALTH_WEDGED] = "wedged",
    [DOMSTATS_HEALTH_STOPPED] = "stopped",
    [DOMSTATS_HEALTH_GONE] = "gone",
    [DOMSTATS_HEALTH_DENIED] = "denied",
    [DOMSTATS_HEALTH_BROKEN] = "broken",
    [DOMSTATS_HEALTH_NO_MONITOR] = "no-monitor",
    [DOMSTATS_HEALTH_NO_DOMAIN] = "no-domain",
};

const char *
domstats_record_health_name(DomstatsHealth health)
{
    return (size_t)health < G_N_ELEMENTS(health_names) ? health_names[health] : NULL;
}

bool
domstats_record_parse_health(const char *name, DomstatsHealth *ret_health)
{
    for (size_t i = 0; i < G_N_ELEMENTS(health_names); i++) {
        if (strcmp(health_names[i], name) == 0) {
            *ret_health = (DomstatsHealth)i;
            return true;
        }
    }
    return false;
}

void
domstats_record_free(DomstatsRecord *self)
{
    if (self == NULL)
        return;
    util_params_free_array(self->params, self->n_params);
    domstats_record_free(self->last);
    g_free(self->name);
    g_free(self->reason);
    g_free(self->monitor);
    g_free(self);
}

void
domstats_record_set_reason(DomstatsRecord *self, const char *text)
{
    g_free(self->reason);
    self->reason = text ? g_utf8_make_valid(text, -1) : NULL;
}

static virTypedParameter *
copy_params(const virTypedParameter *params, int n)
{
    virTypedParameter *copy = NULL;

    if (n == 0)
        return NULL;
    copy = g_memdup2(params, sizeof(*params) * (size_t)n);
    for (int i = 0; i < n; i++)
        if (copy[i].type == VIR_TYPED_PARAM_STRING)
            copy[i].value.s = g_strdup(params[i].value.s);
    return copy;
}

DomstatsRecord *
domstats_record_copy(const DomstatsRecord *self)
{
    DomstatsRecord *copy = NULL;

    if (self == NULL)
        return NULL;
    copy = g_memdup2(self, sizeof(*self));
    copy->name = g_strdup(self->name);
    copy->reason = g_strdup(self->reason);
    copy->monitor = g_strdup(self->monitor);
    copy->params = copy_params(self->params, self->n_params);
    copy->last = domstats_record_copy(self->last);
    return copy;
}
