/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_bills: time spent on each user's processes, and whose is over a limit.
 */
#include "qemu/source/qemu_source_bills.h"

#include "testing.h"

static void
bills_each_user_apart(void **state)
{
    g_autoptr(QemuSourceBills) bills = qemu_source_bills_new();

    (void)state;
    assert_false(qemu_source_bills_has_over(bills, 0));
    assert_false(qemu_source_bills_is_over(bills, 0, 0));
    for (int i = 0; i < 10; i++)
        qemu_source_bills_add(bills, 1000, 30);
    qemu_source_bills_add(bills, 0, 200);
    assert_false(qemu_source_bills_has_over(bills, 300));
    assert_true(qemu_source_bills_has_over(bills, 299));
    assert_true(qemu_source_bills_is_over(bills, 1000, 299));
    assert_false(qemu_source_bills_is_over(bills, 0, 299));
    assert_false(qemu_source_bills_is_over(bills, 1001, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bills_each_user_apart)};

    return cmocka_run_group_tests_name("qemu_source_bills", tests, NULL, NULL);
}
