/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replays the recorded host qemujsontestdata through the public calls, and compares the record of
 * each domain with the files in its folder expect/.
 *
 * A case is a folder with a domain.json; a new folder is a new test without a line here. Each case
 * has a row for each group, for each variant of it (.ext: with our own fields, .backing: with
 * chains), for the record without its parameters, and for all groups in one call. A group without
 * parameters has no file, and neither has a variant that is the same as the group.
 *
 * TESTING_UPDATE=1 writes the files anew; read the difference line by line.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "domstats/domstats.h"
#include "emit_case.h"
#include "qemu/plan/qemu_group.h"
#include "testing.h"

typedef struct {
    const char *name;     /* "raw/block.backing" */
    const char *got;      /* NULL: there must be no such file */
    const char *expected; /* instead of a file; NULL: read it */
    const char *path;     /* of the file; NULL: look for what no row names */
    const char *folder;
} Row;

/* All that the rows point to. */
typedef struct {
    DomstatsConn *conn;
    GStringChunk *texts;
    GPtrArray *folders; /* of cases, in the order of the records */
    GArray *rows;
} Cases;

static bool
is_updating(void)
{
    return g_strcmp0(g_getenv("TESTING_UPDATE"), "1") == 0;
}

static DomstatsRecord **
collect(const Cases *self, DomstatsCall *call)
{
    GError *error = NULL;
    DomstatsRecord **records = NULL;
    int n = 0;

    call->timeout_ms = 60000;
    n = domstats_get_stats(self->conn, call, &records, &error);
    if (n != (int)self->folders->len)
        g_error("%d records of %u cases: %s", n, self->folders->len,
                error ? error->message : "no error");
    return records;
}

/* Its parameters as lines, without the one number that our own clock gives; NULL: none. */
static const char *
add_params(Cases *self, const DomstatsRecord *record)
{
    g_autoptr(GRegex) clock =
        g_regex_new("^(ext\\.monitor\\.time ullong) \\d+$", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *text = emit_case_text(record->params, record->n_params);
    g_autofree char *steady = g_regex_replace(clock, text, -1, 0, "\\1 (varies)", 0, NULL);

    return steady[0] != '\0' ? g_string_chunk_insert(self->texts, steady) : NULL;
}

static void
add_row(Cases *self, guint i, const char *file, const char *got, const char *expected)
{
    const char *folder = g_ptr_array_index(self->folders, i);
    g_autofree char *case_name = g_path_get_basename(folder);
    g_autofree char *name = g_strconcat(case_name, "/", file ? file : "no other file", NULL);
    g_autofree char *path = file ? g_build_filename(folder, "expect", file, NULL) : NULL;
    Row row = {.name = g_string_chunk_insert(self->texts, name),
               .got = got,
               .expected = expected,
               .path = path ? g_string_chunk_insert(self->texts, path) : NULL,
               .folder = folder};

    g_array_append_val(self->rows, row);
}

/* Rows of one group or of a variant of it; gives the text of each case. */
static GPtrArray *
add_group(Cases *self, const QemuGroup *group, DomstatsCall call, const char *suffix,
          const GPtrArray *plain, unsigned int *missing)
{
    DomstatsRecord **records = NULL;
    g_autofree char *file = g_strconcat(group->name, suffix, NULL);
    GPtrArray *texts = g_ptr_array_new();

    call.stats = group->bit;
    records = collect(self, &call);
    for (guint i = 0; i < self->folders->len; i++) {
        const char *text = add_params(self, records[i]);
        bool is_same = plain && g_strcmp0(text, g_ptr_array_index(plain, i)) == 0;

        g_ptr_array_add(texts, (gpointer)text);
        add_row(self, i, file, is_same ? NULL : text, NULL);
        missing[i] |= records[i]->missing;
    }
    domstats_record_list_free(records);
    return texts;
}

/* What a record holds beside its parameters, apart from times. */
static const char *
add_record(Cases *self, const DomstatsRecord *record, unsigned int missing_by_name)
{
    g_autofree char *missing = qemu_group_names(record->missing);
    g_autofree char *by_name = qemu_group_names(missing_by_name & ~record->missing);
    g_autofree char *text = g_strdup_printf(
        "name: %s\nuuid: %s\nid: %d\nhealth: %s\nreason: %s\nmissing: %s\n"
        "missing by name: %s\n",
        record->name, record->uuid, record->id, domstats_health_to_string(record->health),
        record->reason ? record->reason : "-", missing, by_name);

    return g_string_chunk_insert(self->texts, text);
}

static void
add_rows(Cases *self)
{
    g_autofree unsigned int *missing = g_new0(unsigned int, self->folders->len);
    g_autoptr(GPtrArray) whole = g_ptr_array_new_with_free_func(g_free);
    DomstatsRecord **records = NULL;

    for (guint i = 0; i < self->folders->len; i++)
        g_ptr_array_add(whole, g_strdup(""));
    for (size_t i = 0; i < qemu_n_groups; i++) {
        const QemuGroup *group = &qemu_groups[i];
        g_autoptr(GPtrArray) plain = add_group(self, group, (DomstatsCall){0}, "", NULL, missing);

        g_ptr_array_unref(add_group(self, group,
                                    (DomstatsCall){.extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_PSS},
                                    ".ext", plain, missing));
        if (group->bit == VIR_DOMAIN_STATS_BLOCK)
            g_ptr_array_unref(add_group(
                self, group, (DomstatsCall){.flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING},
                ".backing", plain, missing));
        for (guint j = 0; j < whole->len; j++) {
            g_autofree char *before = g_ptr_array_index(whole, j);

            whole->pdata[j] = g_strconcat(before, g_ptr_array_index(plain, j), NULL);
        }
    }
    records = collect(self, &(DomstatsCall){0});
    for (guint i = 0; i < self->folders->len; i++) {
        const char *text = add_params(self, records[i]);

        add_row(self, i, "record", add_record(self, records[i], missing[i]), NULL);
        add_row(self, i, "all groups in one call", text ? text : "",
                g_string_chunk_insert(self->texts, whole->pdata[i]));
        add_row(self, i, NULL, NULL, NULL);
    }
    domstats_record_list_free(records);
}

static void
update(const Row *row)
{
    g_autofree char *folder = g_path_get_dirname(row->path);

    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    if (row->got != NULL)
        assert_true(g_file_set_contents(row->path, row->got, -1, NULL));
    else
        g_unlink(row->path);
}

/* Every file of expect/ must be one that a row reads. */
static void
check_no_other_file(const Row *row)
{
    g_autofree char *path = g_build_filename(row->folder, "expect", NULL);
    g_autofree char *about = g_build_filename(row->folder, "about.txt", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    assert_true(g_file_test(about, G_FILE_TEST_IS_REGULAR));
    assert_non_null(folder);
    while ((name = g_dir_read_name(folder)) != NULL) {
        g_auto(GStrv) parts = g_strsplit(name, ".", 2);
        bool is_known = g_str_equal(name, "record");

        for (size_t i = 0; i < qemu_n_groups; i++) {
            bool has_chains = qemu_groups[i].bit == VIR_DOMAIN_STATS_BLOCK;

            if (g_str_equal(parts[0], qemu_groups[i].name))
                is_known = parts[1] == NULL || g_str_equal(parts[1], "ext") ||
                           (has_chains && g_str_equal(parts[1], "backing"));
        }
        if (!is_known)
            fail_msg("'%s/%s' is read by no test", path, name);
    }
}

static void
check_row(const void *data)
{
    const Row *row = data;
    g_autofree char *expected = NULL;

    if (row->path == NULL) {
        check_no_other_file(row);
        return;
    }
    if (row->expected != NULL) {
        testing_assert_same_text(row->got, row->expected);
        return;
    }
    if (is_updating())
        update(row);
    g_file_get_contents(row->path, &expected, NULL, NULL);
    testing_assert_same_text(row->got, expected);
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The cases in the order of the records: by the names of their folders. */
static GPtrArray *
list_cases(const char *recording)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(recording, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(recording, name, "domain.json", NULL);

        if (g_file_test(file, G_FILE_TEST_EXISTS))
            g_ptr_array_add(folders, g_build_filename(recording, name, NULL));
    }
    g_ptr_array_sort(folders, compare_texts);
    return folders;
}

int
main(void)
{
    g_autofree char *recording =
        g_build_filename(testing_source_folder(), "qemujsontestdata", NULL);
    g_autofree char *source = g_strconcat("replay:", recording, NULL);
    GError *error = NULL;
    Cases cases = {.texts = g_string_chunk_new(65536),
                   .folders = list_cases(recording),
                   .rows = g_array_new(FALSE, FALSE, sizeof(Row))};
    int n_failed = 1;

    cases.conn = domstats_open(source, NULL, &error);
    if (cases.conn == NULL || cases.folders->len == 0)
        g_error("no case in '%s': %s", recording, error ? error->message : "empty");
    add_rows(&cases);
    n_failed =
        testing_run_table("replay", cases.rows->data, sizeof(Row), cases.rows->len, check_row);
    domstats_close(cases.conn);
    g_array_unref(cases.rows);
    g_ptr_array_unref(cases.folders);
    g_string_chunk_free(cases.texts);
    return n_failed;
}
