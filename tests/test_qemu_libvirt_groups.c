/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an answer of libvirt's lacks. The answers are those of libvirt 9.0 with QEMU 7.2, shortened:
 * with a job of its own, and while another job of the domain was under way.
 */
#include "testing.h"

#include "qemu/plan/qemu_group.h"
#include "qemu/plan/qemu_libvirt_groups.h"
#include "util/util_params.h"

#define STATE "state.state state.reason "
#define NO_JOB                                                                                     \
    STATE "cpu.time cpu.user cpu.system cpu.cache.monitor.count balloon.current balloon.maximum "  \
          "vcpu.current vcpu.maximum vcpu.0.state vcpu.0.time vcpu.0.wait vcpu.0.delay net.count " \
          "block.count=1 block.0.name block.0.path block.0.backingIndex "
#define JOB                                                                                        \
    NO_JOB "cpu.haltpoll.success.time cpu.haltpoll.fail.time balloon.last-update balloon.rss "     \
           "block.0.rd.reqs block.0.allocation dirtyrate.calc_status "
#define KVM JOB "vcpu.0.exits.sum vm.pages_4k.cur "

typedef struct {
    const char *name;
    unsigned int wanted;
    const char *before; /* an earlier answer of the same run; NULL: none */
    const char *answer;
    const char *left_out, *absent;
    bool is_stopped; /* the domain does not run */
    bool is_kvm;
    bool has_events, has_resctrl;
    bool is_of_other_driver;
} Row;

#define ALL         0x7ff
#define GROUP(name) VIR_DOMAIN_STATS_##name

static const Row rows[] = {
    {"an answer with a job is whole", ALL, NULL, JOB, "", "vm"},
    {"so is one with everything", ALL, NULL, KVM "iothread.count", "", "", .is_kvm = true},
    {"without a job QEMU's parts are left out", ALL, NULL, NO_JOB,
     "cpu-total, balloon, block, iothread, dirtyrate", "vm"},
    {"another driver than QEMU's has told all that it has", ALL, NULL, STATE, "",
     "cpu-total, balloon, vcpu, interface, block, dirtyrate, vm", .is_of_other_driver = true},
    {"of a KVM guest also those of KVM", ALL, NULL, NO_JOB,
     "cpu-total, balloon, vcpu, block, iothread, dirtyrate, vm", "", .is_kvm = true},
    {"what an earlier whole answer did not have is not left out", ALL, JOB, NO_JOB,
     "cpu-total, balloon, block, dirtyrate", "vm"},
    {"what it had is", ALL, KVM "iothread.count", NO_JOB,
     "cpu-total, balloon, vcpu, block, iothread, dirtyrate, vm", ""},
    {"without disks nothing is left out of block", GROUP(BLOCK), NULL, "block.count=0", "", ""},
    {"a disk that was plugged after a whole answer without disks is seen", GROUP(BLOCK),
     "block.count=0 balloon.rss", "block.count=1 block.0.name", "block", ""},
    {"a later disk with values proves the job", GROUP(BLOCK), NULL,
     "block.count=2 block.0.name block.1.name block.1.rd.reqs", "", ""},
    {"a name that only begins like a sign proves nothing", GROUP(BLOCK), NULL,
     "block.count=1 block.0.rd.reqs.x block.x.rd.reqs block..rd.reqs", "block", ""},
    {"one group with its sign proves the job for the others", GROUP(IOTHREAD) | GROUP(BALLOON),
     NULL, "balloon.rss", "", ""},
    {"halt polling proves none: older libvirt needs no job for it", ALL, NULL,
     NO_JOB "cpu.haltpoll.success.time", "balloon, block, iothread, dirtyrate", "vm"},
    {"IOThreads alone: none, or left out", GROUP(IOTHREAD), NULL, "", "iothread", ""},
    {"IOThreads alone, with the probe: none", GROUP(IOTHREAD), NULL, "balloon.rss", "", ""},
    {"IOThreads alone, none by an earlier answer", GROUP(IOTHREAD), "balloon.rss", "", "", ""},
    {"a group that needs no job is never left out", GROUP(STATE) | GROUP(INTERFACE), NULL,
     STATE "net.count", "", ""},
    {"a group that this libvirt does not have", GROUP(DIRTYRATE) | GROUP(BALLOON), NULL,
     "balloon.rss", "", "dirtyrate"},
    {"no perf events, by the definition", GROUP(PERF), NULL, "", "", ""},
    {"perf events that it does not count", GROUP(PERF), NULL, "", "", "perf", .has_events = true},
    {"no monitors of memory bandwidth", GROUP(MEMORY), NULL, "", "", ""},
    {"monitors that it does not read", GROUP(MEMORY), NULL, "", "", "memory", .has_resctrl = true},
    {"an empty answer about the state", GROUP(STATE), NULL, "", "", "state"},
    {"a domain that does not run has no job to wait for", ALL, NULL,
     STATE "balloon.maximum vcpu.maximum block.count=1 block.0.name", "", "dirtyrate, vm",
     .is_stopped = true},
    {"names that are not known change nothing", ALL, NULL, JOB "new.group x", "", "vm"},
    {"groups that are not wanted are not lacked", GROUP(STATE), NULL, NO_JOB, "", ""},
};

/* "name" or "name=number" words. */
static void
parse(const char *text, UtilParams *params)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        char *value = strchr(*word, '=');

        if (value != NULL)
            *value++ = '\0';
        if ((*word)[0] != '\0')
            util_params_add_uint(params, *word, g_strcmp0(value, "0") == 0 ? 0 : 7);
    }
}

static QemuDefinition *
make_definition(const Row *row)
{
    QemuDefinition *definition = qemu_definition_new_of_libvirt();

    definition->is_kvm = row->is_kvm;
    if (row->has_events)
        definition->perf_events = g_ptr_array_new_with_free_func(g_free);
    if (row->has_resctrl)
        qemu_definition_add_resctrl(definition);
    return definition;
}

static QemuLibvirtGroupsLack
read_answer(const Row *row, const char *text, const QemuDefinition *definition,
            QemuLibvirtGroupsHistory *history)
{
    g_auto(UtilParams) params = {0};

    parse(text, &params);
    return qemu_libvirt_groups_read(
        &(QemuLibvirtGroupsAnswer){.params = params.params,
                                   .n_params = (int)params.n_params,
                                   .wanted = row->wanted,
                                   .definition = definition,
                                   .is_active = !row->is_stopped,
                                   .is_of_other_driver = row->is_of_other_driver},
        history);
}

static void
tells_what_is_lacking(const void *data)
{
    const Row *row = data;
    g_autoptr(QemuDefinition) definition = make_definition(row);
    QemuLibvirtGroupsHistory history = {0};
    QemuLibvirtGroupsLack lack = {0};
    g_autofree char *left_out = NULL;
    g_autofree char *absent = NULL;

    if (row->before != NULL)
        read_answer(row, row->before, definition, &history);
    lack = read_answer(row, row->answer, definition, &history);
    left_out = qemu_group_names(lack.left_out);
    absent = qemu_group_names(lack.absent);
    testing_assert_same_text(left_out, row->left_out);
    testing_assert_same_text(absent, row->absent);
}

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_libvirt_groups", rows, tells_what_is_lacking);
}
