/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_request: see qemu_request.h. Holds the rules of flags and filters; knows no domain.
 */
#include "qemu_request.h"

#include "qemu_group.h"
#include "util/util_error.h"

#define FLAG(name) VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name

/* The bits of one family are alternatives; if none of them is set, every domain passes. */
static const unsigned int state_filters =
    FLAG(RUNNING) | FLAG(PAUSED) | FLAG(SHUTOFF) | FLAG(OTHER);

static const unsigned int known_flags =
    FLAG(ACTIVE) | FLAG(INACTIVE) | FLAG(PERSISTENT) | FLAG(TRANSIENT) | FLAG(RUNNING) |
    FLAG(PAUSED) | FLAG(SHUTOFF) | FLAG(OTHER) | FLAG(NOWAIT) | FLAG(BACKING) | FLAG(ENFORCE_STATS);

static const unsigned int known_extras =
    DOMSTATS_CALL_EXT | DOMSTATS_CALL_LAST | DOMSTATS_CALL_ABOUT;

bool
qemu_request_has(const QemuRequest *self, unsigned int flag)
{
    return (self->flags & flag) != 0;
}

bool
qemu_request_wants(const QemuRequest *self, DomstatsCallExtras extra)
{
    return (self->extras & extra) != 0;
}

bool
qemu_request_check(const QemuRequest *self, GError **error)
{
    unsigned int unknown_flags = self->flags & ~known_flags;
    unsigned int unknown_extras = self->extras & ~known_extras;
    unsigned int unknown_stats = self->stats & ~qemu_group_all();

    if (unknown_flags != 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "unknown flags 0x%x", unknown_flags);
        return false;
    }
    if (unknown_extras != 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "unknown extras 0x%x", unknown_extras);
        return false;
    }
    if (self->domains != NULL && self->domains[0] == NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "the list of domains is empty");
        return false;
    }
    if (unknown_stats != 0 && qemu_request_has(self, FLAG(ENFORCE_STATS))) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED, "unknown groups of statistics 0x%x",
                    unknown_stats);
        return false;
    }
    return true;
}

unsigned int
qemu_request_groups(const QemuRequest *self)
{
    return qemu_request_is_all(self) ? qemu_group_all() : self->stats & qemu_group_all();
}

bool
qemu_request_is_all(const QemuRequest *self)
{
    return self->stats == 0;
}

static unsigned int
filter_of_state(int state)
{
    static const struct {
        int state;
        unsigned int filter;
    } states[] = {
        {VIR_DOMAIN_RUNNING, FLAG(RUNNING)},
        {VIR_DOMAIN_PAUSED, FLAG(PAUSED)},
        {VIR_DOMAIN_SHUTOFF, FLAG(SHUTOFF)},
    };

    if (state < 0)
        return state_filters;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (states[i].state == state)
            return states[i].filter;
    }
    return FLAG(OTHER);
}

bool
qemu_request_selects(const QemuRequest *self, bool is_active, bool is_persistent, int state)
{
    const struct {
        unsigned int family;
        unsigned int own; /* the bit of it that the domain has */
    } filters[] = {
        {FLAG(ACTIVE) | FLAG(INACTIVE), is_active ? FLAG(ACTIVE) : FLAG(INACTIVE)},
        {FLAG(PERSISTENT) | FLAG(TRANSIENT), is_persistent ? FLAG(PERSISTENT) : FLAG(TRANSIENT)},
        {state_filters, filter_of_state(state)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        if ((self->flags & filters[i].family) != 0 && (self->flags & filters[i].own) == 0)
            return false;
    }
    return true;
}

bool
qemu_request_selects_endpoint(const QemuRequest *self, const QemuEndpoint *endpoint, int state)
{
    return qemu_request_selects(self, endpoint->is_active, endpoint->is_persistent, state) ||
           (endpoint->may_be_persistent &&
            qemu_request_selects(self, endpoint->is_active, true, state));
}

bool
qemu_request_filters_state(const QemuRequest *self)
{
    return qemu_request_has(self, state_filters);
}
