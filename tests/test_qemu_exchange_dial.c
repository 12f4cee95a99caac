/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_exchange: how it reaches a monitor, and what it says when it does not: places that
 * lead nowhere, monitors that others hold, processes that are stopped.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exchange_case.h"
#include "fake_qmp.h"
#include "qemu/exchange/qemu_exchange.h"
#include "testing.h"
#include "util/util_fd.h"

static const FakeQmpScript good = {.lines = NULL};

static const ExchangeCaseCall long_call = {.timeout_ms = 60000};

static void
speaks_over_tcp(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add_domain(&exchange,
                             fake_qmp_path(exchange_case_add_fake(&exchange, &good, true)));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
    fake_qmp_drop(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
    /* Which process answers on TCP is not known, so the list of commands is asked again too. */
    assert_string_equal(fake_qmp_heard(exchange_case_fake(&exchange, 0)),
                        "query-name query-uuid query-commands query-status "
                        "query-name query-uuid query-commands query-status");
}

static void
visits_without_asking_who_it_is(void)
{
    const ExchangeCaseCall visit = {.timeout_ms = 60000, .has_monitors = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    for (unsigned int i = 0; i < 3; i++) {
        exchange_case_run(&exchange, &visit);
        exchange_case_assert_became(&exchange, 0, "ok running");
    }
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 3);
    assert_string_equal(fake_qmp_heard(exchange_case_fake(&exchange, 0)),
                        "query-name query-uuid query-commands query-status query-status "
                        "query-status");
}

/* A monitor that was made for us is held unless the user wants none to be; a manager's never. */
static void
holds_what_its_manager_allows(void)
{
    static const struct {
        QemuManager manager;
        DomstatsMonitors monitors;
        const char *expected;
    } cases[] = {
        {{NULL, QEMU_MANAGER_MAY_VISIT}, DOMSTATS_MONITORS_DEFAULT, "ok running"},
        {{NULL, QEMU_MANAGER_MAY_VISIT}, DOMSTATS_MONITORS_HOLD, "ok running"},
        {{NULL, QEMU_MANAGER_MAY_HOLD_IF_TOLD}, DOMSTATS_MONITORS_DEFAULT, "ok running"},
        {{NULL, QEMU_MANAGER_MAY_HOLD_IF_TOLD}, DOMSTATS_MONITORS_HOLD, "ok running, connected"},
        {{NULL, QEMU_MANAGER_MAY_HOLD}, DOMSTATS_MONITORS_DEFAULT, "ok running, connected"},
        {{NULL, QEMU_MANAGER_MAY_HOLD}, DOMSTATS_MONITORS_HOLD, "ok running, connected"},
        {{NULL, QEMU_MANAGER_MAY_HOLD}, DOMSTATS_MONITORS_RELEASE, "ok running"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(ExchangeCase) exchange = {0};
        QemuEndpointPlace *place = NULL;

        exchange_case_init(&exchange);
        place = g_ptr_array_index(exchange_case_add(&exchange, &good)->endpoint->places, 0);
        place->manager = &cases[i].manager;
        exchange_case_run(&exchange, &(ExchangeCaseCall){.timeout_ms = 60000,
                                                         .monitors = cases[i].monitors,
                                                         .has_monitors = true});
        exchange_case_assert_became(&exchange, 0, cases[i].expected);
    }
}

static void
reaches_a_path_longer_than_an_address(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_autofree char *folder = NULL;
    g_autofree char *path = NULL;

    exchange_case_init(&exchange);
    folder = g_strdup_printf("%s/%0100d/%0100d", exchange.folder, 1, 2);
    path = g_build_filename(folder, "monitor", NULL);
    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    exchange_case_add_fake(&exchange, &good, false);
    assert_int_equal(g_rename(fake_qmp_path(exchange_case_fake(&exchange, 0)), path), 0);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
}

static void
says_when_no_process_listens(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    exchange_case_add_domain(&exchange, "/no/such/folder/monitor");
    exchange_case_add_domain(&exchange, "tcp:example.org:4444");
    exchange_case_add_domain(&exchange, NULL);
    fake_qmp_retire(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "gone");
    exchange_case_assert_became(&exchange, 1, "gone");
    exchange_case_assert_reason(&exchange, 1, "'/no/such/folder/monitor'");
    exchange_case_assert_became(&exchange, 2, "no-monitor");
    exchange_case_assert_became(&exchange, 3, "no-monitor");
}

static void
goes_on_to_the_next_place(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;
    const char *path = NULL;

    exchange_case_init(&exchange);
    path = fake_qmp_path(exchange_case_add_fake(&exchange, &good, false));
    domain = exchange_case_add_domain(&exchange, "/no/such/monitor");
    qemu_endpoint_add_place(domain->endpoint, path, path);
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
}

/* Connects clients until the backlog takes no more. The caller frees, and closes them. */
static GArray *
fill_backlog(const char *path)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = -1;

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    do {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        g_array_append_val(fds, fd);
    } while (connect(fd, (const void *)&address, sizeof(address)) == 0 && fds->len < 100);
    assert_true(fds->len < 100);
    return fds;
}

static void
says_when_the_backlog_is_full(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_autoptr(FakeQmp) fake = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GArray) fds = NULL;

    exchange_case_init(&exchange);
    path = g_build_filename(exchange.folder, "monitor", NULL);
    fake = fake_qmp_new_listening(&good, path); /* no thread serves it */
    fds = fill_backlog(path);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &long_call);
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    exchange_case_assert_became(&exchange, 0, "slow");
    exchange_case_assert_reason(&exchange, 0, "a client waits at its monitor");
    assert_int_equal(exchange.outcomes[0].reason_code, DOMSTATS_REASON_QUEUED);
}

static void
leaves_a_monitor_that_another_holds(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_auto(UtilFd) fd = -1;
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (table == NULL)
        skip(); /* without unix_diag nothing says who holds a monitor */
    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    g_strlcpy(address.sun_path, fake_qmp_path(exchange_case_fake(&exchange, 0)),
              sizeof(address.sun_path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
    fake_qmp_settle(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "busy");
    util_fd_clear(&fd); /* the peer notices when it runs again, in the next call */
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
}

static void
takes_no_other_process_for_it(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &good);
    domain->pid = domain->endpoint->pid = getppid();
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "no-monitor");
    exchange_case_assert_reason(&exchange, 0, "now belongs to process");
    assert_string_equal(fake_qmp_heard(exchange_case_fake(&exchange, 0)), "");
}

static void
believes_the_source(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *inactive = NULL;
    QemuDomain *troubled = NULL;

    exchange_case_init(&exchange);
    inactive = exchange_case_add(&exchange, &good);
    troubled = exchange_case_add(&exchange, &good);
    inactive->endpoint->is_active = false;
    troubled->endpoint->trouble = DOMSTATS_HEALTH_DENIED;
    troubled->endpoint->trouble_reason = g_strdup("not yours");
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok");
    assert_true(exchange.outcomes[0].is_complete);
    exchange_case_assert_became(&exchange, 1, "denied");
    exchange_case_assert_reason(&exchange, 1, "not yours");
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 0);
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 1)), 0);
}

/* The child process: a monitor that greets and is then stopped. Never returns. */
static void
stop_after_greeting(const char *path, int ready_fd)
{
    static const FakeQmpLine lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
    static const FakeQmpScript script = {.lines = lines};
    FakeQmp *fake = fake_qmp_new_listening(&script, path);

    close(ready_fd); /* which tells the parent that it listens */
    while (fake_qmp_n_connections(fake) == 0)
        fake_qmp_step(fake);
    fake_qmp_settle(fake);
    raise(SIGSTOP);
    _exit(0);
}

static void
does_not_wait_for_the_stopped(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_autofree char *path = NULL;
    int ready[2] = {-1, -1};
    char byte = 0;
    pid_t pid = 0;

    exchange_case_init(&exchange);
    path = g_build_filename(exchange.folder, "monitor", NULL);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        close(ready[0]);
        stop_after_greeting(path, ready[1]);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &long_call); /* its deadline is a minute away */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    exchange_case_assert_became(&exchange, 0, "stopped, silent, connected");
    exchange_case_assert_reason(&exchange, 0, "is stopped (state T)");
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "gone");
}

/* A blocked QEMU with out-of-band commands greets each visit, from a thread of its own. That its
 * main thread, here that of this test, has run since the last call proves nothing. */
static void
does_not_wait_for_what_only_greets(void)
{
    static const FakeQmpLine lines[] = {
        {NULL,
         "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":1,\"major\":11}},"
         "\"capabilities\":[\"oob\"]}}\r\n",
         FAKE_QMP_IGNORES},
        {0}};
    static const FakeQmpScript script = {.lines = lines, .is_bare = true, .has_oob = true};
    g_auto(ExchangeCase) exchange = {0};
    ExchangeCaseCall call = {
        .timeout_ms = 1500, .monitors = DOMSTATS_MONITORS_RELEASE, .has_monitors = true};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    for (int i = 0; i < 2; i++) {
        exchange_case_run(&exchange, &call);
        exchange_case_assert_became(&exchange, 0, "wedged, silent");
        exchange_case_assert_reason(&exchange, 0, "it greets and takes no command");
        call.timeout_ms = long_call.timeout_ms;
    }
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 2);
    assert_true(exchange.elapsed_us < (int64_t)long_call.timeout_ms * 1000 / 2);
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} StoryRow;

static const StoryRow story_rows[] = {
    {"a monitor on TCP", speaks_over_tcp},
    {"a visit asks the same process no more who it is", visits_without_asking_who_it_is},
    {"who may be held", holds_what_its_manager_allows},
    {"a path longer than an address", reaches_a_path_longer_than_an_address},
    {"no process listens", says_when_no_process_listens},
    {"where one place fails the next is tried", goes_on_to_the_next_place},
    {"a full backlog", says_when_the_backlog_is_full},
    {"a monitor that another holds is left alone", leaves_a_monitor_that_another_holds},
    {"the place now belongs to another process", takes_no_other_process_for_it},
    {"the source says that a domain is inactive, or denied", believes_the_source},
    {"a process that was stopped is not waited for", does_not_wait_for_the_stopped},
    {"a monitor that only greets is not waited for again", does_not_wait_for_what_only_greets},
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
    return TESTING_RUN_TABLE("exchange dials", story_rows, tells_story);
}
