/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_reach: what is seen before a monitor is dialled, and that it is then not dialled, or
 * later: a manager's monitor, a queue, other visits, a QEMU that has just begun.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exchange_case.h"
#include "host/process/host_process.h"
#include "testing.h"
#include "util/util_fd.h"

enum {
    LONG_MS = 60000,
    PART_MS = 3000,
    VISIT_US = 60 * 1000,
    HASTY_LOOKS_US = 50 * 1000,
    VCPU_TICKS = 20,
};

static const FakeQmpScript good = {.lines = NULL};
static const ExchangeCaseCall long_visit = {.timeout_ms = LONG_MS, .has_monitors = true};
static const ExchangeCaseCall part_visit = {.timeout_ms = PART_MS, .has_monitors = true};

static void
skip_where_the_kernel_does_not_tell(void)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);

    if (table == NULL)
        skip();
}

/* A socket that is bound to the abstract name "domstats-@kind/INODE" of the listener at @path. */
static int
make_named(const char *kind, const char *path)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    HostListener listener = {0};
    struct stat status = {0};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n = 0;

    assert_int_equal(stat(path, &status), 0);
    assert_true(host_sockets_find_path(table, 0, path, status.st_ino, &listener));
    n = g_snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "domstats-%s/%" G_GUINT64_FORMAT,
                   kind, (guint64)listener.inode);
    assert_int_equal(bind(fd, (const void *)&name,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)),
                     0);
    return fd;
}

static void
connect_to(int fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
}

static unsigned int
count_queued(const char *path)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);
    HostListener listener = {0};

    assert_true(host_sockets_find_path(table, 0, path, 0, &listener));
    return listener.n_queued;
}

/* The scene of most stories: a peer that is well, and the domain whose monitor it is. */
typedef struct {
    ExchangeCase exchange;
    FakeQmp *fake;
    const char *path;
    QemuDomain *domain;
} Scene;

static void
init_scene(Scene *self)
{
    skip_where_the_kernel_does_not_tell();
    exchange_case_init(&self->exchange);
    self->domain = exchange_case_add(&self->exchange, &good);
    self->fake = exchange_case_fake(&self->exchange, 0);
    self->path = fake_qmp_path(self->fake);
}

static void
clear_scene(Scene *self)
{
    if (self->exchange.folder != NULL)
        exchange_case_clear(&self->exchange);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, clear_scene)

static void
assert_code(const Scene *self, DomstatsReason code)
{
    assert_string_equal(domstats_reason_to_string(self->exchange.outcomes[0].reason_code),
                        domstats_reason_to_string(code));
}

static void
leaves_a_managers_monitor(void)
{
    static const QemuManager libvirt = {"libvirt", QEMU_MANAGER_MAY_NOTHING};
    g_auto(Scene) scene = {0};
    g_auto(UtilFd) fd = -1;

    init_scene(&scene);
    ((QemuEndpointPlace *)g_ptr_array_index(scene.domain->endpoint->places, 0))->manager = &libvirt;
    exchange_case_run(&scene.exchange, &long_visit);
    exchange_case_assert_became(&scene.exchange, 0, "no-monitor");
    exchange_case_assert_reason(&scene.exchange, 0, "is that of libvirt, which alone may use it");
    assert_code(&scene, DOMSTATS_REASON_MANAGED);
    assert_int_equal(fake_qmp_n_connections(scene.fake), 0);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connect_to(fd, scene.path);
    fake_qmp_settle(scene.fake);
    exchange_case_run(&scene.exchange, &long_visit);
    exchange_case_assert_became(&scene.exchange, 0, "busy");
    assert_int_equal(fake_qmp_n_connections(scene.fake), 1);
}

/* The peer accepts nobody: no thread serves it. */
static void
waits_behind_nobody(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_autoptr(FakeQmp) fake = NULL;
    g_autofree char *path = NULL;
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    skip_where_the_kernel_does_not_tell();
    exchange_case_init(&exchange);
    path = g_build_filename(exchange.folder, "monitor", NULL);
    fake = fake_qmp_new_listening(&good, path);
    connect_to(fd, path);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &part_visit);
    exchange_case_assert_became(&exchange, 0, "slow");
    exchange_case_assert_reason(&exchange, 0, "a client waits at its monitor");
    assert_int_equal(exchange.outcomes[0].reason_code, DOMSTATS_REASON_QUEUED);
    assert_int_equal(count_queued(path), 1);
}

/* Our own visit that was not accepted stays in the kernel's queue; no second one comes to it. */
static void
waits_in_a_queue_once(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_autoptr(FakeQmp) fake = NULL;
    g_autofree char *path = NULL;

    skip_where_the_kernel_does_not_tell();
    exchange_case_init(&exchange);
    path = g_build_filename(exchange.folder, "monitor", NULL);
    fake = fake_qmp_new_listening(&good, path);
    exchange_case_add_domain(&exchange, path);
    for (unsigned int i = 0; i < 3; i++) {
        exchange_case_run(&exchange, &part_visit);
        exchange_case_assert_became(&exchange, 0, "wedged, silent");
        assert_int_equal(exchange.outcomes[0].reason_code,
                         i == 0 ? DOMSTATS_REASON_NO_GREETING : DOMSTATS_REASON_QUEUED);
        assert_int_equal(count_queued(path), 1);
    }
    fake_qmp_settle(fake); /* it serves again: what had waited is gone */
    exchange_case_run(&exchange, &part_visit);
    assert_int_equal(count_queued(path), 1);
}

static void *
close_after_a_while(void *data)
{
    g_usleep(VISIT_US); /* word allowed: a visit takes its time */
    util_fd_clear(data);
    return NULL;
}

static void
lets_another_visit_end(void)
{
    g_auto(Scene) scene = {0};
    g_auto(UtilFd) fd = -1;
    GThread *thread = NULL;

    init_scene(&scene);
    fd = make_named("visit", scene.path);
    connect_to(fd, scene.path);
    fake_qmp_settle(scene.fake);
    thread = g_thread_new("visitor", close_after_a_while, &fd);
    exchange_case_run(&scene.exchange, &long_visit);
    g_thread_join(thread);
    exchange_case_assert_became(&scene.exchange, 0, "ok running");
    assert_true(scene.exchange.elapsed_us >= VISIT_US / 2);
}

static void
tells_whose_visit_does_not_end(void)
{
    g_auto(Scene) scene = {0};
    g_auto(UtilFd) fd = -1;
    g_autofree char *reason = g_strdup_printf("is held by process %d (", (int)getpid());

    init_scene(&scene);
    fd = make_named("visit", scene.path);
    connect_to(fd, scene.path);
    fake_qmp_settle(scene.fake);
    exchange_case_run(&scene.exchange, &part_visit);
    exchange_case_assert_became(&scene.exchange, 0, "busy");
    exchange_case_assert_reason(&scene.exchange, 0, reason);
    assert_true(scene.exchange.elapsed_us >= PART_MS * 1000 / 2);
    assert_int_equal(fake_qmp_n_connections(scene.fake), 1);
}

static void
does_not_wait_for_one_that_holds(void)
{
    g_auto(Scene) scene = {0};
    g_auto(UtilFd) fd = -1;

    init_scene(&scene);
    fd = make_named("hold", scene.path);
    connect_to(fd, scene.path);
    fake_qmp_settle(scene.fake);
    exchange_case_run(&scene.exchange, &long_visit);
    exchange_case_assert_became(&scene.exchange, 0, "busy");
}

/* A socket has our name and is not connected: nobody can keep us from asking by that. */
static void
does_without_a_name_that_is_taken(void)
{
    g_auto(Scene) scene = {0};
    g_auto(UtilFd) fd = -1;

    init_scene(&scene);
    fd = make_named("visit", scene.path);
    exchange_case_run(&scene.exchange, &long_visit);
    exchange_case_assert_became(&scene.exchange, 0, "ok running");
}

/* Others must still see who it is, so that they wait for a visit that has another name. */
static void
has_a_name_where_one_is_taken(void)
{
    static const ExchangeCaseCall hold = {.timeout_ms = LONG_MS};
    g_auto(Scene) scene = {0};
    g_auto(UtilFd) fd = -1;
    struct sockaddr_un name = {0};
    struct sockaddr_un taken = {0};
    socklen_t size = sizeof(name);
    socklen_t taken_size = sizeof(taken);

    init_scene(&scene);
    fd = make_named("hold", scene.path);
    exchange_case_run(&scene.exchange, &hold);
    exchange_case_assert_became(&scene.exchange, 0, "ok running, connected");
    assert_int_equal(getsockname(fd, (void *)&taken, &taken_size), 0);
    assert_int_equal(getsockname(qemu_monitor_fd(scene.domain->monitor), (void *)&name, &size), 0);
    assert_true(size > taken_size);
    assert_memory_equal(&name, &taken, taken_size);
}

/* A young process that listens, and is in no poll whenever it is looked at. */
typedef struct {
    ExchangeCase exchange;
    char *path;
    pid_t pid;
    int go_fd; /* it serves from the first byte on */
} Young;

static gpointer
work_as_vcpu(gpointer data)
{
    volatile bool runs = true;

    while (runs)
        ;
    return data;
}

/* The child process. */
static void
serve_after_a_byte(const char *path, int ready_fd, int go_fd, bool has_vcpu)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never;
    FakeQmp *fake = fake_qmp_new_listening(&good, path);
    char byte = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    util_deadline_init_cond(&never);
    pthread_mutex_lock(&lock);
    if (has_vcpu)
        g_thread_unref(g_thread_new("vcpu", work_as_vcpu, NULL));
    close(ready_fd); /* which tells the parent that it listens */
    if (!has_vcpu && read(go_fd, &byte, 1) != 1)
        _exit(1);
    for (;;) {
        fake_qmp_settle(fake);
        if (has_vcpu)
            util_deadline_wait_cond(util_deadline_in_ms(20), &never, &lock);
        else
            poll(NULL, 0, 5);
    }
}

static void
start_young(Young *self, bool has_vcpu)
{
    QemuDomain *domain = NULL;
    HostProcessStat stat = {0};
    int ready[2] = {-1, -1};
    int go[2] = {-1, -1};
    char byte = 0;

    skip_where_the_kernel_does_not_tell();
    exchange_case_init(&self->exchange);
    self->path = g_build_filename(self->exchange.folder, "monitor", NULL);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    self->pid = fork();
    if (self->pid == 0) {
        close(ready[0]);
        close(go[1]);
        serve_after_a_byte(self->path, ready[1], go[0], has_vcpu);
    }
    close(ready[1]);
    close(go[0]);
    self->go_fd = go[1];
    assert_int_equal(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    domain = exchange_case_add_domain(&self->exchange, self->path);
    assert_true(host_process_read_stat(self->exchange.root, self->pid, 0, &stat));
    domain->pid = domain->endpoint->pid = self->pid;
    domain->start_ticks = domain->endpoint->start_ticks = stat.start_ticks;
}

static void
end_young(Young *self)
{
    close(self->go_fd);
    kill(self->pid, SIGKILL);
    waitpid(self->pid, NULL, 0);
    exchange_case_clear(&self->exchange);
    g_free(self->path);
}

static void
gives_a_young_process_time(void)
{
    static const ExchangeCaseCall hasty = {.timeout_ms = LONG_MS,
                                           .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
                                           .has_monitors = true};
    Young young = {0};

    start_young(&young, false);
    exchange_case_run(&young.exchange, &hasty);
    exchange_case_assert_became(&young.exchange, 0, "slow");
    assert_true(young.exchange.elapsed_us >= HASTY_LOOKS_US); /* one look shows nothing */
    exchange_case_run(&young.exchange, &part_visit);
    exchange_case_assert_became(&young.exchange, 0, "slow");
    exchange_case_assert_reason(&young.exchange, 0, "and serves no client yet");
    assert_int_equal(young.exchange.outcomes[0].reason_code, DOMSTATS_REASON_STARTING);
    assert_int_equal(count_queued(young.path), 0);
    assert_int_equal(write(young.go_fd, "", 1), 1);
    do /* a busy machine gives the process no time at first */
        exchange_case_run(&young.exchange, &long_visit);
    while (young.exchange.outcomes[0].reason_code == DOMSTATS_REASON_STARTING);
    exchange_case_assert_became(&young.exchange, 0, "ok running");
    end_young(&young);
}

/* That a vCPU has worked is seen after a tenth of a second. */
static void
knows_a_busy_process_from_one_that_starts(void)
{
    Young young = {0};
    HostProcessStat stat = {0};

    start_young(&young, true);
    while (stat.user_ticks < VCPU_TICKS) {
        poll(NULL, 0, 5);
        assert_true(host_process_read_stat(young.exchange.root, young.pid, 0, &stat));
    }
    exchange_case_run(&young.exchange, &long_visit);
    exchange_case_assert_became(&young.exchange, 0, "ok running");
    end_young(&young);
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} StoryRow;

static const StoryRow story_rows[] = {
    {"a manager's own monitor is never dialled", leaves_a_managers_monitor},
    {"nobody is waited behind", waits_behind_nobody},
    {"a visit that was not accepted is not repeated", waits_in_a_queue_once},
    {"another visit is over soon", lets_another_visit_end},
    {"a visit that does not end is told by its process", tells_whose_visit_does_not_end},
    {"one that holds is not waited for", does_not_wait_for_one_that_holds},
    {"a name that a stranger has taken", does_without_a_name_that_is_taken},
    {"who it is shows though its name is taken", has_a_name_where_one_is_taken},
    {"a young process is given time", gives_a_young_process_time},
    {"a vCPU that has worked shows that QEMU has started",
     knows_a_busy_process_from_one_that_starts},
};

static void
tells_story(const void *data)
{
    const StoryRow *row = data;

    row->check();
}

int
main(void)
{
    return TESTING_RUN_TABLE("reach", story_rows, tells_story);
}
