/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_through: jobs that go through libvirt. libvirt is a fake one; the process of a domain
 * is a child that waits in a poll, as an idle QEMU does, or does something worse.
 */
#include "qemu/exchange/qemu_through.h"

#include <libvirt/virterror.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "libvirt_case.h"
#include "testing.h"
#include "through_case.h"

enum { LONG_MS = 20000, SHORT_MS = 600, N_DOMAINS = THROUGH_CASE_DOMAINS };

typedef ThroughCase Case;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, through_case_clear)

#define INT(name, value)                                                                           \
    {                                                                                              \
        name, VIR_TYPED_PARAM_INT, value, NULL                                                     \
    }
#define ULLONG(name, value)                                                                        \
    {                                                                                              \
        name, VIR_TYPED_PARAM_ULLONG, value, NULL                                                  \
    }

static const FakeLibvirtParam whole[] = {INT("state.state", VIR_DOMAIN_RUNNING),
                                         INT("state.reason", 1),
                                         ULLONG("balloon.current", 1024),
                                         ULLONG("balloon.rss", 77),
                                         {NULL, 0, 0, NULL}};
static const FakeLibvirtParam without_job[] = {INT("state.state", VIR_DOMAIN_RUNNING),
                                               INT("state.reason", 1),
                                               ULLONG("balloon.current", 1024),
                                               {NULL, 0, 0, NULL}};

static unsigned int
count_asked(const Case *self)
{
    return fake_libvirt_n_calls(self->fake, FAKE_LIBVIRT_STATS);
}

/* Waits until libvirt was asked, then does to the child what the row says. */
static void *
disturb(void *data)
{
    const Case *self = data;

    while (count_asked(self) == 0)
        poll(NULL, 0, 1);
    poll(NULL, 0, 20);
    kill(self->child, SIGSTOP);
    return NULL;
}

static void *
kill_child(void *data)
{
    const Case *self = data;

    while (count_asked(self) == 0)
        poll(NULL, 0, 1);
    kill(self->child, SIGKILL);
    return NULL;
}

#define FAULT(...)                                                                                 \
    {                                                                                              \
        {.procedure = FAKE_LIBVIRT_STATS, __VA_ARGS__},                                            \
        {                                                                                          \
            .then = FAKE_LIBVIRT_END                                                               \
        }                                                                                          \
    }

typedef struct {
    const char *name;
    ThroughCaseProcess process;
    const FakeLibvirtParam *params;
    FakeLibvirtFault faults[2];
    DomstatsHealth verdict;
    DomstatsReason code;
    const char *reason;
    unsigned int stats, flags; /* 0: STATE and BALLOON */
    unsigned int n_asked;      /* exactly; 0: not at all */
    bool is_asked_often;       /* instead */
    int other_id;              /* which the source has listed; 0: the right one */
    bool is_early;             /* it ends long before the deadline */
} Row;

static const Row rows[] = {
    {"libvirt's answer ends the job", THROUGH_CASE_WELL, whole, .n_asked = 1, .is_early = true},
    {"so it does where the process is not known", THROUGH_CASE_NONE, whole, .n_asked = 1,
     .is_early = true},
    {"a QEMU that is stopped is not asked for", THROUGH_CASE_STOPPED, whole,
     .verdict = DOMSTATS_HEALTH_STOPPED, .code = DOMSTATS_REASON_SIGNAL,
     .reason = "by a signal or a debugger", .is_early = true},
    {"nor is one whose main thread waits for no news", THROUGH_CASE_BLOCKED, whole,
     .verdict = DOMSTATS_HEALTH_WEDGED, .code = DOMSTATS_REASON_MAIN_LOOP,
     .reason = "QEMU's main loop is blocked, so libvirt is not asked for it", .is_early = true},
    {"nor is one whose main thread waits in a nested loop", THROUGH_CASE_NESTED, whole,
     .verdict = DOMSTATS_HEALTH_WEDGED, .code = DOMSTATS_REASON_MAIN_LOOP,
     .reason = "QEMU's main loop is blocked, so libvirt is not asked for it", .is_early = true},
    {"one that stops while libvirt is asked is waited for no longer", THROUGH_CASE_STOPS, whole,
     FAULT(.then = FAKE_LIBVIRT_IGNORES), DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_SIGNAL,
     "is stopped (state T)", .n_asked = 1, .is_early = true},
    {"nor is one that ends", THROUGH_CASE_ENDS, whole, FAULT(.then = FAKE_LIBVIRT_IGNORES),
     DOMSTATS_HEALTH_GONE, DOMSTATS_REASON_ENDED, "has ended", .n_asked = 1, .is_early = true},
    {"silence of libvirt beside an idle QEMU", THROUGH_CASE_WELL, whole,
     FAULT(.then = FAKE_LIBVIRT_IGNORES), DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT,
     "s ago and does not answer; thread ", .n_asked = 1},
    {"silence of libvirt alone", THROUGH_CASE_NONE, whole, FAULT(.then = FAKE_LIBVIRT_IGNORES),
     DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT, "s ago and does not answer",
     .n_asked = 1},
    {"without a job libvirt is asked again, for the fair time", THROUGH_CASE_WELL, without_job,
     .verdict = DOMSTATS_HEALTH_SLOW, .code = DOMSTATS_REASON_LIBVIRT_JOB,
     .reason = "so libvirt left out what QEMU tells of: balloon", .is_asked_often = true},
    {"with NOWAIT it is not", THROUGH_CASE_WELL, without_job, .verdict = DOMSTATS_HEALTH_SLOW,
     .code = DOMSTATS_REASON_LIBVIRT_JOB, .reason = "balloon",
     .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT, .n_asked = 1, .is_early = true},
    {"no job is needed for the state", THROUGH_CASE_WELL, without_job,
     .stats = VIR_DOMAIN_STATS_STATE, .n_asked = 1, .is_early = true},
    {"no IOThreads are told from a job by another group", THROUGH_CASE_WELL, whole,
     .stats = VIR_DOMAIN_STATS_IOTHREAD, .n_asked = 1, .is_early = true},
    {"the id of a process that lives may change: libvirtd was restarted", THROUGH_CASE_WELL, whole,
     .other_id = 99, .n_asked = 1, .is_early = true},
    {"another id of an unknown process is another run", THROUGH_CASE_NONE, whole, .other_id = 99,
     .verdict = DOMSTATS_HEALTH_GONE, .code = DOMSTATS_REASON_ENDED, .reason = "started anew",
     .n_asked = 1, .is_early = true},
    {"libvirt has the domain no longer", THROUGH_CASE_NONE, whole,
     FAULT(.then = FAKE_LIBVIRT_FAILS, .code = VIR_ERR_NO_DOMAIN, .code_domain = VIR_FROM_QEMU,
           .message = "Domain not found"),
     DOMSTATS_HEALTH_GONE, DOMSTATS_REASON_ENDED, "Domain not found", .n_asked = 1,
     .is_early = true},
    {"or says so, and the process lives", THROUGH_CASE_WELL, whole,
     FAULT(.then = FAKE_LIBVIRT_FAILS, .code = VIR_ERR_NO_DOMAIN, .code_domain = VIR_FROM_QEMU,
           .message = "Domain not found"),
     DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_LIBVIRT_AWAY, "cannot be asked: Domain not found",
     .n_asked = 1, .is_early = true},
    {"libvirt does not let us ask", THROUGH_CASE_WELL, whole,
     FAULT(.then = FAKE_LIBVIRT_FAILS, .code = VIR_ERR_ACCESS_DENIED,
           .code_domain = VIR_FROM_ACCESS, .message = "access denied"),
     DOMSTATS_HEALTH_DENIED, DOMSTATS_REASON_LIBVIRT_AWAY, "cannot be asked: access denied",
     .n_asked = 1, .is_early = true},
    {"no record at all", THROUGH_CASE_NONE, whole, FAULT(.then = FAKE_LIBVIRT_EMPTY),
     DOMSTATS_HEALTH_GONE, DOMSTATS_REASON_ENDED, "libvirt", .n_asked = 1, .is_early = true},
};

static GThread *
start_disturbing(Case *self, ThroughCaseProcess process)
{
    if (process != THROUGH_CASE_STOPS && process != THROUGH_CASE_ENDS)
        return NULL;
    return g_thread_new("disturb", process == THROUGH_CASE_STOPS ? disturb : kill_child, self);
}

static bool
run_row(const void *data, unsigned int stretch)
{
    const Row *row = data;
    const ExchangeCaseCall call = {
        .stats = row->stats ? row->stats : VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON,
        .flags = row->flags,
        .timeout_ms = row->is_early ? LONG_MS : SHORT_MS * stretch};
    g_auto(Case) self = {0};
    GThread *thread = NULL;

    through_case_init(&self, row->params, row->faults, NULL);
    through_case_start_child(&self, row->process);
    if (row->other_id != 0)
        through_case_add(&self, 0)->endpoint->id = row->other_id;
    else
        through_case_add(&self, 0);
    thread = start_disturbing(&self, row->process);
    exchange_case_run(&self.exchange, &call);
    if (thread != NULL)
        g_thread_join(thread);
    if (through_case_had_no_time(&self, stretch))
        return false;
    through_case_assert_became(&self, 0, row->verdict, row->code, row->reason);
    assert_true(!row->is_early || self.exchange.elapsed_us < (int64_t)LONG_MS * 500);
    if (row->is_asked_often)
        testing_assert_in_range(count_asked(&self), 2,
                                20); /* more than two in a fair time that it has */
    else
        assert_int_equal(count_asked(&self), row->n_asked);
    return true;
}

static void
ends_as_told(const void *data)
{
    through_case_run_stretched(run_row, data);
}

static const FakeLibvirtFault silent[] = FAULT(.then = FAKE_LIBVIRT_IGNORES);
static const FakeLibvirtFault silent_for_a[] = FAULT(.then = FAKE_LIBVIRT_IGNORES, .domain = "a");

static bool
run_until_answered(const void *data, unsigned int stretch)
{
    const ExchangeCaseCall first = {.timeout_ms = SHORT_MS * stretch};
    const ExchangeCaseCall later = {.timeout_ms = LONG_MS};
    g_auto(Case) self = {0};

    (void)data;
    through_case_init(&self, whole, silent_for_a, NULL);
    through_case_start_child(&self, THROUGH_CASE_WELL);
    through_case_add(&self, 0)->told = QEMU_DOMAIN_TOLD_BADLY; /* it is asked by itself */
    through_case_add(&self, 1);
    exchange_case_run(&self.exchange, &first);
    if (through_case_had_no_time(&self, stretch))
        return false;
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT,
                               "does not answer");
    through_case_assert_became(&self, 1, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    assert_int_equal(count_asked(&self), 2);
    for (unsigned int i = 1; i <= 3; i++) {
        exchange_case_run(&self.exchange, &later);
        through_case_assert_became(&self, 0, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT,
                                   "s ago");
        through_case_assert_became(&self, 1, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
        assert_true(self.exchange.elapsed_us < (int64_t)LONG_MS * 500);
        assert_int_equal(count_asked(&self), 2 + i);
    }
    fake_libvirt_set_faults(self.fake, NULL);
    fake_libvirt_let_go(self.fake);
    for (unsigned int i = 0;; i++) {
        QemuDomain *domain = g_ptr_array_index(self.exchange.domains, 0);

        if (libvirt_pool_request_has_ended(domain->owed))
            break;
        assert_true(i < LONG_MS);
        poll(NULL, 0, 1);
    }
    exchange_case_run(&self.exchange, &later);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    assert_int_equal(count_asked(&self), 7);
    return true;
}

/* Libvirt owes an answer: it is not asked again, nobody waits, and when it comes all is well. */
static void
asks_once_until_it_is_answered(void **state)
{
    (void)state;
    through_case_run_stretched(run_until_answered, NULL);
}

/* A QEMU that goes on after it was stopped is waited for: its answer comes soon. */
static void
waits_for_one_that_goes_on(void **state)
{
    const ExchangeCaseCall call = {.timeout_ms = LONG_MS};
    g_auto(Case) self = {0};
    GThread *thread = NULL;

    (void)state;
    through_case_init(&self, whole, silent, NULL);
    through_case_start_child(&self, THROUGH_CASE_STOPS);
    through_case_add(&self, 0);
    thread = g_thread_new("disturb", disturb, &self);
    exchange_case_run(&self.exchange, &call);
    g_thread_join(thread);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_SIGNAL, NULL);
    exchange_case_run(&self.exchange, &call);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_SIGNAL, NULL);
    kill(self.child, SIGCONT);
    while (host_process_look_at_poll(self.exchange.root, self.child, 0) != HOST_PROCESS_POLL_YES)
        poll(NULL, 0, 1);
    fake_libvirt_set_faults(self.fake, NULL);
    fake_libvirt_let_go(self.fake);
    exchange_case_run(&self.exchange, &call);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    assert_int_equal(count_asked(&self), 2);
}

static bool
run_to_the_limit(const void *data, unsigned int stretch)
{
    const ExchangeCaseCall call = {.timeout_ms = SHORT_MS * stretch, .n_threads = 3};
    g_auto(Case) self = {0};
    unsigned int n_silent = 0;

    (void)data;
    through_case_init(&self, whole, silent, &(LibvirtPoolLimits){.n_requests = 4});
    for (unsigned int i = 0; i < N_DOMAINS; i++)
        through_case_add(&self, i);
    exchange_case_run(&self.exchange, &call);
    if (through_case_had_no_time(&self, stretch))
        return false;
    for (unsigned int i = 0; i < N_DOMAINS; i++) {
        const ExchangeCaseOutcome *outcome = &self.exchange.outcomes[i];

        assert_int_equal(outcome->verdict, DOMSTATS_HEALTH_SLOW);
        if (outcome->reason_code == DOMSTATS_REASON_LIBVIRT_SILENT)
            n_silent++;
        else
            assert_int_equal(outcome->reason_code, DOMSTATS_REASON_LIBVIRT_LIMIT);
    }
    assert_int_equal(n_silent, count_asked(&self));
    testing_assert_in_range(fake_libvirt_most(self.fake), 1, 4);
    return true;
}

/* More stuck domains than libvirt may have requests. */
static void
keeps_to_the_limit(void **state)
{
    (void)state;
    through_case_run_stretched(run_to_the_limit, NULL);
}

static bool
run_beside_a_silent_one(const void *data, unsigned int stretch)
{
    const ExchangeCaseCall call = {.timeout_ms = SHORT_MS * stretch, .n_threads = 2};
    g_auto(Case) self = {0};

    (void)data;
    through_case_init(&self, whole, silent_for_a, NULL);
    for (unsigned int i = 0; i < N_DOMAINS; i++)
        through_case_add(&self, i);
    exchange_case_run(&self.exchange, &call);
    if (through_case_had_no_time(&self, stretch))
        return false;
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT,
                               NULL);
    for (unsigned int i = 1; i < N_DOMAINS; i++)
        through_case_assert_became(&self, i, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    return true;
}

/* Some silent ones do not keep the others from being answered. */
static void
others_are_answered(void **state)
{
    (void)state;
    through_case_run_stretched(run_beside_a_silent_one, NULL);
}

/* A libvirt that does not run: what is known of the domain without it, and why. */
static void
says_that_libvirt_is_away(void **state)
{
    const ExchangeCaseCall call = {.timeout_ms = LONG_MS};
    g_auto(Case) self = {0};

    (void)state;
    through_case_init(&self, whole, NULL, NULL);
    through_case_start_child(&self, THROUGH_CASE_WELL);
    through_case_add(&self, 0);
    fake_libvirt_stop(self.fake);
    exchange_case_run(&self.exchange, &call);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_LIBVIRT_AWAY,
                               "libvirt holds its only monitor; libvirt at ");
    fake_libvirt_start(self.fake);
    exchange_case_run(&self.exchange, &call);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
}

/* A socket at @path that a child of ours listens at, and accepts, and says nothing. Gives its
 * inode. */
static ino_t
start_mute_child(Case *self, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat status = {0};

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(fstat(fd, &status), 0);
    self->child = fork();
    if (self->child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            struct pollfd news[4] = {
                {.fd = fd, .events = POLLIN}, {.fd = -1}, {.fd = -1}, {.fd = -1}};

            poll(news, G_N_ELEMENTS(news), -1);
            accept(fd, NULL, NULL);
        }
    }
    close(fd);
    return status.st_ino;
}

static QemuDomain *
add_mute_domain(Case *self, const char *path, ino_t inode)
{
    QemuDomain *domain = through_case_add(self, 0);
    QemuEndpointPlace *place = qemu_endpoint_add_place(domain->endpoint, path, path);

    place->is_added = true;
    place->socket_inode = inode;
    domain->has_served = true; /* else the child looks like a QEMU that has just begun */
    return domain;
}

/* What was added to QEMU while it ran, and does not greet, is no monitor. */
static void
goes_round_an_added_socket(void **state)
{
    const ExchangeCaseCall call = {.timeout_ms = LONG_MS};
    g_auto(Case) self = {0};
    g_autofree char *path = NULL;
    QemuDomain *second = NULL;
    ino_t inode = 0;

    (void)state;
    through_case_init(&self, whole, NULL, NULL);
    path = g_strdup_printf("%s/domstats", self.exchange.folder);
    inode = start_mute_child(&self, path);
    add_mute_domain(&self, path, inode);
    exchange_case_run(&self.exchange, &call);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    second = add_mute_domain(&self, path, inode);
    g_clear_pointer(&second->endpoint->libvirt, libvirt_pool_unref);
    exchange_case_run(&self.exchange, &call);
    through_case_assert_became(&self, 0, DOMSTATS_HEALTH_OK, DOMSTATS_REASON_NONE, NULL);
    through_case_assert_became(&self, 1, DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_NO_GREETING,
                               "which was added while it ran");
    assert_int_equal(count_asked(&self), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_once_until_it_is_answered),
        cmocka_unit_test(waits_for_one_that_goes_on),
        cmocka_unit_test(keeps_to_the_limit),
        cmocka_unit_test(others_are_answered),
        cmocka_unit_test(says_that_libvirt_is_away),
        cmocka_unit_test(goes_round_an_added_socket),
    };
    int n_failed = 0;

    libvirt_case_init();
    n_failed = TESTING_RUN_TABLE("qemu_through", rows, ends_as_told);
    return n_failed + cmocka_run_group_tests_name("qemu_through_calls", tests, NULL, NULL);
}
