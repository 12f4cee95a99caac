/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_monitor: which messages a peer may send, and which end the connection.
 */
#include "qemu/qmp/qemu_monitor.h"

#include "fake_qmp.h"
#include "monitor_case.h"
#include "testing.h"

enum { MAX_LINES = 8 };

#define STATUS QEMU_COMMAND_QUERY_STATUS
#define NAME   QEMU_COMMAND_QUERY_NAME

typedef struct {
    const char *sentence;
    FakeQmpLine lines[MAX_LINES];
    QemuCommandId commands[MONITOR_CASE_COMMANDS];
    size_t n_commands;
    const char *expected;
    const char *reason; /* in the error, if it is over */
} ScriptRow;

#define ASK(...) {__VA_ARGS__}, G_N_ELEMENTS(((QemuCommandId[]){__VA_ARGS__}))

/* clang-format off */
static const ScriptRow script_rows[] = {
    {"a question is answered",
     {{"query-status", FAKE_QMP_RETURN("1")}}, ASK(STATUS), "query-status answered 1; open"},
    {"two replies in one read",
     {{"query-status"}, {"query-name", "{\"return\":1}{\"return\":2,\"id\":0}"}},
     ASK(STATUS, NAME), "query-status answered 1, query-name answered 2; open"},
    {"an event between question and answer",
     {{"query-status", "{\"event\":\"STOP\"}"}, {NULL, FAKE_QMP_RETURN("1")}},
     ASK(STATUS), "query-status answered 1; open"},
    {"an event before the negotiation is answered",
     {{NULL, "{\"event\":\"STOP\"}"}, {"query-status", FAKE_QMP_RETURN("1")}},
     ASK(STATUS), "query-status answered 1; open"},
    {"an error reply with an id",
     {{"query-status"}, {"query-name", "{\"return\":1}"},
      {NULL, "{\"error\":{\"class\":\"C\",\"desc\":\"d\"},\"id\":0}"}},
     ASK(STATUS, NAME), "query-status answered 1, query-name refused; open"},
    {"an error reply without id is the oldest command's",
     {{"query-status"}, {"query-name", "{\"error\":{\"class\":\"C\",\"desc\":\"d\"}}"},
      {NULL, "{\"return\":2,\"id\":0}"}},
     ASK(STATUS, NAME), "query-status refused, query-name answered 2; open"},
    {"an error reply without id to the command that had one",
     {{"query-status"}, {"query-name", "{\"return\":1}"},
      {NULL, "{\"error\":{\"class\":\"C\",\"desc\":\"d\"}}"}},
     ASK(STATUS, NAME), "query-status answered 1, query-name refused; open"},
    {"a reply of null is an answer",
     {{"query-status", FAKE_QMP_RETURN("null")}}, ASK(STATUS), "query-status answered; open"},
    {"a reply spread over lines, as pretty monitors do",
     {{"query-status", "{\r\n    \"return\": 1,\r\n    \"id\": 0\r\n}\r\n"}},
     ASK(STATUS), "query-status answered 1; open"},
    {"white space without end of line between replies",
     {{"query-status", "  \t{\"return\":1,\"id\":@id}\t "}, {"query-name", FAKE_QMP_RETURN("2")}},
     ASK(STATUS, NAME), "query-status answered 1, query-name answered 2; open"},
    {"a member named like another's",
     {{"query-status", "{\"return\":{\"error\":1,\"event\":\"STOP\",\"id\":5},\"id\":@id}"}},
     ASK(STATUS), "query-status answered; open"},
    {"one member twice: the last counts",
     {{"query-status", "{\"return\":1,\"id\":7,\"return\":2,\"id\":0}"}},
     ASK(STATUS), "query-status answered 2; open"},
    {"huge and negative numbers that fit",
     {{"query-status", FAKE_QMP_RETURN("-9223372036854775808")},
      {"query-name", FAKE_QMP_RETURN("9223372036854775807")}},
     ASK(STATUS, NAME),
     "query-status answered -9223372036854775808, query-name answered 9223372036854775807; open"},
    {"2^64-1 is a number",
     {{"query-status", FAKE_QMP_RETURN("18446744073709551615")}},
     ASK(STATUS), "query-status answered; open"},
    {"silence",
     {{"query-status"}}, ASK(STATUS), "query-status waiting; open"},
    {"a reply that is cut short waits for the rest",
     {{"query-status", "{\"return\":1,\"id\":@id"}}, ASK(STATUS), "query-status waiting; open"},
    {"the same command twice is two questions",
     {{"query-status", FAKE_QMP_RETURN("1")}, {"query-status", FAKE_QMP_RETURN("2")}},
     ASK(STATUS, STATUS), "query-status answered 1, query-status answered 2; open"},

    {"end of file after a reply",
     {{"query-status"}, {"query-name", "{\"return\":1}", FAKE_QMP_CLOSES}},
     ASK(STATUS, NAME), "query-status answered 1, query-name lost; closed", "closed"},
    {"end of file inside a reply",
     {{"query-status", "{\"return\":1,", FAKE_QMP_CLOSES}},
     ASK(STATUS), "query-status lost; closed", "closed"},

    {"an unknown id",
     {{"query-status", "{\"return\":1,\"id\":5}"}},
     ASK(STATUS), "query-status lost; broken", "(id 5)"},
    {"an unknown id of an error",
     {{"query-status", "{\"error\":{},\"id\":5}"}},
     ASK(STATUS), "query-status lost; broken", "(id 5)"},
    {"a reply that was added before the one with the id",
     {{"query-status"}, {"query-name", "{\"return\":1}{\"return\":1}{\"return\":2,\"id\":0}"}},
     ASK(STATUS, NAME), "query-status answered 1, query-name lost; broken", "(id -1)"},
    {"a reply that was lost before the one with the id",
     {{"query-status"}, {"query-name", "{\"return\":2,\"id\":0}"}},
     ASK(STATUS, NAME), "query-status lost, query-name lost; broken", "(id 0)"},
    {"an id that was not sent with the command",
     {{"query-status", "{\"return\":1,\"id\":0}"}, {"query-name"}},
     ASK(STATUS, NAME), "query-status lost, query-name lost; broken", "(id 0)"},
    {"no id where one was sent",
     {{"query-status", "{\"return\":1}"}},
     ASK(STATUS), "query-status lost; broken", "(id -1)"},
    {"an id of text",
     {{"query-status", "{\"return\":1,\"id\":\"0\"}"}},
     ASK(STATUS), "query-status lost; broken", "had not been asked"},
    {"a negative id",
     {{"query-status", "{\"return\":1,\"id\":-1}"}},
     ASK(STATUS), "query-status lost; broken", "(id -1)"},
    {"an id of 2^32 is not 0",
     {{"query-status", "{\"return\":1,\"id\":4294967296}"}},
     ASK(STATUS), "query-status lost; broken", "(id 4294967296)"},
    {"the same id twice",
     {{"query-status", FAKE_QMP_RETURN("1") FAKE_QMP_RETURN("2")}},
     ASK(STATUS), "query-status answered 1; broken", "had not been asked"},
    {"a reply before the question",
     {{NULL, "{\"return\":1,\"id\":9}"}, {"query-status"}},
     ASK(STATUS), "query-status lost; broken", "had not been asked"},
    {"a reply to the probe that was not sent",
     {{"query-status", "{\"return\":{},\"id\":10}"}},
     ASK(STATUS), "query-status lost; broken", "(id 10)"},
    {"a reply without id when nothing was asked",
     {{"query-status", FAKE_QMP_RETURN("1") "{\"error\":{}}"}},
     ASK(STATUS), "query-status answered 1; broken", "had not been asked"},
    {"a second greeting",
     {{"query-status", FAKE_QMP_GREETING}},
     ASK(STATUS), "query-status lost; broken", "greeted twice"},
    {"an object that is no message",
     {{"query-status", "{\"execute\":\"quit\"}"}},
     ASK(STATUS), "query-status lost; broken", "no QMP message"},
    {"an array for an object",
     {{"query-status", "[{\"return\":1,\"id\":0}]"}},
     ASK(STATUS), "query-status lost; broken", "brace"},
    {"a number for an object",
     {{"query-status", "7"}}, ASK(STATUS), "query-status lost; broken", "brace"},
    {"broken UTF-8",
     {{"query-status", FAKE_QMP_RETURN("\"\xC3\x28\"")}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"UTF-8 that is longer than it need be",
     {{"query-status", FAKE_QMP_RETURN("\"\xC0\xAF\"")}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a NUL byte in a string",
     {{"query-status", "{\"return\":\"a\0b\",\"id\":0}", .n_bytes = 23}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a NUL byte between messages",
     {{"query-status", "{\"return\":1,\"id\":0}\0", .n_bytes = 20}},
     ASK(STATUS), "query-status answered 1; broken", "brace"},
    {"control characters in a string",
     {{"query-status", FAKE_QMP_RETURN("\"a\x01\"")}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a number past 64 bits",
     {{"query-status", FAKE_QMP_RETURN("18446744073709551616")}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a negative number past 64 bits",
     {{"query-status", FAKE_QMP_RETURN("-9223372036854775809")}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a number of a million digits",
     {{"query-status", "{\"return\":"}, {NULL, "1", .n_times = 1000000},
      {NULL, ",\"id\":0}"}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"infinity", {{"query-status", FAKE_QMP_RETURN("Infinity")}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"brackets that do not match",
     {{"query-status", "{\"return\":[1}}"}}, ASK(STATUS), "query-status lost; broken", ""},
    {"a hundred thousand brackets deep",
     {{"query-status", "{\"return\":"}, {NULL, "[", .n_times = 100000}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a hundred thousand braces deep",
     {{"query-status", "{\"return\":"}, {NULL, "{\"a\":", .n_times = 100000}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a million entries of an array",
     {{"query-status", "{\"return\":[0"}, {NULL, ",0", .n_times = QEMU_LIMIT_REPLY_ENTRIES}},
     ASK(STATUS), "query-status lost; broken", ""},
    {"a line past the limit",
     {{"query-status", "{\"return\":\""},
      {NULL, "0123456789abcdef", .n_times = QEMU_LIMIT_REPLY_BYTES / 16}},
     ASK(STATUS), "query-status lost; broken", "too many bytes"},
    {"white space without end",
     {{"query-status", "                                ",
       .n_times = QEMU_LIMIT_BYTES_PER_CALL / 32 + 1}},
     ASK(STATUS), "query-status lost; broken", "bytes in one call"},
    {"events without end",
     {{"query-status", "{\"event\":\"STOP\"}", .n_times = QEMU_LIMIT_EVENTS_PER_CALL + 1}},
     ASK(STATUS), "query-status lost; broken", "events that were not read before"},
    {"events up to the limit are borne",
     {{"query-status", "{\"event\":\"STOP\"}", .n_times = QEMU_LIMIT_EVENTS_PER_CALL},
      {NULL, FAKE_QMP_RETURN("1")}},
     ASK(STATUS), "query-status answered 1; open"},
};
/* clang-format on */

static void
follows_script(const void *data)
{
    const ScriptRow *row = data;
    const FakeQmpScript script = {.lines = row->lines};
    g_auto(MonitorCase) session = {0};
    g_autofree char *got = NULL;

    monitor_case_init(&session, &script);
    for (size_t i = 0; i < row->n_commands; i++)
        monitor_case_ask(&session, row->commands[i]);
    monitor_case_run(&session);
    fake_qmp_check(session.fake);
    got = monitor_case_describe(&session);
    testing_assert_same_text(got, row->expected);
    monitor_case_check_reason(&session, row->reason);
}

/* The beginning of a session, of which the script says every byte itself. */
typedef struct {
    const char *sentence;
    FakeQmpLine lines[MAX_LINES];
    const char *expected;
    const char *reason;
} GreetingRow;

static const GreetingRow greeting_rows[] = {
    {"a peer that says nothing", {{0}}, "query-status waiting; open", NULL},
    {"end of file before the greeting",
     {{NULL, "", FAKE_QMP_CLOSES}},
     "query-status lost; closed",
     "closed"},
    {"nothing is sent before the greeting",
     {{NULL, NULL, FAKE_QMP_WAITS}},
     "query-status waiting; open",
     NULL},
    {"the negotiation comes before all else",
     {{NULL, FAKE_QMP_GREETING},
      {"qmp_capabilities", FAKE_QMP_RETURN("{}")},
      {"query-status", FAKE_QMP_RETURN("1")}},
     "query-status answered 1; open",
     NULL},
    {"a command is sent without waiting for the negotiation",
     {{NULL, FAKE_QMP_GREETING},
      {"qmp_capabilities", NULL},
      {"query-status", "{\"return\":{},\"id\":11}{\"return\":1,\"id\":0}"}},
     "query-status answered 1; open",
     NULL},
    {"a greeting on many lines",
     {{NULL, "{\r\n \"QMP\": {\r\n  \"capabilities\": [\r\n ]\r\n }\r\n}\r\n"},
      {"qmp_capabilities", FAKE_QMP_RETURN("{}")},
      {"query-status", FAKE_QMP_RETURN("1")}},
     "query-status answered 1; open",
     NULL},
    {"a telnet peer",
     {{NULL, "\xFF\xFD\x01\xFF\xFB\x03" FAKE_QMP_GREETING}},
     "query-status lost; broken",
     "telnet"},
    {"a mail server",
     {{NULL, "220 mail.example.org ESMTP\r\n"}},
     "query-status lost; broken",
     "brace"},
    {"another JSON protocol",
     {{NULL, "{\"jsonrpc\":\"2.0\"}"}},
     "query-status lost; broken",
     "no greeting"},
    {"a guest agent, which does not greet",
     {{NULL, "{\"return\":1,\"id\":0}"}},
     "query-status lost; broken",
     "no greeting"},
    {"an event before the greeting is passed over",
     {{NULL, "{\"event\":\"STOP\"}"},
      {NULL, FAKE_QMP_GREETING},
      {"qmp_capabilities", FAKE_QMP_RETURN("{}")},
      {"query-status", FAKE_QMP_RETURN("1")}},
     "query-status answered 1; open",
     NULL},
    {"an event between greeting, negotiation and reply",
     {{NULL, FAKE_QMP_GREETING "{\"event\":\"STOP\"}"},
      {"qmp_capabilities", "{\"event\":\"RESUME\"}" FAKE_QMP_RETURN("{}")},
      {"query-status", "{\"event\":\"STOP\"}" FAKE_QMP_RETURN("1")}},
     "query-status answered 1; open",
     NULL},
    {"events and no greeting are bounded",
     {{NULL, "{\"event\":\"STOP\"}", .n_times = QEMU_LIMIT_EVENTS_PER_CALL + 1}},
     "query-status lost; broken",
     "more than"},
    {"the negotiation is refused",
     {{NULL, FAKE_QMP_GREETING},
      {"qmp_capabilities", "{\"error\":{\"class\":\"C\",\"desc\":\"not you\"},\"id\":@id}"}},
     "query-status lost; broken",
     "not you"},
    {"the negotiation is refused at length",
     {{NULL, FAKE_QMP_GREETING},
      {"qmp_capabilities", "{\"error\":{\"desc\":\""},
      {NULL, "words ", .n_times = 100},
      {NULL, "\"},\"id\":11}"}},
     "query-status lost; broken",
     "no short reason"},
};

static void
greets(const void *data)
{
    const GreetingRow *row = data;
    const FakeQmpScript script = {.lines = row->lines, .is_bare = true};
    g_auto(MonitorCase) session = {0};
    g_autofree char *got = NULL;

    monitor_case_init(&session, &script);
    monitor_case_ask(&session, STATUS);
    monitor_case_run(&session);
    /* Commands that come after a line which ends the session are no matter. */
    if (row->reason == NULL)
        fake_qmp_check(session.fake);
    if (!qemu_monitor_has_greeted(session.monitor))
        assert_string_equal(fake_qmp_heard(session.fake), "");
    got = monitor_case_describe(&session);
    testing_assert_same_text(got, row->expected);
    monitor_case_check_reason(&session, row->reason);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor scripts", script_rows, follows_script) +
           TESTING_RUN_TABLE("monitor greetings", greeting_rows, greets);
}
