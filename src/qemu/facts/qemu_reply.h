/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply: the decoders: one command's "return" -> facts. Pure. Each is in the file
 * qemu_reply_<subject>.c; all follow the contract of QemuCommand.parse.
 *
 * None trusts an order or a member; what breaks a limit of qemu_limits.h is cut or refused.
 */
#pragma once

#include "qemu_facts.h"
#include "util/util_json.h"

/* qemu_reply_state.c */
bool qemu_reply_parse_status(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_vcpu.c */
bool qemu_reply_parse_cpus_fast(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_hotpluggable_cpus(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_memory.c */
bool qemu_reply_parse_balloon(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_memory_size(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_memory_devices(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_guest_stats(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_polling_interval(const UtilJson *reply, QemuFacts *facts);
/* The name of the balloon device in a reply of qom-list; NULL: not in it, or not a name that
 * can stand in a request as it is. Borrowed. */
const char *qemu_reply_find_balloon(const UtilJson *reply);

/* qemu_reply_block.c; in any order. A filter can only be told apart with both at hand, so the
 * disks' layers are made by qemu_reply_finish_block(): call it when both are in. */
bool qemu_reply_parse_blockstats(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_named_nodes(const UtilJson *reply, QemuFacts *facts);
/* Adds to the nodes, which come first. */
bool qemu_reply_parse_blockstats_nodes(const UtilJson *reply, QemuFacts *facts);
void qemu_reply_finish_block(QemuFacts *facts);

/* qemu_reply_nic.c: each container of devices. */
bool qemu_reply_parse_peripheral(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_peripheral_anon(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_unattached(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_iothread.c */
bool qemu_reply_parse_iothreads(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_dirty_rate(const UtilJson *reply, QemuFacts *facts);

/* qemu_reply_stats.c; the schemas and the vCPUs come before the values. */
bool qemu_reply_parse_stats_schemas(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_stats_vcpu(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_stats_haltpoll(const UtilJson *reply, QemuFacts *facts);
bool qemu_reply_parse_stats_vm(const UtilJson *reply, QemuFacts *facts);
