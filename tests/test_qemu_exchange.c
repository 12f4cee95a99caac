/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_exchange with one domain: what becomes of it, and of its connection, over
 * several calls.
 */
#include "qemu/exchange/qemu_exchange.h"

#include "exchange_case.h"
#include "fake_qmp.h"
#include "testing.h"

enum {
    MAX_LINES = 20,
    MAX_CALLS = 4,
    MAX_STRETCH = 64, /* by how much a row's short deadlines are multiplied at most */
    SHORT_MS = 120,   /* for calls that end at their deadline */
    PART_MS = 300,    /* for calls that get a part of their replies before it */
    PROBE_MS = 600,   /* for calls that have the time to send the probe */
    LONG_MS = 60000,  /* for calls that end long before it */
};

/* The answers that let a domain be identified, as a script's first lines. */
#define IDENTITY                                                                                   \
    {"query-name", FAKE_QMP_RETURN("{\"name\":\"n\"}")}, {"query-uuid", FAKE_QMP_RETURN("{}")},    \
    {                                                                                              \
        "query-commands", FAKE_QMP_RETURN("[{\"name\":\"query-status\"},"                          \
                                          "{\"name\":\"query-blockstats\"},"                       \
                                          "{\"name\":\"query-named-block-nodes\"}]")               \
    }
#define RUNNING FAKE_QMP_RETURN("{\"status\":\"running\",\"running\":true}")
#define PAUSED  FAKE_QMP_RETURN("{\"status\":\"paused\",\"running\":false}")
#define EMPTY   FAKE_QMP_RETURN("[]")
#define STOP    "{\"event\":\"STOP\"}"

typedef struct {
    unsigned int timeout_ms; /* 0: no such call */
    const char *expected;
    bool lets_go; /* before the call */
    unsigned int stats;
} Call;

typedef struct {
    const char *sentence;
    FakeQmpLine lines[MAX_LINES];
    bool is_bare;
    bool has_oob;
    Call calls[MAX_CALLS];
    unsigned int n_connections;
    const char *reason; /* in that of the last call */
    bool goes_on;       /* each connection with the line where the last one ended */
} Row;

#define STATE_AND_BLOCK (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK)

/* clang-format off */
static const Row rows[] = {
    {"a QEMU that is well keeps its connection",
     {IDENTITY, {"query-status", RUNNING}, {"query-status", PAUSED}}, false, false,
     {{LONG_MS, "ok running, connected"}, {LONG_MS, "ok paused, connected"}}, 1, NULL},
    {"a reply after the deadline, then a second run on the same connection",
     {IDENTITY, {"query-status", NULL, FAKE_QMP_WAITS}, {NULL, RUNNING}, {"query-status", PAUSED}},
     false, false,
     {{PART_MS, "slow, silent, connected"}, {LONG_MS, "ok paused, connected", true}}, 1, NULL},
    {"while replies are owed nothing is sent, and nobody waits",
     {IDENTITY, {"query-status", NULL, FAKE_QMP_IGNORES}}, false, false,
     {{PART_MS, "slow, silent, connected"}, {LONG_MS, "wedged, silent, connected"},
      {LONG_MS, "wedged, silent, connected"}}, 1, "answers nothing"},
    {"a reply that comes in part is waited for, and nothing else is sent",
     {IDENTITY, {"query-status", NULL, FAKE_QMP_WAITS}, {NULL, "{\"event\":\"STOP\"}{\"return\":"}},
     false, false,
     {{PART_MS, "slow, silent, connected"}, {PART_MS, "slow, silent, connected", true}}, 1,
     "a part of one"},
    {"it answers who it is late",
     {{"query-name"}, {"query-uuid"}, {"query-commands", NULL, FAKE_QMP_WAITS},
      {NULL, "{\"return\":{}}{\"return\":{}}{\"return\":[],\"id\":0}"},
      IDENTITY, {"query-status", RUNNING}}, false, false,
     {{PART_MS, "wedged, silent, connected"}, {LONG_MS, "ok running, connected", true}}, 1, NULL},

    {"a socket that accepts and says nothing",
     {{NULL, NULL, FAKE_QMP_IGNORES}}, true, false,
     {{SHORT_MS, "wedged, silent"}, {LONG_MS, "wedged, silent"}}, 2, "does not greet"},
    {"it greets the next connection",
     {{NULL, NULL, FAKE_QMP_IGNORES}, {NULL, FAKE_QMP_GREETING},
      {"qmp_capabilities", FAKE_QMP_RETURN("{}")}, IDENTITY, {"query-status", RUNNING}}, true, false,
     {{SHORT_MS, "wedged, silent"}, {LONG_MS, "ok running, connected"}}, 2, NULL, true},
    {"a peer that stops reading",
     {{NULL, FAKE_QMP_GREETING, FAKE_QMP_IS_DEAF}}, true, false,
     {{PART_MS, "wedged, silent, connected"}}, 1, "answers nothing"},
    {"the main loop is blocked: the probe alone is answered",
     {IDENTITY, {"query-status"},
      {"oob:query-yank", FAKE_QMP_RETURN("{}")}}, false, true,
     {{PROBE_MS, "wedged, silent, connected"}}, 1, "out of band only"},
    {"after the probe it comes back by itself",
     {IDENTITY, {"query-status"}, {"oob:query-yank", FAKE_QMP_RETURN("{}"), FAKE_QMP_WAITS},
      {NULL, "{\"return\":{\"status\":\"running\"},\"id\":1}"}, {"query-status", PAUSED}},
     false, true,
     {{PROBE_MS, "wedged, silent, connected"}, {LONG_MS, "ok paused, connected", true}}, 1, NULL},

    {"end of file before the greeting",
     {{NULL, "", FAKE_QMP_CLOSES}}, true, false, {{LONG_MS, "broken"}}, 1,
     "closed the connection, and its process lives"},
    {"a telnet peer",
     {{NULL, "\xFF\xFD\x01", FAKE_QMP_IGNORES}}, true, false, {{LONG_MS, "broken"}}, 1, "telnet"},
    {"an id that was not asked",
     {IDENTITY, {"query-status", "{\"return\":{},\"id\":8}"}}, false, false, {{LONG_MS, "broken"}},
     1, "had not been asked"},
    {"a reply that nobody waits for, between calls",
     {IDENTITY, {"query-status", RUNNING, FAKE_QMP_WAITS}, {NULL, RUNNING}}, false, false,
     {{LONG_MS, "ok running, connected"}, {LONG_MS, "broken", true}}, 1, "had not been asked"},
    {"every command is refused",
     {{"query-name", "{\"error\":{},\"id\":@id}"}, {"query-uuid", "{\"error\":{},\"id\":@id}"},
      {"query-commands", FAKE_QMP_RETURN("[{\"name\":\"query-status\"}]")},
      {"query-status", "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"},\"id\":@id}"}},
     false, false, {{LONG_MS, "ok, connected"}}, 1, NULL},
    {"it lists no command: then it is no QEMU",
     {{"query-name", EMPTY}, {"query-uuid", EMPTY}, {"query-commands", FAKE_QMP_RETURN("7")}},
     false, false, {{LONG_MS, "broken"}}, 1, "none of the commands"},

    {"the state of a running guest is not asked again",
     {IDENTITY, {"query-status", RUNNING}, {"query-blockstats", EMPTY},
      {"query-named-block-nodes", EMPTY}, {"query-blockstats", EMPTY},
      {"query-named-block-nodes", EMPTY}}, false, false,
     {{LONG_MS, "ok running, connected", false, STATE_AND_BLOCK},
      {LONG_MS, "ok running, connected", false, STATE_AND_BLOCK}}, 1, NULL},
    {"an event between calls makes it ask",
     {IDENTITY, {"query-status", RUNNING}, {"query-blockstats", EMPTY},
      {"query-named-block-nodes", EMPTY, FAKE_QMP_WAITS}, {NULL, STOP}, {"query-status", PAUSED},
      {"query-blockstats", EMPTY}, {"query-named-block-nodes", EMPTY}}, false, false,
     {{LONG_MS, "ok running, connected", false, STATE_AND_BLOCK},
      {LONG_MS, "ok paused, connected", true, STATE_AND_BLOCK}}, 1, NULL},
    {"an event in the call makes it ask after all",
     {IDENTITY, {"query-status", RUNNING}, {"query-blockstats", EMPTY},
      {"query-named-block-nodes", EMPTY}, {"query-blockstats", STOP EMPTY},
      {"query-named-block-nodes", EMPTY}, {"query-status", PAUSED}}, false, false,
     {{LONG_MS, "ok running, connected", false, STATE_AND_BLOCK},
      {LONG_MS, "ok paused, connected", false, STATE_AND_BLOCK}}, 1, NULL},
    {"an event after the reply of its call is not forgotten",
     {IDENTITY, {"query-status", RUNNING STOP}, {"query-blockstats", EMPTY},
      {"query-named-block-nodes", EMPTY}, {"query-status", PAUSED}, {"query-blockstats", EMPTY},
      {"query-named-block-nodes", EMPTY}}, false, false,
     {{LONG_MS, "ok running, connected", false, STATE_AND_BLOCK},
      {LONG_MS, "ok paused, connected", false, STATE_AND_BLOCK}}, 1, NULL},
};
/* clang-format on */

/* Whether only the deadline ends the call. */
static bool
is_waited_for(const Call *call)
{
    return call->timeout_ms < LONG_MS;
}

/* False if the machine was too busy to give the peer the time that a verdict needs. */
static bool
run_call(const Call *call, unsigned int stretch, ExchangeCase *exchange)
{
    unsigned int timeout_ms = call->timeout_ms * (is_waited_for(call) ? stretch : 1);

    if (call->lets_go) {
        fake_qmp_let_go(exchange_case_fake(exchange, 0));
        fake_qmp_settle(exchange_case_fake(exchange, 0));
    }
    exchange_case_run(exchange,
                      &(ExchangeCaseCall){.stats = call->stats, .timeout_ms = timeout_ms});
    if (is_waited_for(call) && stretch < MAX_STRETCH &&
        (exchange->outcomes[0].reason_code == DOMSTATS_REASON_NO_TIME ||
         (exchange->outcomes[0].reason_code == DOMSTATS_REASON_NO_GREETING &&
          exchange->outcomes[0].verdict == DOMSTATS_HEALTH_SLOW)))
        return false;
    if (is_waited_for(call))
        assert_true(exchange->elapsed_us >= (int64_t)timeout_ms * 1000 / 2);
    exchange_case_assert_became(exchange, 0, call->expected);
    return true;
}

/* Runs a row from its first call; false as above. */
static bool
run_row(const Row *row, unsigned int stretch)
{
    const FakeQmpScript script = {.lines = row->lines,
                                  .is_bare = row->is_bare,
                                  .has_oob = row->has_oob,
                                  .goes_on = row->goes_on};
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    exchange_case_add(&exchange, &script);
    for (size_t i = 0; i < MAX_CALLS && row->calls[i].timeout_ms != 0; i++)
        if (!run_call(&row->calls[i], stretch, &exchange))
            return false;
    assert_int_equal(fake_qmp_n_connections(exchange_case_fake(&exchange, 0)), row->n_connections);
    if (row->reason != NULL)
        exchange_case_assert_reason(&exchange, 0, row->reason);
    return true;
}

/* On a busy machine a row is run again with longer deadlines. */
static void
goes_through_calls(const void *data)
{
    unsigned int stretch = 1;

    while (!run_row(data, stretch))
        stretch *= 4;
}

int
main(void)
{
    return TESTING_RUN_TABLE("exchange calls", rows, goes_through_calls);
}
