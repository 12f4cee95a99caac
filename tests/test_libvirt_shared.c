/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_libvirt_shared: the statistics of several domains in one call, and what becomes of each of
 * them when that call hangs, or its answer breaks libvirt's rules. From a fake libvirt.
 */
#include <libvirt/virterror.h>
#include <poll.h>

#include "fake_libvirt.h"
#include "libvirt_case.h"
#include "testing.h"

enum {
    N = 6,
    LONG_MS = 60000,
    LATE_MS = 400,
    STAYS_MS = 100,
    LATER_MS = 1000, /* when an answer is late, where a test does something before */
    OUTRUN_MS = 800, /* an answer comes after those of each by itself */
    CLOSES_MS = 150,
    NEVER_MS = LONG_MS,
};

static const FakeLibvirtDomain domains[N + 1] = {
    {.name = "a", .id = 1}, {.name = "b", .id = 2}, {.name = "c", .id = 3},
    {.name = "d", .id = 4}, {.name = "e", .id = 5}, {.name = "f", .id = 6},
};

typedef struct {
    FakeLibvirt *fake;
    LibvirtPool *pool;
    LibvirtPoolRequest *requests[N];
} Case;

/* Asks for all domains; they wait until libvirt accepts a client, so that they go together. */
static void
init_case(Case *self, const FakeLibvirtFault *faults, LibvirtPoolLimits limits)
{
    limits.n_first = 1;
    self->fake = fake_libvirt_new(domains, faults);
    self->pool = libvirt_pool_new(fake_libvirt_uri(self->fake), &limits);
    fake_libvirt_set_accepts(self->fake, false);
    for (unsigned int i = 0; i < N; i++) {
        const LibvirtStatsQuestion question = {.uuid = fake_libvirt_uuid(i),
                                               .stats = VIR_DOMAIN_STATS_STATE,
                                               .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
                                               .may_share = true,
                                               .deadline = util_deadline_in_ms(LONG_MS)};

        self->requests[i] = libvirt_stats_ask(self->pool, &question, NULL);
    }
    fake_libvirt_set_accepts(self->fake, true);
}

static void
clear_case(Case *self)
{
    for (unsigned int i = 0; i < N; i++)
        libvirt_pool_request_unref(self->requests[i]);
    fake_libvirt_let_go(self->fake);
    libvirt_pool_unref(self->pool);
    fake_libvirt_free(self->fake);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, clear_case)

static void
assert_well(LibvirtPoolRequest *request, unsigned int index)
{
    const LibvirtStatsAnswer *answer = NULL;

    libvirt_case_wait_well(request);
    answer = libvirt_stats_answer(request);
    assert_string_equal(answer->name, domains[index].name);
    assert_int_equal(answer->id, domains[index].id);
    assert_int_equal(answer->n_params, 2);
}

#define OF_MANY(...)                                                                               \
    {                                                                                              \
        .procedure = FAKE_LIBVIRT_STATS, .is_of_many = true, __VA_ARGS__                           \
    }
#define OF_ANY(...)                                                                                \
    {                                                                                              \
        .procedure = FAKE_LIBVIRT_STATS, __VA_ARGS__                                               \
    }

enum { NOBODY = -1, ALL = -2 };

typedef struct {
    const char *sentence;
    FakeLibvirtFault faults[3];
    LibvirtOutcomeKind kind; /* of those that are not well */
    int bad;                 /* the domain that is not well */
    bool is_open;            /* instead: that does not end */
    bool is_late;            /* the answer about all; it is waited for as long as usual */
    unsigned int n_asked;    /* domains that calls are about; 0: any number */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"they go in one call", {{.then = FAKE_LIBVIRT_END}}, .bad = NOBODY, .n_asked = N},
    {"the call hangs: each is asked by itself, once", {OF_MANY(.then = FAKE_LIBVIRT_IGNORES)},
     .bad = NOBODY, .is_late = true, .n_asked = 2 * N},
    {"the first one hangs", {OF_ANY(.domain = "a", .then = FAKE_LIBVIRT_IGNORES)},
     .bad = 0, .is_open = true, .is_late = true, .n_asked = 2 * N},
    {"one in the middle hangs", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_IGNORES)},
     .bad = 2, .is_open = true, .is_late = true, .n_asked = 2 * N},
    {"the last one hangs", {OF_ANY(.domain = "f", .then = FAKE_LIBVIRT_IGNORES)},
     .bad = 5, .is_open = true, .is_late = true, .n_asked = 2 * N},
    {"a late answer is good for those that did not answer by themselves",
     {OF_MANY(.then = FAKE_LIBVIRT_ANSWERS, .delay_ms = LATE_MS), OF_ANY(.then = FAKE_LIBVIRT_IGNORES)},
     .bad = NOBODY, .is_late = true},
    {"one has no record: it is asked by itself", {OF_MANY(.domain = "c", .then = FAKE_LIBVIRT_LACKS)},
     .bad = NOBODY, .n_asked = N + 1},
    {"libvirt does not have it at all", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_LACKS)},
     LIBVIRT_OUTCOME_NO_DOMAIN, 2, .n_asked = N + 1},
    {"it is not found before", {{.procedure = FAKE_LIBVIRT_LOOKUP, .domain = "c", .then = FAKE_LIBVIRT_FAILS,
                                 .code = VIR_ERR_NO_DOMAIN, .code_domain = VIR_FROM_QEMU, .message = "no such"}},
     LIBVIRT_OUTCOME_NO_DOMAIN, 2, .n_asked = N - 1},
    {"no record at all", {OF_MANY(.then = FAKE_LIBVIRT_EMPTY)}, .bad = NOBODY, .n_asked = 2 * N},
    {"two records of one", {OF_MANY(.domain = "c", .then = FAKE_LIBVIRT_TWICE)}, .bad = NOBODY, .n_asked = 2 * N},
    {"also when it is alone", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_TWICE)},
     LIBVIRT_OUTCOME_FAILED, 2, .n_asked = 2 * N},
    {"a record of none that was asked for", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_OTHER)},
     LIBVIRT_OUTCOME_FAILED, 2, .n_asked = 2 * N},
    {"four thousand million records", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_MANY)},
     LIBVIRT_OUTCOME_FAILED, 2, .n_asked = 2 * N},
    {"an answer that is too short", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_SHORT)},
     LIBVIRT_OUTCOME_FAILED, 2, .n_asked = 2 * N},
    {"it disconnects", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_DISCONNECTS)}, LIBVIRT_OUTCOME_LOST, 2},
    {"it disconnects within an answer", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_CUTS)}, LIBVIRT_OUTCOME_LOST, 2},
    {"bytes that are no message", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_GARBAGE)}, LIBVIRT_OUTCOME_LOST, 2},
    {"a message of 33 MiB", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_HUGE)}, LIBVIRT_OUTCOME_LOST, 2},
    {"the answer to another call", {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_WRONG_SERIAL)}, LIBVIRT_OUTCOME_LOST, 2},
    {"an error of the call", {OF_MANY(.then = FAKE_LIBVIRT_FAILS, .code = VIR_ERR_INTERNAL_ERROR,
                                      .code_domain = VIR_FROM_QEMU, .message = "no")},
     .bad = NOBODY, .n_asked = 2 * N},
    {"an error of each", {OF_ANY(.then = FAKE_LIBVIRT_FAILS, .code = VIR_ERR_ARGUMENT_UNSUPPORTED,
                                 .code_domain = VIR_FROM_QEMU, .message = "no")},
     LIBVIRT_OUTCOME_UNSUPPORTED, ALL, .n_asked = 2 * N},
};
/* clang-format on */

static void
costs_that_domain_alone(const void *data)
{
    const Row *row = data;
    g_auto(Case) self = {0};

    init_case(&self, row->faults, (LibvirtPoolLimits){.late_ms = row->is_late ? 0 : NEVER_MS});
    for (unsigned int i = 0; i < N; i++) {
        if (row->bad != ALL && row->bad != (int)i)
            assert_well(self.requests[i], i);
        else if (!row->is_open)
            assert_int_equal(libvirt_case_wait_kind(self.requests[i]), row->kind);
    }
    if (row->is_open)
        assert_false(
            libvirt_pool_request_wait(self.requests[row->bad], util_deadline_in_ms(STAYS_MS)));
    assert_true(fake_libvirt_most_asked(self.fake) >= N - 1);
    if (row->n_asked != 0)
        assert_int_equal(fake_libvirt_n_asked(self.fake), row->n_asked);
}

static const FakeLibvirtFault many_silent[] = {OF_MANY(.then = FAKE_LIBVIRT_IGNORES),
                                               {.then = FAKE_LIBVIRT_END}};

static void
wait_for_calls(const Case *self, unsigned int n)
{
    while (fake_libvirt_n_calls(self->fake, FAKE_LIBVIRT_STATS) < n)
        poll(NULL, 0, 1);
}

/* Its caller knows that it hangs. */
static void
one_that_is_not_wanted(void **state)
{
    g_auto(Case) self = {0};

    (void)state;
    init_case(&self, many_silent, (LibvirtPoolLimits){.late_ms = NEVER_MS});
    wait_for_calls(&self, 1);
    assert_true(libvirt_pool_request_is_shared(self.requests[2]));
    assert_false(libvirt_pool_request_cancel(self.requests[2]));
    for (unsigned int i = 0; i < N; i++)
        if (i != 2)
            assert_well(self.requests[i], i);
    assert_int_equal(fake_libvirt_n_asked(self.fake), 2 * N - 1);
    assert_false(libvirt_pool_request_has_ended(self.requests[2]));
    fake_libvirt_let_go(self.fake);
    assert_well(self.requests[2], 2);
}

/* What was asked together is what libvirt owes still. */
static void
the_late_call_is_known(void **state)
{
    g_auto(Case) self = {0};
    g_autoptr(LibvirtPoolRequest) late = NULL;

    (void)state;
    init_case(&self, many_silent, (LibvirtPoolLimits){.late_ms = LATER_MS});
    wait_for_calls(&self, 1);
    assert_null(libvirt_pool_request_ref_late(self.requests[0]));
    for (unsigned int i = 0; i < N; i++)
        assert_well(self.requests[i], i);
    late = libvirt_pool_request_ref_late(self.requests[0]);
    assert_non_null(late);
    assert_false(libvirt_pool_request_has_ended(late));
    assert_true(libvirt_pool_request_asked_us(late) > 0);
    fake_libvirt_let_go(self.fake);
    while (!libvirt_pool_request_has_ended(late))
        poll(NULL, 0, 1);
}

static void
libvirt_restarts(void **state)
{
    g_auto(Case) self = {0};

    (void)state;
    init_case(&self, many_silent, (LibvirtPoolLimits){.late_ms = NEVER_MS});
    wait_for_calls(&self, 1);
    fake_libvirt_set_faults(self.fake, NULL);
    fake_libvirt_restart(self.fake);
    for (unsigned int i = 0; i < N; i++)
        assert_well(self.requests[i], i);
    assert_int_equal(fake_libvirt_n_asked(self.fake), 2 * N);
}

/* With one call at a time, no other could be asked while a call about several hangs. */
static void
one_call_at_a_time(void **state)
{
    g_auto(Case) self = {0};

    (void)state;
    init_case(&self, NULL, (LibvirtPoolLimits){.n_requests = 2, .late_ms = NEVER_MS});
    for (unsigned int i = 0; i < N; i++)
        assert_well(self.requests[i], i);
    assert_int_equal(fake_libvirt_most_asked(self.fake), 1);
}

static void
closing_ends_the_rest(void **state)
{
    g_auto(Case) self = {0};

    (void)state;
    init_case(&self, many_silent, (LibvirtPoolLimits){0});
    wait_for_calls(&self, 1);
    libvirt_pool_unref(g_steal_pointer(&self.pool));
    fake_libvirt_let_go(self.fake);
    for (unsigned int i = 0; i < N; i++)
        libvirt_case_wait_kind(self.requests[i]);
}

/* Each has answered by itself, and the answer about all comes after that. Its connection is closed
 * in order: else libvirt logs that its client has died. */
static void
closing_waits_for_a_late_call(void **state)
{
    static const FakeLibvirtFault late[] = {
        OF_MANY(.then = FAKE_LIBVIRT_ANSWERS, .delay_ms = OUTRUN_MS),
        {.procedure = FAKE_LIBVIRT_CLOSE, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = CLOSES_MS},
        {.then = FAKE_LIBVIRT_END}};
    g_auto(Case) self = {0};
    int64_t begin_us = util_deadline_now_us();

    (void)state;
    init_case(&self, late, (LibvirtPoolLimits){.close_ms = LONG_MS});
    for (unsigned int i = 0; i < N; i++)
        assert_well(self.requests[i], i);
    libvirt_pool_unref(g_steal_pointer(&self.pool));
    assert_true(util_deadline_now_us() - begin_us >= (OUTRUN_MS + CLOSES_MS) * 1000);
}

/* Else those that are queued to be asked by themselves are never freed. */
static void
an_answer_is_late_after_closing(void **state)
{
    g_auto(Case) self = {0};

    (void)state;
    init_case(&self, many_silent, (LibvirtPoolLimits){.late_ms = LATER_MS});
    wait_for_calls(&self, 1);
    libvirt_pool_unref(g_steal_pointer(&self.pool));
    assert_false(
        libvirt_pool_request_wait(self.requests[0], util_deadline_in_ms(LATER_MS + STAYS_MS)));
    fake_libvirt_let_go(self.fake);
    for (unsigned int i = 0; i < N; i++)
        assert_well(self.requests[i], i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"the others of one that is not wanted", one_that_is_not_wanted, NULL, NULL, NULL},
        {"the late call is known", the_late_call_is_known, NULL, NULL, NULL},
        {"libvirt restarts in the middle", libvirt_restarts, NULL, NULL, NULL},
        {"by themselves where only one call is allowed", one_call_at_a_time, NULL, NULL, NULL},
        {"closing ends the rest", closing_ends_the_rest, NULL, NULL, NULL},
        {"closing waits for a late call", closing_waits_for_a_late_call, NULL, NULL, NULL},
        {"an answer is late after closing", an_answer_is_late_after_closing, NULL, NULL, NULL},
    };
    int n_failed = 0;

    libvirt_case_init();
    n_failed = TESTING_RUN_TABLE("libvirt_shared", rows, costs_that_domain_alone);
    return n_failed + cmocka_run_group_tests_name("libvirt_shared_calls", tests, NULL, NULL);
}
