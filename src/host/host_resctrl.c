/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_resctrl: see host_resctrl.h.
 *
 * Owns nothing. The files are described in the kernel's "User Interface for Resource Control
 * feature": mon_data has a folder for each cache or package, with one file for each feature. Does
 * not know what the monitor was made for.
 */
#include "host_resctrl.h"

#include <math.h>
#include <string.h>

#include "host_limits.h"
#include "host_text.h"
#include "util/util_error.h"

#define MAX_NUMBER_BYTES  64
#define MAX_FEATURE_BYTES 4096

/* How the folders of a kind are named, and the file that lists the features that the host
 * counts. */
typedef struct {
    const char *prefix;
    const char *separator; /* NULL: the id stands right behind the prefix */
    const char *features_file;
    const char *what;
} Kind;

static const Kind kinds[] = {
    [HOST_RESCTRL_CACHE] = {"mon_L", "_", "info/L3_MON/mon_features", "cache use"},
    [HOST_RESCTRL_BANDWIDTH] = {"mon_L", "_", "info/L3_MON/mon_features", "memory bandwidth"},
    [HOST_RESCTRL_ENERGY] = {"mon_PERF_PKG_", NULL, "info/PERF_PKG_MON/mon_features", "energy"},
};

typedef bool (*TakeValue)(const char *text, void *bank, size_t offset);

static bool
take_bytes(const char *text, void *bank, size_t offset)
{
    UtilCount count = host_text_whole_count(text);

    memcpy((char *)bank + offset, &count, sizeof(count));
    return count.is_present;
}

/* Parses a fixed-point number as the kernel prints it: digits and a point. */
static bool
parse_decimal(const char *text, double *ret_value)
{
    size_t size = strspn(text, "0123456789.");
    char *end = NULL;
    double value = 0;

    if (size == 0 || (text[size] != '\0' && !g_str_equal(text + size, "\n")))
        return false;
    value = g_ascii_strtod(text, &end);
    if (end != text + size || !isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

static bool
take_core_energy(const char *text, void *bank, size_t offset)
{
    HostResctrlBank *self = bank;

    self->has_core_energy = parse_decimal(text, (double *)(void *)((char *)bank + offset));
    return self->has_core_energy;
}

static bool
take_activity(const char *text, void *bank, size_t offset)
{
    HostResctrlBank *self = bank;

    self->has_activity = parse_decimal(text, (double *)(void *)((char *)bank + offset));
    return self->has_activity;
}

/* All features, by the names of their files. */
static const struct {
    HostResctrlKind kind;
    const char *name;
    size_t offset;
    TakeValue take;
} features[] = {
    {HOST_RESCTRL_CACHE, "llc_occupancy", offsetof(HostResctrlBank, llc_occupancy_bytes),
     take_bytes},
    {HOST_RESCTRL_BANDWIDTH, "mbm_local_bytes", offsetof(HostResctrlBank, mbm_local_bytes),
     take_bytes},
    {HOST_RESCTRL_BANDWIDTH, "mbm_total_bytes", offsetof(HostResctrlBank, mbm_total_bytes),
     take_bytes},
    {HOST_RESCTRL_ENERGY, "core_energy", offsetof(HostResctrlBank, core_energy_j),
     take_core_energy},
    {HOST_RESCTRL_ENERGY, "activity", offsetof(HostResctrlBank, activity_f), take_activity},
};

/* The id in the name of a folder of that kind (mon_L3_00, mon_PERF_PKG_00); absent for others. */
static UtilCount
parse_id(const Kind *kind, const char *name)
{
    if (!g_str_has_prefix(name, kind->prefix))
        return (UtilCount){0};
    name += strlen(kind->prefix);
    if (kind->separator) {
        size_t n_digits = strspn(name, "0123456789"); /* the cache's level */

        if (n_digits == 0 || !g_str_has_prefix(name + n_digits, kind->separator))
            return (UtilCount){0};
        name += n_digits + strlen(kind->separator);
    }
    return host_text_whole_count(name);
}

/* One folder of mon_data. */
typedef struct {
    char *path;
    unsigned int id;
} Folder;

static void
clear_folder(gpointer folder)
{
    g_free(((Folder *)folder)->path);
}

static int
compare_folders(const void *a, const void *b)
{
    unsigned int first = ((const Folder *)a)->id;
    unsigned int second = ((const Folder *)b)->id;

    return (first > second) - (first < second);
}

/* The folders of that kind below @mon_data: Folder elements, ascending by id. */
static GArray *
list_folders(HostRoot *root, const char *mon_data, const Kind *kind)
{
    g_auto(GStrv) names = host_root_list(root, mon_data, HOST_LIMIT_RESCTRL_FOLDERS);
    GArray *folders = g_array_new(FALSE, FALSE, sizeof(Folder));

    g_array_set_clear_func(folders, clear_folder);
    for (size_t i = 0; names && names[i]; i++) {
        UtilCount id = parse_id(kind, names[i]);

        if (id.is_present && id.value <= G_MAXUINT) {
            Folder folder = {g_strconcat(mon_data, "/", names[i], NULL), (unsigned int)id.value};

            g_array_append_val(folders, folder);
        }
    }
    g_array_sort(folders, compare_folders);
    return folders;
}

static bool
has_file(HostRoot *root, const char *folder, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    char text[MAX_NUMBER_BYTES] = "";

    return host_root_read(root, path, text, sizeof(text)) >= 0;
}

/* What the host counts of one kind. */
typedef struct {
    bool is_counted[G_N_ELEMENTS(features)];
    bool has_any;
    bool is_swapped; /* it lists the second feature of the kind before the first */
} Counted;

/* The place of @name in the list; its length if it is not there. */
static size_t
find_place(char *const *names, const char *name)
{
    size_t place = 0;

    while (names[place] != NULL && strcmp(names[place], name) != 0)
        place++;
    return place;
}

/* The host's own list tells, or without it the files in the first folder. */
static Counted
find_counted(HostRoot *root, const char *resctrl, const char *first_folder, HostResctrlKind kind)
{
    g_autofree char *path = g_strconcat(resctrl, "/", kinds[kind].features_file, NULL);
    g_autofree char *listed = host_root_read_all(root, path, MAX_FEATURE_BYTES, NULL);
    g_auto(GStrv) names = listed ? g_strsplit(listed, "\n", -1) : NULL;
    Counted counted = {0};
    size_t last_place = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        size_t place = names ? find_place(names, features[i].name) : 0;

        if (features[i].kind != kind)
            continue;
        counted.is_counted[i] =
            names ? names[place] != NULL : has_file(root, first_folder, features[i].name);
        counted.is_swapped = counted.has_any && counted.is_counted[i] && place < last_place;
        counted.has_any |= counted.is_counted[i];
        last_place = place;
    }
    return counted;
}

static bool
read_bank(HostRoot *root, const Folder *folder, const Counted *counted, HostResctrlBank *ret_bank,
          GError **error)
{
    HostResctrlBank bank = {.id = folder->id, .is_swapped = counted->is_swapped};

    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        g_autofree char *path = g_strconcat(folder->path, "/", features[i].name, NULL);
        char text[MAX_NUMBER_BYTES] = "";

        if (!counted->is_counted[i])
            continue;
        if (host_root_read(root, path, text, sizeof(text)) <= 0 ||
            !features[i].take(text, &bank, features[i].offset)) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "cannot read a number from '%s'",
                        path);
            return false;
        }
    }
    *ret_bank = bank;
    return true;
}

static bool
is_inside(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    return !g_strv_contains((const char *const *)parts, "..");
}

GArray *
host_resctrl_read(HostRoot *root, const char *resctrl, const char *monitor, HostResctrlKind kind,
                  GError **error)
{
    const char *top = resctrl + strspn(resctrl, "/"); /* paths below a root have no leading slash */
    g_autofree char *mon_data = g_strconcat(top, *monitor ? "/" : "", monitor, "/mon_data", NULL);
    g_autoptr(GArray) folders = NULL;
    g_autoptr(GArray) banks = g_array_new(FALSE, FALSE, sizeof(HostResctrlBank));
    Counted counted = {0};

    if (!is_inside(monitor)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "'%s' is no monitor's folder", monitor);
        return NULL;
    }
    folders = list_folders(root, mon_data, &kinds[kind]);
    if (folders->len > 0)
        counted = find_counted(root, top, g_array_index(folders, Folder, 0).path, kind);
    if (!counted.has_any) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED, "no %s is counted in '%s'",
                    kinds[kind].what, mon_data);
        return NULL;
    }
    for (guint i = 0; i < folders->len; i++) {
        HostResctrlBank bank = {0};

        if (!read_bank(root, &g_array_index(folders, Folder, i), &counted, &bank, error))
            return NULL;
        g_array_append_val(banks, bank);
    }
    return g_steal_pointer(&banks);
}
