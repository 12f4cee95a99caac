/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_monitor: replies that are only text until all of them are there.
 */
#include "qemu/qmp/qemu_monitor.h"

#include "fake_qmp.h"
#include "monitor_case.h"
#include "testing.h"

enum { MAX_LINES = 4 };

typedef struct {
    const char *sentence;
    FakeQmpLine lines[MAX_LINES]; /* query-status and query-name are asked */
    const char *gathering;        /* when nothing more comes */
    const char *taken_in;         /* after all has been taken in; NULL: the same */
    const char *reason;           /* in the error, if it is over */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"one of two is only text",
     {{"query-status", FAKE_QMP_RETURN("1")}, {"query-name"}},
     "query-status waiting, query-name waiting; open",
     "query-status answered 1, query-name waiting; open"},
    {"the last brings them all",
     {{"query-status", FAKE_QMP_RETURN("1")}, {"query-name", FAKE_QMP_RETURN("2")}},
     "query-status answered 1, query-name answered 2; open"},
    {"an error is a reply too",
     {{"query-status", "{\"error\":{\"class\":\"C\",\"desc\":\"d\"}}\r\n"},
      {"query-name", FAKE_QMP_RETURN("2")}},
     "query-status refused, query-name answered 2; open"},
    {"an event in place of a reply brings what is there",
     {{"query-status", "{\"event\":\"STOP\"}\r\n" FAKE_QMP_RETURN("1")}, {"query-name"}},
     "query-status answered 1, query-name waiting; open"},
    {"a reply without line end is not text for long",
     {{"query-status", "{\"return\":1}"}, {"query-name"}},
     "query-status answered 1, query-name waiting; open"},
    {"a reply over many lines neither",
     {{"query-status", "{\r\n\"return\": 1\r\n}\r\n"}, {"query-name"}},
     "query-status answered 1, query-name waiting; open"},
    {"half a reply behind a whole one",
     {{"query-status", FAKE_QMP_RETURN("1") "{\"return\":"}, {"query-name", "2,\"id\":0}\r\n"}},
     "query-status answered 1, query-name answered 2; open"},
    {"end of file after one of two",
     {{"query-status"}, {"query-name", "{\"return\":1}\r\n", FAKE_QMP_CLOSES}},
     "query-status answered 1, query-name lost; closed", NULL, "closed"},
    {"what breaks the rules is found when it is taken in",
     {{"query-status", "{\"return\":1,\"id\":7}\r\n"}, {"query-name"}},
     "query-status waiting, query-name waiting; open",
     "query-status lost, query-name lost; broken", "(id 7)"},
    {"what breaks the rules is found before the end of file",
     {{"query-status"}, {"query-name", "{\"return\":1,\"id\":7}\r\n", FAKE_QMP_CLOSES}},
     "query-status lost, query-name lost; broken", NULL, "(id 7)"},
};
/* clang-format on */

static void
gathers(const void *data)
{
    const Row *row = data;
    const FakeQmpScript script = {.lines = row->lines};
    g_auto(MonitorCase) session = {0};
    g_autofree char *gathering = NULL;
    g_autofree char *taken_in = NULL;

    monitor_case_init(&session, &script);
    monitor_case_run(&session); /* greets */
    qemu_monitor_gather(session.monitor, true);
    monitor_case_ask(&session, QEMU_COMMAND_QUERY_STATUS);
    monitor_case_ask(&session, QEMU_COMMAND_QUERY_NAME);
    monitor_case_run(&session);
    gathering = monitor_case_describe(&session);
    testing_assert_same_text(gathering, row->gathering);
    if (session.error == NULL)
        qemu_monitor_take_gathered(session.monitor, session.buffer, &session.error);
    taken_in = monitor_case_describe(&session);
    testing_assert_same_text(taken_in, row->taken_in ? row->taken_in : row->gathering);
    monitor_case_check_reason(&session, row->reason);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor gathers", rows, gathers);
}
