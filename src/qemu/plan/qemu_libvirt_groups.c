/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_libvirt_groups: see qemu_libvirt_groups.h. Owns the table of the signs by which a whole
 * group is known.
 *
 * How it works
 *
 * libvirt asks QEMU only while it has a job of the domain. With NOWAIT, if another job is under
 * way, it answers without what QEMU tells, and does not say so. So the names tell: each group has
 * signs, names of parameters that it has only if QEMU was asked. libvirt has one job for a whole
 * answer, so one sign of any group proves that nothing was left out.
 *
 * An answer without any sign is one without a job, or one about groups that this domain or this
 * libvirt has nothing of (no IOThreads, TCG instead of KVM). Answers with a job have shown which of
 * them the domain has; before the first such answer all that it may have count as left out.
 */
#include "qemu_libvirt_groups.h"

#include <string.h>

enum { N_SIGNS = 2 };

/* When a group that is not in an answer is whole. */
typedef enum {
    EMPTY_NEVER,   /* then this libvirt or this QEMU does not have it */
    EMPTY_ALWAYS,  /* libvirt writes nothing if there is nothing of the kind */
    EMPTY_STOPPED, /* if the domain does not run */
    EMPTY_PERF,    /* if the definition has no events */
    EMPTY_RESCTRL, /* if the definition has no monitors */
} Empty;

typedef struct {
    unsigned int group;
    const char *prefix;         /* of all its names */
    const char *signs[N_SIGNS]; /* names with which it has QEMU's part, <n> being any number, or
                                   prefixes of names that end in a dot; NULL: QEMU is not asked */
    bool is_proof;              /* libvirt writes a sign only while it has a job */
    bool needs_kvm;             /* only a QEMU with KVM may have that part */
    const char *count;          /* the parameter that says 0 if there is nothing to ask for */
    Empty empty;
} Row;

/* clang-format off */
static const Row rows[] = {
    {VIR_DOMAIN_STATS_STATE, "state.", {NULL}, false, false, NULL, EMPTY_NEVER},
    /* Older versions read it from debugfs, for which they need no job. */
    {VIR_DOMAIN_STATS_CPU_TOTAL, "cpu.", {"cpu.haltpoll.success.time"}, false, false, NULL, EMPTY_STOPPED},
    {VIR_DOMAIN_STATS_BALLOON, "balloon.", {"balloon.rss"}, true, false, NULL, EMPTY_NEVER},
    {VIR_DOMAIN_STATS_VCPU, "vcpu.", {"vcpu.<n>.halted", "vcpu.<n>.exits.sum"}, true, true, NULL, EMPTY_NEVER},
    {VIR_DOMAIN_STATS_INTERFACE, "net.", {NULL}, false, false, NULL, EMPTY_STOPPED},
    {VIR_DOMAIN_STATS_BLOCK, "block.", {"block.<n>.rd.reqs"}, true, false, "block.count", EMPTY_NEVER},
    {VIR_DOMAIN_STATS_PERF, "perf.", {NULL}, false, false, NULL, EMPTY_PERF},
    {VIR_DOMAIN_STATS_IOTHREAD, "iothread.", {"iothread.count"}, true, false, NULL, EMPTY_ALWAYS},
    {VIR_DOMAIN_STATS_MEMORY, "memory.", {NULL}, false, false, NULL, EMPTY_RESCTRL},
    {VIR_DOMAIN_STATS_DIRTYRATE, "dirtyrate.", {"dirtyrate.calc_status"}, true, false, NULL, EMPTY_NEVER},
    {VIR_DOMAIN_STATS_VM, "vm.", {"vm."}, true, true, NULL, EMPTY_NEVER},
};
/* clang-format on */

/* What one answer has, as masks of groups. */
typedef struct {
    unsigned int present; /* a parameter of it */
    unsigned int signs;
    unsigned int zero; /* its count is 0 */
    bool had_job;
} Seen;

unsigned int
qemu_libvirt_groups_pulse(unsigned int asked)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if ((asked & rows[i].group) != 0 && rows[i].is_proof)
            return 0;
    return VIR_DOMAIN_STATS_DIRTYRATE; /* one small command */
}

unsigned int
qemu_libvirt_groups_probe(void)
{
    return VIR_DOMAIN_STATS_BALLOON;
}

static const Row *
find_row(const char *name)
{
    /* Every name of every answer comes here: most rows end with the first letter. */
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].prefix[0] == name[0] && g_str_has_prefix(name, rows[i].prefix))
            return &rows[i];
    return NULL;
}

unsigned int
qemu_libvirt_groups_of(const char *name)
{
    const Row *row = find_row(name);

    return row ? row->group : 0;
}

static bool
is_sign(const char *name, const char *sign)
{
    while (*sign != '\0') {
        if (*sign == '<') { /* <n> */
            if (!g_ascii_isdigit(*name))
                return false;
            while (g_ascii_isdigit(*name))
                name++;
            sign += strlen("<n>");
        } else if (*sign++ != *name++) {
            return false;
        }
    }
    return *name == '\0' || sign[-1] == '.';
}

static bool
has_sign(const Row *row, const char *name)
{
    for (size_t i = 0; i < N_SIGNS && row->signs[i] != NULL; i++)
        if (is_sign(name, row->signs[i]))
            return true;
    return false;
}

static bool
is_zero_count(const Row *row, const virTypedParameter *param)
{
    return row->count != NULL && strcmp(param->field, row->count) == 0 &&
           param->type == VIR_TYPED_PARAM_UINT && param->value.ui == 0;
}

static Seen
look(const QemuLibvirtGroupsAnswer *answer)
{
    Seen seen = {0};

    for (int i = 0; i < answer->n_params; i++) {
        const virTypedParameter *param = &answer->params[i];
        const Row *row = find_row(param->field);

        if (row == NULL)
            continue;
        seen.present |= row->group;
        if ((seen.signs & row->group) == 0 && has_sign(row, param->field)) {
            seen.signs |= row->group;
            seen.had_job = seen.had_job || row->is_proof;
        }
        if (is_zero_count(row, param))
            seen.zero |= row->group;
    }
    return seen;
}

/* True if an answer that had no job may lack a part of the group. */
static bool
may_lack(const QemuLibvirtGroupsAnswer *answer, const Row *row, const Seen *seen,
         const QemuLibvirtGroupsHistory *history)
{
    bool may_be_kvm = answer->definition == NULL || answer->definition->is_kvm;

    if (row->signs[0] == NULL || ((seen->signs | seen->zero | history->none) & row->group) != 0)
        return false;
    return (history->seen & row->group) != 0 || !row->needs_kvm || may_be_kvm;
}

static bool
is_whole_when_empty(const QemuLibvirtGroupsAnswer *answer, const Row *row)
{
    const QemuDefinition *definition = answer->definition;

    switch (row->empty) {
    case EMPTY_ALWAYS:
        return true;
    case EMPTY_STOPPED:
        return !answer->is_active;
    case EMPTY_PERF:
        return !answer->is_active || (definition != NULL && definition->perf_events == NULL);
    case EMPTY_RESCTRL:
        return !answer->is_active || (definition != NULL && definition->resctrl == NULL);
    case EMPTY_NEVER:
    default:
        return false;
    }
}

QemuLibvirtGroupsLack
qemu_libvirt_groups_read(const QemuLibvirtGroupsAnswer *answer, QemuLibvirtGroupsHistory *history)
{
    Seen seen = look(answer);
    bool may_be_partial = answer->is_active && !answer->is_of_other_driver && !seen.had_job;
    QemuLibvirtGroupsLack lack = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];

        if ((answer->wanted & row->group) == 0)
            continue;
        if (may_be_partial && may_lack(answer, row, &seen, history))
            lack.left_out |= row->group;
        else if ((seen.present & row->group) == 0 && !is_whole_when_empty(answer, row))
            lack.absent |= row->group;
        if (seen.had_job && row->count == NULL)
            history->none |= row->group;
    }
    lack.had_job = seen.had_job;
    history->seen |= seen.signs;
    history->none &= ~history->seen; /* plugged since, or written only at times */
    return lack;
}
