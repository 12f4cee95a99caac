/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * through_case: see through_case.h.
 */
#include "through_case.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "testing.h"

enum { MOST_STRETCH = 64 };

void
through_case_start_child(ThroughCase *self, ThroughCaseProcess process)
{
    HostProcessPoll wanted =
        process == THROUGH_CASE_BLOCKED ? HOST_PROCESS_POLL_NO : HOST_PROCESS_POLL_YES;
    struct pollfd fds[4] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}}; /* of a main loop */
    HostProcessStat stat = {0};

    if (process == THROUGH_CASE_NONE)
        return;
    self->child = fork();
    if (self->child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not come to its end */
    while (self->child == 0) {
        if (process == THROUGH_CASE_BLOCKED)
            pause();
        else
            poll(fds, process == THROUGH_CASE_NESTED ? 2 : G_N_ELEMENTS(fds), -1);
    }
    while (!host_process_read_stat(self->exchange.root, self->child, 0, &stat) ||
           stat.state != 'S' ||
           host_process_look_at_poll(self->exchange.root, self->child, 0) != wanted)
        poll(NULL, 0, 1);
    if (process == THROUGH_CASE_STOPPED) {
        kill(self->child, SIGSTOP);
        assert_int_equal(waitpid(self->child, NULL, WUNTRACED), self->child);
    }
}

QemuDomain *
through_case_add(ThroughCase *self, unsigned int index)
{
    QemuDomain *domain = exchange_case_add_domain(&self->exchange, NULL);
    HostProcessStat stat = {0};

    domain->endpoint->libvirt = libvirt_pool_ref(self->pool);
    domain->endpoint->uuid = g_strdup(fake_libvirt_uuid(index));
    domain->endpoint->id = (int)index + 1;
    if (self->child == 0)
        return domain;
    assert_true(host_process_read_stat(self->exchange.root, self->child, 0, &stat));
    domain->endpoint->pid = domain->pid = self->child;
    domain->endpoint->start_ticks = domain->start_ticks = stat.start_ticks;
    return domain;
}

void
through_case_init(ThroughCase *self, const FakeLibvirtParam *params, const FakeLibvirtFault *faults,
                  const LibvirtPoolLimits *limits)
{
    static const char *const names[THROUGH_CASE_DOMAINS] = {"a", "b", "c", "d", "e", "f",
                                                            "g", "h", "i", "j", "k", "l"};

    for (int i = 0; i < THROUGH_CASE_DOMAINS; i++)
        self->domains[i] = (FakeLibvirtDomain){.name = names[i], .id = i + 1, .params = params};
    exchange_case_init(&self->exchange);
    self->fake = fake_libvirt_new(self->domains, faults);
    self->pool = libvirt_pool_new(fake_libvirt_uri(self->fake), limits);
}

void
through_case_clear(ThroughCase *self)
{
    exchange_case_clear(&self->exchange);
    libvirt_pool_unref(self->pool);
    fake_libvirt_free(self->fake);
    if (self->child != 0) {
        kill(self->child, SIGKILL);
        waitpid(self->child, NULL, 0);
    }
}

void
through_case_assert_became(const ThroughCase *self, size_t place, DomstatsHealth verdict,
                           DomstatsReason code, const char *reason)
{
    const ExchangeCaseOutcome *outcome = &self->exchange.outcomes[place];

    testing_assert_same_text(domstats_health_to_string(outcome->verdict),
                             domstats_health_to_string(verdict));
    testing_assert_same_text(domstats_reason_to_string(outcome->reason_code),
                             domstats_reason_to_string(code));
    if (reason != NULL)
        exchange_case_assert_reason(&self->exchange, place, reason);
}

bool
through_case_had_no_time(const ThroughCase *self, unsigned int stretch)
{
    for (guint i = 0; stretch < MOST_STRETCH && i < self->exchange.domains->len; i++)
        if (self->exchange.outcomes[i].reason_code == DOMSTATS_REASON_NO_TIME)
            return true;
    return false;
}

void
through_case_run_stretched(ThroughCaseRun run, const void *data)
{
    unsigned int stretch = 1;

    while (!run(data, stretch))
        stretch *= 4;
}
