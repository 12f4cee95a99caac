/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_command: see qemu_command.h. Does not know when a command is needed (qemu_group, qemu_plan)
 * nor how a message is made of it (qemu_qmp).
 *
 * QEMU reads a request byte by byte, with a system call for each byte. So each text is as short as
 * possible: no white space, no argument that has its default value.
 */
#include "qemu_command.h"

#include <string.h>

#include "qemu/facts/qemu_reply.h"

#define HALTPOLL_PROVIDERS                                                                         \
    "[{\"provider\":\"kvm\",\"names\":[\"halt_poll_success_ns\",\"halt_poll_fail_ns\"]}]"

const QemuCommand qemu_commands[QEMU_N_COMMANDS] = {
    /* The driver reads these replies itself, so they have no decoder. */
    [QEMU_COMMAND_QUERY_NAME] = {"query-name", NULL, "query-name.json", NULL},
    [QEMU_COMMAND_QUERY_UUID] = {"query-uuid", NULL, "query-uuid.json", NULL},
    [QEMU_COMMAND_QUERY_COMMANDS] = {"query-commands", NULL, "query-commands.json", NULL},
    [QEMU_COMMAND_QUERY_STATUS] = {"query-status", NULL, "query-status.json",
                                   qemu_reply_parse_status},
    [QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES] = {"query-migrate-capabilities", NULL,
                                                 "query-migrate-capabilities.json",
                                                 qemu_reply_parse_migrate_capabilities},
    [QEMU_COMMAND_QUERY_MIGRATE] = {"query-migrate", NULL, "query-migrate.json",
                                    qemu_reply_parse_migrate},
    [QEMU_COMMAND_QUERY_CPUS_FAST] = {"query-cpus-fast", NULL, "query-cpus-fast.json",
                                      qemu_reply_parse_cpus_fast},
    [QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS] = {"query-hotpluggable-cpus", NULL,
                                              "query-hotpluggable-cpus.json",
                                              qemu_reply_parse_hotpluggable_cpus},
    [QEMU_COMMAND_QUERY_BALLOON] = {"query-balloon", NULL, "query-balloon.json",
                                    qemu_reply_parse_balloon},
    [QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY] = {"query-memory-size-summary", NULL,
                                                "query-memory-size-summary.json",
                                                qemu_reply_parse_memory_size},
    [QEMU_COMMAND_QUERY_MEMORY_DEVICES] = {"query-memory-devices", NULL,
                                           "query-memory-devices.json",
                                           qemu_reply_parse_memory_devices},
    /* For the interfaces; the driver also looks for the balloon in the first two, with
     * qemu_reply_find_balloon(). */
    [QEMU_COMMAND_QOM_LIST_PERIPHERAL] = {"qom-list", "{\"path\":\"/machine/peripheral\"}",
                                          "qom-list.peripheral.json", qemu_reply_parse_peripheral},
    [QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON] = {"qom-list",
                                               "{\"path\":\"/machine/peripheral-anon\"}",
                                               "qom-list.peripheral-anon.json",
                                               qemu_reply_parse_peripheral_anon},
    [QEMU_COMMAND_QOM_LIST_UNATTACHED] = {"qom-list", "{\"path\":\"/machine/unattached\"}",
                                          "qom-list.unattached.json", qemu_reply_parse_unattached},
    [QEMU_COMMAND_QOM_GET_GUEST_STATS] = {"qom-get",
                                          "{\"path\":\"%s\",\"property\":\"guest-stats\"}",
                                          "qom-get.guest-stats.json", qemu_reply_parse_guest_stats},
    [QEMU_COMMAND_QOM_GET_POLLING_INTERVAL] =
        {"qom-get", "{\"path\":\"%s\",\"property\":\"guest-stats-polling-interval\"}",
         "qom-get.guest-stats-polling-interval.json", qemu_reply_parse_polling_interval},
    [QEMU_COMMAND_QUERY_BLOCKSTATS] = {"query-blockstats", NULL, "query-blockstats.json",
                                       qemu_reply_parse_blockstats},
    [QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES] = {"query-named-block-nodes", "{\"flat\":true}",
                                              "query-named-block-nodes.json",
                                              qemu_reply_parse_named_nodes},
    [QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES_NESTED] = {"query-named-block-nodes", NULL,
                                                     "query-named-block-nodes.nested.json",
                                                     qemu_reply_parse_named_nodes},
    [QEMU_COMMAND_QUERY_BLOCKSTATS_NODES] = {"query-blockstats", "{\"query-nodes\":true}",
                                             "query-blockstats.nodes.json",
                                             qemu_reply_parse_blockstats_nodes},
    [QEMU_COMMAND_QUERY_BLOCK_JOBS] = {"query-block-jobs", NULL, "query-block-jobs.json",
                                       qemu_reply_parse_block_jobs},
    [QEMU_COMMAND_QUERY_IOTHREADS] = {"query-iothreads", NULL, "query-iothreads.json",
                                      qemu_reply_parse_iothreads},
    [QEMU_COMMAND_QUERY_DIRTY_RATE] = {"query-dirty-rate", NULL, "query-dirty-rate.json",
                                       qemu_reply_parse_dirty_rate},
    [QEMU_COMMAND_QUERY_STATS_SCHEMAS] = {"query-stats-schemas", NULL, "query-stats-schemas.json",
                                          qemu_reply_parse_stats_schemas},
    [QEMU_COMMAND_QUERY_STATS_VCPU] = {"query-stats", "{\"target\":\"vcpu\"}",
                                       "query-stats.vcpu.json", qemu_reply_parse_stats_vcpu},
    [QEMU_COMMAND_QUERY_STATS_HALTPOLL] = {"query-stats",
                                           "{\"target\":\"vcpu\",\"providers\":" HALTPOLL_PROVIDERS
                                           "}",
                                           "query-stats.haltpoll.json",
                                           qemu_reply_parse_stats_haltpoll},
    [QEMU_COMMAND_QUERY_STATS_VM] = {"query-stats", "{\"target\":\"vm\"}", "query-stats.vm.json",
                                     qemu_reply_parse_stats_vm},
    /* The probe: that QEMU answers is all that matters. */
    [QEMU_COMMAND_QUERY_YANK] = {"query-yank", NULL, "query-yank.json", NULL},
};

/* Enough for the arguments in the table. Arguments compared with them may be nested deeper, since
 * the comparison only descends as far as the table's do. */
#define MAX_ARGUMENTS_DEPTH 8

typedef struct {
    const UtilJson *found;
    size_t n_members;
    bool is_same;
} Comparison;

static bool is_same_value(const UtilJson *ours, const UtilJson *found);

static void
compare_member(const char *name, const UtilJson *value, void *data)
{
    Comparison *comparison = data;

    comparison->n_members++;
    if (!is_same_value(value, util_json_member(comparison->found, name)))
        comparison->is_same = false;
}

static void
count_member(const char *name, const UtilJson *value, void *data)
{
    size_t *n_members = data;

    (void)name;
    (void)value;
    (*n_members)++;
}

static bool
is_same_object(const UtilJson *ours, const UtilJson *found)
{
    Comparison comparison = {.found = found, .is_same = true};
    size_t n_found = 0;

    util_json_foreach(ours, compare_member, &comparison);
    util_json_foreach(found, count_member, &n_found);
    return comparison.is_same && comparison.n_members == n_found;
}

static bool
is_same_array(const UtilJson *ours, const UtilJson *found)
{
    if (util_json_length(ours) != util_json_length(found))
        return false;
    for (size_t i = 0; i < util_json_length(ours); i++) {
        if (!is_same_value(util_json_element(ours, i), util_json_element(found, i)))
            return false;
    }
    return true;
}

static bool
is_same_string(const UtilJson *ours, const UtilJson *found)
{
    const char *text = util_json_string(ours);

    return g_strcmp0(text, "%s") == 0 || g_strcmp0(text, util_json_string(found)) == 0;
}

static bool
is_same_boolean(const UtilJson *ours, const UtilJson *found)
{
    bool our_value = false;
    bool found_value = false;

    return util_json_boolean(ours, &our_value) && util_json_boolean(found, &found_value) &&
           our_value == found_value;
}

/* The table's arguments hold no null and no number, so these are never the same. */
static bool
is_same_value(const UtilJson *ours, const UtilJson *found)
{
    static bool (*const compare[])(const UtilJson *, const UtilJson *) = {
        [UTIL_JSON_BOOLEAN] = is_same_boolean,
        [UTIL_JSON_STRING] = is_same_string,
        [UTIL_JSON_ARRAY] = is_same_array,
        [UTIL_JSON_OBJECT] = is_same_object,
    };
    UtilJsonKind kind = util_json_kind(ours);

    if (util_json_kind(found) != kind || compare[kind] == NULL)
        return false;
    return compare[kind](ours, found);
}

static bool
matches(const QemuCommand *row, const UtilJson *arguments)
{
    g_autoptr(UtilJson) ours = NULL;
    size_t n_members = 0;

    if (row->arguments == NULL) {
        util_json_foreach(arguments, count_member, &n_members);
        return n_members == 0;
    }
    ours = util_json_parse(row->arguments, strlen(row->arguments), MAX_ARGUMENTS_DEPTH, NULL);
    return is_same_value(ours, arguments);
}

int
qemu_command_find(const char *name, const UtilJson *arguments)
{
    if (arguments != NULL && util_json_kind(arguments) != UTIL_JSON_OBJECT)
        return -1;
    for (int i = 0; i < QEMU_N_COMMANDS; i++) {
        if (g_strcmp0(qemu_commands[i].name, name) == 0 && matches(&qemu_commands[i], arguments))
            return i;
    }
    return -1;
}

QemuCommandSet
qemu_command_all(void)
{
    return ((uint64_t)1 << QEMU_N_COMMANDS) - 1;
}

QemuCommandSet
qemu_command_parse_available(const UtilJson *reply)
{
    QemuCommandSet available = 0;

    for (size_t i = 0; i < util_json_length(reply); i++) {
        const char *name = util_json_member_string(util_json_element(reply, i), "name");

        for (size_t id = 0; name != NULL && id < QEMU_N_COMMANDS; id++) {
            if (strcmp(qemu_commands[id].name, name) == 0)
                available |= (QemuCommandSet)1 << id;
        }
    }
    return available;
}
