/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_exchange: many domains at once, and places that lead nowhere.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exchange_case.h"
#include "fake_qmp.h"
#include "qemu/exchange/qemu_exchange.h"
#include "testing.h"
#include "util/util_error.h"
#include "util/util_fd.h"

enum {
    SHORT_MS = 50,   /* for rounds that end by their deadline */
    PART_MS = 700,   /* for those in which the others are to come to their end */
    LONG_MS = 60000, /* for those that end long before */
    MANY = 250,      /* three descriptors each, of the usual 1024 */
};

static const FakeQmpLine silent_lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpLine telnet_lines[] = {{NULL, "\xFF\xFD\x01", FAKE_QMP_IGNORES}, {0}};
static const FakeQmpLine closing_lines[] = {{NULL, "", FAKE_QMP_CLOSES}, {0}};
static const FakeQmpLine flooding_lines[] = {
    {NULL, "{\"event\":\"STOP\"}", FAKE_QMP_IGNORES, QEMU_LIMIT_EVENTS_PER_CALL + 1},
    {0},
};
static const FakeQmpReply slow_replies[] = {{"query-status", NULL}, {NULL, NULL}};

static const FakeQmpScript good = {.lines = NULL};
static const FakeQmpScript bytewise = {.slice_bytes = 1};
static const FakeQmpScript silent = {.lines = silent_lines, .is_bare = true};
static const FakeQmpScript telnet = {.lines = telnet_lines, .is_bare = true};
static const FakeQmpScript closing = {.lines = closing_lines, .is_bare = true};
static const FakeQmpScript flooding = {.lines = flooding_lines};
static const FakeQmpScript slow = {.replies = slow_replies};

static const ExchangeCaseRound short_round = {.timeout_ms = SHORT_MS};
static const ExchangeCaseRound part_round = {.timeout_ms = PART_MS};
static const ExchangeCaseRound long_round = {.timeout_ms = LONG_MS};

static void
assert_became(const ExchangeCase *exchange, size_t place, const char *expected)
{
    g_autofree char *got = exchange_case_describe(exchange, place);

    testing_assert_same_text(got, expected);
}

static void
assert_reason(const ExchangeCase *exchange, size_t place, const char *reason)
{
    if (strstr(exchange->outcomes[place].reason, reason) == NULL)
        testing_assert_same_text(exchange->outcomes[place].reason, reason);
}

static FakeQmp *
fake_at(const ExchangeCase *exchange, size_t place)
{
    return g_ptr_array_index(exchange->fakes, place);
}

/* Peers of all kinds side by side: what each becomes. */
typedef struct {
    const char *sentence;
    unsigned int n_threads;
    const FakeQmpScript *odd; /* in the middle of good ones */
    unsigned int timeout_ms;
    const char *expected; /* of the odd one */
} MixedRow;

static const MixedRow mixed_rows[] = {
    {"one that says nothing among many", 1, &silent, PART_MS, "wedged, silent, connected"},
    {"the same with four threads", 4, &silent, PART_MS, "wedged, silent, connected"},
    {"one that answers all but one command", 1, &slow, PART_MS, "slow, silent, connected"},
    {"one that closes at once", 1, &closing, LONG_MS, "broken"},
    {"one that speaks telnet", 2, &telnet, LONG_MS, "broken"},
    {"one that floods with events", 1, &flooding, LONG_MS, "broken"},
    {"one that speaks byte by byte", 1, &bytewise, LONG_MS, "ok running, connected"},
};

static void
bears_odd_one(const void *data)
{
    const MixedRow *row = data;
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < 11; i++)
        exchange_case_add(&exchange, i == 5 ? row->odd : &good);
    exchange_case_run(&exchange, &(ExchangeCaseRound){.timeout_ms = row->timeout_ms,
                                                      .n_threads = row->n_threads});
    for (size_t i = 0; i < 11; i++)
        assert_became(&exchange, i, i == 5 ? row->expected : "ok running, connected");
}

static void
serves_several_hundred(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < MANY; i++)
        exchange_case_add(&exchange, i % 50 == 7 ? &closing : &good);
    exchange_case_run(&exchange, &(ExchangeCaseRound){.timeout_ms = LONG_MS, .n_threads = 3});
    for (size_t i = 0; i < MANY; i++)
        assert_became(&exchange, i, i % 50 == 7 ? "broken" : "ok running, connected");
    exchange_case_run(&exchange, &long_round);
    for (size_t i = 0; i < MANY; i++) {
        bool is_closing = i % 50 == 7;

        assert_became(&exchange, i, is_closing ? "broken" : "ok running, connected");
        assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, i)), is_closing ? 2 : 1);
    }
}

static void
takes_no_domain_at_all(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_run(&exchange, &long_round);
}

static void
ends_all_when_it_is_too_late(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < 3; i++)
        exchange_case_add(&exchange, &silent);
    exchange_case_run(&exchange, &(ExchangeCaseRound){.timeout_ms = 0});
    for (size_t i = 0; i < 3; i++) {
        assert_became(&exchange, i, "slow");
        assert_reason(&exchange, i, "there was no time to ask it");
        /* Nothing begins after the deadline. */
        assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, i)), 0);
    }
}

static void
connects_anew_in_the_same_round(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    exchange_case_run(&exchange, &long_round);
    fake_qmp_drop(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 2);
    /* Who it is was asked again, what it can be asked was not. */
    assert_string_equal(fake_qmp_heard(fake_at(&exchange, 0)),
                        "query-name query-uuid query-commands query-status "
                        "query-name query-uuid query-status");
}

static void
dials_broken_peers_ever_more_seldom(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &telnet);
    for (unsigned int i = 0; i < 3; i++)
        exchange_case_run(&exchange, &long_round);
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 3);
    assert_true(domain->next_dial_us > 0);
    domain->next_dial_us = util_deadline_now_us() + (int64_t)G_USEC_PER_SEC * 3600;
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "broken");
    assert_reason(&exchange, 0, "telnet");
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 3);
    domain->next_dial_us = 0;
    exchange_case_run(&exchange, &long_round);
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 4);
}

#define LISTED                                                                                     \
    {"query-name", FAKE_QMP_RETURN("{}")}, {"query-uuid", FAKE_QMP_RETURN("{}")},                  \
    {                                                                                              \
        "query-commands",                                                                          \
            FAKE_QMP_RETURN("[{\"name\":\"query-status\"},{\"name\":\"query-blockstats\"}]")       \
    }
/* The same process by another connection. */
#define NAMED                                                                                      \
    {"query-name", FAKE_QMP_RETURN("{}")},                                                         \
    {                                                                                              \
        "query-uuid", FAKE_QMP_RETURN("{}")                                                        \
    }
#define STATUS                                                                                     \
    {                                                                                              \
        "query-status", FAKE_QMP_RETURN("{\"status\":\"running\",\"running\":true}")               \
    }

/* A monitor that is taken away from a QEMU in the middle of a call. */
static void
tells_a_monitor_that_was_taken_away(void)
{
    static const FakeQmpLine lines[] = {LISTED, {"query-status", NULL, FAKE_QMP_LEAVES}, {0}};
    static const FakeQmpScript script = {.lines = lines};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "no-monitor");
    assert_reason(&exchange, 0, "and its process lives");
}

static void
dials_anew_what_closed_in_the_middle(void)
{
    static const FakeQmpLine lines[] = {
        LISTED, {"query-status", NULL, FAKE_QMP_CLOSES}, NAMED, STATUS, {0}};
    static const FakeQmpScript script = {.lines = lines, .goes_on = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 2);
}

/* Once is enough. */
static void
dials_anew_once(void)
{
    static const FakeQmpLine lines[] = {LISTED,
                                        {"query-status", "{\"return\":{", FAKE_QMP_CLOSES},
                                        NAMED,
                                        {"query-status", "{\"return\":{", FAKE_QMP_CLOSES},
                                        {0}};
    static const FakeQmpScript script = {.lines = lines, .goes_on = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "broken");
    assert_reason(&exchange, 0, "closed the connection, and its process lives");
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 2);
}

/* Events that nobody read between two calls are old news, and no broken rule. */
static void
drops_a_backlog_of_events(void)
{
    static const FakeQmpLine lines[] = {
        LISTED,
        {"query-status", FAKE_QMP_RETURN("{\"status\":\"running\",\"running\":true}"),
         FAKE_QMP_WAITS},
        {NULL, "{\"event\":\"X\"}", FAKE_QMP_GOES_ON, QEMU_LIMIT_EVENTS_PER_CALL + 1},
        {"query-status", NULL}, /* behind them */
        NAMED,
        STATUS,
        {0}};
    static const FakeQmpScript script = {.lines = lines, .goes_on = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_round);
    fake_qmp_let_go(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 2);
}

/* What dispatch took in between two calls is a sign of life like what a call takes in. */
static void
waits_for_one_that_was_catching_up_between_calls(void)
{
    static const FakeQmpLine lines[] = {LISTED,
                                        {"query-status", NULL, FAKE_QMP_WAITS},
                                        {NULL, "{\"return\":{\"status\"", FAKE_QMP_WAITS},
                                        {NULL, ":\"running\"},\"id\":1}\r\n"},
                                        STATUS,
                                        {0}};
    static const FakeQmpScript script = {.lines = lines};
    g_auto(ExchangeCase) exchange = {0};
    g_autofree QemuMonitorBuffer *buffer = g_new(QemuMonitorBuffer, 1);
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &part_round);
    assert_became(&exchange, 0, "slow, silent, connected");
    domain->silence.since_us -= 10 * G_USEC_PER_SEC; /* it had its time */
    fake_qmp_let_go(fake_at(&exchange, 0));
    fake_qmp_settle(fake_at(&exchange, 0));
    assert_int_equal(qemu_monitor_step(domain->monitor, buffer, NULL), QEMU_STEP_RECEIVED);
    exchange_case_run(&exchange, &short_round);
    assert_true(exchange.elapsed_us >= SHORT_MS * 1000 / 2);
    assert_became(&exchange, 0, "slow, silent, connected");
    fake_qmp_let_go(fake_at(&exchange, 0));
    fake_qmp_settle(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
}

/* One that was left by a call too short to answer in is waited for by the next one. */
static void
gives_its_time_to_one_left_too_early(void)
{
    static const FakeQmpScript answering = {.replies = slow_replies};
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &silent);
    exchange_case_add(&exchange, &answering);
    exchange_case_run(&exchange, &(ExchangeCaseRound){.timeout_ms = 10});
    domain->silence.since_us = util_deadline_now_us();
    exchange_case_run(&exchange, &(ExchangeCaseRound){.timeout_ms = PART_MS});
    assert_true(exchange.elapsed_us >= 200 * 1000);
    assert_became(&exchange, 0, "wedged, silent, connected");
}

/* What was asked when a peer broke the rules is what the pause is for. */
static void
asks_less_of_one_that_broke_the_rules(void)
{
    static const FakeQmpReply replies[] = {{"query-blockstats", "}"}, {0}};
    static const FakeQmpScript script = {.replies = replies};
    const ExchangeCaseRound wide = {.timeout_ms = LONG_MS,
                                    .stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK};
    g_auto(ExchangeCase) exchange = {0};
    unsigned int n_connections = 0;

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    for (unsigned int i = 0; i < 3; i++)
        exchange_case_run(&exchange, &wide);
    assert_became(&exchange, 0, "broken");
    ((QemuDomain *)g_ptr_array_index(exchange.domains, 0))->next_dial_us =
        util_deadline_now_us() + (int64_t)G_USEC_PER_SEC * 3600;
    n_connections = fake_qmp_n_connections(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &wide);
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), n_connections);
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
}

static void
speaks_over_tcp(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add_domain(&exchange,
                             fake_qmp_path(exchange_case_add_fake(&exchange, &good, true)));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
    fake_qmp_drop(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
    /* Which process answers is not known: so it is asked for all anew. */
    assert_string_equal(fake_qmp_heard(fake_at(&exchange, 0)),
                        "query-name query-uuid query-commands query-status "
                        "query-name query-uuid query-commands query-status");
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
    assert_int_equal(g_rename(fake_qmp_path(fake_at(&exchange, 0)), path), 0);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
}

static void
says_when_nobody_listens(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    exchange_case_add_domain(&exchange, "/no/such/folder/monitor");
    exchange_case_add_domain(&exchange, "tcp:example.org:4444");
    exchange_case_add_domain(&exchange, NULL);
    fake_qmp_retire(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "gone");
    assert_became(&exchange, 1, "gone");
    assert_reason(&exchange, 1, "'/no/such/folder/monitor'");
    assert_became(&exchange, 2, "no-monitor");
    assert_became(&exchange, 3, "no-monitor");
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
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
}

/* As many as the backlog takes. */
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
    fake = fake_qmp_new_listening(&good, path); /* not among those that the thread serves */
    fds = fill_backlog(path);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &long_round);
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    assert_became(&exchange, 0, "wedged");
    assert_reason(&exchange, 0, "backlog is full");
}

static void
leaves_a_monitor_that_another_holds(void)
{
    g_auto(ExchangeCase) exchange = {0};
    g_auto(UtilFd) fd = -1;
    g_autoptr(HostUnixdiagTable) table = host_unixdiag_read(NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (table == NULL)
        skip(); /* the kernel does not tell */
    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    g_strlcpy(address.sun_path, fake_qmp_path(fake_at(&exchange, 0)), sizeof(address.sun_path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
    fake_qmp_settle(fake_at(&exchange, 0));
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "busy");
    util_fd_clear(&fd); /* which the peer notices only once it runs again */
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok running, connected");
}

static void
takes_no_other_process_for_it(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &good);
    domain->pid = domain->endpoint->pid = getppid();
    exchange_case_run(&exchange, &short_round);
    assert_became(&exchange, 0, "no-monitor");
    assert_reason(&exchange, 0, "now belongs to process");
    assert_string_equal(fake_qmp_heard(fake_at(&exchange, 0)), "");
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
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "ok");
    assert_true(exchange.outcomes[0].is_complete);
    assert_became(&exchange, 1, "denied");
    assert_reason(&exchange, 1, "not yours");
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 0)), 0);
    assert_int_equal(fake_qmp_n_connections(fake_at(&exchange, 1)), 0);
}

/* A QEMU that is stopped after it greeted: a process of its own, since only that can be
 * stopped. Never returns. */
static void
be_stopped_after_greeting(const char *path, int ready_fd)
{
    static const FakeQmpLine lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
    static const FakeQmpScript script = {.lines = lines};
    FakeQmp *fake = fake_qmp_new_listening(&script, path);

    close(ready_fd); /* tells that it listens */
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
        be_stopped_after_greeting(path, ready[1]);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    exchange_case_add_domain(&exchange, path);
    exchange_case_run(&exchange, &long_round); /* would last a minute */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_became(&exchange, 0, "stopped, silent, connected");
    assert_reason(&exchange, 0, "is stopped (state T)");
    exchange_case_run(&exchange, &long_round);
    assert_became(&exchange, 0, "gone");
}

static void
says_when_the_system_refuses(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(QemuHostView) host = qemu_host_view_new(root, NULL, NULL);
    const QemuExchange exchange = {
        .jobs = jobs, .host = host, .deadline = util_deadline_in_ms(LONG_MS)};
    struct rlimit limit = {0};
    struct rlimit none = {0};
    bool is_run = false;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    is_run = qemu_exchange_run(&exchange, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(is_run);
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM));
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} StoryRow;

static const StoryRow story_rows[] = {
    {"several hundred sockets, and again on the same connections", serves_several_hundred},
    {"no domain at all", takes_no_domain_at_all},
    {"a deadline that has passed ends all", ends_all_when_it_is_too_late},
    {"a kept connection that ended is made anew in the same round",
     connects_anew_in_the_same_round},
    {"a broken peer is dialled ever more seldom", dials_broken_peers_ever_more_seldom},
    {"a monitor that was taken away", tells_a_monitor_that_was_taken_away},
    {"closed in the middle of a call", dials_anew_what_closed_in_the_middle},
    {"closed inside a reply, again and again", dials_anew_once},
    {"more old events than the limit", drops_a_backlog_of_events},
    {"half a reply between two calls", waits_for_one_that_was_catching_up_between_calls},
    {"left too early by a short call", gives_its_time_to_one_left_too_early},
    {"what one group broke, the others do not pay for", asks_less_of_one_that_broke_the_rules},
    {"a monitor on TCP", speaks_over_tcp},
    {"a path longer than an address", reaches_a_path_longer_than_an_address},
    {"nobody listens", says_when_nobody_listens},
    {"where one place fails the next is tried", goes_on_to_the_next_place},
    {"a full backlog", says_when_the_backlog_is_full},
    {"a monitor that another holds is left alone", leaves_a_monitor_that_another_holds},
    {"another process at the place is not taken for it", takes_no_other_process_for_it},
    {"what the source knows is believed", believes_the_source},
    {"a process that was stopped is not waited for", does_not_wait_for_the_stopped},
    {"no descriptor is left for a poll", says_when_the_system_refuses},
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
    return TESTING_RUN_TABLE("exchange of many", mixed_rows, bears_odd_one) +
           TESTING_RUN_TABLE("exchange stories", story_rows, tells_story);
}
