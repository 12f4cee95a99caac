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
    N_LATER = 3,
    LAST_STRETCH = 16, /* at which requests need not go together */
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
    unsigned int stretch; /* of all times */
    gint has_ended;       /* the first call; atomic */
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

/* Until libvirt is asked, or the call has ended before. */
static void
wait_for_first(const Scene *self)
{
    while (fake_libvirt_n_calls(self->through.fake, FAKE_LIBVIRT_STATS) == 0 &&
           !g_atomic_int_get(&self->has_ended))
        poll(NULL, 0, 1);
}

/* Lets libvirt accept clients once requests wait, so that they go together; then does to the bad
 * domain's process what is to be done. */
static void *
accompany(void *data)
{
    const Scene *self = data;
    FakeLibvirt *fake = self->through.fake;

    poll(NULL, 0, (int)(OPENS_MS * self->stretch));
    fake_libvirt_set_accepts(fake, true);
    if (self->what != BAD_STAYS)
        wait_for_first(self);
    if (self->what == BAD_STOPS)
        kill(self->bad, SIGSTOP);
    if (self->what == BAD_ENDS)
        kill(self->bad, SIGKILL);
    return NULL;
}

/* The first call, over a new connection, with @work beside it. False if the machine was too busy:
 * not all requests waited when libvirt began to accept clients, or a job had no time. */
static bool
run_first_beside(Scene *self, const ExchangeCaseCall *call, GThreadFunc work)
{
    GThread *thread = NULL;

    fake_libvirt_set_accepts(self->through.fake, false);
    thread = g_thread_new("accompany", work, self);
    exchange_case_run(&self->through.exchange, call);
    g_atomic_int_set(&self->has_ended, 1);
    g_thread_join(thread);
    if (through_case_had_no_time(&self->through, self->stretch))
        return false;
    return self->stretch >= LAST_STRETCH || fake_libvirt_most_asked(self->through.fake) == N;
}

static bool
run_first(Scene *self, const ExchangeCaseCall *call)
{
    return run_first_beside(self, call, accompany);
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
static bool
run_row(const void *data, unsigned int stretch)
{
    const Row *row = data;
    const ExchangeCaseCall first = {.stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON,
                                    .timeout_ms = SHORT_MS * stretch};
    const ExchangeCaseCall later = {.stats = first.stats, .timeout_ms = LONG_MS};
    g_auto(Scene) self = {.what = row->what, .stretch = stretch};

    init_scene(&self, row->bad, row->params ? row->params : whole, row->faults);
    if (!run_first(&self, &first))
        return false;
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
    return true;
}

static void
costs_that_domain_alone(const void *data)
{
    through_case_run_stretched(run_row, data);
}

/* When libvirt has answered, and the domain is well, so is the next call. */
static bool
comes_back(const void *data, unsigned int stretch)
{
    static const FakeLibvirtFault hangs[] = {
        OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES),
        {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall first = {.stats = VIR_DOMAIN_STATS_BALLOON,
                                    .timeout_ms = SHORT_MS * stretch};
    const ExchangeCaseCall later = {.stats = first.stats, .timeout_ms = LONG_MS};
    g_auto(Scene) self = {.stretch = stretch};
    QemuDomain *bad = NULL;

    (void)data;
    init_scene(&self, 2, without_job, hangs);
    if (!run_first(&self, &first))
        return false;
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
    return true;
}

static void *
answer_in_time(void *data)
{
    Scene *self = data;

    accompany(self);
    wait_for_first(self);
    poll(NULL, 0, GOES_ON_MS);
    self->through.domains[self->index].params = whole;
    fake_libvirt_set_domains(self->through.fake, self->through.domains);
    return NULL;
}

/* One that only takes its time is waited for until the deadline. */
static bool
is_waited_for(const void *data, unsigned int stretch)
{
    static const FakeLibvirtFault hangs[] = {
        OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES),
        {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = LONG_MS};
    g_auto(Scene) self = {.stretch = stretch};

    (void)data;
    init_scene(&self, 2, without_job, hangs);
    if (!run_first_beside(&self, &call, answer_in_time))
        return false;
    assert_others_well(&self);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    fake_libvirt_let_go(self.through.fake);
    return true;
}

/* The call about all hangs for ever, but not because of this domain: another one had its job. */
static bool
was_not_to_blame(const void *data, unsigned int stretch)
{
    static const FakeLibvirtFault hangs[] = {
        OF_MANY(.domain = "c", .n_times = 1, .then = FAKE_LIBVIRT_IGNORES),
        {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON,
                                   .timeout_ms = SHORT_MS * stretch};
    g_auto(Scene) self = {.stretch = stretch};

    (void)data;
    init_scene(&self, 2, without_job, hangs);
    if (!run_first(&self, &call))
        return false;
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_SLOW,
                               DOMSTATS_REASON_LIBVIRT_SILENT, NULL);
    self.through.domains[2].params = whole;
    fake_libvirt_set_domains(self.through.fake, self.through.domains);
    exchange_case_run(&self.through.exchange, &call);
    assert_others_well(&self);
    through_case_assert_became(&self.through, 2, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    fake_libvirt_let_go(self.through.fake);
    return true;
}

/* It is asked by itself until it has answered well. */
static bool
is_asked_by_itself_then(const void *data, unsigned int stretch)
{
    static const FakeLibvirtFault many_with_c[] = {
        OF_MANY(.domain = "c", .then = FAKE_LIBVIRT_IGNORES), {.then = FAKE_LIBVIRT_END}};
    const ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON,
                                   .timeout_ms = SHORT_MS * stretch};
    g_auto(Scene) self = {.stretch = stretch};
    QemuDomain *bad = NULL;

    (void)data;
    init_scene(&self, 2, without_job, many_with_c);
    if (!run_first(&self, &call))
        return false;
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
    return true;
}

static const FakeLibvirtFault silence[] = {
    {.procedure = FAKE_LIBVIRT_ANY, .then = FAKE_LIBVIRT_IGNORES}, {.then = FAKE_LIBVIRT_END}};

static void *
fall_silent(void *data)
{
    const Scene *self = data;

    accompany(data);
    wait_for_first(self);
    fake_libvirt_set_faults(self->through.fake, silence);
    return NULL;
}

/* The daemon answers nothing any more from the call about all on. That is said of each domain, in
 * later calls too, which find it silent before it can be asked for any by itself. */
static bool
falls_silent(const void *data, unsigned int stretch)
{
    static const FakeLibvirtFault hangs[] = {OF_ANY(.then = FAKE_LIBVIRT_IGNORES),
                                             {.then = FAKE_LIBVIRT_END}};
    ExchangeCaseCall call = {.stats = VIR_DOMAIN_STATS_BALLOON, .timeout_ms = SHORT_MS * stretch};
    g_auto(Scene) self = {.stretch = stretch};

    (void)data;
    init_scene(&self, 2, whole, hangs);
    if (!run_first_beside(&self, &call, fall_silent))
        return false;
    call.timeout_ms = LONG_MS;
    for (int i = 0; i < N_LATER; i++) {
        for (unsigned int place = 0; place < N; place++)
            through_case_assert_became(&self.through, place, DOMSTATS_HEALTH_SLOW,
                                       DOMSTATS_REASON_LIBVIRT_SILENT, "does not answer");
        exchange_case_run(&self.through.exchange, &call);
    }
    fake_libvirt_let_go(self.through.fake);
    return true;
}

typedef struct {
    const char *sentence;
    ThroughCaseRun run;
} StoryRow;

static const StoryRow story_rows[] = {
    {"libvirt answers, and the next call is well", comes_back},
    {"one that takes its time is waited for", is_waited_for},
    {"the call hangs, because of another domain", was_not_to_blame},
    {"it is asked by itself until it has answered well", is_asked_by_itself_then},
    {"libvirt falls silent", falls_silent},
};

static void
runs_stretched(const void *data)
{
    through_case_run_stretched(((const StoryRow *)data)->run, NULL);
}

int
main(void)
{
    int n_failed = 0;

    libvirt_case_init();
    n_failed = TESTING_RUN_TABLE("qemu_through_shared", rows, costs_that_domain_alone);
    return n_failed + TESTING_RUN_TABLE("qemu_through_shared_calls", story_rows, runs_stretched);
}
