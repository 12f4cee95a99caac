/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_limits: the table of limits in docs/internals.md is that of the headers *_limits.h.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_limits.h"
#include "host/host_limits.h"
#include "libvirt/libvirt_limits.h"
#include "monitor/monitor_limits.h"
#include "openmetrics/openmetrics_limits.h"
#include "qemu/facts/qemu_limits.h"
#include "rpc/rpc_limits.h"
#include "service/service_limits.h"
#include "top/top_limits.h"

typedef struct {
    const char *name;
    uint64_t value;
    const char *unit;
    const char *reason;
} Limit;

static const Limit limits[] = {
#define LIMIT(name, value, unit, reason) {#name, value, unit, reason},
    QEMU_LIMITS(LIMIT) HOST_LIMITS(LIMIT) LIBVIRT_LIMITS(LIMIT) MONITOR_LIMITS(LIMIT)
        RPC_LIMITS(LIMIT) SERVICE_LIMITS(LIMIT) DAEMON_LIMITS(LIMIT) OPENMETRICS_LIMITS(LIMIT)
            TOP_LIMITS(LIMIT)
#undef LIMIT
};

/* 16777216 as "16,777,216". */
static char *
make_number(uint64_t value)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%" G_GUINT64_FORMAT, value);
    for (gssize at = (gssize)text->len - 3; at > 0; at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

static char *
make_table(void)
{
    GString *text = g_string_new("| limit | number | unit | what it bounds, and why that much |\n"
                                 "| --- | ---: | --- | --- |\n");

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *number = make_number(limits[i].value);

        g_string_append_printf(text, "| `%s` | %s | %s | %s |\n", limits[i].name, number,
                               limits[i].unit, limits[i].reason);
    }
    return g_string_free(text, FALSE);
}

static void
document_has_the_table(void **state)
{
    g_autofree char *table = make_table();

    (void)state;
    testing_assert_document("internals.md", "limits", table);
}

static void
every_limit_has_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        assert_true(limits[i].value > 0);
        assert_true(strlen(limits[i].reason) > 10);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"docs/internals.md shows every limit as the header has it", document_has_the_table, NULL,
         NULL, NULL},
        {"a limit has a number and a reason", every_limit_has_a_reason, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
