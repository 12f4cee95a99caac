/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_monitor over several steps and calls: cut sessions, the limit of unanswered
 * commands, late replies, the probe.
 */
#include <sys/socket.h>

#include "fake_qmp.h"
#include "monitor_case.h"
#include "qemu/qmp/qemu_monitor.h"
#include "testing.h"
#include "util/util_error.h"

enum { MAX_LINES = 20 };

#define STATUS  QEMU_COMMAND_QUERY_STATUS
#define NAME    QEMU_COMMAND_QUERY_NAME
#define BALLOON QEMU_COMMAND_QUERY_BALLOON

/* One session with all kinds of messages, cut in every way. */
static const FakeQmpLine cut_lines[] = {
    {"query-status", "{\"timestamp\":{\"seconds\":1},\"event\":\"RESUME\"}\r\n"},
    {NULL, FAKE_QMP_RETURN("1")},
    {"query-name", "{\"error\":{\"class\":\"C\",\"desc\":\"\xC3\xA9\"},\"id\":@id}\r\n"},
    {"query-balloon", "{\"return\":-12345,\"id\":@id}\r\n"},
    {0},
};

typedef struct {
    const char *sentence;
    size_t slice_bytes;
} SliceRow;

static const SliceRow slice_rows[] = {
    {"greeting and all else in one-byte slices", 1},
    {"in slices of two bytes", 2},
    {"in slices of seven bytes", 7},
    {"in one piece", 0},
};

static void
does_not_mind_slices(const void *data)
{
    const SliceRow *row = data;
    const FakeQmpScript script = {.lines = cut_lines, .slice_bytes = row->slice_bytes};
    g_auto(MonitorCase) session = {0};
    g_autofree char *got = NULL;
    QemuEvents events = {0};

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    monitor_case_ask(&session, NAME);
    monitor_case_ask(&session, BALLOON);
    monitor_case_run(&session);
    fake_qmp_check(session.fake);
    events = qemu_monitor_take_events(session.monitor);
    assert_int_equal(events.doubts, QEMU_EVENT_DOUBTS_RUN_STATE);
    assert_string_equal(events.status, "running");
    got = monitor_case_describe(&session);
    testing_assert_same_text(
        got, "query-status answered 1, query-name refused, query-balloon answered -12345; open");
}

/* True if the session with end of file after @n_bytes went as it must; false when it was
 * over before that. */
static bool
is_cut_at(size_t n_bytes)
{
    const FakeQmpScript script = {.lines = cut_lines, .max_bytes = n_bytes};
    static const QemuAnswerStatus settled[] = {QEMU_ANSWER_RETURNED, QEMU_ANSWER_REFUSED,
                                               QEMU_ANSWER_RETURNED};
    g_auto(MonitorCase) session = {0};
    bool had_lost = false;

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    monitor_case_ask(&session, NAME);
    monitor_case_ask(&session, BALLOON);
    monitor_case_run(&session);
    if (session.error == NULL)
        return false;
    assert_true(g_error_matches(session.error, UTIL_ERROR, UTIL_ERROR_CONNECT));
    g_clear_pointer(&session.monitor, qemu_monitor_free);
    for (size_t i = 0; i < session.n_asked; i++) {
        QemuAnswerStatus status = session.asked[i].answer.status;

        assert_true(status == settled[i] || status == QEMU_ANSWER_LOST);
        assert_false(had_lost && status != QEMU_ANSWER_LOST);
        had_lost = status == QEMU_ANSWER_LOST;
    }
    return true;
}

static void
bears_end_of_file_anywhere(void)
{
    size_t n_bytes = 1;

    while (is_cut_at(n_bytes))
        n_bytes++;
    assert_true(n_bytes > 220); /* the whole session was walked through */
}

/* More commands than may be unanswered: each gets its reply, and the last of a batch has an id. */
static void
takes_answers_in_order(void)
{
    FakeQmpLine lines[MAX_LINES] = {{0}};
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};
    int64_t value = 0;

    for (int i = 0; i < 15; i++) {
        g_ptr_array_add(texts, g_strdup_printf("{\"return\":%d%s}", i, i < 14 ? "" : ",\"id\":0"));
        lines[i] = (FakeQmpLine){"query-name", g_ptr_array_index(texts, (guint)i)};
    }
    monitor_case_init(&session, &script);
    for (size_t i = 0; i < 15; i++)
        monitor_case_ask(&session, NAME);
    monitor_case_run(&session);
    fake_qmp_check(session.fake);
    for (int i = 0; i < 15; i++) {
        assert_true(util_json_int64(session.asked[i].answer.value, &value));
        assert_int_equal(value, i);
    }
    assert_null(session.error);
}

/* The id of one batch is not the next one's. */
static void
counts_batches(void)
{
    static const FakeQmpLine lines[] = {{"query-name", "{\"return\":1,\"id\":0}"},
                                        {"query-name", "{\"return\":1,\"id\":1}"},
                                        {"query-name", "{\"return\":1,\"id\":1}"},
                                        {0}};
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    for (size_t i = 0; i < 2; i++) {
        monitor_case_ask(&session, NAME);
        monitor_case_run(&session);
        assert_int_equal(session.asked[i].answer.status, QEMU_ANSWER_RETURNED);
    }
    monitor_case_ask(&session, NAME);
    monitor_case_run(&session);
    assert_int_not_equal(session.asked[2].answer.status, QEMU_ANSWER_RETURNED);
    monitor_case_check_reason(&session, "(id 1)");
}

/* A command past the limit waits until one is answered. */
static void
bounds_what_is_in_flight(void)
{
    static const FakeQmpLine lines[] = {{NULL, "", FAKE_QMP_IGNORES}, {0}};
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};
    g_auto(GStrv) heard = NULL;

    monitor_case_init(&session, &script);
    for (size_t i = 0; i < MONITOR_CASE_COMMANDS; i++)
        monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    heard = g_strsplit(fake_qmp_heard(session.fake), " ", -1);
    /* The negotiation counts too; it is not in the list. */
    assert_int_equal(g_strv_length(heard), QEMU_LIMIT_IN_FLIGHT - 1);
    assert_int_equal(qemu_monitor_n_in_flight(session.monitor), QEMU_LIMIT_IN_FLIGHT);
    assert_int_equal(session.asked[MONITOR_CASE_COMMANDS - 1].answer.status, QEMU_ANSWER_WAITING);
}

/* A reply that comes after its command was forgotten is not given to another command. */
static void
drops_late_answers(void)
{
    static const FakeQmpLine lines[] = {
        {"query-status", NULL, FAKE_QMP_WAITS},
        {NULL, FAKE_QMP_RETURN("1")},
        {"query-status", FAKE_QMP_RETURN("2")},
        {0},
    };
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};
    g_autofree char *got = NULL;

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    assert_int_equal(qemu_monitor_n_in_flight(session.monitor), 1);
    qemu_monitor_forget(session.monitor);
    qemu_monitor_begin_call(session.monitor);
    assert_int_equal(qemu_monitor_n_in_flight(session.monitor), 1);
    fake_qmp_let_go(session.fake);
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    fake_qmp_check(session.fake);
    assert_int_equal(qemu_monitor_n_in_flight(session.monitor), 0);
    got = monitor_case_describe(&session);
    testing_assert_same_text(got, "query-status waiting, query-status answered 2; open");
}

/* Forgetting before the greeting: then the commands are never sent. */
static void
does_not_send_what_is_forgotten(void)
{
    static const FakeQmpLine lines[] = {
        {NULL, NULL, FAKE_QMP_WAITS},
        {NULL, FAKE_QMP_GREETING},
        {"qmp_capabilities", FAKE_QMP_RETURN("{}")},
        {0},
    };
    const FakeQmpScript script = {.lines = lines, .is_bare = true};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    qemu_monitor_forget(session.monitor);
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    fake_qmp_check(session.fake);
    assert_true(qemu_monitor_has_greeted(session.monitor));
    assert_int_equal(qemu_monitor_n_in_flight(session.monitor), 0);
    assert_string_equal(fake_qmp_heard(session.fake), "");
}

/* Fills the socket to the peer with white space, which is no request, so that nothing can be sent.
 */
static void
fill_way(int fd)
{
    static const char blanks[4096] = {[0 ... 4095] = ' '};

    while (send(fd, blanks, sizeof(blanks), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        continue;
    while (send(fd, blanks, 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        continue;
}

static void
waits_for_a_peer_that_does_not_read(void)
{
    static const FakeQmpLine lines[] = {
        {NULL, FAKE_QMP_GREETING, FAKE_QMP_IS_DEAF},
        {0},
    };
    const FakeQmpScript script = {.lines = lines, .is_bare = true};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    fill_way(qemu_monitor_fd(session.monitor));
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    assert_null(session.error);
    assert_true(qemu_monitor_has_greeted(session.monitor));
    assert_true(qemu_monitor_wants_write(session.monitor));
    assert_int_equal(session.asked[0].answer.status, QEMU_ANSWER_WAITING);
}

static void
sends_on_once_the_peer_reads(void)
{
    static const FakeQmpLine lines[] = {
        {NULL, FAKE_QMP_GREETING, FAKE_QMP_WAITS},
        {"qmp_capabilities", FAKE_QMP_RETURN("{}")},
        {"query-status", FAKE_QMP_RETURN("1")},
        {0},
    };
    const FakeQmpScript script = {.lines = lines, .is_bare = true};
    g_auto(MonitorCase) session = {0};
    g_autofree char *got = NULL;

    monitor_case_init(&session, &script);
    fill_way(qemu_monitor_fd(session.monitor));
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    fake_qmp_check(session.fake);
    assert_false(qemu_monitor_wants_write(session.monitor));
    got = monitor_case_describe(&session);
    testing_assert_same_text(got, "query-status answered 1; open");
}

static void
probes_only_where_offered(void)
{
    static const FakeQmpLine lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    assert_false(qemu_monitor_probe(session.monitor));
    monitor_case_run(&session);
    assert_true(qemu_monitor_has_greeted(session.monitor));
    assert_false(qemu_monitor_probe(session.monitor));
    monitor_case_run(&session);
    assert_string_equal(fake_qmp_heard(session.fake), "");
}

static void
probes_only_after_the_negotiation(void)
{
    static const FakeQmpLine lines[] = {{NULL, NULL, FAKE_QMP_WAITS}, {0}};
    const FakeQmpScript script = {.lines = lines, .has_oob = true};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    assert_false(qemu_monitor_is_held_up(session.monitor));
    monitor_case_run(&session);
    assert_true(qemu_monitor_has_greeted(session.monitor));
    assert_true(qemu_monitor_is_held_up(session.monitor));
    assert_false(qemu_monitor_probe(session.monitor));
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    assert_false(qemu_monitor_is_held_up(session.monitor));
    assert_true(qemu_monitor_probe(session.monitor));
}

static void
probe_overtakes_a_stuck_command(void)
{
    static const FakeQmpReply replies[] = {{"query-status", NULL}, {NULL, NULL}};
    const FakeQmpScript script = {.replies = replies, .has_oob = true};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    assert_false(qemu_monitor_probe_is_answered(session.monitor));
    assert_true(qemu_monitor_probe(session.monitor));
    assert_true(qemu_monitor_probe(session.monitor)); /* not sent twice */
    monitor_case_run(&session);
    assert_true(qemu_monitor_probe_is_answered(session.monitor));
    assert_string_equal(fake_qmp_heard(session.fake), "query-status oob:query-yank");
    assert_int_equal(session.asked[0].answer.status, QEMU_ANSWER_WAITING);
    assert_int_equal(qemu_monitor_n_in_flight(session.monitor), 1);
    qemu_monitor_forget(session.monitor);
    qemu_monitor_begin_call(session.monitor);
    assert_true(qemu_monitor_probe_is_answered(session.monitor)); /* of the same owed reply */
}

static void
counts_from_0_in_each_call(void)
{
    const FakeQmpLine lines[] = {
        {NULL, "{\"event\":\"STOP\"}", FAKE_QMP_WAITS, QEMU_LIMIT_EVENTS_PER_CALL},
        {NULL, "{\"event\":\"RESUME\"}"},
        {0},
    };
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};
    QemuEvents events = {0};

    monitor_case_init(&session, &script);
    monitor_case_run(&session);
    qemu_monitor_begin_call(session.monitor);
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    assert_null(session.error);
    events = qemu_monitor_take_events(session.monitor);
    assert_int_equal(events.doubts, QEMU_EVENT_DOUBTS_RUN_STATE);
    assert_string_equal(events.status, "running");
    assert_int_equal(qemu_monitor_take_events(session.monitor).doubts, 0);
}

/* Events of the time before this client are told before the negotiation; the first call tells no
 * counts, since it begins to count. */
static void
counts_events_from_the_negotiation_on(void)
{
    const FakeQmpLine lines[] = {
        {NULL, "{\"event\":\"RESET\"}"},
        {NULL, FAKE_QMP_GREETING},
        {"qmp_capabilities", FAKE_QMP_RETURN("{}")},
        {NULL, "{\"event\":\"RESET\"}", FAKE_QMP_WAITS, 3},
        {NULL, "{\"event\":\"WATCHDOG\",\"data\":{\"action\":\"none\"}}"},
        {0},
    };
    const FakeQmpScript script = {.lines = lines, .is_bare = true};
    g_auto(MonitorCase) session = {0};
    const QemuFactsEvents *counted = NULL;

    monitor_case_init(&session, &script);
    monitor_case_run(&session);
    assert_null(qemu_monitor_counted(session.monitor));
    qemu_monitor_begin_call(session.monitor);
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    counted = qemu_monitor_counted(session.monitor);
    assert_non_null(counted);
    assert_true(counted->since_s > 0);
    assert_int_equal(counted->counts[QEMU_FACTS_EVENT_RESET], 3);
    assert_int_equal(counted->counts[QEMU_FACTS_EVENT_WATCHDOG], 1);
    assert_int_equal(counted->counts[QEMU_FACTS_EVENT_PANIC], 0);
}

/* A step that only sent shows nothing about the peer. */
static void
tells_what_came_from_what_went(void)
{
    static const FakeQmpLine lines[] = {
        {"query-status", NULL, FAKE_QMP_WAITS},
        {NULL, FAKE_QMP_RETURN("1")},
        {0},
    };
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};

    monitor_case_init(&session, &script);
    monitor_case_run(&session);
    monitor_case_ask(&session, STATUS);
    assert_int_equal(qemu_monitor_step(session.monitor, session.buffer, NULL), QEMU_STEP_SENT);
    assert_int_equal(qemu_monitor_step(session.monitor, session.buffer, NULL),
                     QEMU_STEP_WOULD_BLOCK);
    fake_qmp_settle(session.fake);
    fake_qmp_let_go(session.fake);
    fake_qmp_settle(session.fake);
    assert_int_equal(qemu_monitor_step(session.monitor, session.buffer, NULL), QEMU_STEP_RECEIVED);
}

/* Half a reply is progress, an event is none. */
static void
counts_progress(void)
{
    static const FakeQmpLine lines[] = {
        {"query-status", "{\"return\":", FAKE_QMP_WAITS},
        {NULL, "1,\"id\":0}", FAKE_QMP_WAITS},
        {NULL, "{\"event\":\"STOP\"}"},
        {0},
    };
    const FakeQmpScript script = {.lines = lines};
    g_auto(MonitorCase) session = {0};
    uint64_t before = 0;

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    before = qemu_monitor_progress(session.monitor);
    monitor_case_run(&session);
    assert_true(qemu_monitor_progress(session.monitor) > before);
    before = qemu_monitor_progress(session.monitor);
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    assert_int_equal(qemu_monitor_progress(session.monitor), before + strlen("1,\"id\":0}"));
    before = qemu_monitor_progress(session.monitor);
    fake_qmp_let_go(session.fake);
    monitor_case_run(&session);
    assert_int_equal(qemu_monitor_progress(session.monitor), before);
}

static void
frees_what_was_never_used(void)
{
    const FakeQmpScript script = {.is_bare = false};
    g_auto(MonitorCase) session = {0};

    qemu_monitor_free(NULL);
    monitor_case_init(&session, &script);
    monitor_case_ask(&session, QEMU_COMMAND_QUERY_BLOCKSTATS);
    monitor_case_ask(&session, QEMU_COMMAND_QUERY_IOTHREADS);
    g_clear_pointer(&session.monitor, qemu_monitor_free);
    assert_int_equal(session.asked[0].answer.status, QEMU_ANSWER_LOST);
    assert_int_equal(session.asked[1].answer.status, QEMU_ANSWER_LOST);
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} StoryRow;

static const StoryRow story_rows[] = {
    {"end of file at every byte of a session", bears_end_of_file_anywhere},
    {"more commands than places are answered in their order", takes_answers_in_order},
    {"an id is of one batch only", counts_batches},
    {"no more is in flight than QEMU queues", bounds_what_is_in_flight},
    {"a late answer is dropped, the connection stays", drops_late_answers},
    {"what is forgotten before the greeting is not sent", does_not_send_what_is_forgotten},
    {"a peer that stops reading", waits_for_a_peer_that_does_not_read},
    {"a peer that reads on gets the rest", sends_on_once_the_peer_reads},
    {"no probe without out-of-band", probes_only_where_offered},
    {"no probe before the negotiation is taken", probes_only_after_the_negotiation},
    {"the probe overtakes a stuck command", probe_overtakes_a_stuck_command},
    {"limits count from 0 in each call", counts_from_0_in_each_call},
    {"events are counted from the negotiation on", counts_events_from_the_negotiation_on},
    {"bytes sent are no sign of life", tells_what_came_from_what_went},
    {"half a reply is progress, an event is none", counts_progress},
    {"freeing loses what was queued", frees_what_was_never_used},
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
    return TESTING_RUN_TABLE("monitor slices", slice_rows, does_not_mind_slices) +
           TESTING_RUN_TABLE("monitor stories", story_rows, tells_story);
}
