/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_exchange with many domains at once, and with connections that end, break or lag.
 * test_qemu_exchange_dial has what comes before a connection: places, holders, stopped processes.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "exchange_case.h"
#include "fake_qmp.h"
#include "qemu/exchange/qemu_exchange.h"
#include "testing.h"
#include "util/util_error.h"

enum {
    SHORT_MS = 50,        /* for calls that end at their deadline */
    PART_MS = 700,        /* for calls in which all others end before it */
    LONG_MS = 60000,      /* for calls that end long before it */
    FAIR_US = 200 * 1000, /* one that waits for a silent domain takes longer */
    MANY = 250,           /* domains: each takes three of the usual 1024 descriptors */
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

static const ExchangeCaseCall short_call = {.timeout_ms = SHORT_MS};
static const ExchangeCaseCall part_call = {.timeout_ms = PART_MS};
static const ExchangeCaseCall long_call = {.timeout_ms = LONG_MS};

/* One peer of another kind in the middle of good ones. */
typedef struct {
    const char *sentence;
    unsigned int n_threads;
    const FakeQmpScript *odd;
    unsigned int timeout_ms;
    const char *expected; /* of the odd one */
} MixedRow;

static const MixedRow mixed_rows[] = {
    {"one that says nothing among many", 1, &silent, PART_MS, "wedged, silent"},
    {"the same with four threads", 4, &silent, PART_MS, "wedged, silent"},
    {"one that answers all but one command", 1, &slow, PART_MS, "slow, silent, connected"},
    {"one that closes at once", 1, &closing, LONG_MS, "broken"},
    {"one that speaks telnet", 2, &telnet, LONG_MS, "broken"},
    {"one that floods with events", 1, &flooding, LONG_MS, "broken"},
    {"one that speaks byte by byte", 1, &bytewise, LONG_MS, "ok running, connected"},
};

static void
keeps_odd_one_apart(const void *data)
{
    const MixedRow *row = data;
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < 11; i++)
        exchange_case_add(&exchange, i == 5 ? row->odd : &good);
    exchange_case_run(
        &exchange, &(ExchangeCaseCall){.timeout_ms = row->timeout_ms, .n_threads = row->n_threads});
    for (size_t i = 0; i < 11; i++)
        exchange_case_assert_became(&exchange, i, i == 5 ? row->expected : "ok running, connected");
}

static void
serves_several_hundred(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < MANY; i++)
        exchange_case_add(&exchange, i % 50 == 7 ? &closing : &good);
    exchange_case_run(&exchange, &(ExchangeCaseCall){.timeout_ms = LONG_MS, .n_threads = 3});
    for (size_t i = 0; i < MANY; i++)
        exchange_case_assert_became(&exchange, i, i % 50 == 7 ? "broken" : "ok running, connected");
    exchange_case_run(&exchange, &long_call);
    for (size_t i = 0; i < MANY; i++) {
        bool is_closing = i % 50 == 7;

        exchange_case_assert_became(&exchange, i, is_closing ? "broken" : "ok running, connected");
        assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, i)),
                         is_closing ? 2 : 1);
    }
}

static void
takes_no_domain_at_all(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_run(&exchange, &long_call);
}

static void
ends_all_when_it_is_too_late(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < 3; i++)
        exchange_case_add(&exchange, &silent);
    exchange_case_run(&exchange, &(ExchangeCaseCall){.timeout_ms = 0});
    for (size_t i = 0; i < 3; i++) {
        exchange_case_assert_became(&exchange, i, "slow");
        exchange_case_assert_reason(&exchange, i, "there was no time to ask it");
        /* No connection is dialled after the deadline. */
        assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, i)), 0);
    }
}

static void
dials_again_in_the_same_call(void)
{
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &good);
    exchange_case_run(&exchange, &long_call);
    fake_qmp_drop(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 2);
    /* The same process listens, which has told who it is. */
    assert_string_equal(fake_qmp_heard(exchange_case_fake(&exchange, 0)),
                        "query-name query-uuid query-commands query-status query-status");
}

static void
dials_broken_peers_less_and_less(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &telnet);
    for (unsigned int i = 0; i < 3; i++)
        exchange_case_run(&exchange, &long_call);
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 3);
    assert_true(domain->next_dial_us > 0);
    domain->next_dial_us = util_deadline_now_us() + (int64_t)G_USEC_PER_SEC * 3600;
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "broken");
    exchange_case_assert_reason(&exchange, 0, "telnet");
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 3);
    domain->next_dial_us = 0;
    exchange_case_run(&exchange, &long_call);
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 4);
}

#define LISTED                                                                                     \
    {"query-name", FAKE_QMP_RETURN("{}")}, {"query-uuid", FAKE_QMP_RETURN("{}")},                  \
    {                                                                                              \
        "query-commands",                                                                          \
            FAKE_QMP_RETURN("[{\"name\":\"query-status\"},{\"name\":\"query-blockstats\"}]")       \
    }
#define STATUS                                                                                     \
    {                                                                                              \
        "query-status", FAKE_QMP_RETURN("{\"status\":\"running\",\"running\":true}")               \
    }

static void
tells_a_monitor_that_was_taken_away(void)
{
    static const FakeQmpLine lines[] = {LISTED, {"query-status", NULL, FAKE_QMP_LEAVES}, {0}};
    static const FakeQmpScript script = {.lines = lines};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "no-monitor");
    exchange_case_assert_reason(&exchange, 0, "and its process lives");
}

static void
dials_again_what_closed_in_the_middle(void)
{
    static const FakeQmpLine lines[] = {
        LISTED, {"query-status", NULL, FAKE_QMP_CLOSES}, STATUS, {0}};
    static const FakeQmpScript script = {.lines = lines, .goes_on = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 2);
}

/* A second end in the same call is the verdict. */
static void
dials_again_once(void)
{
    static const FakeQmpLine lines[] = {LISTED,
                                        {"query-status", "{\"return\":{", FAKE_QMP_CLOSES},
                                        {"query-status", "{\"return\":{", FAKE_QMP_CLOSES},
                                        {0}};
    static const FakeQmpScript script = {.lines = lines, .goes_on = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "broken");
    exchange_case_assert_reason(&exchange, 0, "closed the connection, and its process lives");
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 2);
}

/* Events that came between two calls do not count against the limit of one call: the connection is
 * dialled again. */
static void
drops_a_backlog_of_events(void)
{
    static const FakeQmpLine lines[] = {
        LISTED,
        {"query-status", FAKE_QMP_RETURN("{\"status\":\"running\",\"running\":true}"),
         FAKE_QMP_WAITS},
        {NULL, "{\"event\":\"X\"}", FAKE_QMP_GOES_ON, QEMU_LIMIT_EVENTS_PER_CALL + 1},
        {"query-status", NULL}, /* behind them */
        STATUS,
        {0}};
    static const FakeQmpScript script = {.lines = lines, .goes_on = true};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    exchange_case_run(&exchange, &long_call);
    fake_qmp_let_go(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), 2);
}

/* Bytes that domstats_dispatch() receives between two calls are a sign of life, as those are that a
 * call receives. */
static void
waits_for_one_that_sent_between_calls(void)
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
    exchange_case_run(&exchange, &part_call);
    exchange_case_assert_became(&exchange, 0, "slow, silent, connected");
    domain->silence.since_us -=
        10 * G_USEC_PER_SEC; /* it has been silent for so long that no call waits for it */
    fake_qmp_let_go(exchange_case_fake(&exchange, 0));
    fake_qmp_settle(exchange_case_fake(&exchange, 0));
    assert_int_equal(qemu_monitor_step(domain->monitor, buffer, NULL), QEMU_STEP_RECEIVED);
    exchange_case_run(&exchange, &short_call);
    assert_true(exchange.elapsed_us >= SHORT_MS * 1000 / 2);
    exchange_case_assert_became(&exchange, 0, "slow, silent, connected");
    fake_qmp_let_go(exchange_case_fake(&exchange, 0));
    fake_qmp_settle(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
}

/* A peer that a short call left waiting gets the time of the next call to answer in. */
static void
waits_for_one_left_too_early(void)
{
    static const FakeQmpScript answering = {.replies = slow_replies};
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &silent);
    exchange_case_add(&exchange, &answering);
    exchange_case_run(&exchange, &(ExchangeCaseCall){.timeout_ms = 10});
    domain->silence.since_us = util_deadline_now_us();
    exchange_case_run(&exchange, &(ExchangeCaseCall){.timeout_ms = PART_MS});
    assert_true(exchange.elapsed_us >= 200 * 1000);
    exchange_case_assert_became(&exchange, 0, "wedged, silent");
}

/* The pause after a broken rule holds for calls that ask what was asked then; a call that asks less
 * dials. */
static void
asks_less_of_one_that_broke_the_rules(void)
{
    static const FakeQmpReply replies[] = {{"query-blockstats", "}"}, {0}};
    static const FakeQmpScript script = {.replies = replies};
    const ExchangeCaseCall wide = {.timeout_ms = LONG_MS,
                                   .stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK};
    g_auto(ExchangeCase) exchange = {0};
    unsigned int n_connections = 0;

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    for (unsigned int i = 0; i < 3; i++)
        exchange_case_run(&exchange, &wide);
    exchange_case_assert_became(&exchange, 0, "broken");
    ((QemuDomain *)g_ptr_array_index(exchange.domains, 0))->next_dial_us =
        util_deadline_now_us() + (int64_t)G_USEC_PER_SEC * 3600;
    n_connections = fake_qmp_n_connections(exchange_case_fake(&exchange, 0));
    exchange_case_run(&exchange, &wide);
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), n_connections);
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
}

/* The connection stays, so no later call would come to it by itself. */
static void
reads_again_what_was_blocked(void)
{
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &good);
    host_blocked_add(host_root_blocked(exchange.root), getpid());
    exchange_case_run(&exchange, &long_call);
    exchange_case_assert_became(&exchange, 0, "ok running, connected");
    assert_true(domain->lacks_definition);
    exchange_case_run(&exchange, &long_call);
    assert_true(domain->lacks_definition);
    host_blocked_remove(host_root_blocked(exchange.root), getpid());
    exchange_case_run(&exchange, &long_call);
    assert_false(domain->lacks_definition); /* it was read: this program is no QEMU */
}

/* A call that does not wait for the stuck waits for a domain that is not known to be stuck. */
static void
waits_for_none_that_is_known_to_be_stuck(void)
{
    const ExchangeCaseCall hasty = {.timeout_ms = LONG_MS,
                                    .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT};
    g_auto(ExchangeCase) exchange = {0};
    QemuDomain *domain = NULL;

    exchange_case_init(&exchange);
    domain = exchange_case_add(&exchange, &silent);
    exchange_case_run(&exchange, &(ExchangeCaseCall){.timeout_ms = 10});
    exchange_case_assert_became(&exchange, 0, "slow, silent");
    domain->silence.since_us = util_deadline_now_us();
    exchange_case_run(&exchange, &hasty);
    exchange_case_assert_became(&exchange, 0, "wedged, silent");
    assert_true(exchange.elapsed_us >= FAIR_US);
    /* A busy host may hold up one of the calls that do not wait. */
    for (unsigned int i = 0; i < 10 && exchange.elapsed_us >= FAIR_US; i++) {
        exchange_case_run(&exchange, &hasty);
        exchange_case_assert_became(&exchange, 0, "wedged, silent");
    }
    assert_true(exchange.elapsed_us < FAIR_US);
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
    {"a kept connection that ended is dialled again in the same call",
     dials_again_in_the_same_call},
    {"a broken peer is dialled less and less often", dials_broken_peers_less_and_less},
    {"a monitor that was taken away", tells_a_monitor_that_was_taken_away},
    {"closed in the middle of a call", dials_again_what_closed_in_the_middle},
    {"closed inside a reply, twice", dials_again_once},
    {"more old events than the limit", drops_a_backlog_of_events},
    {"half a reply between two calls", waits_for_one_that_sent_between_calls},
    {"left too early by a short call", waits_for_one_left_too_early},
    {"what one group broke, the others do not pay for", asks_less_of_one_that_broke_the_rules},
    {"words of a process that could not be read at first", reads_again_what_was_blocked},
    {"a call that does not wait for the stuck", waits_for_none_that_is_known_to_be_stuck},
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
    return TESTING_RUN_TABLE("exchange of many", mixed_rows, keeps_odd_one_apart) +
           TESTING_RUN_TABLE("exchange stories", story_rows, tells_story);
}
