/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_health and qemu_holder: why a domain did not answer. Processes are a recorded
 * tree's, so each state can be had; who holds a socket is asked of this host's kernel.
 */
#include "qemu/exchange/qemu_health.h"
#include "qemu/exchange/qemu_holder.h"
#include "qemu/exchange/qemu_pulse.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_qmp.h"
#include "testing.h"
#include "util/util_error.h"
#include "util/util_fd.h"

/* A peer that accepts and says nothing. */
static const FakeQmpLine mute_lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpScript mute = {.lines = mute_lines, .is_bare = true};

enum { MAX_THREADS = 4, PID = 4242, START_TICKS = 1234567 };

typedef struct {
    int tid;
    char state;
    const char *name;
    const char *wait_channel; /* NULL: the kernel does not tell */
} Thread;

typedef struct {
    char *folder;
    HostRoot *root;
    QemuHostView *host;
    QemuRequest request;
    QemuJob *job;
    FakeQmp *fake;
} Fixture;

static void
clear_fixture(Fixture *self)
{
    qemu_job_free(self->job);
    qemu_host_view_free(self->host);
    host_root_free(self->root);
    fake_qmp_free(self->fake);
    testing_remove_folder(self->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, clear_fixture)

static void
write_stat(const char *folder, const char *name, const Thread *thread)
{
    g_autofree char *text = g_strdup_printf(
        "%d (%s) %c 1 1 1 0 -1 4194304 100 0 0 0 11 22 0 0 20 0 4 0 %d 1000 200 "
        "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        thread->tid, thread->name, thread->state, START_TICKS);

    testing_write_file(folder, name, text);
}

/* The first thread is the process. None: there is no process. */
static void
write_process(const char *folder, const Thread *threads)
{
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    for (size_t i = 0; i < MAX_THREADS && threads[i].tid != 0; i++) {
        g_autofree char *task = g_strdup_printf("proc/%d/task/%d", PID, threads[i].tid);
        g_autofree char *task_stat = g_strconcat(task, "/stat", NULL);
        g_autofree char *wchan = g_strconcat(task, "/wchan", NULL);

        if (i == 0) {
            g_autofree char *stat = g_strdup_printf("proc/%d/stat", PID);

            write_stat(folder, stat, &threads[i]);
        }
        write_stat(folder, task_stat, &threads[i]);
        if (threads[i].wait_channel != NULL)
            testing_write_file(folder, wchan, threads[i].wait_channel);
    }
}

static void
init_fixture(Fixture *self, const Thread *threads, pid_t pid, uint64_t start_ticks)
{
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");
    g_autoptr(QemuDomain) domain = NULL;

    endpoint->pid = pid;
    endpoint->start_ticks = start_ticks;
    domain = qemu_domain_new(endpoint);
    self->folder = testing_make_folder();
    if (threads != NULL) {
        write_process(self->folder, threads);
        self->root = host_root_new_recorded(self->folder, NULL);
    } else {
        self->root = host_root_new_live();
    }
    assert_non_null(self->root);
    self->host = qemu_host_view_new(self->root, NULL, NULL);
    self->request = (QemuRequest){.timeout_ms = 50, .deadline = util_deadline_in_ms(60000)};
    self->job = qemu_job_new(domain, &self->request);
}

static void
assert_verdict(const QemuJob *job, DomstatsHealth verdict, const char *reason)
{
    /* What sentences say, as the code says it. */
    static const struct {
        const char *part;
        DomstatsReason code;
    } codes[] = {
        {"has ended", DOMSTATS_REASON_ENDED},
        {"by a signal or a debugger", DOMSTATS_REASON_SIGNAL},
        {"is held by", DOMSTATS_REASON_HELD},
        {"takes no command", DOMSTATS_REASON_MAIN_LOOP},
        {"out of band only", DOMSTATS_REASON_MAIN_LOOP},
        {"QEMU answers nothing", DOMSTATS_REASON_SILENT},
        {"does not greet", DOMSTATS_REASON_NO_GREETING},
        {"replies", DOMSTATS_REASON_LATE},
        {"its backlog is full", DOMSTATS_REASON_BACKLOG},
        {"no time to ask", DOMSTATS_REASON_NO_TIME},
        {"none left to look why", DOMSTATS_REASON_NO_TIME},
        {"for want of something here", DOMSTATS_REASON_SHORTAGE},
    };

    for (size_t i = 0; job->reason != NULL && i < G_N_ELEMENTS(codes); i++)
        if (strstr(job->reason, codes[i].part) != NULL)
            assert_string_equal(domstats_reason_to_string(job->reason_code),
                                domstats_reason_to_string(codes[i].code));
    assert_string_equal(domstats_health_to_string(job->verdict),
                        domstats_health_to_string(verdict));
    assert_non_null(job->reason);
    if (strstr(job->reason, reason) == NULL)
        testing_assert_same_text(job->reason, reason);
}

/* How far the connection came. */
typedef enum { NOT_GREETED, HELD_UP, GREETED, PROBED } Progress;

typedef struct {
    const char *sentence;
    Thread threads[MAX_THREADS];
    bool has_pid;
    uint64_t start_ticks;
    Progress progress;
    unsigned int n_answered;
    DomstatsHealth verdict;
    const char *reason;
    bool is_early; /* it has had less time than is fair */
} SilenceRow;

enum { FAIR_MS = 50 }; /* of a call of 50 too */

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
        [NOT_GREETED] = {.lines = mute_lines, .is_bare = true},
        [HELD_UP] = {.lines = mute_lines, .has_oob = true},
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
    g_auto(Fixture) fixture = {0};

    init_fixture(&fixture, row->threads, row->has_pid ? PID : 0, row->start_ticks);
    fixture.job->domain->monitor = make_monitor(&fixture.fake, row->progress);
    fixture.job->answers[QEMU_COMMAND_QUERY_NAME].status = QEMU_ANSWER_WAITING;
    fixture.job->answers[QEMU_COMMAND_QUERY_STATUS].status =
        row->n_answered > 0 ? QEMU_ANSWER_REFUSED : QEMU_ANSWER_WAITING;
    qemu_health_search_threads(fixture.host, fixture.job->domain, fixture.request.deadline);
    qemu_health_judge_silence(fixture.host, fixture.job,
                              (row->is_early ? FAIR_MS - 1 : FAIR_MS) * 1000);
    assert_verdict(fixture.job, row->verdict, row->reason);
    assert_int_equal(qemu_pulse_is_stopped(fixture.root, fixture.job->domain),
                     row->has_pid && row->threads[0].tid != 0 &&
                         g_ascii_tolower(row->threads[0].state) == 't');
}

typedef struct {
    const char *sentence;
    Thread threads[MAX_THREADS];
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
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = g_error_new_literal(UTIL_ERROR, (int)row->error, "the error's text");

    init_fixture(&fixture, row->threads, row->has_pid ? PID : 0, START_TICKS);
    qemu_health_judge_close(fixture.host, fixture.job, error);
    assert_verdict(fixture.job, row->verdict, row->reason);
}

typedef struct {
    const char *sentence;
    Thread threads[MAX_THREADS];
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
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error =
        g_error_new_literal(UTIL_ERROR, UTIL_ERROR_CONNECT, "the error's text");

    init_fixture(&fixture, row->threads, row->has_pid ? PID : 0, START_TICKS);
    qemu_health_judge_dial(fixture.host, fixture.job, row->outcome, error);
    assert_verdict(fixture.job, row->verdict, row->reason);
}

/* Who is connected to the socket when it is judged. */
typedef enum { NOBODY, SOMEBODY_QUEUED, SOMEBODY_ACCEPTED, WE_ACCEPTED } Client;

typedef struct {
    const char *sentence;
    Client client;
    bool is_held;
} HolderRow;

static const HolderRow holder_rows[] = {
    {"a socket that nobody is connected to is free", NOBODY, false},
    {"one who only waits in the backlog does not hold it", SOMEBODY_QUEUED, false},
    {"one who was accepted holds it", SOMEBODY_ACCEPTED, true},
    {"our own connection does not", WE_ACCEPTED, false},
};

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
    return fd;
}

static void
skip_where_the_kernel_does_not_tell(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);

    if (table == NULL)
        skip();
}

static void
finds_holder(const void *data)
{
    const HolderRow *row = data;
    g_auto(Fixture) fixture = {0};
    g_auto(UtilFd) client_fd = -1;
    g_autofree char *path = NULL;
    g_autofree char *reason = NULL;
    QemuDomain *domain = NULL;
    QemuHolderSight sight = {0};

    skip_where_the_kernel_does_not_tell();
    init_fixture(&fixture, NULL, 0, 0);
    domain = fixture.job->domain;
    path = g_build_filename(fixture.folder, "monitor", NULL);
    qemu_endpoint_add_place(domain->endpoint, path, path);
    fixture.fake = fake_qmp_new_listening(&mute, path);
    if (row->client != NOBODY)
        client_fd = connect_to(path);
    if (row->client >= SOMEBODY_ACCEPTED)
        fake_qmp_settle(fixture.fake);
    if (row->client == WE_ACCEPTED)
        domain->monitor = qemu_monitor_new(qemu_channel_new_fd(util_fd_steal(&client_fd)));
    qemu_holder_look(fixture.host, fixture.job, g_ptr_array_index(domain->endpoint->places, 0), 0,
                     &sight);
    assert_int_equal(sight.kind, row->is_held ? QEMU_HOLDER_OTHER : QEMU_HOLDER_NOBODY);
    assert_int_equal(sight.n_queued, row->client == SOMEBODY_QUEUED);
    if (row->is_held)
        qemu_holder_judge(fixture.host, fixture.job, g_ptr_array_index(domain->endpoint->places, 0),
                          &sight);
    reason = g_strdup_printf("is held by process %d (", (int)getpid());
    if (row->is_held)
        assert_verdict(fixture.job, DOMSTATS_HEALTH_BUSY, reason);
    else
        assert_null(fixture.job->reason);
}

/* Somebody came in between the look at the table and our dial. */
static void
finds_overtaker(const void *data)
{
    const HolderRow *row = data;
    g_auto(Fixture) fixture = {0};
    g_auto(UtilFd) client_fd = -1;
    g_autofree char *path = NULL;
    g_autoptr(HostSockets) before = NULL;
    QemuDomain *domain = NULL;

    skip_where_the_kernel_does_not_tell();
    init_fixture(&fixture, NULL, 0, 0);
    domain = fixture.job->domain;
    path = g_build_filename(fixture.folder, "monitor", NULL);
    qemu_endpoint_add_place(domain->endpoint, path, path);
    fixture.fake = fake_qmp_new_listening(&mute, path);
    /* The table as it was before: what counts is the one that is read late. */
    before = qemu_host_view_ref_sockets(fixture.host, 0);
    assert_non_null(before);
    if (row->client == SOMEBODY_ACCEPTED) {
        client_fd = connect_to(path);
        fake_qmp_settle(fixture.fake);
    }
    domain->monitor = qemu_monitor_new(qemu_channel_new_fd(connect_to(path)));
    domain->dialled_us = util_deadline_now_us();
    if (row->client == WE_ACCEPTED)
        fake_qmp_settle(fixture.fake);
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    if (row->is_held)
        assert_verdict(fixture.job, DOMSTATS_HEALTH_BUSY, "is held by");
    else
        assert_verdict(fixture.job, DOMSTATS_HEALTH_WEDGED, "does not greet");
}

/* Past the deadline no file of the process is looked at. */
static void
looks_at_nothing_past_the_deadline(void **state)
{
    static const Thread threads[MAX_THREADS] = {{PID, 'T', "qemu", NULL}};
    g_auto(Fixture) fixture = {0};

    (void)state;
    init_fixture(&fixture, threads, PID, START_TICKS);
    fixture.request.deadline = (UtilDeadline){util_deadline_now_us() - 20 * 1000};
    fixture.job->domain->monitor = make_monitor(&fixture.fake, GREETED);
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    assert_verdict(fixture.job, DOMSTATS_HEALTH_SLOW, "none left to look why");
    assert_int_equal(fixture.job->domain->silence.state, 0);
}

/* All threads are read once, in the first call; then the one that was found and the main one. */
static void
searches_threads_once(void **state)
{
    static const Thread threads[MAX_THREADS] = {
        {PID, 'S', "qemu", NULL}, {4243, 'S', "worker", NULL}, {4244, 'D', "disk", "io"}};
    g_auto(Fixture) fixture = {0};
    QemuDomainSilence *silence = NULL;

    (void)state;
    init_fixture(&fixture, threads, PID, START_TICKS);
    fixture.job->domain->monitor = make_monitor(&fixture.fake, GREETED);
    silence = &fixture.job->domain->silence;
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    assert_verdict(fixture.job, DOMSTATS_HEALTH_WEDGED, "thread 4242 (qemu) is in state S");
    assert_false(silence->is_searched);
    qemu_health_search_threads(fixture.host, fixture.job->domain, fixture.request.deadline);
    assert_int_equal(silence->thread, 4244);
    silence->thread = 0; /* as if it had not been found: it is not searched again */
    qemu_health_search_threads(fixture.host, fixture.job->domain, fixture.request.deadline);
    assert_int_equal(silence->thread, 0);
    silence->thread = 4243; /* which is in no such state by now */
    qemu_health_judge_silence(fixture.host, fixture.job, FAIR_MS * 1000);
    assert_verdict(fixture.job, DOMSTATS_HEALTH_WEDGED, "thread 4242 (qemu) is in state S");
    silence->is_searched = false;
    qemu_health_search_threads(fixture.host, fixture.job->domain, util_deadline_in_ms(0));
    assert_int_equal(silence->thread, 0);
}

/* hidepid: what /proc does not show may live. This process does, in a tree that lacks it. */
static void
takes_no_hidden_process_for_ended(void **state)
{
    g_auto(Fixture) fixture = {0};
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(0);
    init_fixture(&fixture, NULL, child, 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(qemu_pulse_has_ended(fixture.root, fixture.job->domain));
    fixture.job->domain->pid = getpid();
    assert_false(qemu_pulse_has_ended(fixture.root, fixture.job->domain));
}

/* One look does not make a process "stopped for good", nor do two that are milliseconds apart. */
static void
bars_only_what_lasts(void **state)
{
    g_auto(Fixture) fixture = {0};
    QemuDomainSilence *silence = NULL;

    (void)state;
    init_fixture(&fixture, NULL, 0, 0);
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
    g_auto(Fixture) fixture = {0};

    (void)state;
    init_fixture(&fixture, NULL, 0, 0);
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
           TESTING_RUN_TABLE("health: who holds it", holder_rows, finds_holder) +
           TESTING_RUN_TABLE("health: who overtook us", holder_rows, finds_overtaker) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
