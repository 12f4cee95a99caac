/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_request: see qemu_request.h. Holds the rules of flags and filters; knows no domain.
 */
#include "qemu_request.h"

#include "domstats_filter.h"
#include "domstats_group.h"
#include "qemu_group.h"
#include "util/util_error.h"

#define FLAG(name) VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name

static const unsigned int other_flags = FLAG(NOWAIT) | FLAG(BACKING) | FLAG(ENFORCE_STATS);

static const unsigned int known_extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_LAST |
                                         DOMSTATS_CALL_ABOUT | DOMSTATS_CALL_WITHOUT_KVM |
                                         DOMSTATS_CALL_PSS;

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
    unsigned int unknown_flags = self->flags & ~(domstats_filter_all() | other_flags);
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
    if ((self->stats & domstats_groups_of_kvm) != 0 &&
        qemu_request_wants(self, DOMSTATS_CALL_WITHOUT_KVM)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                    "the group 'vm' is wanted, but no statistics of KVM, of which it is made");
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
    unsigned int groups =
        qemu_request_is_all(self) ? qemu_group_all() : self->stats & qemu_group_all();

    return qemu_request_wants(self, DOMSTATS_CALL_WITHOUT_KVM) ? groups & ~domstats_groups_of_kvm
                                                               : groups;
}

bool
qemu_request_is_all(const QemuRequest *self)
{
    return self->stats == 0;
}

bool
qemu_request_selects_endpoint(const QemuRequest *self, const QemuEndpoint *endpoint, int state)
{
    const DomstatsFilterDomain domain = {.is_active = endpoint->is_active,
                                         .is_persistent = endpoint->is_persistent,
                                         .may_be_persistent = endpoint->may_be_persistent,
                                         .state = state};

    return domstats_filter_selects(self->flags, &domain);
}

bool
qemu_request_filters_state(const QemuRequest *self)
{
    return qemu_request_has(self, domstats_filter_state);
}
