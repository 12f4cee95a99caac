/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_dirtyrate: the group dirtyrate: the last measurement of how fast the guest writes to
 * its memory. This program never starts a measurement.
 */
#include "qemu_emit.h"

#include <limits.h>

/* QEMU's words, indexed by virDomainDirtyRateStatus. */
static const char *const statuses[] = {"unstarted", "measuring", "measured"};

static const char *const modes[] = {"page-sampling", "dirty-bitmap", "dirty-ring"};

/* -1 if @word is not in @words. */
static int
find_word(const char *word, const char *const *words, int n_words)
{
    for (int i = 0; i < n_words; i++) {
        if (g_strcmp0(word, words[i]) == 0)
            return i;
    }
    return -1;
}

static void
put_measured(QemuFieldWriter *writer, const QemuFactsDirtyRate *rate, const char *mode)
{
    GArray *vcpus = g_str_equal(mode, "dirty-ring") ? rate->vcpus : NULL;
    g_autoptr(GHashTable) written = g_hash_table_new(g_direct_hash, g_direct_equal);

    if (rate->has_rate)
        qemu_field_put_llong(writer, QEMU_FIELD_DIRTYRATE_RATE, rate->rate_mib_s);
    for (guint i = 0; vcpus != NULL && i < vcpus->len; i++) {
        const QemuFactsVcpuDirtyRate *vcpu = &g_array_index(vcpus, QemuFactsVcpuDirtyRate, i);

        if (vcpu->index < 0 || !g_hash_table_add(written, GINT_TO_POINTER(vcpu->index)))
            continue; /* a hostile QEMU could repeat an index, hence a name */
        writer->index[0] = (unsigned int)vcpu->index;
        qemu_field_put_ullong(writer, QEMU_FIELD_DIRTYRATE_VCPU_RATE, vcpu->rate_mib_s);
    }
}

bool
qemu_emit_dirtyrate(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const QemuFactsDirtyRate *rate = &input->facts->dirty_rate;
    const char *mode = rate->mode ? rate->mode : modes[0];
    int status = find_word(rate->status, statuses, G_N_ELEMENTS(statuses));

    if (!input->is_active || status < 0 || find_word(mode, modes, G_N_ELEMENTS(modes)) < 0)
        return false;
    qemu_field_put_int(writer, QEMU_FIELD_DIRTYRATE_STATUS, status);
    if (rate->has_start_time)
        qemu_field_put_llong(writer, QEMU_FIELD_DIRTYRATE_START_TIME, rate->start_time_s);
    if (rate->has_calc_time && rate->calc_time_s >= INT_MIN && rate->calc_time_s <= INT_MAX)
        qemu_field_put_int(writer, QEMU_FIELD_DIRTYRATE_PERIOD, (int)rate->calc_time_s);
    qemu_field_put_string(writer, QEMU_FIELD_DIRTYRATE_MODE, mode);
    if (status == VIR_DOMAIN_DIRTYRATE_MEASURED)
        put_measured(writer, rate, mode);
    return true;
}
