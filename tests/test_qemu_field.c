/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_field: names made from patterns, rules that all rows of the table follow, and that
 * docs/fields.md has the same rows.
 */
#include "qemu/params/qemu_field.h"

#include <limits.h>
#include <string.h>

#include "emit_case.h"
#include "qemu/plan/qemu_group.h"

/* What is put, and the text of the list then; NULL: it must be refused. */
typedef struct {
    const char *sentence;
    void (*put)(QemuFieldWriter *writer);
    const char *expected;
} Row;

static void
put_plain(QemuFieldWriter *writer)
{
    qemu_field_put_int(writer, QEMU_FIELD_STATE_STATE, -5);
}

static void
put_two_indices(QemuFieldWriter *writer)
{
    writer->index[0] = 7;
    writer->index[1] = 1203;
    qemu_field_put_ullong(writer, QEMU_FIELD_BLOCK_HIST_WR_START, UINT64_MAX);
}

static void
put_largest_index(QemuFieldWriter *writer)
{
    writer->index[0] = UINT_MAX;
    qemu_field_put_string(writer, QEMU_FIELD_NET_NAME, "tap0");
}

static void
put_word(QemuFieldWriter *writer)
{
    writer->index[0] = 10;
    writer->word = "exits";
    qemu_field_put_ullong(writer, QEMU_FIELD_VCPU_STAT_SUM, 3);
}

static void
put_boolean_stat(QemuFieldWriter *writer)
{
    writer->word = "blocking";
    qemu_field_put_boolean(writer, QEMU_FIELD_VCPU_STAT_CUR, true);
}

static void
put_wide(QemuFieldWriter *writer)
{
    qemu_field_put_wide(writer, QEMU_FIELD_IOTHREAD_POLL_GROW, UINT_MAX);
    qemu_field_put_wide(writer, QEMU_FIELD_IOTHREAD_POLL_SHRINK, (uint64_t)UINT_MAX + 1);
}

static void
put_absent(QemuFieldWriter *writer)
{
    qemu_field_put_count(writer, QEMU_FIELD_BALLOON_CURRENT, (UtilCount){.value = 3});
    qemu_field_put_string(writer, QEMU_FIELD_BLOCK_PATH, NULL);
    qemu_field_put_count(writer, QEMU_FIELD_BALLOON_MAXIMUM, util_count_of(0));
}

static void
put_by_table(QemuFieldWriter *writer)
{
    static const QemuFieldCount rows[] = {
        {QEMU_FIELD_CPU_SYSTEM, sizeof(UtilCount)},
        {QEMU_FIELD_CPU_USER, 2 * sizeof(UtilCount)},
        {QEMU_FIELD_CPU_TIME, 0},
    };
    const UtilCount counts[] = {util_count_of(1), util_count_of(2), {0}};

    qemu_field_put_counts(writer, rows, G_N_ELEMENTS(rows), counts);
}

static void
put_other_types(QemuFieldWriter *writer)
{
    qemu_field_put_uint(writer, QEMU_FIELD_NET_COUNT, UINT_MAX);
    qemu_field_put_llong(writer, QEMU_FIELD_DIRTYRATE_RATE, -1);
    qemu_field_put_double(writer, QEMU_FIELD_BLOCK_TIMED_RD_DEPTH, 0.5);
    qemu_field_put_boolean(writer, QEMU_FIELD_VCPU_HALTED, false);
}

/* A word too long for any name: the list must have an error, and no byte may be written past the
 * name. */
static void
put_long_word(QemuFieldWriter *writer)
{
    static char word[100000];

    memset(word, 'x', sizeof(word) - 1);
    writer->word = word;
    qemu_field_put_ullong(writer, QEMU_FIELD_VM_STAT_SUM, 3);
}

static const Row rows[] = {
    {"a pattern without index is the name", put_plain, "state.state int -5\n"},
    {"indices fill a pattern in order", put_two_indices,
     "block.7.latency_histogram.write.bin.1203.start ullong 18446744073709551615\n"},
    {"the largest index has all its digits", put_largest_index,
     "net.4294967295.name string tap0\n"},
    {"a word fills its place", put_word, "vcpu.10.exits.sum ullong 3\n"},
    {"a statistic may be a boolean", put_boolean_stat, "vcpu.0.blocking.cur boolean 1\n"},
    {"a uint becomes ullong only when it must", put_wide,
     "iothread.0.poll-grow uint 4294967295\niothread.0.poll-shrink ullong 4294967296\n"},
    {"what is absent is not written, 0 is", put_absent, "balloon.maximum ullong 0\n"},
    {"a table of counts is written in its order", put_by_table,
     "cpu.system ullong 2\ncpu.time ullong 1\n"},
    {"every type keeps its value", put_other_types,
     "net.count uint 4294967295\ndirtyrate.megabytes_per_second llong -1\n"
     "block.0.timed_group.0.rd_queue_depth_avg double 0.5\nvcpu.0.halted boolean 0\n"},
    {"a word past all measure is refused", put_long_word, NULL},
};

static void
check_put(const void *data)
{
    const Row *row = data;
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    virTypedParameter *array = NULL;
    int n_params = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    util_params_init(&params, 4, 0);
    row->put(&writer);
    if (util_params_steal(&params, &array, &n_params, &error))
        text = emit_case_text(array, n_params);
    util_params_free_array(array, n_params);
    testing_assert_same_text(text, row->expected);
}

static const char *
type_name(int type)
{
    static const char *const names[] = {"",       "int",    "uint",    "llong",
                                        "ullong", "double", "boolean", "string"};

    return names[type];
}

static void
pages_show_the_table(void **state)
{
    g_autofree char *path =
        g_build_filename(testing_source_folder(), "..", "docs", "fields.md", NULL);
    g_autofree char *page = NULL;
    g_autoptr(GString) expected = g_string_new(NULL);
    g_autoptr(GString) shown = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    (void)state;
    assert_true(g_file_get_contents(path, &page, NULL, NULL));
    lines = g_strsplit(page, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], "| `") || g_str_has_prefix(lines[i], "## "))
            g_string_append_printf(shown, "%s\n", lines[i]);
    }
    for (size_t g = 0; g < qemu_n_groups; g++) {
        g_string_append_printf(expected, "## %s\n", qemu_groups[g].name);
        for (size_t i = 0; i < QEMU_N_FIELDS; i++) {
            const QemuField *field = &qemu_fields[i];

            if (field->group == qemu_groups[g].bit)
                g_string_append_printf(expected, "| `%s` | %s | %s | %s | %s | %s |\n",
                                       field->pattern, type_name(field->type), field->unit,
                                       field->meaning, field->source, field->absent);
        }
    }
    testing_assert_same_text(shown->str, expected->str);
}

/* Texts of the table go into a page unchanged. */
static void
texts_suit_a_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < QEMU_N_FIELDS; i++) {
        const QemuField *field = &qemu_fields[i];
        const char *texts[] = {field->unit, field->meaning, field->source, field->absent};

        for (size_t k = 0; k < G_N_ELEMENTS(texts); k++) {
            assert_true(texts[k][0] != '\0');
            assert_null(strpbrk(texts[k], "|<>`\n"));
        }
    }
}

static void
each_pattern_stands_once_and_in_a_group(void **state)
{
    g_autoptr(GHashTable) patterns = g_hash_table_new(g_str_hash, g_str_equal);

    (void)state;
    for (size_t i = 0; i < QEMU_N_FIELDS; i++) {
        assert_true(g_hash_table_add(patterns, (gpointer)qemu_fields[i].pattern));
        assert_true((qemu_fields[i].group & qemu_group_all()) == qemu_fields[i].group);
        assert_int_equal(__builtin_popcount(qemu_fields[i].group), 1);
    }
}

/* Even with the largest indices no name is too long for libvirt; the kernel's words are not
 * counted. */
static void
every_name_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < QEMU_N_FIELDS; i++) {
        g_auto(GStrv) parts = g_strsplit(qemu_fields[i].pattern, "<n>", -1);
        g_autofree char *name = g_strjoinv("4294967295", parts);

        assert_true(strlen(name) < VIR_TYPED_PARAM_FIELD_LENGTH);
        assert_true(g_strv_length(parts) <= G_N_ELEMENTS(((QemuFieldWriter *)NULL)->index) + 1);
    }
}

/* libvirt's own fields first, in each group. */
static void
ours_come_after_libvirts(void **state)
{
    unsigned int ext_seen = 0;

    (void)state;
    for (size_t i = 0; i < QEMU_N_FIELDS; i++) {
        bool is_ext = g_str_has_prefix(qemu_fields[i].pattern, "ext.") ||
                      g_str_has_prefix(qemu_fields[i].pattern, "about.");

        if (is_ext)
            ext_seen |= qemu_fields[i].group;
        else
            assert_false(ext_seen & qemu_fields[i].group);
    }
    assert_int_not_equal(ext_seen, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_show_the_table),
        cmocka_unit_test(texts_suit_a_page),
        cmocka_unit_test(each_pattern_stands_once_and_in_a_group),
        cmocka_unit_test(every_name_fits),
        cmocka_unit_test(ours_come_after_libvirts),
    };
    int n_failed = TESTING_RUN_TABLE("put", rows, check_put);

    return n_failed + cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
