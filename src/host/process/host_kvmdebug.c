/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kvmdebug: KVM's statistics of a whole virtual machine, from debugfs; a part of host_kvmstat.
 *
 * Owns nothing. A machine has one folder, named <pid>-<descriptor>, with one file for each
 * statistic. debugfs does not tell their kinds or units.
 */
#include <string.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "host_kvmstat.h"

#define KVM_FOLDER       "sys/kernel/debug/kvm"
#define HISTOGRAM_SUFFIX "_hist" /* debugfs shows only the first bucket of a histogram */

char *
host_kvmstat_find_debugfs(HostRoot *root, pid_t pid, bool *ret_is_sure)
{
    g_auto(GStrv) names = host_root_list(root, KVM_FOLDER, HOST_LIMIT_KVM_MACHINES);
    g_autofree char *prefix = g_strdup_printf("%d-", pid);

    *ret_is_sure = names != NULL;
    for (size_t i = 0; names && names[i]; i++) {
        if (g_str_has_prefix(names[i], prefix) &&
            host_text_whole_count(names[i] + strlen(prefix)).is_present)
            return g_strconcat(KVM_FOLDER "/", names[i], NULL);
    }
    return NULL;
}

static UtilCount
read_count(HostRoot *root, const char *folder, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);

    return host_root_read_count(root, path);
}

static void
clear_stat(gpointer stat)
{
    g_free(((HostKvmstatDebug *)stat)->name);
}

GArray *
host_kvmstat_read_debugfs(HostRoot *root, const char *folder)
{
    g_auto(GStrv) names = host_root_list(root, folder, HOST_LIMIT_KVM_ENTRIES);
    GArray *stats = NULL;

    if (!names)
        return NULL;
    stats = g_array_new(FALSE, FALSE, sizeof(HostKvmstatDebug));
    g_array_set_clear_func(stats, clear_stat);
    for (size_t i = 0; names[i]; i++) {
        UtilCount count = {0};

        if (!g_str_has_suffix(names[i], HISTOGRAM_SUFFIX))
            count = read_count(root, folder, names[i]);
        if (count.is_present) {
            HostKvmstatDebug stat = {g_strdup(names[i]), count.value};

            g_array_append_val(stats, stat);
        }
    }
    return stats;
}

void
host_kvmstat_read_debugfs_some(HostRoot *root, const char *folder, const char *const *names,
                               UtilCount *ret_counts)
{
    for (size_t i = 0; names[i]; i++)
        ret_counts[i] = read_count(root, folder, names[i]);
}
