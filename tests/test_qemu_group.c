/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of groups: its bits, names and needs.
 */
#include "qemu/plan/qemu_group.h"

#include "testing.h"

typedef struct {
    const char *sentence;
    unsigned int stats;
    const char *expected;
} NamesRow;

static const NamesRow names_rows[] = {
    {"no bit has no name", 0, ""},
    {"one bit is one name", VIR_DOMAIN_STATS_BLOCK, "block"},
    {"several stand in the order of the table", VIR_DOMAIN_STATS_VM | VIR_DOMAIN_STATS_STATE,
     "state, vm"},
    {"unknown bits come last, in hex", VIR_DOMAIN_STATS_CPU_TOTAL | 0x81000000,
     "cpu-total, 0x81000000"},
    {"unknown bits alone", 0x1000000, "0x1000000"},
};

static void
check_names(const void *data)
{
    const NamesRow *row = data;
    g_autofree char *names = qemu_group_names(row->stats);

    assert_string_equal(names, row->expected);
}

/* Bits without a hole, in ascending order: libvirt's order of groups in a record. */
static void
groups_stand_in_libvirts_order(void **state)
{
    (void)state;
    assert_int_equal(qemu_group_all(), (1u << qemu_n_groups) - 1);
    for (size_t i = 0; i < qemu_n_groups; i++) {
        assert_int_equal(qemu_groups[i].bit, 1u << i);
        assert_non_null(qemu_groups[i].name);
        assert_non_null(qemu_groups[i].emit);
    }
}

static void
no_command_is_needed_and_optional(void **state)
{
    (void)state;
    for (size_t i = 0; i < qemu_n_groups; i++)
        assert_int_equal(qemu_groups[i].commands & qemu_groups[i].optional, 0);
}

/* What a busy monitor must not take away: these rest on the host alone. */
static void
some_groups_need_no_monitor(void **state)
{
    const unsigned int alone = VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_INTERFACE |
                               VIR_DOMAIN_STATS_PERF | VIR_DOMAIN_STATS_MEMORY;

    (void)state;
    for (size_t i = 0; i < qemu_n_groups; i++) {
        if ((qemu_groups[i].bit & alone) != 0) {
            assert_int_equal(qemu_groups[i].commands, 0);
            assert_int_not_equal(qemu_groups[i].host, 0);
        }
    }
}

/* Identity and the probe are no group's business. */
static void
groups_ask_for_statistics_only(void **state)
{
    QemuCommandSet all = 0;

    (void)state;
    for (size_t i = 0; i < qemu_n_groups; i++)
        all |= qemu_groups[i].commands | qemu_groups[i].optional;
    assert_int_equal(all & (QEMU_COMMAND_BIT(QUERY_NAME) | QEMU_COMMAND_BIT(QUERY_UUID) |
                            QEMU_COMMAND_BIT(QUERY_COMMANDS) | QEMU_COMMAND_BIT(QUERY_YANK)),
                     0);
    assert_int_equal(all >> QEMU_N_COMMANDS, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_stand_in_libvirts_order),
        cmocka_unit_test(no_command_is_needed_and_optional),
        cmocka_unit_test(some_groups_need_no_monitor),
        cmocka_unit_test(groups_ask_for_statistics_only),
    };
    int n_failed = TESTING_RUN_TABLE("names", names_rows, check_names);

    return n_failed + cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
