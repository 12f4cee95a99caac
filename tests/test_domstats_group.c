/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats_group: the names of the groups, and which group a field is of.
 */
#include "domstats_group.h"
#include "qemu/plan/qemu_group.h"
#include "testing.h"

typedef struct {
    const char *sentence;
    const char *field;
    unsigned int bit;
} Row;

static const Row rows[] = {
    {"a field of one word", "state", VIR_DOMAIN_STATS_STATE},
    {"the field's first word is not always the group's name", "net.0.rx.bytes",
     VIR_DOMAIN_STATS_INTERFACE},
    {"a field of ours", "ext.block.3.idle", VIR_DOMAIN_STATS_BLOCK},
    {"a field about the domain", "about.net.0.mac", VIR_DOMAIN_STATS_INTERFACE},
    {"a longer first word is another", "vmx.a", 0},
    {"a shorter first word is another", "bloc.count", 0},
    {"a mark alone", "ext.", 0},
    {"no word", "", 0},
    {"a field of no group", "ext.monitor.time", 0},
};

static void
finds_the_group(const void *data)
{
    const Row *row = data;

    assert_int_equal(domstats_group_of_field(row->field), row->bit);
}

static void
knows_kvms_statistics(void **state)
{
    static const char *const kvms[] = {"cpu.haltpoll.success.time", "vm.pages_4k.cur",
                                       "vcpu.0.exits.sum", "vcpu.12.halt_wait_ns.max",
                                       "vcpu.1.guest_mode.cur"};
    static const char *const others[] = {"cpu.time",      "vcpu.0.time",       "vcpu.maximum",
                                         "vcpu.0.halted", "vmx.exits.sum",     "ext.vcpu.0.steal",
                                         "vcpu.sum",      "about.vm.whatever", "block.0.rd.sum"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kvms); i++)
        assert_true(domstats_group_is_of_kvm(kvms[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        assert_false(domstats_group_is_of_kvm(others[i]));
}

static void
names_are_those_of_the_driver(void **state)
{
    (void)state;
    assert_int_equal(domstats_n_groups, qemu_n_groups);
    for (size_t i = 0; i < qemu_n_groups; i++) {
        assert_int_equal(domstats_groups[i].bit, qemu_groups[i].bit);
        assert_string_equal(domstats_groups[i].name, qemu_groups[i].name);
        assert_int_equal(domstats_group_of_name(qemu_groups[i].name), qemu_groups[i].bit);
    }
    assert_int_equal(domstats_group_of_name("net"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_driver),
        cmocka_unit_test(knows_kvms_statistics),
    };
    int n_failed = TESTING_RUN_TABLE("fields", rows, finds_the_group);

    return n_failed + cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
