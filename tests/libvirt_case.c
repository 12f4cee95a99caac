/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_case: see libvirt_case.h.
 */
#include "libvirt_case.h"

#include <libvirt/virterror.h>
#include <signal.h>

#include "fake_libvirt.h"
#include "testing.h"

enum { LONG_MS = 60000 };

static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

void
libvirt_case_init(void)
{
    signal(SIGPIPE, SIG_DFL);
    virInitialize();
    virSetErrorFunc(NULL, ignore_error);
}

LibvirtPoolRequest *
libvirt_case_ask(LibvirtPool *pool, unsigned int domain, LibvirtPoolInbox *inbox)
{
    const LibvirtStatsQuestion question = {fake_libvirt_uuid(domain), VIR_DOMAIN_STATS_STATE,
                                           VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT};

    return libvirt_stats_ask(pool, &question, inbox);
}

LibvirtOutcomeKind
libvirt_case_wait_kind(LibvirtPoolRequest *request)
{
    assert_true(libvirt_pool_request_wait(request, util_deadline_in_ms(LONG_MS)));
    return libvirt_pool_request_outcome(request)->kind;
}

void
libvirt_case_wait_well(LibvirtPoolRequest *request)
{
    LibvirtOutcomeKind kind = libvirt_case_wait_kind(request);

    if (kind != LIBVIRT_OUTCOME_WELL)
        fail_msg("%d: %s", (int)kind, libvirt_pool_request_outcome(request)->message);
}
