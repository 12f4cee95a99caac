/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_through_shared: calls in which libvirt is asked for several domains together, and one
 * of them hangs, stops, ends, or is not known to libvirt.
 */
#include <libvirt/virterror.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "host/process/host_process.h"
#include "libvirt_case.h"
#include "qemu/exchange/qemu_through.h"
#include "testing.h"
#include "through_case.h"

enum {
    LONG_MS = 20000,
    SHORT_MS = 1500,
    OPENS_MS = 50,
    GOES_ON_MS = 1500,
    N = THROUGH_CASE_DOMAINS,
    N_LATER = 3
};

typedef ThroughCase Case;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, through_case_clear)

static const FakeLibvirtParam whole[] = {
    {"state.state", VIR_TYPED_PARAM_INT, VIR_DOMAIN_RUNNING, NULL},
    {"state.reason", VIR_TYPED_PARAM_INT, 1, NULL},
    {"balloon.current", VIR_TYPED_PARAM_ULLONG, 1024, NULL},
    {"balloon.rss", VIR_TYPED_PARAM_ULLONG, 77, NULL},
    {NULL, 0, 0, NULL}};
static const FakeLibvirtParam without_job[] = {
    {"state.state", VIR_TYPED_PARAM_INT, VIR_DOMAIN_RUNNING, NULL},
    {"state.reason", VIR_TYPED_PARAM_INT, 1, NULL},
    {"balloon.current", VIR_TYPED_PARAM_ULLONG, 1024, NULL},
    {NULL, 0, 0, NULL}};

/* What its process does while libvirt is asked. */
typedef enum { BAD_STAYS, BAD_STOPS, BAD_ENDS } Bad;

typedef struct {
    Case through;
    GPtrArray *domains; /* QemuDomain *, borrowed */
    pid_t others, bad;  /* processes */
    unsigned int index; /* of the bad domain */
    Bad what;
} Scene;

/* The bad domain has a process of its own. */
static void
init_scene(Scene *self, unsigned int index, const FakeLibvirtParam *params,
           const FakeLibvirtFault *faults)
{
    const LibvirtPoolLimits limits = {.n_first = 1};
    Case *through = &self->through;

    self->index = index;
    through_case_init(through, whole, faults, &limits);
    through->domains[index].params = params;
    through_case_start_child(through, THROUGH_CASE_WELL);
    self->bad = through->child;
    through_case_start_child(through, THROUGH_CASE_WELL);
    self->others = through->child;
    for (unsigned int i = 0; i < N; i++) {
        through->child = i == index ? self->bad : self->others;
        through_case_add(through, i);
    }
    through->child = self->others;
}

static void
clear_scene(Scene *self)
{
    kill(self->bad, SIGKILL);
    waitpid(self->bad, NULL, 0);
    through_case_clear(&self->through);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, clear_scene)

/* Lets libvirt accept clients once requests wait, so that they go together; then does to the bad
 * domain's process what is to be done. */
static void *
accompany(void *data)
{
    const Scene *self = data;
    FakeLibvirt *fake = self->through.fake;

    poll(NULL, 0, OPENS_MS);
    fake_libvirt_set_accepts(fake, true);
    while (self->what != BAD_STAYS && fake_libvirt_n_calls(fake, FAKE_LIBVIRT_STATS) == 0)
        poll(NULL, 0, 1);
    if (self->what == BAD_STOPS)
        kill(self->bad, SIGSTOP);
    if (self->what == BAD_ENDS)
        kill(self->bad, SIGKILL);
    return NULL;
}

/* The first call, over a new connection. */
static void
run_first(Scene *self, const ExchangeCaseCall *call)
{
    GThread *thread = NULL;

    fake_libvirt_set_accepts(self->through.fake, false);
    thread = g_thread_new("accompany", accompany, self);
    exchange_case_run(&self->through.exchange, call);
    g_thread_join(thread);
}

static void
assert_others_well(const Scene *self)
{
    for (unsigned int i = 0; i < N; i++)
        if (i != self->index)
            through_case_assert_became(&self->through, i, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE,
                                       NULL);
}

#define OF_MANY(...)                                                                               \
    {                                                                                              \
        .procedure = FAKE_LIBVIRT_STATS, .is_of_many = true, __VA_ARGS__                           \
    }
#define OF_ANY(...)                                                                                \
    {                                                                                              \
        .procedure = FAKE_LIBVIRT_STATS, __VA_ARGS__                                               \
    }

typedef struct {
    const char *sentence;
    unsigned int bad;
    Bad what;
    FakeLibvirtFault faults[2];
    const FakeLibvirtParam *params; /* of the bad domain; NULL: it is whole */
    DomstatsHealth verdict;
    DomstatsReason code;
    unsigned int n_silent; /* calls that libvirt has not answered at the end, at most */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"all are well, and go together", 2, BAD_STAYS, {{.then = FAKE_LIBVIRT_END}}},
    {"the call hangs, and nothing is to blame", 2, BAD_STAYS, {OF_MANY(.n_times = 1, .then = FAKE_LIBVIRT_IGNORES)},
     .n_silent = 1},
    {"one hangs, and has a job in libvirt", 2, BAD_STAYS,
     {OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES)}, without_job,
     DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT, 1},
    {"so does the first one", 0, BAD_STAYS,
     {OF_MANY(.domain = "a", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES)}, without_job,
     DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT, 1},
    {"and the last one", 11, BAD_STAYS,
     {OF_MANY(.domain = "l", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES)}, without_job,
     DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT, 1},
    {"one hangs, and libvirt waits for it to look at it at all", 2, BAD_STAYS,
     {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_IGNORES)}, NULL,
     DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT, 2},
    {"one is stopped meanwhile", 2, BAD_STOPS, {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_IGNORES)}, NULL,
     DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_SIGNAL, 2},
    {"one ends meanwhile", 2, BAD_ENDS, {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_IGNORES)}, NULL,
     DOMSTATS_HEALTH_GONE, DOMSTATS_REASON_ENDED, 2},
    {"libvirt does not know one", 2, BAD_STAYS, {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_LACKS)}, NULL,
     DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_LIBVIRT_AWAY, 0},
    {"libvirt cannot tell about one", 2, BAD_STAYS,
     {OF_ANY(.domain = "c", .then = FAKE_LIBVIRT_FAILS, .code = VIR_ERR_INTERNAL_ERROR,
             .code_domain = VIR_FROM_QEMU, .message = "no")}, NULL,
     DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_LIBVIRT_AWAY, 0},
    {"another job of one is under way", 2, BAD_STAYS, {{.then = FAKE_LIBVIRT_END}}, without_job,
     DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_JOB, 0},
};
/* clang-format on */

/* The others are complete in the same call; in later ones too, which nobody waits for longer. */
static void
costs_that_domain_alone(const void *data)
{
    const Row *row = data;
    const ExchangeCaseCall first = {.stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON,
                                    .timeout_ms = SHORT_MS};
    const ExchangeCaseCall later = {.stats = first.stats, .timeout_ms = LONG_MS};
    g_auto(Scene) self = {.what = row->what};

    init_scene(&self, row->bad, row->params ? row->params : whole, row->faults);
    run_first(&self, &first);
    assert_others_well(&self);
    through_case_assert_became(&self.through, row->bad, row->verdict, row->code, NULL);
    assert_true(fake_libvirt_most_asked(self.through.fake) > 1);
    for (int i = 0; i < N_LATER; i++) {
        exchange_case_run(&self.through.exchange, &later);
        assert_others_well(&self);
        through_case_assert_became(&self.through, row->bad, row->verdict, row->code, NULL);
        assert_true(self.through.exchange.elapsed_us < (int64_t)LONG_MS * 500);
    }
    assert_true(fake_libvirt_most(self.through.fake) <= row->n_silent + 2);
    fake_libvirt_let_go(self.through.fake);
}

/* When libvirt has answered, and the domain is well, so is the next call. */
static void
comes_back(void **state)
{
    static const FakeLibvirtFault hangs[] = {
        OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES),
        {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall first = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = SHORT_MS};
    const ExchangeCaseCall later = {.stats = first.stats, .timeout_ms = LONG_MS};
    g_auto(Scene) self = {0};
    QemuDomain *bad = NULL;

    (void)state;
    init_scene(&self, 2, without_job, hangs);
    run_first(&self, &first);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_SLOW,
                               DOMSTATS_REASON_LIBVIRT_SILENT, "does not answer");
    bad = g_ptr_array_index(self.through.exchange.domains, 2);
    assert_non_null(bad->owed);
    self.through.domains[2].params = whole;
    fake_libvirt_set_domains(self.through.fake, self.through.domains);
    fake_libvirt_let_go(self.through.fake);
    exchange_case_run(&self.through.exchange, &later);
    assert_others_well(&self);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    assert_null(bad->owed);
}

static void *
answer_in_time(void *data)
{
    Scene *self = data;

    accompany(self);
    poll(NULL, 0, GOES_ON_MS);
    self->through.domains[self->index].params = whole;
    fake_libvirt_set_domains(self->through.fake, self->through.domains);
    return NULL;
}

/* One that only takes its time is waited for until the deadline. */
static void
is_waited_for(void **state)
{
    static const FakeLibvirtFault hangs[] = {
        OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES),
        {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = LONG_MS};
    g_auto(Scene) self = {0};
    GThread *thread = NULL;

    (void)state;
    init_scene(&self, 2, without_job, hangs);
    fake_libvirt_set_accepts(self.through.fake, false);
    thread = g_thread_new("answer", answer_in_time, &self);
    exchange_case_run(&self.through.exchange, &call);
    g_thread_join(thread);
    assert_others_well(&self);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    fake_libvirt_let_go(self.through.fake);
}

/* The call about all hangs for ever, but not because of this domain: another one had its job. */
static void
was_not_to_blame(void **state)
{
    static const FakeLibvirtFault hangs[] = {
        OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES),
        {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = SHORT_MS};
    g_auto(Scene) self = {0};

    (void)state;
    init_scene(&self, 2, without_job, hangs);
    run_first(&self, &call);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_SLOW,
                               DOMSTATS_REASON_LIBVIRT_SILENT, NULL);
    self.through.domains[2].params = whole;
    fake_libvirt_set_domains(self.through.fake, self.through.domains);
    exchange_case_run(&self.through.exchange, &call);
    assert_others_well(&self);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    fake_libvirt_let_go(self.through.fake);
}

/* It is asked by itself until it has answered well. */
static void
is_asked_by_itself_then(void **state)
{
    static const FakeLibvirtFault many_with_c[] = {
        OF_MANY(.domain = "c", .then = FAKE_LIBVIRT_IGNORES), {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = SHORT_MS};
    g_auto(Scene) self = {0};
    QemuDomain *bad = NULL;

    (void)state;
    init_scene(&self, 2, without_job, many_with_c);
    run_first(&self, &call);
    assert_others_well(&self);
    bad = g_ptr_array_index(self.through.exchange.domains, 2);
    assert_non_null(bad->owed);
    fake_libvirt_let_go(self.through.fake);
    while (!libvirt_pool_request_has_ended(bad->owed))
        g_thread_yield();
    exchange_case_run(&self.through.exchange, &call);
    assert_others_well(&self);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_JOB,
                               NULL);
}

static const FakeLibvirtFault silence[] = {
    {.procedure = FAKE_LIBVIRT_ANY, .then = FAKE_LIBVIRT_IGNORES}, {.then = FAKE_LIBVIRT_END}};

static void *
fall_silent(void *data)
{
    const Scene *self = data;

    accompany(data);
    while (fake_libvirt_n_calls(self->through.fake, FAKE_LIBVIRT_STATS) == 0)
        poll(NULL, 0, 1);
    fake_libvirt_set_faults(self->through.fake, silence);
    return NULL;
}

/* The daemon answers nothing any more from the call about all on. That is said of each domain, in
 * later calls too, which find it silent before it can be asked for any by itself. */
static void
falls_silent(void **state)
{
    static const FakeLibvirtFault hangs[] = {OF_ANY(.then = FAKE_LIBVIRT_IGNORES),
                                             {.then = FAKE_LIBVIRT_END}};
    ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = SHORT_MS};
    g_auto(Scene) self = {0};
    GThread *thread = NULL;

    (void)state;
    init_scene(&self, 2, whole, hangs);
    fake_libvirt_set_accepts(self.through.fake, false);
    thread = g_thread_new("silence", fall_silent, &self);
    for (int i = 0; i < N_LATER; i++) {
        exchange_case_run(&self.through.exchange, &call);
        for (unsigned int place = 0; place < N; place++)
            through_case_assert_became(&self.through, place, DOMSTATS_HEALTH_SLOW,
                                       DOMSTATS_REASON_LIBVIRT_SILENT, "does not answer");
        call.timeout_ms = LONG_MS;
    }
    g_thread_join(thread);
    fake_libvirt_let_go(self.through.fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),       cmocka_unit_test(is_waited_for),
        cmocka_unit_test(was_not_to_blame), cmocka_unit_test(is_asked_by_itself_then),
        cmocka_unit_test(falls_silent),
    };
    int n_failed = 0;

    libvirt_case_init();
    n_failed = TESTING_RUN_TABLE("qemu_through_shared", rows, costs_that_domain_alone);
    return n_failed + cmocka_run_group_tests_name("qemu_through_shared_calls", tests, NULL, NULL);
}
