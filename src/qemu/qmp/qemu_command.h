/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_command: the only table of commands: which ones may be sent, the exact text of each, and the
 * decoder of its reply.
 *
 * A monitor takes a QemuCommandId and never a text. So this program sends only rows of this table,
 * and the negotiation.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"
#include "util/util_json.h"

/* Replies are decoded in this order. */
typedef enum {
    QEMU_COMMAND_QUERY_NAME,
    QEMU_COMMAND_QUERY_UUID,
    QEMU_COMMAND_QUERY_COMMANDS,
    QEMU_COMMAND_QUERY_STATUS,
    QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES, /* whether an event tells of each migration */
    QEMU_COMMAND_QUERY_MIGRATE,
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
    QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES_NESTED, /* for older QEMU: each node with its chain */
    QEMU_COMMAND_QUERY_BLOCKSTATS_NODES,         /* statistics by node instead of by disk */
    QEMU_COMMAND_QUERY_BLOCK_JOBS,
    QEMU_COMMAND_QUERY_IOTHREADS,
    QEMU_COMMAND_QUERY_DIRTY_RATE,
    QEMU_COMMAND_QUERY_STATS_SCHEMAS,
    QEMU_COMMAND_QUERY_STATS_VCPU,     /* all statistics */
    QEMU_COMMAND_QUERY_STATS_HALTPOLL, /* only the two of cpu.haltpoll */
    QEMU_COMMAND_QUERY_STATS_VM,
    QEMU_COMMAND_QUERY_YANK, /* the out-of-band probe */
    QEMU_N_COMMANDS
} QemuCommandId;

/* A set of commands: bit i is QemuCommandId i. */
typedef uint32_t QemuCommandSet;
G_STATIC_ASSERT(QEMU_N_COMMANDS <= 32);
#define QEMU_COMMAND_BIT(id) ((QemuCommandSet)1 << QEMU_COMMAND_##id)

typedef struct {
    const char *name;      /* as QEMU and query-commands spell it */
    const char *arguments; /* JSON text without white space; %s: the balloon's path; NULL: none */
    const char *file_name; /* of its reply in a recording: "query-stats.vcpu.json" */
    /* Reads @reply, the value of "return", into @facts, which then borrow from it. Gives false and
     * leaves @facts as they are if the reply is not of the promised kind. NULL: the driver reads
     * the reply itself, since it gives no facts (name, UUID, list of commands, probe). */
    bool (*parse)(const UtilJson *reply, QemuFacts *facts);
} QemuCommand;

extern const QemuCommand qemu_commands[QEMU_N_COMMANDS];

/* The row that sends @name with @arguments (a JSON object, or NULL for none); any path matches %s.
 * -1 if there is none. The recorded monitor and the fake one of the tests use it. */
int qemu_command_find(const char *name, const UtilJson *arguments);

/* All commands of the table. */
QemuCommandSet qemu_command_all(void);
/* The commands of the table that a reply to query-commands lists. */
QemuCommandSet qemu_command_parse_available(const UtilJson *reply);
