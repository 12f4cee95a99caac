/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_reply_*: replies at and past the limits, as only a guest that has taken over its
 * QEMU sends them.
 */
#include "qemu/facts/qemu_reply.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/qmp/qemu_command.h"
#include "testing.h"

static UtilJson *
parse(const char *text, int max_depth)
{
    g_autoptr(GError) error = NULL;
    UtilJson *value = util_json_parse(text, strlen(text), max_depth, &error);

    assert_null(error);
    return value;
}

typedef struct {
    const char *sentence;
    QemuCommandId command;
    const char *head, *element, *tail; /* '#' in @element: its number */
    size_t n_elements;
    bool is_believed;
} LimitRow;

static const LimitRow rows[] = {
    {"as many vCPUs as may be", QEMU_COMMAND_QUERY_CPUS_FAST, "[", "{\"cpu-index\":#}", "]",
     QEMU_LIMIT_VCPUS, true},
    {"one vCPU more", QEMU_COMMAND_QUERY_CPUS_FAST, "[", "{\"cpu-index\":#}", "]",
     QEMU_LIMIT_VCPUS + 1, false},
    {"one slot more", QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS, "[", "{\"vcpus-count\":1}", "]",
     QEMU_LIMIT_VCPUS + 1, false},
    {"one IOThread more", QEMU_COMMAND_QUERY_IOTHREADS, "[", "{\"id\":\"#\"}", "]",
     QEMU_LIMIT_IOTHREADS + 1, false},
    {"one schema more", QEMU_COMMAND_QUERY_STATS_SCHEMAS, "[{\"target\":\"vm\",\"stats\":[",
     "{\"name\":\"#\",\"type\":\"peak\"}", "]}]", QEMU_LIMIT_STATS_PER_OBJECT + 1, false},
    {"values past the limit are not looked at", QEMU_COMMAND_QUERY_STATS_VM, "[{\"stats\":[",
     "{\"name\":\"#\",\"value\":1}", "]}]", QEMU_LIMIT_STATS_PER_OBJECT + 1, true},
    {"a string as long as may be", QEMU_COMMAND_QUERY_STATUS, "{\"running\":true,\"status\":\"", "",
     "\"}", QEMU_LIMIT_STRING_BYTES + 1, true},
    {"a string one byte longer", QEMU_COMMAND_QUERY_STATUS, "{\"running\":true,\"status\":\"", "",
     "\"}", QEMU_LIMIT_STRING_BYTES + 2, false},
};

/* Elements with commas between them: @n empty ones are a string of @n - 1 commas. */
static char *
make_text(const LimitRow *row)
{
    GString *text = g_string_new(row->head);

    for (size_t i = 0; i < row->n_elements; i++) {
        g_autofree char *number = g_strdup_printf("%zu", i);
        g_auto(GStrv) parts = g_strsplit(row->element, "#", -1);
        g_autofree char *element = g_strjoinv(number, parts);

        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", element);
    }
    g_string_append(text, row->tail);
    return g_string_free(text, FALSE);
}

static void
keeps_limit(const void *data)
{
    const LimitRow *row = data;
    g_autofree char *text = make_text(row);
    g_autoptr(UtilJson) reply = parse(text, QEMU_LIMIT_REPLY_DEPTH);
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    assert_int_equal(qemu_commands[row->command].parse(reply, &facts), row->is_believed);
}

typedef struct {
    const char *sentence;
    const char *step; /* what each level adds; its end is one brace more */
    int n_levels;
    unsigned int n_layers;
} ChainRow;

/* Below the list and the disk. */
enum { DEEPEST = QEMU_LIMIT_REPLY_DEPTH - 2 };

static const ChainRow chain_rows[] = {
    {"a chain of 260 images is whole", ",\"node-name\":\"a\",\"backing\":{\"x\":0", 259, 260},
    {"a chain as deep as a reply may be is whole", ",\"node-name\":\"a\",\"backing\":{\"x\":0",
     DEEPEST, DEEPEST + 1},
    {"storage below storage is one layer", ",\"node-name\":\"a\",\"parent\":{\"x\":0", DEEPEST, 1},
    {"filters on filters are gone through", ",\"node-name\":\"filter\",\"parent\":{\"x\":0",
     DEEPEST, 1},
};

static char *
make_chain(const ChainRow *row)
{
    GString *text = g_string_new("[{\"qdev\":\"d\"");

    for (int i = 0; i < row->n_levels; i++)
        g_string_append(text, row->step);
    g_string_append(text, ",\"node-name\":\"last\"");
    for (int i = 0; i < row->n_levels; i++)
        g_string_append_c(text, '}');
    g_string_append(text, "}]");
    return g_string_free(text, FALSE);
}

static void
bounds_chain(const void *data)
{
    const ChainRow *row = data;
    g_autofree char *text = make_chain(row);
    g_autoptr(UtilJson) disks = parse(text, QEMU_LIMIT_REPLY_DEPTH);
    g_autoptr(UtilJson) nodes =
        parse("[{\"node-name\":\"filter\",\"drv\":\"throttle\"}]", QEMU_LIMIT_REPLY_DEPTH);
    g_auto(QemuFacts) facts = {0};
    const QemuFactsDisk *disk = NULL;

    qemu_facts_init(&facts);
    assert_true(qemu_reply_parse_blockstats(disks, &facts));
    assert_true(qemu_reply_parse_named_nodes(nodes, &facts));
    qemu_reply_finish_block(&facts);
    disk = &g_array_index(facts.disks, QemuFactsDisk, 0);
    assert_non_null(disk->layers);
    assert_int_equal(disk->layers->len, row->n_layers);
}

int
main(void)
{
    return TESTING_RUN_TABLE("reply limits", rows, keeps_limit) +
           TESTING_RUN_TABLE("reply chains", chain_rows, bounds_chain);
}
