/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_vcpu: the group vcpu.
 */
#include "qemu_emit.h"

#include <limits.h>

static const QemuFieldId stat_fields[] = {
    [QEMU_FACTS_STAT_CUMULATIVE] = QEMU_FIELD_VCPU_STAT_SUM,
    [QEMU_FACTS_STAT_INSTANT] = QEMU_FIELD_VCPU_STAT_CUR,
    [QEMU_FACTS_STAT_PEAK] = QEMU_FIELD_VCPU_STAT_MAX,
};

/* True if the domain runs and QEMU has answered query-cpus-fast. */
static bool
has_vcpus(const QemuEmitInput *input)
{
    return input->is_active && input->facts->vcpus != NULL;
}

static unsigned int
n_vcpus(const QemuEmitInput *input)
{
    return has_vcpus(input) ? input->facts->vcpus->len : 0;
}

/* The @i-th vCPU, borrowed. NULL if it is to be left out: its index is negative or not above the
 * one before, or it has no thread of its own, as when TCG runs all in one thread. */
static const QemuFactsVcpu *
vcpu_at(const QemuEmitInput *input, unsigned int i)
{
    const QemuFactsVcpu *vcpu = &g_array_index(input->facts->vcpus, QemuFactsVcpu, i);

    if (vcpu->index < 0 || vcpu->thread_id <= 0)
        return NULL;
    if (i > 0 && (vcpu[-1].index >= vcpu->index || vcpu[-1].thread_id == vcpu->thread_id))
        return NULL;
    if (i + 1 < input->facts->vcpus->len && vcpu[1].thread_id == vcpu->thread_id)
        return NULL;
    return vcpu;
}

/* The number of vCPUs of a running QEMU that has not answered query-cpus-fast. Its command line
 * tells the number at the start, which still holds if no vCPU can be plugged. */
static UtilCount
current_without_qemu(const QemuEmitInput *input)
{
    const QemuDefinition *definition = input->definition;

    if (input->facts->host.n_vcpus.is_present)
        return input->facts->host.n_vcpus;
    if (definition == NULL || (definition->origin != QEMU_DEFINITION_OF_LIBVIRT &&
                               definition->vcpus_current.value != definition->vcpus_max.value))
        return (UtilCount){0};
    return definition->vcpus_current;
}

/* False if one of the group's two counts is not known. */
static bool
put_counts(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const QemuDefinition *definition = input->definition;
    UtilCount current = {0};
    UtilCount maximum = {0};

    if (has_vcpus(input))
        current = util_count_of(n_vcpus(input));
    else if (input->is_active)
        current = current_without_qemu(input);
    else if (definition != NULL)
        current = definition->vcpus_current;
    if (input->is_active)
        maximum = input->facts->n_vcpus_max;
    if (!maximum.is_present && definition != NULL)
        maximum = definition->vcpus_max;
    /* A running QEMU may have free slots for vCPUs that it did not tell. */
    if (!maximum.is_present && !input->is_active)
        maximum = current;
    if (current.is_present && current.value <= UINT_MAX)
        qemu_field_put_uint(writer, QEMU_FIELD_VCPU_CURRENT, (unsigned int)current.value);
    if (maximum.is_present && maximum.value <= UINT_MAX)
        qemu_field_put_uint(writer, QEMU_FIELD_VCPU_MAXIMUM, (unsigned int)maximum.value);
    return current.is_present && maximum.is_present;
}

/* True if the vCPU surely runs under KVM. Under TCG QEMU tells a cpu-state of s390x too, but
 * libvirt shows "halted" only under KVM. */
static bool
is_under_kvm(const QemuEmitInput *input, const QemuFactsVcpu *vcpu)
{
    return vcpu->stats != NULL || (input->definition != NULL && input->definition->is_kvm);
}

static void
put_vcpu(QemuFieldWriter *writer, const QemuEmitInput *input, const QemuFactsVcpu *vcpu)
{
    qemu_field_put_int(writer, QEMU_FIELD_VCPU_STATE, VIR_VCPU_RUNNING);
    if (vcpu->has_host) {
        qemu_field_put_count(writer, QEMU_FIELD_VCPU_TIME, vcpu->time_ns);
        /* libvirt shows 0 where the kernel does not keep these sums. */
        qemu_field_put_ullong(writer, QEMU_FIELD_VCPU_WAIT,
                              vcpu->wait_ns.is_present ? vcpu->wait_ns.value : 0);
        qemu_field_put_ullong(writer, QEMU_FIELD_VCPU_DELAY,
                              vcpu->delay_ns.is_present ? vcpu->delay_ns.value : 0);
    }
    if (vcpu->has_halted && is_under_kvm(input, vcpu))
        qemu_field_put_boolean(writer, QEMU_FIELD_VCPU_HALTED, vcpu->is_halted);
    qemu_emit_stats(writer, vcpu->stats, stat_fields);
}

static void
put_ext(QemuFieldWriter *writer, const QemuFactsVcpu *vcpu)
{
    char state[] = {vcpu->run_state, '\0'};

    if (!vcpu->has_host)
        return;
    if (g_ascii_isalpha(vcpu->run_state))
        qemu_field_put_string(writer, QEMU_FIELD_EXT_VCPU_STATE, state);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_VCPU_STEAL, vcpu->delay_ns);
}

bool
qemu_emit_vcpu(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    bool is_whole = put_counts(writer, input);

    if (input->is_active && !has_vcpus(input))
        is_whole = false;
    for (unsigned int i = 0; i < n_vcpus(input); i++) {
        const QemuFactsVcpu *vcpu = vcpu_at(input, i);

        if (vcpu == NULL)
            continue;
        writer->index[0] = (unsigned int)vcpu->index;
        put_vcpu(writer, input, vcpu);
        is_whole = is_whole && vcpu->has_host;
    }
    for (unsigned int i = 0; input->with_ext && i < n_vcpus(input); i++) {
        const QemuFactsVcpu *vcpu = vcpu_at(input, i);

        if (vcpu == NULL)
            continue;
        writer->index[0] = (unsigned int)vcpu->index;
        put_ext(writer, vcpu);
    }
    return is_whole;
}
