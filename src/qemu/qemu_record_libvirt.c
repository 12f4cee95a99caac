/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_record_libvirt: see qemu_record_libvirt.h. Owns nothing.
 *
 * How it works
 *
 * libvirt's parameters come first, in its order and with its types. Those of groups that the call
 * does not want were asked for to tell something else (qemu_through), and are left out; those of
 * groups that a later libvirt has are kept. What only this library has follows: the ext. fields,
 * and for groups that libvirt left out, since a job was under way, or was not asked for, what the
 * host tells and libvirt has not told.
 */
#include "qemu_record_libvirt.h"

#include <math.h>
#include <string.h>

#include "domstats_group.h"
#include "qemu/facts/qemu_limits.h"

#define EXT "ext."

/* Names of KVM's statistics come from QEMU, and libvirt passes on whatever they are. */
static bool
is_name(const char field[VIR_TYPED_PARAM_FIELD_LENGTH])
{
    size_t length = 0;

    while (length < VIR_TYPED_PARAM_FIELD_LENGTH && g_ascii_isprint(field[length]))
        length++;
    return length > 0 && length < VIR_TYPED_PARAM_FIELD_LENGTH && field[length] == '\0';
}

/* False if the parameter is none that a libvirt writes: then it is dropped. */
static bool
is_sound(const virTypedParameter *param)
{
    if (!is_name(param->field) || param->type < VIR_TYPED_PARAM_INT ||
        param->type > VIR_TYPED_PARAM_STRING)
        return false;
    if (param->type == VIR_TYPED_PARAM_DOUBLE)
        return isfinite(param->value.d);
    return param->type != VIR_TYPED_PARAM_STRING ||
           (param->value.s != NULL &&
            strnlen(param->value.s, QEMU_LIMIT_STRING_BYTES + 1) <= QEMU_LIMIT_STRING_BYTES);
}

static bool
are_sound(const LibvirtStatsAnswer *answer)
{
    for (int i = 0; i < answer->n_params; i++)
        if (!is_sound(&answer->params[i]))
            return false;
    return true;
}

/* False if the call wants neither the group of the parameter nor what it is. */
static bool
is_wanted(const QemuJob *job, const virTypedParameter *param)
{
    unsigned int unwanted = qemu_group_all() & ~job->groups;

    if ((qemu_libvirt_groups_of(param->field) & unwanted) != 0)
        return false;
    return !qemu_request_wants(job->request, DOMSTATS_CALL_WITHOUT_KVM) ||
           !domstats_group_is_of_kvm(param->field);
}

/* Adds the parameters that are sound and wanted: if all are, the answer's array, else copies. */
static void
add_libvirts(const QemuJob *job, UtilParams *params)
{
    const LibvirtStatsAnswer *answer = libvirt_stats_answer(job->told);
    bool is_whole = job->groups == qemu_group_all();
    int n = 0;

    if (is_whole && answer->n_params <= QEMU_LIMIT_PARAMS && params->n_params == 0 &&
        are_sound(answer)) {
        virTypedParameter *stolen = libvirt_stats_steal_params(job->told, &n);

        if (!util_params_take(params, stolen, (size_t)n))
            virTypedParamsFree(stolen, n);
        return;
    }
    for (int i = 0; i < answer->n_params; i++) {
        const virTypedParameter *param = &answer->params[i];

        if (is_sound(param) && (is_whole || is_wanted(job, param)))
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

/* Adds what the host tells of @group and libvirt did not. False if that is not whole. */
static bool
add_hosts(const QemuJob *job, const QemuEmitInput *input, const QemuGroup *group, GHashTable *names,
          UtilParams *params)
{
    bool is_left_out = ((job->left_out | job->by_host) & group->bit) != 0;
    bool is_whole = false;
    g_auto(UtilParams) own = {0};
    QemuFieldWriter writer = {.params = &own};

    util_params_init(&own, 0, QEMU_LIMIT_PARAMS);
    is_whole = group->emit(&writer, input);
    for (size_t i = 0; i < own.n_params; i++)
        if ((is_left_out || g_str_has_prefix(own.params[i].field, EXT)) &&
            !g_hash_table_contains(names, own.params[i].field))
            util_params_add(params, &own.params[i]);
    return is_whole;
}

/* The number in "block.3.name", for @prefix "block."; false for any other parameter. */
static bool
read_number(const virTypedParameter *param, const char *prefix, unsigned int *ret_number)
{
    const char *digits = param->field + strlen(prefix);
    const char *dot = NULL;
    g_autofree char *number = NULL;
    guint64 value = 0;

    if (!is_sound(param) || param->type != VIR_TYPED_PARAM_STRING ||
        !g_str_has_prefix(param->field, prefix))
        return false;
    dot = strchr(digits, '.');
    if (dot == NULL || strcmp(dot, ".name") != 0)
        return false;
    number = g_strndup(digits, (gsize)(dot - digits));
    if (!g_ascii_string_to_unsigned(number, 10, 0, QEMU_LIMIT_PARAMS, &value, NULL))
        return false;
    *ret_number = (unsigned int)value;
    return true;
}

/* target -> QemuDefinitionDisk *, borrowed. */
static GHashTable *
index_disks(const QemuDefinition *about)
{
    GHashTable *disks = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < about->disks->len; i++) {
        QemuDefinitionDisk *disk = &g_array_index(about->disks, QemuDefinitionDisk, i);

        if (disk->target != NULL)
            g_hash_table_insert(disks, disk->target, disk);
    }
    return disks;
}

/* True if the parameter behind the name of a disk tells the image that @disk is said to have. */
static bool
has_its_image(const virTypedParameter *behind, const QemuDefinitionDisk *disk)
{
    const char *path = NULL;

    if (behind != NULL && g_str_has_prefix(behind->field, "block.") &&
        g_str_has_suffix(behind->field, ".path") && behind->type == VIR_TYPED_PARAM_STRING)
        path = behind->value.s;
    return disk->path == NULL || disk->path[0] == '\0' || g_strcmp0(path, disk->path) == 0;
}

/* Writes what the definition says of each disk, by its name, at its first number: others of that
 * name are the rest of its chain. False if a disk, or its image, is another one by now: then
 * nothing is written of that. */
static bool
write_disks(const QemuEmitInput *input, QemuFieldWriter *writer)
{
    const UtilParams *params = writer->params; /* the array moves when it grows */
    size_t n = params->n_params;
    g_autoptr(GHashTable) disks = index_disks(input->about);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    bool is_same = true;

    for (size_t i = 0; i < n; i++) {
        const virTypedParameter *param = &params->params[i];
        const virTypedParameter *behind = i + 1 < n ? param + 1 : NULL;
        const QemuDefinitionDisk *disk = NULL;

        if (!read_number(param, "block.", &writer->index[0]) ||
            !g_hash_table_add(seen, param->value.s))
            continue;
        disk = g_hash_table_lookup(disks, param->value.s);
        if (disk != NULL && has_its_image(behind, disk))
            qemu_emit_about_disk(writer, input, &(QemuEmitAboutDisk){.told = &disk->about});
        else
            is_same = false;
    }
    return is_same;
}

/* What the host knows of the interface, by its name; NULL: nothing. */
static const QemuFactsNic *
find_nic(const QemuFacts *facts, const char *ifname)
{
    for (guint i = 0; ifname != NULL && facts->nics != NULL && i < facts->nics->len; i++) {
        const QemuFactsNic *nic = &g_array_index(facts->nics, QemuFactsNic, i);

        if (g_strcmp0(nic->ifname, ifname) == 0)
            return nic;
    }
    return NULL;
}

static bool
is_nic_called(const QemuDefinition *about, unsigned int number, const char *ifname)
{
    return number < about->nics->len &&
           g_strcmp0(g_array_index(about->nics, QemuDefinitionNic, number).ifname, ifname) == 0;
}

/* True if libvirt's answer, in @params, has the interfaces of the definition. */
static bool
has_its_nics(const UtilParams *params, const QemuDefinition *about)
{
    unsigned int n_nics = 0;

    if (virTypedParamsGetUInt(params->params, (int)params->n_params, "net.count", &n_nics) == 1 &&
        n_nics != about->nics->len)
        return false;
    for (size_t i = 0; i < params->n_params; i++) {
        const virTypedParameter *param = &params->params[i];
        unsigned int number = 0;

        if (read_number(param, "net.", &number) && !is_nic_called(about, number, param->value.s))
            return false;
    }
    return true;
}

/* Writes what the definition says of each interface, which libvirt numbers in the order of the
 * definition. False, and nothing, if they are others by now. */
static bool
write_nics(const QemuEmitInput *input, QemuFieldWriter *writer)
{
    const QemuDefinition *about = input->about;

    if (!has_its_nics(writer->params, about))
        return false;
    for (guint i = 0; i < about->nics->len; i++) {
        const QemuDefinitionNic *told = &g_array_index(about->nics, QemuDefinitionNic, i);
        const QemuFactsNic *found = find_nic(input->facts, told->ifname);
        const QemuFactsNic nic = {.ifname = told->ifname,
                                  .is_host_view = told->kind == QEMU_DEFINITION_NIC_HOST_VIEW,
                                  .told = told,
                                  .link = found ? found->link : NULL};

        writer->index[0] = i;
        qemu_emit_about_nic(writer, &nic);
    }
    return true;
}

/* Writes the about. fields. Those of disks and interfaces only by libvirt's definition, whose names
 * @params have from libvirt's answer; it is doubted if these do not fit it. */
static void
write_about(const QemuJob *job, const QemuEmitInput *input, UtilParams *params)
{
    QemuFieldWriter writer = {.params = params};
    bool is_same = true;

    if ((job->groups & VIR_DOMAIN_STATS_STATE) != 0)
        qemu_emit_about_state(&writer, input);
    if (input->about == NULL || input->about->disks == NULL)
        return;
    if ((job->groups & VIR_DOMAIN_STATS_INTERFACE) != 0)
        is_same = write_nics(input, &writer);
    if ((job->groups & VIR_DOMAIN_STATS_BLOCK) != 0)
        is_same = write_disks(input, &writer) && is_same;
    if (!is_same && job->domain->endpoint->about != NULL)
        qemu_definition_doubt(job->domain->endpoint->about);
}

unsigned int
qemu_record_libvirt_write(const QemuJob *job, const QemuEmitInput *input, UtilParams *params)
{
    bool is_all = qemu_request_is_all(job->request);
    QemuEmitInput without_about = *input;
    g_autoptr(GHashTable) names = NULL;
    unsigned int missing = job->left_out | (is_all ? 0 : job->absent);

    add_libvirts(job, params);
    without_about.with_about = false; /* which follow below, once */
    if (input->with_ext || input->with_pss || (job->left_out | job->by_host) != 0) {
        names = collect_names(params);
        for (size_t i = 0; i < qemu_n_groups; i++)
            if ((job->groups & qemu_groups[i].bit) != 0 &&
                !add_hosts(job, &without_about, &qemu_groups[i], names, params))
                missing |= job->by_host & qemu_groups[i].bit;
    }
    if (input->with_about)
        write_about(job, input, params);
    return missing;
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
    if (answer->took_us >= 0)
        facts->monitor_us = util_count_of((uint64_t)answer->took_us);
}
