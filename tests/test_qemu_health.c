/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_health: why a domain did not answer. Processes are a recorded tree's, so each state can
 * be had.
 */
#include "qemu/exchange/qemu_health.h"

#include <sys/wait.h>
#include <unistd.h>

#include "health_case.h"
#include "qemu/exchange/qemu_pulse.h"
#include "testing.h"
#include "util/util_error.h"

enum {
    PID = HEALTH_CASE_PID,
    START_TICKS = HEALTH_CASE_START_TICKS,
    FAIR_MS = HEALTH_CASE_FAIR_MS,
};

/* How far the connection came. */
typedef enum { NOT_GREETED, HELD_UP, GREETED, PROBED } Progress;

typedef struct {
    const char *sentence;
    HealthCaseThread threads[HEALTH_CASE_MAX_THREADS];
    bool has_pid;
    uint64_t start_ticks;
    Progress progress;
    unsigned int n_answered;
    DomstatsHealth verdict;
    const char *reason;
    bool is_early; /* it has had less time than is fair */
} SilenceRow;

/* clang-format off */
static const SilenceRow silence_rows[] = {
    {"its process is not known, and it greeted", {{0}}, false, 0, GREETED, 0,
     DOMSTATS_HEALTH_WEDGED, "QEMU answers nothing; its process is not known"},
    {"its process is not known, and it did not greet", {{0}}, false, 0, NOT_GREETED, 0,
     DOMSTATS_HEALTH_WEDGED, "QEMU does not greet"},
    {"its process has ended", {{0}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_GONE, "process 4242 has ended"},
    {"its process is a zombie", {{PID, 'Z', "qemu", NULL}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_GONE, "process 4242 has ended"},
    {"its pid is another's by now", {{PID, 'S', "bash", NULL}}, true, START_TICKS + 1, GREETED, 0,
     DOMSTATS_HEALTH_GONE, "process 4242 has ended"},
    {"it is stopped by a signal", {{PID, 'T', "qemu", NULL}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_STOPPED, "process 4242 (qemu) is stopped (state T)"},
    {"it is stopped by a debugger", {{PID, 't', "qemu", NULL}}, true, START_TICKS, NOT_GREETED, 0,
     DOMSTATS_HEALTH_STOPPED, "(state t)"},
    {"when it began is not known: the pid must do", {{PID, 'T', "qemu", NULL}}, true, 0, GREETED, 0,
     DOMSTATS_HEALTH_STOPPED, "is stopped"},
    {"stopped counts more than some answers", {{PID, 'T', "qemu", NULL}}, true, 0, GREETED, 1,
     DOMSTATS_HEALTH_STOPPED, "is stopped"},
    {"it sleeps where no signal wakes it", {{PID, 'D', "qemu", "nfs_wait_bit\n"}}, true,
     START_TICKS, GREETED, 0, DOMSTATS_HEALTH_STOPPED,
     "process 4242 answers nothing: thread 4242 (qemu) is in state D, in nfs_wait_bit"},
    {"one of its threads does", {{PID, 'S', "qemu", NULL}, {4243, 'S', "worker", NULL},
     {4244, 'D', "CPU 0/KVM", "io_schedule"}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_STOPPED, "thread 4244 (CPU 0/KVM) is in state D, in io_schedule"},
    {"where the kernel does not tell what it sleeps in", {{PID, 'D', "qemu", "0"}}, true,
     START_TICKS, GREETED, 0, DOMSTATS_HEALTH_STOPPED, "is in state D"},
    {"its main loop is blocked", {{PID, 'S', "qemu", "futex_wait"}}, true, START_TICKS, PROBED, 0,
     DOMSTATS_HEALTH_WEDGED, "answers out of band only; thread 4242 (qemu) is in state S"},
    {"its main loop is blocked in a disk", {{PID, 'D', "qemu", "io_schedule"}}, true, START_TICKS,
     PROBED, 0, DOMSTATS_HEALTH_WEDGED, "out of band only"},
    {"it greets by another thread, and takes no command", {{PID, 'S', "qemu", NULL}}, true,
     START_TICKS, HELD_UP, 0, DOMSTATS_HEALTH_WEDGED, "it greets and takes no command"},
    {"it answered in part, then only out of band", {{PID, 'S', "qemu", NULL}}, true, START_TICKS,
     PROBED, 1, DOMSTATS_HEALTH_WEDGED, "out of band only"},
    {"it runs and answers nothing", {{PID, 'R', "qemu", NULL}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_WEDGED, "QEMU answers nothing; thread 4242 (qemu) is in state R"},
    {"it runs and does not greet", {{PID, 'S', "qemu", NULL}}, true, START_TICKS, NOT_GREETED, 0,
     DOMSTATS_HEALTH_WEDGED, "does not greet; thread 4242 (qemu)"},
    {"it answered in part", {{PID, 'S', "qemu", NULL}}, true, START_TICKS, GREETED, 1,
     DOMSTATS_HEALTH_SLOW, "1 of 2 replies came within 50 ms"},
    {"it had no time to greet", {{PID, 'S', "qemu", NULL}}, true, START_TICKS, NOT_GREETED, 0,
     DOMSTATS_HEALTH_SLOW, "no time to ask it: it had 49 ms", true},
    {"it had no time to answer", {{PID, 'S', "qemu", NULL}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_SLOW, "no time to ask it", true},
    {"it had no time, and reads from a disk at this moment", {{PID, 'D', "qemu", NULL}}, true,
     START_TICKS, GREETED, 0, DOMSTATS_HEALTH_SLOW, "no time to ask it", true},
    {"it had no time, and one look shows it under a debugger", {{PID, 't', "qemu", NULL}}, true,
     START_TICKS, GREETED, 0, DOMSTATS_HEALTH_SLOW, "no time to ask it", true},
    {"it had no time, and has ended", {{0}}, true, START_TICKS, GREETED, 0,
     DOMSTATS_HEALTH_GONE, "process 4242 has ended", true},
};
/* clang-format on */

/* A monitor that came so far. */
static QemuMonitor *
make_monitor(FakeQmp **ret_fake, Progress progress)
{
    static const FakeQmpScript scripts[] = {
        [NOT_GREETED] = {.lines = health_case_mute_lines, .is_bare = true},
        [HELD_UP] = {.lines = health_case_mute_lines, .has_oob = true},
        [GREETED] = {.has_oob = true},
        [PROBED] = {.has_oob = true},
    };
    g_autofree QemuMonitorBuffer *buffer = g_new(QemuMonitorBuffer, 1);
    FakeQmp *fake = NULL;
    QemuMonitor *monitor = NULL;
    int fd = -1;

    fake = fake_qmp_new_pair(&scripts[progress], &fd);
    monitor = qemu_monitor_new(qemu_channel_new_fd(fd));
    for (unsigned int i = 0; i < 2; i++) { /* the greeting, the negotiation */
        fake_qmp_settle(fake);
        qemu_monitor_step(monitor, buffer, NULL);
    }
    if (progress == PROBED)
        assert_true(qemu_monitor_probe(monitor));
    qemu_monitor_step(monitor, buffer, NULL);
    fake_qmp_settle(fake);
    qemu_monitor_step(monitor, buffer, NULL);
    assert_int_equal(qemu_monitor_has_greeted(monitor), progress != NOT_GREETED);
    assert_int_equal(qemu_monitor_probe_is_answered(monitor), progress == PROBED);
    *ret_fake = fake;
    return monitor;
}

static void
judges_silence(const void *data)
{
    const SilenceRow *row = data;
    g_auto(HealthCase) fixture = {0};

    health_case_init(&fixture, row->threads, row->has_pid ? PID : 0, row->start_ticks);
    fixture.job->domain->monitor = make_monitor(&fixture.fake, row->progress);
    fixture.job->answers[QEMU_COMMAND_QUERY_NAME].status = QEMU_ANSWER_WAITING;
    fixture.job->answers[QEMU_COMMAND_QUERY_STATUS].status =
        row->n_answered > 0 ? QEMU_ANSWER_REFUSED : QEMU_ANSWER_WAITING;
    qemu_health_search_threads(fixture.host, fixture.job->domain, fixture.request.deadline);
    qemu_health_judge_silence(fixture.host, fixture.job,
                              (row->is_early ? FAIR_MS - 1 : FAIR_MS) * 1000);
    health_case_assert_verdict(fixture.job, row->verdict, row->reason);
    assert_int_equal(qemu_pulse_is_stopped(fixture.root, fixture.job->domain),
                     row->has_pid && row->threads[0].tid != 0 &&
                         g_ascii_tolower(row->threads[0].state) == 't');
}

typedef struct {
    const char *sentence;
    HealthCaseThread threads[HEALTH_CASE_MAX_THREADS];
    bool has_pid;
    UtilError error;
    DomstatsHealth verdict;
    const char *reason;
} CloseRow;

static const CloseRow close_rows[] = {
    {"a broken rule counts, whatever became of the process",
     {{0}},
     true,
     UTIL_ERROR_BROKEN,
     DOMSTATS_HEALTH_BROKEN,
     "the error's text"},
    {"end of file of a process that has ended",
     {{0}},
     true,
     UTIL_ERROR_CONNECT,
     DOMSTATS_HEALTH_GONE,
     "process 4242 has ended"},
    {"end of file of a process that goes on",
     {{PID, 'S', "qemu", NULL}},
     true,
     UTIL_ERROR_CONNECT,
     DOMSTATS_HEALTH_BROKEN,
     "the error's text, and its process lives"},
    {"end of file of a process that is not known",
     {{0}},
     false,
     UTIL_ERROR_CONNECT,
     DOMSTATS_HEALTH_BROKEN,
     "the error's text"},
    {"what this host lacks is not held against it",
     {{PID, 'S', "qemu", NULL}},
     true,
     UTIL_ERROR_SYSTEM,
     DOMSTATS_HEALTH_SLOW,
     "the error's text"},
};

static void
judges_close(const void *data)
{
    const CloseRow *row = data;
    g_auto(HealthCase) fixture = {0};
    g_autoptr(GError) error = g_error_new_literal(UTIL_ERROR, (int)row->error, "the error's text");

    health_case_init(&fixture, row->threads, row->has_pid ? PID : 0, START_TICKS);
    qemu_health_judge_close(fixture.host, fixture.job, error);
    health_case_assert_verdict(fixture.job, row->verdict, row->reason);
}

typedef struct {
    const char *sentence;
    HealthCaseThread threads[HEALTH_CASE_MAX_THREADS];
    bool has_pid;
    QemuChannelDial outcome;
    DomstatsHealth verdict;
    const char *reason;
} DialRow;

/* clang-format off */
static const DialRow dial_rows[] = {
    {"no permission", {{PID, 'S', "qemu", NULL}}, true, QEMU_CHANNEL_DIAL_DENIED, DOMSTATS_HEALTH_DENIED,
     "the error's text"},
    {"nobody listens, and the process is not known", {{0}}, false, QEMU_CHANNEL_DIAL_NOBODY,
     DOMSTATS_HEALTH_GONE, "the error's text"},
    {"nobody listens, though the process is there", {{PID, 'S', "qemu", NULL}}, true,
     QEMU_CHANNEL_DIAL_NOBODY, DOMSTATS_HEALTH_NO_MONITOR, "the error's text"},
    {"nobody listens, for the process has ended", {{0}}, true, QEMU_CHANNEL_DIAL_NOBODY,
     DOMSTATS_HEALTH_GONE, "process 4242 has ended"},
    {"a full backlog, and the process is not known", {{0}}, false, QEMU_CHANNEL_DIAL_FULL,
     DOMSTATS_HEALTH_WEDGED, "its backlog is full"},
    {"a full backlog", {{PID, 'S', "qemu", NULL}}, true, QEMU_CHANNEL_DIAL_FULL,
     DOMSTATS_HEALTH_WEDGED, "its backlog is full"},
    {"no permission at a place whose former process has ended", {{0}}, true, QEMU_CHANNEL_DIAL_DENIED,
     DOMSTATS_HEALTH_DENIED, "the error's text"},
    {"a full backlog where the former process has ended", {{0}}, true, QEMU_CHANNEL_DIAL_FULL,
     DOMSTATS_HEALTH_WEDGED, "its backlog is full"},
    {"no descriptor is left", {{PID, 'S', "qemu", NULL}}, true, QEMU_CHANNEL_DIAL_SHORTAGE,
     DOMSTATS_HEALTH_SLOW, "it was not asked, for want of something here: the error's text"},
    {"anything else", {{0}}, false, QEMU_CHANNEL_DIAL_FAILED, DOMSTATS_HEALTH_NO_MONITOR,
     "the error's text"},
};
/* clang-format on */

static void
judges_dial(const void *data)
{
    const DialRow *row = data;
    g_auto(HealthCase) fixture = {0};
    g_autoptr(GError) error =
        g_error_new_literal(UTIL_ERROR, UTIL_ERROR_CONNECT, "the error's text");

    health_case_init(&fixture, row->threads, row->has_pid ? PID : 0, START_TICKS);
    qemu_health_judge_dial(fixture.host, fixture.job, row->outcome, error);
    health_case_assert_verdict(fixture.job, row->verdict, row->reason);
}

/* Past the deadline no file of the process is looked at. */
static void
looks_at_nothing_past_the_deadline(void **state)
{
    static const HealthCaseThread threads[HEALTH_CASE_MAX_THREADS] = {{PID, 'T', "qemu", NULL}};
    g_auto(HealthCase) fixture = {0};

    (void)state;
    health_case_init(&fixture, threads, PID, START_TICKS);
    fixture.request.deadline = (UtilDeadline){util_deadline_now_us() - 20 * 1000};
    fixture.job->domain->monitor = make_monitor(&fixture.fake, GREETED);
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    health_case_assert_verdict(fixture.job, DOMSTATS_HEALTH_SLOW, "none left to look why");
    assert_int_equal(fixture.job->domain->silence.state, 0);
}

/* All threads are read once, in the first call; then the one that was found and the main one. */
static void
searches_threads_once(void **state)
{
    static const HealthCaseThread threads[HEALTH_CASE_MAX_THREADS] = {
        {PID, 'S', "qemu", NULL}, {4243, 'S', "worker", NULL}, {4244, 'D', "disk", "io"}};
    g_auto(HealthCase) fixture = {0};
    QemuDomainSilence *silence = NULL;

    (void)state;
    health_case_init(&fixture, threads, PID, START_TICKS);
    fixture.job->domain->monitor = make_monitor(&fixture.fake, GREETED);
    silence = &fixture.job->domain->silence;
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    health_case_assert_verdict(fixture.job, DOMSTATS_HEALTH_WEDGED,
                               "thread 4242 (qemu) is in state S");
    assert_false(silence->is_searched);
    qemu_health_search_threads(fixture.host, fixture.job->domain, fixture.request.deadline);
    assert_int_equal(silence->thread, 4244);
    silence->thread = 0; /* as if it had not been found: it is not searched again */
    qemu_health_search_threads(fixture.host, fixture.job->domain, fixture.request.deadline);
    assert_int_equal(silence->thread, 0);
    silence->thread = 4243; /* which is in no such state by now */
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    health_case_assert_verdict(fixture.job, DOMSTATS_HEALTH_WEDGED,
                               "thread 4242 (qemu) is in state S");
    silence->is_searched = false;
    qemu_health_search_threads(fixture.host, fixture.job->domain, util_deadline_in_ms(0));
    assert_int_equal(silence->thread, 0);
}

/* hidepid: what /proc does not show may live. This process does, in a tree that lacks it. */
static void
takes_no_hidden_process_for_ended(void **state)
{
    g_auto(HealthCase) fixture = {0};
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(0);
    health_case_init(&fixture, NULL, child, 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(qemu_pulse_has_ended(fixture.root, fixture.job->domain));
    fixture.job->domain->pid = getpid();
    assert_false(qemu_pulse_has_ended(fixture.root, fixture.job->domain));
}

/* One look does not make a process "stopped for good", nor do two that are milliseconds apart. */
static void
bars_only_what_lasts(void **state)
{
    g_auto(HealthCase) fixture = {0};
    QemuDomainSilence *silence = NULL;

    (void)state;
    health_case_init(&fixture, NULL, 0, 0);
    silence = &fixture.job->domain->silence;
    assert_false(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_STOPPED));
    assert_false(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_STOPPED));
    silence->barred_us -= 50 * 1000;
    assert_true(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_STOPPED));
    qemu_health_unbar(fixture.job->domain);
    assert_false(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_STOPPED));
}

/* Time in which nobody looked, since the whole host stood still, says nothing of a queue. */
static void
bars_no_queue_by_two_looks(void **state)
{
    g_auto(HealthCase) fixture = {0};

    (void)state;
    health_case_init(&fixture, NULL, 0, 0);
    assert_false(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_QUEUED));
    fixture.job->domain->silence.barred_us -= 1000 * 1000;
    for (int i = 0; i < 4; i++)
        assert_false(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_QUEUED));
    assert_true(qemu_health_lasts(fixture.job, QEMU_DOMAIN_BAR_QUEUED));
}

/* A deadline that has just passed keeps nothing of what the host tells out of a record. */
static void
may_be_looked_at_shortly_after_the_deadline(void **state)
{
    QemuRequest request = {.timeout_ms = 60000, .deadline = util_deadline_in_ms(60000)};

    (void)state;
    assert_true(qemu_health_may_look(&request));
    request.deadline = util_deadline_in_ms(0);
    assert_true(qemu_health_may_look(&request));
    request.deadline.at_us -= 3000 * 1000 + 1;
    assert_false(qemu_health_may_look(&request));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_nothing_past_the_deadline),
        cmocka_unit_test(searches_threads_once),
        cmocka_unit_test(takes_no_hidden_process_for_ended),
        cmocka_unit_test(bars_only_what_lasts),
        cmocka_unit_test(bars_no_queue_by_two_looks),
        cmocka_unit_test(may_be_looked_at_shortly_after_the_deadline),
    };

    return TESTING_RUN_TABLE("health of the silent", silence_rows, judges_silence) +
           TESTING_RUN_TABLE("health of the closed", close_rows, judges_close) +
           TESTING_RUN_TABLE("health of those not reached", dial_rows, judges_dial) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
