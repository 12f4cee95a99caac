/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any JSON becomes facts and typed parameters. None of the decoders and emitters
 * crashes; what they believed keeps what qemu_facts.h and qemu_limits.h promise, and no
 * parameter has the name of another.
 *
 * An input is either one reply, given to every decoder, or an object whose members are named
 * as the files of a recording ("query-blockstats.json"), each given to its own decoder: so
 * that replies which are joined can be found together.
 */
#include <glib.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/facts/qemu_reply.h"
#include "qemu/plan/qemu_group.h"
#include "qemu/qmp/qemu_command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that also holds in builds without g_assert(). */
static void
claim(bool is_true)
{
    if (!is_true)
        abort();
}

static void
claim_stats(const GArray *stats)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    if (stats == NULL)
        return;
    claim(stats->len <= QEMU_LIMIT_STATS_PER_OBJECT);
    for (guint i = 0; i < stats->len; i++) {
        QemuFactsStat *stat = &g_array_index(stats, QemuFactsStat, i);

        claim(stat->kind != QEMU_FACTS_STAT_HISTOGRAM);
        claim(!stat->is_boolean || stat->value <= 1);
        claim(g_hash_table_add(names, (gpointer)(uintptr_t)stat->name));
    }
}

static void
claim_vcpus(const GArray *vcpus)
{
    int last = -1;

    claim(vcpus == NULL || vcpus->len <= QEMU_LIMIT_VCPUS);
    for (guint i = 0; vcpus != NULL && i < vcpus->len; i++) {
        const QemuFactsVcpu *vcpu = &g_array_index(vcpus, QemuFactsVcpu, i);

        claim(vcpu->index > last);
        claim(vcpu->thread_id >= 0);
        claim_stats(vcpu->stats);
        last = vcpu->index;
    }
}

static void
claim_disk(const QemuFactsDisk *disk)
{
    claim(disk->device != NULL);
    for (size_t i = 0; i < QEMU_FACTS_N_HISTOGRAMS; i++) {
        const QemuFactsHistogram *histogram = &disk->histograms[i];

        claim((histogram->bins == NULL) == (histogram->boundaries == NULL));
        claim(histogram->bins == NULL || histogram->bins->len == histogram->boundaries->len + 1);
    }
    if (disk->layers == NULL)
        return;
    claim(disk->layers->len > 0 && disk->layers->len <= QEMU_LIMIT_CHAIN_LAYERS);
    for (guint i = 0; i < disk->layers->len; i++)
        claim(g_array_index(disk->layers, QemuFactsLayer, i).node_name != NULL);
}

static void
claim_block(const QemuFacts *facts)
{
    claim(facts->disks == NULL || facts->disks->len <= QEMU_LIMIT_DISKS);
    claim(facts->nodes == NULL || facts->nodes->len <= QEMU_LIMIT_NODES);
    for (guint i = 0; facts->disks != NULL && i < facts->disks->len; i++)
        claim_disk(&g_array_index(facts->disks, QemuFactsDisk, i));
    for (guint i = 0; facts->nodes != NULL && i < facts->nodes->len; i++)
        claim(qemu_facts_node(facts, g_array_index(facts->nodes, QemuFactsNode, i).node_name));
}

static void
claim_facts(const QemuFacts *facts)
{
    claim_vcpus(facts->vcpus);
    claim_stats(facts->vm_stats);
    claim_block(facts);
    claim(facts->halt_success_ns.is_present == facts->halt_fail_ns.is_present);
    for (guint i = 0; facts->iothreads != NULL && i < facts->iothreads->len; i++)
        claim(g_array_index(facts->iothreads, QemuFactsIothread, i).id != NULL);
}

/* Every name once, and none longer than libvirt's wire allows. */
static void
claim_params(const virTypedParameter *params, int n_params)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (int i = 0; i < n_params; i++) {
        size_t length = strnlen(params[i].field, sizeof(params[i].field));

        claim(length > 0 && length < sizeof(params[i].field));
        claim(g_hash_table_add(names, (gpointer)(uintptr_t)params[i].field));
    }
}

/* All groups with all options, as one record. */
static void
emit(const QemuFacts *facts)
{
    const QemuEmitInput input = {.facts = facts,
                                 .is_active = true,
                                 .with_backing = true,
                                 .with_ext = true,
                                 .wall_s = 1700000000,
                                 .ticks_per_second = 100,
                                 .page_bytes = 4096};
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    virTypedParameter *taken = NULL;
    int n_taken = 0;

    util_params_init(&params, 64, QEMU_LIMIT_PARAMS);
    for (size_t i = 0; i < qemu_n_groups; i++)
        qemu_groups[i].emit(&writer, &input);
    if (!util_params_steal(&params, &taken, &n_taken, NULL))
        return;
    claim_params(taken, n_taken);
    util_params_free_array(taken, n_taken);
}

/* Gives each command's decoder its reply: its member of @input, or @input itself. */
static void
decode(const UtilJson *input, bool by_name)
{
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    for (size_t id = 0; id < QEMU_N_COMMANDS; id++) {
        const QemuCommand *command = &qemu_commands[id];
        const UtilJson *reply = by_name ? util_json_member(input, command->file_name) : input;

        qemu_command_parse_available(reply);
        qemu_command_find(command->name, reply);
        qemu_reply_find_balloon(reply);
        if (command->parse != NULL)
            command->parse(reply, &facts);
    }
    qemu_reply_finish_block(&facts);
    claim_facts(&facts);
    emit(&facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(UtilJson) input =
        util_json_parse((const char *)data, size, QEMU_LIMIT_REPLY_DEPTH, NULL);

    if (input == NULL)
        return 0;
    decode(input, true);
    decode(input, false);
    return 0;
}
