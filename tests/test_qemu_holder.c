/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_holder: who holds a monitor and who waits for it, asked of this host's kernel. The
 * monitor is a socket of this process, its clients are here, in a child that runs another program,
 * and in another network namespace.
 */
#include "qemu/exchange/qemu_holder.h"

#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns_child.h"
#include "qemu/qmp/qemu_channel.h"
#include "testing.h"
#include "util/util_fd.h"

typedef struct {
    char *folder;
    HostRoot *root;
    QemuHostView *host;
    QemuRequest request;
    QemuJob *job;
    UtilFd listener;
    char *path; /* the connect_path of its place */
    pid_t child;
} Fixture;

static void
clear_fixture(Fixture *self)
{
    qemu_job_free(self->job);
    qemu_host_view_free(self->host);
    host_root_free(self->root);
    util_fd_clear(&self->listener);
    if (self->child > 0) {
        kill(self->child, SIGKILL);
        waitpid(self->child, NULL, 0);
    }
    g_free(self->path);
    testing_remove_folder(self->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, clear_fixture)

static void
listen_unix(Fixture *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    self->path = g_build_filename(self->folder, "monitor", NULL);
    g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path));
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->listener, (const void *)&address, sizeof(address)), 0);
    assert_int_equal(listen(self->listener, 8), 0);
}

static void
listen_tcp(Fixture *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->listener, (const void *)&address, sizeof(address)), 0);
    assert_int_equal(listen(self->listener, 8), 0);
    assert_int_equal(getsockname(self->listener, (void *)&address, &size), 0);
    self->path = g_strdup_printf("tcp:127.0.0.1:%u", ntohs(address.sin_port));
}

static QemuEndpointPlace *
get_place(const Fixture *self)
{
    return g_ptr_array_index(self->job->domain->endpoint->places, 0);
}

static void
init_fixture(Fixture *self, bool is_tcp)
{
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");
    g_autoptr(QemuDomain) domain = qemu_domain_new(endpoint);

    self->listener = -1;
    self->folder = testing_make_folder();
    self->root = host_root_new_live();
    self->host = qemu_host_view_new(self->root, NULL, NULL);
    self->request = (QemuRequest){.timeout_ms = 5000, .deadline = util_deadline_in_ms(60000)};
    self->job = qemu_job_new(domain, &self->request);
    if (is_tcp)
        listen_tcp(self);
    else
        listen_unix(self);
    qemu_endpoint_add_place(domain->endpoint, self->path, self->path);
}

static ino_t
inode_of(int fd)
{
    struct stat status = {0};

    assert_int_equal(fstat(fd, &status), 0);
    return status.st_ino;
}

/* A client as the table sees it. */
typedef enum {
    NOBODY,
    STRANGER,  /* a program that is not ours */
    VISITOR,   /* a domstats for one call */
    KEEPER,    /* a domstats that holds the monitor */
    OURSELVES, /* the job's own connection */
    GONE,      /* it has closed its end */
} Who;

static QemuChannel *
dial(const Fixture *self, const char *name)
{
    QemuChannel *channel = NULL;

    assert_int_equal(
        qemu_channel_dial(&(QemuChannelAddress){.connect_path = self->path, .client_name = name},
                          &channel, NULL),
        QEMU_CHANNEL_DIAL_CONNECTED);
    return channel;
}

/* Gives the connection to another program, and closes it here. */
static void
hand_over(Fixture *self, QemuChannel *channel)
{
    int fd = qemu_channel_fd(channel);
    int ready[2] = {-1, -1};
    char byte = 0;

    assert_int_equal(pipe(ready), 0);
    self->child = fork();
    if (self->child == 0) {
        dup2(fd, 0); /* without FD_CLOEXEC */
        dup2(ready[1], 1);
        execlp("sh", "sh", "-c", "echo; exec sleep 60", NULL);
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    qemu_channel_free(channel);
}

/* Connects, and is accepted if @is_accepted. Gives what must stay open. */
static QemuChannel *
connect_as(Fixture *self, Who who, const char *suffix)
{
    g_autofree char *visit = g_strconcat("domstats-visit/test", suffix, NULL);
    g_autofree char *hold = g_strconcat("domstats-hold/test", suffix, NULL);
    QemuChannel *channel = NULL;

    if (who == NOBODY)
        return NULL;
    channel = dial(self, who == VISITOR ? visit : who == KEEPER ? hold : NULL);
    if (who == GONE)
        g_clear_pointer(&channel, qemu_channel_free);
    if (who == STRANGER && g_str_has_prefix(self->path, "tcp:"))
        hand_over(self, g_steal_pointer(&channel));
    if (who == OURSELVES)
        self->job->domain->monitor = qemu_monitor_new(g_steal_pointer(&channel));
    return channel;
}

typedef struct {
    const char *sentence;
    bool is_tcp;
    Who accepted;
    Who waits;
    QemuHolderKind kind;
    unsigned int n_queued;
    bool queue_is_visits;
} Row;

static const Row rows[] = {
    {"nobody is connected", false, NOBODY, NOBODY, QEMU_HOLDER_NOBODY, 0, true},
    {"a client that waits does not hold it", false, NOBODY, STRANGER, QEMU_HOLDER_NOBODY, 1, false},
    {"a client that was accepted holds it", false, STRANGER, NOBODY, QEMU_HOLDER_OTHER, 0, true},
    {"one holds it, one waits", false, STRANGER, STRANGER, QEMU_HOLDER_OTHER, 1, false},
    {"a visit", false, VISITOR, NOBODY, QEMU_HOLDER_VISIT, 0, true},
    {"a visit, and another waits", false, VISITOR, VISITOR, QEMU_HOLDER_VISIT, 1, true},
    {"a domstats that holds it", false, KEEPER, NOBODY, QEMU_HOLDER_OTHER, 0, true},
    {"our own connection does not count", false, OURSELVES, NOBODY, QEMU_HOLDER_NOBODY, 0, true},
    {"nor when it waits", false, NOBODY, OURSELVES, QEMU_HOLDER_NOBODY, 0, true},
    {"a stranger is in, we wait", false, STRANGER, OURSELVES, QEMU_HOLDER_OTHER, 0, true},
    {"who has closed its end does not hold it", false, GONE, NOBODY, QEMU_HOLDER_NOBODY, 0, true},
    {"who waited and left is in the queue", false, NOBODY, GONE, QEMU_HOLDER_NOBODY, 1, false},
    {"TCP: nobody is connected", true, NOBODY, NOBODY, QEMU_HOLDER_NOBODY, 0, true},
    {"TCP: another program holds it", true, STRANGER, NOBODY, QEMU_HOLDER_OTHER, 0, true},
    {"TCP: this program holds it", true, VISITOR, NOBODY, QEMU_HOLDER_VISIT, 0, true},
    {"TCP: our own connection does not count", true, OURSELVES, NOBODY, QEMU_HOLDER_NOBODY, 0,
     true},
    {"TCP: nor when it waits", true, NOBODY, OURSELVES, QEMU_HOLDER_NOBODY, 0, true},
    {"TCP: another program waits", true, NOBODY, STRANGER, QEMU_HOLDER_NOBODY, 1, false},
    {"TCP: who has closed its end does not hold it", true, GONE, NOBODY, QEMU_HOLDER_NOBODY, 0,
     true},
};

static void
assert_sight(const QemuHolderSight *sight, const Row *row, ino_t listener)
{
    assert_true(sight->is_complete);
    assert_true(sight->is_known);
    assert_int_equal(sight->inode, listener);
    assert_int_equal(sight->kind, row->kind);
    assert_int_equal(sight->n_queued, row->n_queued);
    assert_int_equal(sight->queue_is_visits, row->queue_is_visits);
}

static void
looks(const void *data)
{
    const Row *row = data;
    g_auto(Fixture) fixture = {0};
    g_autoptr(QemuChannel) first = NULL;
    g_autoptr(QemuChannel) second = NULL;
    g_auto(UtilFd) accepted = -1;
    g_autofree char *name = NULL;
    QemuHolderSight sight = {0};

    init_fixture(&fixture, row->is_tcp);
    first = connect_as(&fixture, row->accepted, "1");
    if (row->accepted != NOBODY)
        accepted = accept(fixture.listener, NULL, NULL);
    second = connect_as(&fixture, row->waits, "2");
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    assert_sight(&sight, row, inode_of(fixture.listener));
    /* The listener that the source has found. */
    get_place(&fixture)->socket_inode = inode_of(fixture.listener);
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), util_deadline_now_us(),
                     &sight);
    assert_sight(&sight, row, inode_of(fixture.listener));
    if (sight.kind == QEMU_HOLDER_NOBODY)
        return;
    qemu_holder_judge(fixture.host, fixture.job, get_place(&fixture), &sight);
    assert_int_equal(fixture.job->verdict, DOMSTATS_HEALTH_BUSY);
    assert_int_equal(fixture.job->domain->holder_pid, fixture.child ? fixture.child : getpid());
    name = g_strdup_printf("'%s' is held by process %d (", fixture.path,
                           fixture.child ? (int)fixture.child : (int)getpid());
    assert_non_null(strstr(fixture.job->reason, name));
}

static void
dial_from_child(const char *argument, char text[NETNS_CHILD_TEXT_BYTES])
{
    QemuChannel *channel = NULL;

    qemu_channel_dial(&(QemuChannelAddress){.connect_path = argument}, &channel, NULL);
    g_snprintf(text, NETNS_CHILD_TEXT_BYTES, "%s", channel ? "connected" : "");
}

static void
sees_a_client_of_another_namespace(void **state)
{
    g_auto(Fixture) fixture = {0};
    g_auto(NetnsChild) child = {0};
    g_auto(UtilFd) accepted = -1;
    QemuHolderSight sight = {0};

    (void)state;
    init_fixture(&fixture, false);
    child = netns_child_start(dial_from_child, fixture.path);
    assert_string_equal(child.text, "connected");
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    assert_int_equal(sight.n_queued, 1); /* the queue is the listener's: it shows all namespaces */
    accepted = accept(fixture.listener, NULL, NULL);
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), util_deadline_now_us(),
                     &sight);
    assert_int_equal(sight.kind, QEMU_HOLDER_NOBODY);
    qemu_holder_look_everywhere(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    assert_int_equal(sight.kind, QEMU_HOLDER_OTHER);
    qemu_holder_judge(fixture.host, fixture.job, get_place(&fixture), &sight);
    assert_int_equal(fixture.job->domain->holder_pid, child.pid);
}

/* One walk over all processes serves all looks that need no newer one. */
static void
shares_the_tables_of_all_namespaces(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuHostView) host = qemu_host_view_new(root, NULL, NULL);
    int64_t before_us = util_deadline_now_us();
    UtilDeadline deadline = util_deadline_in_ms(10000);
    g_autoptr(HostSockets) first = NULL;
    g_autoptr(HostSockets) second = NULL;
    g_autoptr(HostSockets) newer = NULL;
    bool is_whole = true;

    (void)state;
    assert_true(qemu_host_view_may_walk(host, before_us));
    first = qemu_host_view_ref_all_sockets(host, before_us, deadline, &is_whole);
    assert_non_null(first);
    assert_true(qemu_host_view_may_walk(host, before_us));
    second = qemu_host_view_ref_all_sockets(host, before_us, deadline, &is_whole);
    assert_ptr_equal(second, first);
    newer = qemu_host_view_ref_all_sockets(host, util_deadline_now_us(), deadline, &is_whole);
    assert_ptr_not_equal(newer, first);
}

static void
listen_and_dial(const char *argument, char text[NETNS_CHILD_TEXT_BYTES])
{
    Fixture fixture = {0};
    QemuChannel *channel = NULL;

    (void)argument;
    listen_tcp(&fixture);
    qemu_channel_dial(&(QemuChannelAddress){.connect_path = fixture.path}, &channel, NULL);
    accept(fixture.listener, NULL, NULL);
    g_strlcpy(text, fixture.path, NETNS_CHILD_TEXT_BYTES);
}

/* A monitor in another namespace, by its address: the place names a process that is in it. */
static void
sees_a_monitor_of_another_namespace(void **state)
{
    g_auto(Fixture) fixture = {0};
    g_auto(NetnsChild) child = netns_child_start(listen_and_dial, NULL);
    QemuHolderSight sight = {0};

    (void)state;
    init_fixture(&fixture, true);
    g_free(get_place(&fixture)->connect_path);
    get_place(&fixture)->connect_path = g_strdup(child.text);
    get_place(&fixture)->netns_pid = child.pid;
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    assert_true(sight.is_known && sight.is_complete);
    assert_int_equal(sight.kind, QEMU_HOLDER_VISIT); /* the child runs this program */
    get_place(&fixture)->netns_pid = 0;
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    assert_false(sight.is_known);
}

/* Another process has bound the path since. */
static void
takes_no_listener_of_another_process(void **state)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(QemuChannel) client = NULL;
    g_auto(UtilFd) accepted = -1;
    QemuHolderSight sight = {0};

    (void)state;
    init_fixture(&fixture, false);
    client = connect_as(&fixture, STRANGER, "");
    accepted = accept(fixture.listener, NULL, NULL);
    fixture.child = fork();
    if (fixture.child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int fd = 3; fd < 1024; fd++)
            close(fd);
        pause();
        _exit(0);
    }
    fixture.job->domain->endpoint->pid = getpid();
    qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    assert_int_equal(sight.kind, QEMU_HOLDER_OTHER);
    /* The child closes the descriptors that it inherited. */
    fixture.job->domain->endpoint->pid = fixture.child;
    do
        qemu_holder_look(fixture.host, fixture.job, get_place(&fixture), 0, &sight);
    while (sight.is_known && waitpid(fixture.child, NULL, WNOHANG) == 0);
    assert_int_equal(sight.kind, QEMU_HOLDER_NOBODY);
    assert_true(sight.is_complete);
}

typedef struct {
    const char *sentence;
    HostListenerClient client;
    const char *expected;
} SentenceRow;

static const SentenceRow sentence_rows[] = {
    {"a client of another host",
     {.knows_peer = true, .remote = {AF_INET, {10, 0, 0, 5}, 4321, 0}},
     "held by a client at 10.0.0.5:4321"},
    {"a client whose namespace may not be entered",
     {.knows_peer = false},
     "held by a process that cannot be seen from here: we have no permission to enter its network "
     "namespace"},
    {"the same over TCP",
     {.knows_peer = false, .remote = {AF_INET, {10, 0, 0, 5}, 4321, 0}},
     "held by a process that cannot be seen from here, at 10.0.0.5:4321: we have no permission"},
    {"a socket that no process has",
     {.knows_peer = true, .peer_inode = 1},
     "held by a process that cannot be seen from here: "},
};

static void
says(const void *data)
{
    const SentenceRow *row = data;
    g_auto(Fixture) fixture = {0};
    QemuHolderSight sight = {.kind = QEMU_HOLDER_OTHER, .client = row->client};

    init_fixture(&fixture, false);
    qemu_holder_judge(fixture.host, fixture.job, get_place(&fixture), &sight);
    assert_non_null(strstr(fixture.job->reason, row->expected));
    assert_int_equal(fixture.job->domain->holder_pid, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_a_client_of_another_namespace),
        cmocka_unit_test(shares_the_tables_of_all_namespaces),
        cmocka_unit_test(sees_a_monitor_of_another_namespace),
        cmocka_unit_test(takes_no_listener_of_another_process),
    };
    int n_failed = TESTING_RUN_TABLE("qemu_holder: look", rows, looks);

    n_failed += TESTING_RUN_TABLE("qemu_holder: sentence", sentence_rows, says);
    return n_failed + cmocka_run_group_tests_name("qemu_holder", tests, NULL, NULL);
}
