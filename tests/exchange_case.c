/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exchange_case: see exchange_case.h. Owns the peers, the domains and a call's jobs.
 */
#include "exchange_case.h"

#include <string.h>

#include "qemu/qemu_record.h"
#include "testing.h"

void
exchange_case_init(ExchangeCase *self)
{
    *self = (ExchangeCase){.folder = testing_make_folder(), .root = host_root_new_live()};
    self->fakes = g_ptr_array_new_with_free_func((GDestroyNotify)fake_qmp_free);
    self->domains = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_domain_unref);
}

static void
clear_outcomes(ExchangeCase *self)
{
    for (guint i = 0; self->outcomes != NULL && i < self->domains->len; i++) {
        g_free(self->outcomes[i].reason);
        g_free(self->outcomes[i].status);
    }
    g_clear_pointer(&self->outcomes, g_free);
}

void
exchange_case_clear(ExchangeCase *self)
{
    clear_outcomes(self);
    g_ptr_array_unref(self->domains);
    g_ptr_array_unref(self->fakes);
    host_root_free(self->root);
    testing_remove_folder(self->folder);
}

FakeQmp *
exchange_case_add_fake(ExchangeCase *self, const FakeQmpScript *script, bool is_tcp)
{
    g_autofree char *path = g_strdup_printf("%s/%u", self->folder, self->fakes->len);
    FakeQmp *fake = fake_qmp_new_listening(script, is_tcp ? "tcp:127.0.0.1:0" : path);

    g_ptr_array_add(self->fakes, fake);
    return fake;
}

QemuDomain *
exchange_case_add_domain(ExchangeCase *self, const char *path)
{
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new(path ? path : "key", "name");
    QemuDomain *domain = NULL;

    clear_outcomes(self);
    if (path != NULL)
        qemu_endpoint_add_place(endpoint, path, path);
    domain = qemu_domain_new(endpoint);
    g_ptr_array_add(self->domains, domain);
    return domain;
}

QemuDomain *
exchange_case_add(ExchangeCase *self, const FakeQmpScript *script)
{
    return exchange_case_add_domain(self,
                                    fake_qmp_path(exchange_case_add_fake(self, script, false)));
}

static ExchangeCaseOutcome *
find_outcome(ExchangeCase *self, const QemuJob *job)
{
    guint place = 0;

    g_ptr_array_find(self->jobs, job, &place);
    return &self->outcomes[place];
}

/* Does the driver's part, on the thread that worked on @job. It asserts nothing, since cmocka's
 * assertions may fail on the test's own thread only. */
static void
take_ended(QemuJob *job, void *data)
{
    ExchangeCaseOutcome *outcome = find_outcome(data, job);
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();
    const char *bad_command = NULL;
    g_auto(QemuFacts) facts = {0};

    if (g_atomic_int_add(&outcome->n_endings, 1) > 0)
        return;
    outcome->verdict = job->verdict;
    outcome->reason_code = job->reason_code;
    outcome->is_complete = job->is_complete;
    outcome->is_waiting = qemu_job_is_waiting(job);
    outcome->reason = g_strdup(job->reason);
    qemu_domain_set_health(job->domain, job->verdict, job->reason, util_deadline_wall_us());
    job->domain->reason_code = job->reason_code;
    qemu_facts_init(&facts);
    (void)qemu_record_decode(job, &facts, &bad_command);
    if (qemu_job_answer(job, QEMU_COMMAND_QUERY_STATUS) != NULL ||
        (job->lent & QEMU_COMMAND_BIT(QUERY_STATUS)) != 0)
        outcome->status = g_strdup(facts.status);
    qemu_known_take(job->domain->known, &(QemuKnownTold){.asked = job->asked,
                                                         .answers = job->answers,
                                                         .facts = &facts,
                                                         .schemas = schemas,
                                                         .balloon_path = job->balloon_path});
    qemu_job_drop_answers(job);
    if (!job->domain->is_held)
        qemu_domain_let_go(job->domain);
}

static void
check_outcomes(const ExchangeCase *self)
{
    for (guint i = 0; i < self->domains->len; i++) {
        const ExchangeCaseOutcome *outcome = &self->outcomes[i];

        assert_int_equal(outcome->n_endings, 1);
        assert_false(outcome->is_complete && outcome->is_waiting);
        assert_int_equal(outcome->reason != NULL, outcome->verdict != DOMSTATS_HEALTH_OK);
    }
    for (guint i = 0; i < self->fakes->len; i++)
        fake_qmp_check(g_ptr_array_index(self->fakes, i));
}

void
exchange_case_run(ExchangeCase *self, const ExchangeCaseCall *call)
{
    QemuRequest request = {.stats = call->stats ? call->stats : VIR_DOMAIN_STATS_STATE,
                           .flags = call->flags,
                           .timeout_ms = call->timeout_ms};
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_job_free);
    g_autoptr(QemuHostView) host = qemu_host_view_new(self->root, NULL, NULL);
    FakeQmpThread *thread = NULL;
    QemuExchange exchange = {.jobs = jobs,
                             .host = host,
                             .n_threads = call->n_threads,
                             .monitors =
                                 call->has_monitors ? call->monitors : DOMSTATS_MONITORS_HOLD,
                             .ended = take_ended,
                             .data = self};
    int64_t begin_us = util_deadline_now_us();

    clear_outcomes(self);
    self->outcomes = g_new0(ExchangeCaseOutcome, self->domains->len);
    for (guint i = 0; i < self->domains->len; i++)
        g_ptr_array_add(jobs, qemu_job_new(g_ptr_array_index(self->domains, i), &request));
    self->jobs = jobs;
    exchange.deadline = util_deadline_in_ms(call->timeout_ms);
    request.deadline = exchange.deadline;
    thread = fake_qmp_start((FakeQmp *const *)self->fakes->pdata, self->fakes->len);
    assert_true(qemu_exchange_run(&exchange, NULL));
    self->elapsed_us = util_deadline_now_us() - begin_us;
    fake_qmp_stop(thread);
    for (guint i = 0; i < self->fakes->len; i++)
        fake_qmp_settle(g_ptr_array_index(self->fakes, i)); /* what a late thread left */
    check_outcomes(self);
}

char *
exchange_case_describe(const ExchangeCase *self, size_t place)
{
    const QemuDomain *domain = g_ptr_array_index(self->domains, place);
    const ExchangeCaseOutcome *outcome = &self->outcomes[place];

    return g_strdup_printf("%s%s%s%s%s", domstats_health_to_string(outcome->verdict),
                           outcome->status ? " " : "", outcome->status ? outcome->status : "",
                           domain->is_silent ? ", silent" : "",
                           domain->monitor ? ", connected" : "");
}

void
exchange_case_assert_became(const ExchangeCase *self, size_t place, const char *expected)
{
    g_autofree char *got = exchange_case_describe(self, place);

    testing_assert_same_text(got, expected);
}

void
exchange_case_assert_reason(const ExchangeCase *self, size_t place, const char *reason)
{
    const char *got = self->outcomes[place].reason;

    if (got == NULL || strstr(got, reason) == NULL)
        testing_assert_same_text(got, reason);
}

FakeQmp *
exchange_case_fake(const ExchangeCase *self, size_t place)
{
    return g_ptr_array_index(self->fakes, place);
}
