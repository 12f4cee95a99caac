/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_known_nics: when the interfaces that QEMU told in one call are lent to the next.
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
};

static void
set_answer(QemuAnswer *answer, const char *text)
{
    answer->message = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    answer->status = QEMU_ANSWER_RETURNED;
    answer->value = util_json_member(answer->message, "return");
}

static void
lends(const void *data)
{
    static const QemuCommandSet list = BIT(QOM_LIST_PERIPHERAL);
    static const char reply[] = "{\"return\":[{\"name\":\"a\",\"type\":\"child<e1000>\"}]}";
    static const char commands[] = "[{\"name\":\"qom-list\"},{\"name\":\"query-status\"}]";
    const Row *row = data;
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
    set_answer(&answers[QEMU_COMMAND_QOM_LIST_PERIPHERAL], reply);
    set_answer(&answers[QEMU_COMMAND_QUERY_STATUS], "{\"return\":{\"status\":\"paused\"}}");
    assert_true(qemu_commands[QEMU_COMMAND_QOM_LIST_PERIPHERAL].parse(
        answers[QEMU_COMMAND_QOM_LIST_PERIPHERAL].value, &facts));
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
        qemu_known_give(known, QEMU_COMMAND_QOM_LIST_PERIPHERAL, &later);
        assert_int_equal(later.nic_devices.with_id->len, 1);
        assert_string_equal(g_array_index(later.nic_devices.with_id, const char *, 0), "a");
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
