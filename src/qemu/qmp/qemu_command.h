/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_command: THE table of commands: the allow-list of what can be sent, its exact text, and
 * the decoder of the reply.
 *
 * Nothing but a row of this table, and the negotiation, can leave the process: a monitor
 * takes a QemuCommandId, never a text.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"
#include "util/util_json.h"

typedef enum {
    QEMU_COMMAND_QUERY_NAME,
    QEMU_COMMAND_QUERY_UUID,
    QEMU_COMMAND_QUERY_COMMANDS,
    QEMU_COMMAND_QUERY_STATUS,
    QEMU_COMMAND_QUERY_CPUS_FAST,
    QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS,
    QEMU_COMMAND_QUERY_BALLOON,
    QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY,
    QEMU_COMMAND_QUERY_MEMORY_DEVICES,
    QEMU_COMMAND_QOM_LIST_PERIPHERAL,
    QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON,
    QEMU_COMMAND_QOM_LIST_UNATTACHED, /* the machine's own devices */
    QEMU_COMMAND_QOM_GET_GUEST_STATS,
    QEMU_COMMAND_QOM_GET_POLLING_INTERVAL,
    QEMU_COMMAND_QUERY_BLOCKSTATS,
    QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES,        /* flat: 5.0 and later */
    QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES_NESTED, /* the same facts, each node with its chain */
    QEMU_COMMAND_QUERY_BLOCKSTATS_NODES,         /* of each node, not of the disks */
    QEMU_COMMAND_QUERY_IOTHREADS,
    QEMU_COMMAND_QUERY_DIRTY_RATE,
    QEMU_COMMAND_QUERY_STATS_SCHEMAS,
    QEMU_COMMAND_QUERY_STATS_VCPU,     /* all statistics */
    QEMU_COMMAND_QUERY_STATS_HALTPOLL, /* the two of cpu.haltpoll alone */
    QEMU_COMMAND_QUERY_STATS_VM,
    QEMU_COMMAND_QUERY_YANK, /* the out-of-band probe */
    QEMU_N_COMMANDS
} QemuCommandId;

/* A set of commands: bit i is QemuCommandId i. */
typedef uint32_t QemuCommandSet;
G_STATIC_ASSERT(QEMU_N_COMMANDS <= 32);
#define QEMU_COMMAND_BIT(id) ((QemuCommandSet)1 << QEMU_COMMAND_##id)

typedef struct {
    const char *name;      /* as QEMU spells it; also what query-commands must list */
    const char *arguments; /* JSON text, no white space; %s: the balloon's path; NULL: none */
    const char *file_name; /* of its reply in a recording: "query-stats.vcpu.json" */
    /* Reads @reply, the whole value of "return", into @facts, which then borrow from it. False
     * when it is not of the promised kind: nothing of it is then believed. NULL: the reply
     * tells the driver something (who, what can be asked, a path), and is no fact. */
    bool (*parse)(const UtilJson *reply, QemuFacts *facts);
} QemuCommand;

extern const QemuCommand qemu_commands[QEMU_N_COMMANDS];

/* The row whose name is @name and whose arguments (a JSON object or NULL) match, apart from a
 * path; -1: none. For the recording and the fake monitor. */
int qemu_command_find(const char *name, const UtilJson *arguments);

/* Which of the table's commands a reply of query-commands lists. */
QemuCommandSet qemu_command_parse_available(const UtilJson *reply);
