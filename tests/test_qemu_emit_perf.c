/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_emit_perf: the parameters of perf.
 */
#include "emit_case.h"

static void
fill_perf(EmitCase *self)
{
    const QemuFactsPerf events[] = {
        {"task_clock", 1}, {"no_such_event", 2}, {"cpu_cycles", UINT64_MAX}, {"cpu_cycles", 3}};

    self->facts.perf = EMIT_CASE_ARRAY(events);
}

static void
fill_perf_denied(EmitCase *self)
{
    self->facts.perf = g_array_new(FALSE, FALSE, sizeof(QemuFactsPerf));
    self->facts.lacks_perf = true;
}

/* clang-format off */
static const EmitRow rows[] = {
    {"events stand in libvirt's order, once, unknown ones not", qemu_emit_perf, fill_perf, true,
     "perf.cpu_cycles ullong 18446744073709551615\nperf.task_clock ullong 1\n"},
    {"events that cannot be read are missing", qemu_emit_perf, fill_perf_denied, false, ""},
    {"no event was asked for", qemu_emit_perf, emit_case_fill_nothing, true, ""},
};
/* clang-format on */

int
main(void)
{
    return TESTING_RUN_TABLE("emit perf", rows, emit_case_check);
}
