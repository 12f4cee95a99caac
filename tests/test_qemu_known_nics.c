/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_known_nics: when the interfaces that QEMU told in one call are lent to the next, and
 * what else only the user of another monitor could change.
 */
#include <string.h>

#include "qemu/plan/qemu_known.h"
#include "testing.h"

#define BIT QEMU_COMMAND_BIT

enum { MAX_DEPTH = 8 };

typedef struct {
    const char *name;
    bool has_one_monitor;
    bool is_alone; /* nothing else is asked in the second call */
    unsigned int before, amid;
    bool has_lost_connection;
    bool is_lent, holds;
    bool is_interval; /* how often the guest's memory statistics are asked for, not interfaces */
} Row;

static const Row rows[] = {
    {"where nobody else can plug one", true, false, 0, 0, false, true, true},
    {"where others may", false, false, 0, 0, false, false, false},
    {"a device went since", true, false, QEMU_EVENT_DOUBTS_DEVICES, 0, false, false, false},
    {"a device goes in the call that borrows", true, false, 0, QEMU_EVENT_DOUBTS_DEVICES, false,
     true, false},
    {"the run state has no part in it", true, false, QEMU_EVENT_DOUBTS_RUN_STATE, 0, false, true,
     true},
    {"another connection: somebody may have plugged one between", true, false, 0, 0, true, false,
     false},
    {"nothing else is asked, whose reply would come behind an event", true, true, 0, 0, false,
     false, false},
    {"an interval where nobody else can set one", true, false, 0, 0, false, true, true, true},
    {"an interval where others may", false, false, 0, 0, false, false, false, true},
    {"an interval of a balloon that may have gone", true, false, QEMU_EVENT_DOUBTS_DEVICES, 0,
     false, false, false, true},
    {"an interval on another connection", true, false, 0, 0, true, false, false, true},
};

static void
set_answer(QemuAnswer *answer, const char *text)
{
    answer->message = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    answer->status = QEMU_ANSWER_RETURNED;
    answer->value = util_json_member(answer->message, "return");
}

static const char list_reply[] = "{\"return\":[{\"name\":\"a\",\"type\":\"child<e1000>\"}]}";
static const char interval_reply[] = "{\"return\":5}";

static void
check_given(const Row *row, const QemuFacts *facts)
{
    if (row->is_interval) {
        assert_true(facts->memory.polling_interval_s.is_present);
        assert_int_equal(facts->memory.polling_interval_s.value, 5);
        return;
    }
    assert_int_equal(facts->nic_devices.with_id->len, 1);
    assert_string_equal(g_array_index(facts->nic_devices.with_id, const char *, 0), "a");
}

static void
lends(const void *data)
{
    static const char commands[] = "[{\"name\":\"qom-list\"},{\"name\":\"qom-get\"},"
                                   "{\"name\":\"query-status\"}]";
    const Row *row = data;
    QemuCommandId command =
        row->is_interval ? QEMU_COMMAND_QOM_GET_POLLING_INTERVAL : QEMU_COMMAND_QOM_LIST_PERIPHERAL;
    QemuCommandSet list = (QemuCommandSet)1 << command;
    QemuCommandSet wanted = row->is_alone ? list : list | BIT(QUERY_STATUS);
    const QemuEvents before = {.doubts = row->before};
    const QemuEvents amid = {.doubts = row->amid};
    QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    QemuKnown *known = qemu_known_new();
    g_autoptr(UtilJson) names = util_json_parse(commands, strlen(commands), MAX_DEPTH, NULL);
    g_auto(QemuFacts) facts = {0};
    g_auto(QemuFacts) later = {0};
    QemuCommandSet lent = 0;
    QemuCommandSet holding = 0;

    qemu_facts_init(&facts);
    qemu_facts_init(&later);
    assert_true(qemu_known_take_identity(known, names));
    qemu_known_begin_call(known);
    qemu_known_begin_plan(known);
    set_answer(&answers[command], row->is_interval ? interval_reply : list_reply);
    set_answer(&answers[QEMU_COMMAND_QUERY_STATUS], "{\"return\":{\"status\":\"paused\"}}");
    assert_true(qemu_commands[command].parse(answers[command].value, &facts));
    qemu_known_take(known, &(QemuKnownTold){.asked = list,
                                            .answers = answers,
                                            .facts = &facts,
                                            .has_one_monitor = row->has_one_monitor});
    if (row->has_lost_connection)
        qemu_known_note_connection_lost(known);
    qemu_known_begin_call(known);
    qemu_known_note_events(known, &before);
    qemu_known_begin_plan(known);
    lent = qemu_known_lend(known, wanted) & list;
    assert_int_equal(lent != 0, row->is_lent);
    qemu_known_note_events(known, &amid);
    holding = qemu_known_holds(known, lent, BIT(QUERY_STATUS), answers);
    assert_int_equal(holding != 0, row->holds);
    if (row->holds) {
        qemu_known_give(known, command, &later);
        check_given(row, &later);
    }
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        qemu_answer_clear(&answers[i]);
    qemu_known_free(known);
}

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_known: interfaces", rows, lends);
}
