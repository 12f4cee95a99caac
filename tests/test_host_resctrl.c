/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_resctrl: monitors in made trees.
 */
#include <string.h>

#include "host/host_resctrl.h"
#include "testing.h"
#include "util/util_error.h"

#define L3_FEATURES "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n"
#define MONITOR     "qemu-1-web/mon_groups/vcpus_0"
#define BANK(id)    "r/" MONITOR "/mon_data/mon_L3_" id "/"
#define PACKAGE(id) "r/" MONITOR "/mon_data/mon_PERF_PKG_" id "/"

typedef struct {
    const char *name;
    HostResctrlKind kind;
    const char *monitor;
    const char *files[7][2];
    const char *expected; /* "id: what it has," a bank; NULL: an error */
    int error;
} Row;

static const Row rows[] = {
    {"caches in order of their numbers",
     HOST_RESCTRL_CACHE,
     MONITOR,
     {{"r/info/L3_MON/mon_features", L3_FEATURES},
      {BANK("10") "llc_occupancy", "3000\n"},
      {BANK("01") "llc_occupancy", "8589934592\n"},
      {BANK("00") "llc_occupancy", "0\n"},
      {PACKAGE("00") "core_energy", "1.5\n"}},
     "0: llc 0,1: llc 8589934592,10: llc 3000,"},
    {"memory bandwidth",
     HOST_RESCTRL_BANDWIDTH,
     MONITOR,
     {{"r/info/L3_MON/mon_features", L3_FEATURES},
      {BANK("00") "mbm_local_bytes", "5\n"},
      {BANK("00") "mbm_total_bytes", "18446744073709551615\n"}},
     "0: local 5 total 18446744073709551615 swapped,"},
    {"memory bandwidth of a host that lists the local one first",
     HOST_RESCTRL_BANDWIDTH,
     MONITOR,
     {{"r/info/L3_MON/mon_features", "mbm_local_bytes\nmbm_local_bytes_config\nmbm_total_bytes\n"},
      {BANK("00") "mbm_local_bytes", "5\n"},
      {BANK("00") "mbm_total_bytes", "6\n"}},
     "0: local 5 total 6,"},
    {"a host that counts only the total",
     HOST_RESCTRL_BANDWIDTH,
     MONITOR,
     {{"r/info/L3_MON/mon_features", "mbm_total_bytes\n"}, {BANK("00") "mbm_total_bytes", "7\n"}},
     "0: total 7,"},
    {"energy",
     HOST_RESCTRL_ENERGY,
     MONITOR,
     {{"r/info/PERF_PKG_MON/mon_features", "core_energy\nactivity\n"},
      {PACKAGE("01") "core_energy", "12.250000\n"},
      {PACKAGE("01") "activity", "0.5\n"},
      {PACKAGE("00") "core_energy", "3\n"},
      {PACKAGE("00") "activity", "4.75\n"},
      {BANK("00") "llc_occupancy", "1\n"}},
     "0: energy 3 activity 4.75,1: energy 12.25 activity 0.5,"},
    {"without the host's list the first folder tells",
     HOST_RESCTRL_BANDWIDTH,
     MONITOR,
     {{BANK("00") "mbm_local_bytes", "5\n"}, {BANK("01") "mbm_local_bytes", "6\n"}},
     "0: local 5,1: local 6,"},
    {"the host's own group",
     HOST_RESCTRL_CACHE,
     "",
     {{"r/mon_data/mon_L3_00/llc_occupancy", "9\n"}},
     "0: llc 9,"},
    {"a second level cache",
     HOST_RESCTRL_CACHE,
     "",
     {{"r/mon_data/mon_L2_00/llc_occupancy", "9\n"}},
     "0: llc 9,"},
    {"one missing file and nothing is told",
     HOST_RESCTRL_CACHE,
     MONITOR,
     {{"r/info/L3_MON/mon_features", L3_FEATURES},
      {BANK("00") "llc_occupancy", "1\n"},
      {BANK("01") "mbm_total_bytes", "1\n"}},
     NULL,
     UTIL_ERROR_BROKEN},
    {"a listed feature that the first folder lacks",
     HOST_RESCTRL_BANDWIDTH,
     MONITOR,
     {{"r/info/L3_MON/mon_features", L3_FEATURES}, {BANK("00") "mbm_total_bytes", "1\n"}},
     NULL,
     UTIL_ERROR_BROKEN},
    {"a value that the kernel does not have",
     HOST_RESCTRL_CACHE,
     MONITOR,
     {{BANK("00") "llc_occupancy", "Unavailable\n"}},
     NULL,
     UTIL_ERROR_BROKEN},
    {"an energy that is no number",
     HOST_RESCTRL_ENERGY,
     MONITOR,
     {{PACKAGE("00") "core_energy", "1.2.3\n"}},
     NULL,
     UTIL_ERROR_BROKEN},
    {"an energy that is not finite",
     HOST_RESCTRL_ENERGY,
     MONITOR,
     {{PACKAGE("00") "core_energy", "inf\n"}},
     NULL,
     UTIL_ERROR_BROKEN},
    {"a host that does not count it",
     HOST_RESCTRL_CACHE,
     MONITOR,
     {{"r/info/L3_MON/mon_features", "mbm_total_bytes\n"}, {BANK("00") "mbm_total_bytes", "7\n"}},
     NULL,
     UTIL_ERROR_UNSUPPORTED},
    {"no energy",
     HOST_RESCTRL_ENERGY,
     MONITOR,
     {{BANK("00") "llc_occupancy", "7\n"}},
     NULL,
     UTIL_ERROR_UNSUPPORTED},
    {"no such monitor",
     HOST_RESCTRL_CACHE,
     "other",
     {{BANK("00") "llc_occupancy", "7\n"}},
     NULL,
     UTIL_ERROR_UNSUPPORTED},
    {"folders of other names",
     HOST_RESCTRL_CACHE,
     "",
     {{"r/mon_data/mon_L3_x/llc_occupancy", "1\n"},
      {"r/mon_data/mon_L_00/llc_occupancy", "1\n"},
      {"r/mon_data/mon_L3_/llc_occupancy", "1\n"},
      {"r/mon_data/L3_00/llc_occupancy", "1\n"},
      {"r/mon_data/mon_L3_4294967296/llc_occupancy", "1\n"}},
     NULL,
     UTIL_ERROR_UNSUPPORTED},
    {"a monitor's name that leads out",
     HOST_RESCTRL_CACHE,
     "a/../..",
     {{"r/mon_data/mon_L3_00/llc_occupancy", "9\n"}},
     NULL,
     UTIL_ERROR_INVALID},
};

static void
append_count(GString *text, const char *what, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(text, " %s %" G_GUINT64_FORMAT, what, count.value);
}

static char *
make_text(const GArray *banks)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < banks->len; i++) {
        const HostResctrlBank *bank = &g_array_index(banks, HostResctrlBank, i);

        g_string_append_printf(text, "%u:", bank->id);
        append_count(text, "llc", bank->llc_occupancy_bytes);
        append_count(text, "local", bank->mbm_local_bytes);
        append_count(text, "total", bank->mbm_total_bytes);
        if (bank->has_core_energy)
            g_string_append_printf(text, " energy %g", bank->core_energy_j);
        if (bank->has_activity)
            g_string_append_printf(text, " activity %g", bank->activity_f);
        if (bank->is_swapped)
            g_string_append(text, " swapped");
        g_string_append_c(text, ',');
    }
    return g_string_free(text, FALSE);
}

static void
reads_monitor(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(GArray) banks = NULL;
    g_autoptr(GArray) again = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    for (size_t i = 0; i < G_N_ELEMENTS(row->files) && row->files[i][0]; i++)
        testing_write_file(folder, row->files[i][0], row->files[i][1]);
    root = host_root_new_recorded(folder, NULL);
    banks = host_resctrl_read(root, "r", row->monitor, row->kind, &error);
    again = host_resctrl_read(root, "/r", row->monitor, row->kind, NULL);
    testing_remove_folder(folder);
    assert_int_equal(banks != NULL, row->expected != NULL);
    assert_int_equal(again != NULL, row->expected != NULL);
    if (!banks) {
        assert_true(g_error_matches(error, UTIL_ERROR, row->error));
        return;
    }
    got = make_text(banks);
    assert_string_equal(got, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("host_resctrl", rows, reads_monitor);
}
