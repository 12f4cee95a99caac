/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of damaged recordings: each file of one domain in turn is cut, garbled, replaced or
 * removed. Only the record of that domain may change, and it must name the file.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "domstats/domstats.h"
#include "emit_case.h"
#include "qemu/plan/qemu_group.h"
#include "testing.h"

/* The domain whose files are damaged is the first. */
static const char *const domains[] = {"qemu-7.2", "raw", "no-monitor", NULL};

typedef enum { OUTCOME_BROKEN, OUTCOME_FEWER, OUTCOME_LOST, OUTCOME_UNTOUCHED } Outcome;

typedef struct {
    const char *name;
    char *(*change)(const char *bytes, gsize size, gsize *ret_size); /* NULL: @replace does it */
    bool (*replace)(const char *path);
    bool is_removal;
} Damage;

typedef struct {
    const char *name;
    const Damage *damage;
    const char *file; /* below the recording */
    Outcome outcome;
} Row;

/* One recording for all rows: each row undoes its damage. */
static char *recording;
static char *texts[G_N_ELEMENTS(domains)]; /* of the records, undamaged */

static char *
cut_in_half(const char *bytes, gsize size, gsize *ret_size)
{
    *ret_size = size / 2;
    return g_memdup2(bytes, size);
}

static char *
make_empty(const char *bytes, gsize size, gsize *ret_size)
{
    (void)bytes;
    (void)size;
    *ret_size = 0;
    return g_strdup("");
}

static char *
garble(const char *bytes, gsize size, gsize *ret_size)
{
    char *garbled = g_memdup2(bytes, size);

    if (size > 0)
        garbled[size / 2] = '\xff';
    *ret_size = size;
    return garbled;
}

static char *
make_other_json(const char *bytes, gsize size, gsize *ret_size)
{
    (void)bytes;
    (void)size;
    *ret_size = 3;
    return g_strdup("[]\n");
}

/* Deeper than anything that is read. */
static char *
make_deep(const char *bytes, gsize size, gsize *ret_size)
{
    (void)bytes;
    (void)size;
    *ret_size = 65536;
    return g_strnfill(*ret_size, '[');
}

static bool
replace_by_nothing(const char *path)
{
    (void)path;
    return true;
}

static bool
replace_by_link(const char *path)
{
    return symlink("/etc/hostname", path) == 0;
}

static bool
replace_by_folder(const char *path)
{
    return g_mkdir(path, 0755) == 0;
}

static const Damage damages[] = {
    {"cut in half", cut_in_half, NULL, false},
    {"empty", make_empty, NULL, false},
    {"with a byte garbled", garble, NULL, false},
    {"other JSON", make_other_json, NULL, false},
    {"nested without end", make_deep, NULL, false},
    {"a link elsewhere", NULL, replace_by_link, false},
    {"a folder", NULL, replace_by_folder, false},
    {"missing", NULL, replace_by_nothing, true},
};

static void
copy_entry(const char *from, const char *to)
{
    g_autoptr(GDir) folder = NULL;
    g_autofree char *target = g_file_read_link(from, NULL);
    g_autofree char *bytes = NULL;
    const char *name = NULL;
    gsize size = 0;

    if (target != NULL) {
        assert_int_equal(symlink(target, to), 0);
        return;
    }
    if (!g_file_test(from, G_FILE_TEST_IS_DIR)) {
        assert_true(g_file_get_contents(from, &bytes, &size, NULL));
        assert_true(g_file_set_contents(to, bytes, (gssize)size, NULL));
        return;
    }
    folder = g_dir_open(from, 0, NULL);
    assert_non_null(folder);
    assert_int_equal(g_mkdir(to, 0755), 0);
    while ((name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inner_from = g_build_filename(from, name, NULL);
        g_autofree char *inner_to = g_build_filename(to, name, NULL);

        copy_entry(inner_from, inner_to);
    }
}

static void
copy_part(const char *name)
{
    g_autofree char *from =
        g_build_filename(testing_source_folder(), "qemujsontestdata", name, NULL);
    g_autofree char *to = g_build_filename(recording, name, NULL);

    copy_entry(from, to);
}

/* All records of the recording; there are @n_expected. */
static DomstatsRecord **
collect(int n_expected)
{
    g_autofree char *source = g_strconcat("replay:", recording, NULL);
    g_autoptr(GError) error = NULL;
    DomstatsConn *conn = domstats_open(source, NULL, &error);
    DomstatsRecord **records = NULL;
    int n = -1;

    if (conn != NULL)
        n = domstats_get_all_domain_stats(conn, qemu_group_all(),
                                          VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING, 60000,
                                          &records, &error);
    domstats_close(conn);
    if (n != n_expected)
        fail_msg("%d records, not %d: %s", n, n_expected, error ? error->message : "no error");
    return records;
}

static DomstatsRecord *
find_record(DomstatsRecord **records, const char *name)
{
    for (; *records != NULL; records++)
        if (g_str_equal((*records)->name, name))
            return *records;
    return NULL;
}

/* The groups that cannot be whole without that reply. */
static unsigned int
groups_of(const char *file)
{
    g_autofree char *name = g_path_get_basename(file);
    unsigned int groups = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
            if ((qemu_groups[i].commands >> id & 1) &&
                g_str_equal(qemu_commands[id].file_name, name))
                groups |= qemu_groups[i].bit;
    return groups;
}

static void
check_victim(const Row *row, const DomstatsRecord *record)
{
    g_autofree char *file_name = g_path_get_basename(row->file);

    if (row->outcome == OUTCOME_LOST) {
        assert_null(record);
        return;
    }
    assert_non_null(record);
    if (row->outcome != OUTCOME_BROKEN) {
        assert_int_equal(record->health, DOMSTATS_HEALTH_OK);
        if (row->outcome == OUTCOME_FEWER)
            assert_int_equal(record->missing & groups_of(row->file), groups_of(row->file));
        return;
    }
    assert_int_equal(record->health, DOMSTATS_HEALTH_BROKEN);
    assert_non_null(record->reason);
    /* Taken away, it leaves a QEMU that has no commands: that is then the reason. */
    if (row->damage->is_removal && g_str_equal(file_name, "query-commands.json"))
        return;
    if (strstr(record->reason, file_name) == NULL)
        fail_msg("the reason does not name '%s': %s", file_name, record->reason);
}

static void
costs_one_domain(const void *data)
{
    const Row *row = data;
    g_autofree char *path = g_build_filename(recording, row->file, NULL);
    g_autofree char *kept = g_strconcat(recording, ".kept", NULL);
    g_autofree char *bytes = NULL;
    g_autofree char *changed = NULL;
    DomstatsRecord **records = NULL;
    gsize size = 0;

    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    assert_int_equal(g_rename(path, kept), 0);
    if (row->damage->change != NULL) {
        changed = row->damage->change(bytes, size, &size);
        assert_true(g_file_set_contents(path, changed, (gssize)size, NULL));
    } else {
        assert_true(row->damage->replace(path));
    }
    records = collect(row->outcome == OUTCOME_LOST ? (int)G_N_ELEMENTS(domains) - 2
                                                   : (int)G_N_ELEMENTS(domains) - 1);
    if (!row->damage->is_removal)
        assert_int_equal(g_remove(path), 0);
    assert_int_equal(g_rename(kept, path), 0);

    check_victim(row, find_record(records, domains[0]));
    for (size_t i = 1; domains[i] != NULL; i++) {
        const DomstatsRecord *record = find_record(records, domains[i]);
        g_autofree char *text = NULL;

        assert_non_null(record);
        text = emit_case_text(record->params, record->n_params);
        testing_assert_same_text(text, texts[i]);
    }
    domstats_record_list_free(records);
}

/* What the damage does to the domain. Host files say nothing of its health; of a reply only one
 * that is there can be damaged. */
static Outcome
outcome_of(const char *folder, const char *name, const Damage *damage)
{
    if (!g_str_equal(folder, domains[0]))
        return OUTCOME_UNTOUCHED;
    if (!damage->is_removal || g_str_equal(name, "greeting.json") ||
        g_str_equal(name, "query-commands.json"))
        return OUTCOME_BROKEN;
    return g_str_equal(name, "domain.json") ? OUTCOME_LOST : OUTCOME_FEWER;
}

/* A row for each damage to each file of a folder; texts for people are not read. */
static void
add_rows(GArray *rows, GStringChunk *strings, const char *folder)
{
    g_autofree char *path = g_build_filename(recording, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(folder, name, NULL);
        g_autofree char *whole = g_build_filename(recording, file, NULL);

        if (!g_file_test(whole, G_FILE_TEST_IS_REGULAR) ||
            g_file_test(whole, G_FILE_TEST_IS_SYMLINK) || g_str_has_suffix(name, ".txt"))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
            g_autofree char *sentence = g_strconcat(file, ": ", damages[i].name, NULL);
            Row row = {.name = g_string_chunk_insert(strings, sentence),
                       .damage = &damages[i],
                       .file = g_string_chunk_insert(strings, file),
                       .outcome = outcome_of(folder, name, &damages[i])};

            g_array_append_val(rows, row);
        }
    }
}

/* Copies the domains and what the host told; gives the process of the first one. */
static int
copy_recording(void)
{
    DomstatsRecord **records = NULL;
    int pid = 0;

    recording = testing_make_folder();
    copy_part("host.json");
    copy_part("proc");
    for (size_t i = 0; domains[i] != NULL; i++)
        copy_part(domains[i]);
    records = collect((int)G_N_ELEMENTS(domains) - 1);
    for (size_t i = 0; domains[i] != NULL; i++) {
        const DomstatsRecord *record = find_record(records, domains[i]);

        texts[i] = emit_case_text(record->params, record->n_params);
        if (i == 0)
            pid = record->id; /* what "auto" gave as its id */
    }
    domstats_record_list_free(records);
    return pid;
}

int
main(void)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    GStringChunk *strings = g_string_chunk_new(4096);
    int pid = copy_recording();
    g_autofree char *process = g_strdup_printf("proc/%d", pid);
    g_autofree char *thread = g_strdup_printf("proc/%d/task/%d", pid, pid);
    int n_failed = 1;

    add_rows(rows, strings, domains[0]);
    add_rows(rows, strings, process);
    add_rows(rows, strings, thread);
    add_rows(rows, strings, "proc/net");
    add_rows(rows, strings, "proc/self");
    n_failed =
        testing_run_table("replay_damage", rows->data, sizeof(Row), rows->len, costs_one_domain);
    for (size_t i = 0; domains[i] != NULL; i++)
        g_free(texts[i]);
    g_string_chunk_free(strings);
    testing_remove_folder(recording);
    return n_failed;
}
