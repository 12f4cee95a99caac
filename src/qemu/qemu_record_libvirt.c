/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_record_libvirt: see qemu_record_libvirt.h. Owns nothing.
 *
 * How it works
 *
 * libvirt's parameters come first, in its order and with its types. Those of groups that the call
 * does not want were asked for to tell something else (qemu_through), and are left out; those of
 * groups that a later libvirt has are kept. What only this library has follows: the ext. fields,
 * and for groups that libvirt left out, since a job was under way, what the host tells and libvirt
 * has not told.
 */
#include "qemu_record_libvirt.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

#define EXT "ext."

/* False if the parameter is none that a libvirt writes: then it is dropped. */
static bool
is_sound(const virTypedParameter *param)
{
    if (strnlen(param->field, sizeof(param->field)) == sizeof(param->field) ||
        param->type < VIR_TYPED_PARAM_INT || param->type > VIR_TYPED_PARAM_STRING)
        return false;
    return param->type != VIR_TYPED_PARAM_STRING ||
           (param->value.s != NULL &&
            strnlen(param->value.s, QEMU_LIMIT_STRING_BYTES + 1) <= QEMU_LIMIT_STRING_BYTES);
}

static void
add_libvirts(const QemuJob *job, const LibvirtStatsAnswer *answer, UtilParams *params)
{
    unsigned int known = qemu_group_all();

    for (int i = 0; i < answer->n_params; i++) {
        const virTypedParameter *param = &answer->params[i];

        if (is_sound(param) && (qemu_libvirt_groups_of(param->field) & known & ~job->groups) == 0)
            util_params_add(params, param);
    }
}

static GHashTable *
collect_names(const UtilParams *params)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < params->n_params; i++)
        g_hash_table_add(names, g_strdup(params->params[i].field));
    return names;
}

/* Adds what the host tells of @group and libvirt did not. */
static void
add_hosts(const QemuJob *job, const QemuEmitInput *input, const QemuGroup *group, GHashTable *names,
          UtilParams *params)
{
    bool is_left_out = (job->left_out & group->bit) != 0;
    g_auto(UtilParams) own = {0};
    QemuFieldWriter writer = {.params = &own};

    util_params_init(&own, 0, QEMU_LIMIT_PARAMS);
    (void)group->emit(&writer, input);
    for (size_t i = 0; i < own.n_params; i++)
        if ((is_left_out || g_str_has_prefix(own.params[i].field, EXT)) &&
            !g_hash_table_contains(names, own.params[i].field))
            util_params_add(params, &own.params[i]);
}

unsigned int
qemu_record_libvirt_write(const QemuJob *job, const QemuEmitInput *input, UtilParams *params)
{
    bool is_all = qemu_request_is_all(job->request);
    g_autoptr(GHashTable) names = NULL;

    add_libvirts(job, libvirt_stats_answer(job->told), params);
    if (input->with_ext || job->left_out != 0) {
        names = collect_names(params);
        for (size_t i = 0; i < qemu_n_groups; i++)
            if ((job->groups & qemu_groups[i].bit) != 0)
                add_hosts(job, input, &qemu_groups[i], names, params);
    }
    return job->left_out | (is_all ? 0 : job->absent);
}

void
qemu_record_libvirt_take_state(const QemuJob *job, QemuFacts *facts)
{
    const LibvirtStatsAnswer *answer = libvirt_stats_answer(job->told);
    int state = -1;
    int reason = -1;

    if (virTypedParamsGetInt(answer->params, answer->n_params, "state.state", &state) == 1 &&
        virTypedParamsGetInt(answer->params, answer->n_params, "state.reason", &reason) == 1) {
        facts->libvirt_state = state;
        facts->libvirt_reason = reason;
    }
    if (answer->answered_us >= answer->asked_us)
        facts->monitor_us = util_count_of((uint64_t)(answer->answered_us - answer->asked_us));
}
