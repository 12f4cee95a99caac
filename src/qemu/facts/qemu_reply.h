/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply: the decoders, which turn the "return" of one command into facts. Pure. Each is in a
 * file qemu_reply_<subject>.c.
 *
 * All follow the contract of QemuCommand.parse: false if the reply is not of the promised kind or
 * exceeds a limit of qemu_limits.h, and then the facts are as before. No decoder relies on the
 * order of a list or on a member being there.
 */
#pragma once

#include "qemu_facts.h"
#include "util/util_json.h"

/* qemu_reply_state.c */
bool qemu_reply_parse_status(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_migration.c */
bool qemu_reply_parse_migrate_capabilities(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_migrate(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_job.c */
bool qemu_reply_parse_block_jobs(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_vcpu.c */
bool qemu_reply_parse_cpus_fast(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_hotpluggable_cpus(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_memory.c */
bool qemu_reply_parse_balloon(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_memory_size(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_memory_devices(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_guest_stats(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_polling_interval(const UtilJson *reply, QemuFacts *facts);
/* True if @name has only the characters of QEMU's ids and the brackets of "device[7]": QEMU makes
 * no other names, and these need no escaping in a request. */
bool qemu_reply_is_plain_name(const char *name);
/* The name of the balloon device in a reply to qom-list, borrowed. NULL: there is none, or its name
 * would have to be escaped in a request. */
const char *qemu_reply_find_balloon(const UtilJson *reply);

/* qemu_reply_block.c. The first two may be called in any order. Whether a node is a filter can
 * only be told from both replies, so qemu_reply_finish_block() makes the disks' layers: call it
 * after both. */
bool qemu_reply_parse_blockstats(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_named_nodes(const UtilJson *reply, QemuFacts *facts);
/* Adds the highest offset to each node: call it after qemu_reply_parse_named_nodes(). */
bool qemu_reply_parse_blockstats_nodes(const UtilJson *reply, QemuFacts *facts);
void qemu_reply_finish_block(QemuFacts *facts);

/* qemu_reply_nic.c: one for each container of devices. */
bool qemu_reply_parse_peripheral(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_peripheral_anon(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_unattached(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_iothread.c */
bool qemu_reply_parse_iothreads(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_dirty_rate(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_stats.c. Call the one for the schemas, and qemu_reply_parse_cpus_fast(), before those
 * for the values. */
bool qemu_reply_parse_stats_schemas(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_stats_vcpu(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_stats_haltpoll(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_stats_vm(const UtilJson *reply, QemuFacts *facts);
