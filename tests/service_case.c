/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_case: see service_case.h.
 */
#include "service_case.h"

#include <string.h>

#include "util/util_params.h"

static void
add_params(DomstatsRecord *record)
{
    UtilParams params = {0};

    util_params_init(&params, 8, 0);
    util_params_add_int(&params, "state.state", -7);
    util_params_add_uint(&params, "vcpu.current", 4294967295U);
    util_params_add_llong(&params, "ext.low", G_MININT64);
    util_params_add_ullong(&params, "cpu.time", G_MAXUINT64);
    util_params_add_double(&params, "ext.ratio", -0.125);
    util_params_add_boolean(&params, "vcpu.0.halted", true);
    util_params_add_string(&params, "block.0.name", "vda");
    util_params_add_string(&params, "block.0.path", "/images/\xff \n.img");
    util_params_add_string(&params, "block.1.name", "");
    g_assert(util_params_steal(&params, &record->params, &record->n_params, NULL));
}

static DomstatsRecord *
make_plain(const char *name)
{
    DomstatsRecord *record = g_new0(DomstatsRecord, 1);

    record->name = g_strdup(name);
    g_strlcpy(record->uuid, "11111111-1111-4111-8111-11111111111f", sizeof(record->uuid));
    record->id = 17;
    record->since_us = 1700000000000001;
    record->taken_us = 1700000000000002;
    record->monitor_us = -1;
    record->pid = 4711;
    record->start_ticks = (uint64_t)1 << 40;
    record->answered_by = DOMSTATS_ANSWERED_BY_MONITOR;
    add_params(record);
    return record;
}

DomstatsRecord *
service_case_make_record(const char *name)
{
    DomstatsRecord *record = make_plain(name);

    record->health = DOMSTATS_HEALTH_BUSY;
    record->reason = g_strdup("process 99 holds its monitor (bär)");
    record->reason_code = DOMSTATS_REASON_HELD;
    record->monitor_us = 1234;
    record->missing = VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_VM;
    record->monitor = g_strdup("/run/vm/\xfe.sock");
    record->holder_pid = 99;
    record->last = make_plain(name);
    return record;
}

static void
describe_value(GString *out, const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        g_string_append_printf(out, "int %d", param->value.i);
        break;
    case VIR_TYPED_PARAM_UINT:
        g_string_append_printf(out, "uint %u", param->value.ui);
        break;
    case VIR_TYPED_PARAM_LLONG:
        g_string_append_printf(out, "llong %lld", param->value.l);
        break;
    case VIR_TYPED_PARAM_ULLONG:
        g_string_append_printf(out, "ullong %llu", param->value.ul);
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        g_string_append_printf(out, "double %a", param->value.d);
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        g_string_append_printf(out, "boolean %d", param->value.b);
        break;
    case VIR_TYPED_PARAM_STRING:
        g_string_append_printf(out, "string '%s'", param->value.s);
        break;
    default:
        g_string_append_printf(out, "type %d", param->type);
    }
}

char *
service_case_describe(const DomstatsRecord *record)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "'%s' %s id %d\n", record->name, record->uuid, record->id);
    g_string_append_printf(out, "health %d reason '%s' code %d missing %x answered by %d\n",
                           (int)record->health, record->reason ? record->reason : "none",
                           (int)record->reason_code, record->missing, (int)record->answered_by);
    g_string_append_printf(out, "since %" G_GINT64_FORMAT " taken %" G_GINT64_FORMAT,
                           record->since_us, record->taken_us);
    g_string_append_printf(out, " monitor_us %" G_GINT64_FORMAT "\n", record->monitor_us);
    g_string_append_printf(out, "pid %d start %" G_GUINT64_FORMAT " monitor '%s' holder %d\n",
                           record->pid, record->start_ticks,
                           record->monitor ? record->monitor : "none", record->holder_pid);
    for (int i = 0; i < record->n_params; i++) {
        g_string_append_printf(out, "  %s ", record->params[i].field);
        describe_value(out, &record->params[i]);
        g_string_append_c(out, '\n');
    }
    if (record->last != NULL) {
        g_autofree char *last = service_case_describe(record->last);

        g_string_append_printf(out, "last %s", last);
    }
    return g_string_free(out, FALSE);
}
