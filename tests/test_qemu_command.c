/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_command: which commands can be sent, and which row a recorded request belongs to.
 */
#include "qemu/qmp/qemu_command.h"

#include <string.h>

#include "testing.h"

#define MAX_DEPTH 32

static UtilJson *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    UtilJson *value = util_json_parse(text, strlen(text), MAX_DEPTH, &error);

    assert_null(error);
    return value;
}

typedef struct {
    const char *sentence;
    const char *name;
    const char *arguments; /* NULL: none */
    int expected;
} FindRow;

#define HALTPOLL                                                                                   \
    "\"providers\":[{\"names\":[\"halt_poll_success_ns\",\"halt_poll_fail_ns\"],"                  \
    "\"provider\":\"kvm\"}]"

static const FindRow find_rows[] = {
    {"a command without arguments is found by its name", "query-status", NULL,
     QEMU_COMMAND_QUERY_STATUS},
    {"empty arguments are none", "query-status", "{}", QEMU_COMMAND_QUERY_STATUS},
    {"an argument we never send is another command", "query-status", "{\"a\":1}", -1},
    {"a name we never send is not found", "quit", NULL, -1},
    {"an empty name is not found", "", NULL, -1},
    {"the target tells the vCPUs' statistics", "query-stats", "{\"target\":\"vcpu\"}",
     QEMU_COMMAND_QUERY_STATS_VCPU},
    {"the target tells the VM's statistics", "query-stats", "{ \"target\": \"vm\" }",
     QEMU_COMMAND_QUERY_STATS_VM},
    {"another target is not found", "query-stats", "{\"target\":\"cryptodev\"}", -1},
    {"statistics without a target are not found", "query-stats", NULL, -1},
    {"providers tell halt polling, whatever the order of members", "query-stats",
     "{" HALTPOLL ",\"target\":\"vcpu\"}", QEMU_COMMAND_QUERY_STATS_HALTPOLL},
    {"halt polling of another target is not found", "query-stats",
     "{" HALTPOLL ",\"target\":\"vm\"}", -1},
    {"a shorter list of names is another command", "query-stats",
     "{\"target\":\"vcpu\",\"providers\":[{\"provider\":\"kvm\",\"names\":[]}]}", -1},
    {"the two containers are told apart by their paths: named", "qom-list",
     "{\"path\":\"/machine/peripheral\"}", QEMU_COMMAND_QOM_LIST_PERIPHERAL},
    {"the two containers are told apart by their paths: anonymous", "qom-list",
     "{\"path\":\"/machine/peripheral-anon\"}", QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON},
    {"another container is not found", "qom-list", "{\"path\":\"/machine\"}", -1},
    {"a balloon's path may be any", "qom-get",
     "{\"path\":\"/machine/peripheral/b0\",\"property\":\"guest-stats\"}",
     QEMU_COMMAND_QOM_GET_GUEST_STATS},
    {"a balloon's path may be short", "qom-get",
     "{\"property\":\"guest-stats-polling-interval\",\"path\":\"b0\"}",
     QEMU_COMMAND_QOM_GET_POLLING_INTERVAL},
    {"a path that is no string is not found", "qom-get",
     "{\"path\":1,\"property\":\"guest-stats\"}", -1},
    {"another property is not found", "qom-get", "{\"path\":\"b0\",\"property\":\"type\"}", -1},
    {"nodes are asked for as a flat list", "query-named-block-nodes", "{\"flat\":true}",
     QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES},
    {"nodes with their chains are another command", "query-named-block-nodes", "{\"flat\":false}",
     -1},
    {"arguments that are no object are not found", "query-named-block-nodes", "[true]", -1},
    {"a number for a boolean is not found", "query-named-block-nodes", "{\"flat\":1}", -1},
};

static void
finds(const void *data)
{
    const FindRow *row = data;
    g_autoptr(UtilJson) arguments = row->arguments ? parse(row->arguments) : NULL;

    assert_int_equal(qemu_command_find(row->name, arguments), row->expected);
}

typedef struct {
    const char *sentence;
    const char *reply;
    QemuCommandSet expected;
} AvailableRow;

static const AvailableRow available_rows[] = {
    {"names that are ours are taken, others ignored",
     "[{\"name\":\"quit\"},{\"name\":\"query-status\"},{\"name\":\"query-balloon\"}]",
     QEMU_COMMAND_BIT(QUERY_STATUS) | QEMU_COMMAND_BIT(QUERY_BALLOON)},
    {"a name stands for all its rows", "[{\"name\":\"query-stats\"}]",
     QEMU_COMMAND_BIT(QUERY_STATS_VCPU) | QEMU_COMMAND_BIT(QUERY_STATS_HALTPOLL) |
         QEMU_COMMAND_BIT(QUERY_STATS_VM)},
    {"a name must match whole", "[{\"name\":\"query-statu\"},{\"name\":\"query-statuses\"}]", 0},
    {"what is no name is left out", "[{\"name\":7},{},7,null,{\"name\":\"query-yank\"}]",
     QEMU_COMMAND_BIT(QUERY_YANK)},
    {"what is no list has none", "{\"name\":\"query-status\"}", 0},
};

static void
lists_available(const void *data)
{
    const AvailableRow *row = data;
    g_autoptr(UtilJson) reply = parse(row->reply);

    assert_int_equal(qemu_command_parse_available(reply), row->expected);
}

typedef struct {
    const char *sentence;
    void (*holds)(const QemuCommand *command, int id);
} TableRow;

static void
only_reads(const QemuCommand *command, int id)
{
    (void)id;
    assert_true(g_str_has_prefix(command->name, "query-") ||
                strcmp(command->name, "qom-list") == 0 || strcmp(command->name, "qom-get") == 0);
}

static void
is_short(const QemuCommand *command, int id)
{
    g_autoptr(UtilJson) arguments = NULL;

    (void)id;
    if (command->arguments == NULL)
        return;
    arguments = parse(command->arguments);
    assert_int_equal(util_json_kind(arguments), UTIL_JSON_OBJECT);
    assert_null(strpbrk(command->arguments, " \t\r\n"));
}

static void
is_found_again(const QemuCommand *command, int id)
{
    g_autoptr(UtilJson) arguments = command->arguments ? parse(command->arguments) : NULL;

    assert_int_equal(qemu_command_find(command->name, arguments), id);
}

static void
has_own_file(const QemuCommand *command, int id)
{
    assert_true(g_str_has_prefix(command->file_name, command->name));
    assert_true(g_str_has_suffix(command->file_name, ".json"));
    for (int other = 0; other < id; other++)
        assert_string_not_equal(command->file_name, qemu_commands[other].file_name);
}

static void
is_decoded(const QemuCommand *command, int id)
{
    const QemuCommandSet is_no_fact = QEMU_COMMAND_BIT(QUERY_NAME) | QEMU_COMMAND_BIT(QUERY_UUID) |
                                      QEMU_COMMAND_BIT(QUERY_COMMANDS) |
                                      QEMU_COMMAND_BIT(QUERY_YANK);

    assert_int_equal(command->parse == NULL, (is_no_fact >> id) & 1);
}

static const TableRow table_rows[] = {
    {"every command only reads", only_reads},
    {"every text is JSON without white space", is_short},
    {"every row is found by its own name and arguments", is_found_again},
    {"every reply has a file of its own in a recording", has_own_file},
    {"every fact has a decoder", is_decoded},
};

static void
holds_for_all(const void *data)
{
    const TableRow *row = data;

    for (int id = 0; id < QEMU_N_COMMANDS; id++) {
        assert_non_null(qemu_commands[id].name);
        row->holds(&qemu_commands[id], id);
    }
}

int
main(void)
{
    return TESTING_RUN_TABLE("command table", table_rows, holds_for_all) +
           TESTING_RUN_TABLE("command find", find_rows, finds) +
           TESTING_RUN_TABLE("command available", available_rows, lists_available);
}
