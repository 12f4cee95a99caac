/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_openmetrics_family: rules that all rows of the table of families follow, that each field of
 * the library is in it or is left out for a reason, and that docs/metrics.md has the same rows.
 */
#include "openmetrics/openmetrics_family.h"

#include <string.h>

#include "openmetrics/openmetrics_self.h"
#include "openmetrics/openmetrics_shape.h"
#include "qemu/params/qemu_field.h"
#include "testing.h"

/* Fields that no family is made of; '*' at the end stands for any rest. */
typedef struct {
    const char *pattern;
    const char *reason;
} LeftOut;

static const LeftOut left_out[] = {
    {"ext.monitor.time", "in `domstats_domain_answer_seconds` of all expositions"},
    {"cpu.cache.monitor.count", "the number of series tells it"},
    {"cpu.cache.monitor.<n>.vcpus", "a word that changes"},
    {"cpu.cache.monitor.<n>.bank.count", "the number of series tells it"},
    {"cpu.energy.monitor.count", "the number of series tells it"},
    {"cpu.energy.monitor.<n>.vcpus", "a word that changes"},
    {"cpu.energy.monitor.<n>.pkg.count", "the number of series tells it"},
    {"cpu.energy.monitor.<n>.pkg.<n>.activity", "in farads, which nobody has asked for yet"},
    {"memory.bandwidth.monitor.count", "the number of series tells it"},
    {"memory.bandwidth.monitor.<n>.vcpus", "a word that changes"},
    {"memory.bandwidth.monitor.<n>.node.count", "the number of series tells it"},
    {"ext.balloon.has-polling", "in `domstats_guest_memory_polling_interval_seconds`"},
    {"ext.net.hostdev.count", "the number of series tells it"},
    {"ext.balloon.numa.count", "the number of series tells it"},
    {"vcpu.<n>.<stat>.max", "the highest value since the start says nothing about now"},
    {"vm.<stat>.max", "the highest value since the start says nothing about now"},
    {"ext.vcpu.<n>.state", "a word that changes"},
    {"ext.vcpu.<n>.steal", "in `domstats_vcpu_delay_seconds_total`"},
    {"block.<n>.backingIndex", "a number of a node, which changes with each snapshot"},
    {"block.<n>.timed_group.*", "smallest, largest and mean values: a store makes its own"},
    {"block.<n>.latency_histogram.*", "each is in the buckets of a histogram"},
    {"block.<n>.errors", "never there"},
    {"block.<n>.limits.*", "they do not change while the domain runs"},
    {"ext.block.<n>.rd.queue_depth", "a mean of an interval of QEMU's"},
    {"ext.block.<n>.wr.queue_depth", "a mean of an interval of QEMU's"},
    {"ext.state.migration.errmsg", "a sentence"},
    {"ext.block.job.<n>.disk", "a number of a record"},
    {"ext.block.job.<n>.io-status", "a word that changes"},
    {"ext.block.job.<n>.errmsg", "a sentence"},
    {"perf.cmt", "no kernel since 4.14 has it"},
    {"perf.mbmt", "no kernel since 4.14 has it"},
    {"perf.mbml", "no kernel since 4.14 has it"},
    {"iothread.<n>.poll-*", "how it is configured"},
    {"ext.iothread.<n>.name", "the number of an IOThread is in its name"},
    {"dirtyrate.calc_*", "how it was measured"},
};

typedef struct {
    const char *mark; /* in docs/metrics.md */
    unsigned int sets;
    unsigned int shape;
} Set;

static const Set sets[] = {
    {"common", OPENMETRICS_FAMILY_COMMON, OPENMETRICS_FAMILY_NATIVE},
    {"domstats", OPENMETRICS_FAMILY_NATIVE, OPENMETRICS_FAMILY_NATIVE},
    {"libvirt", OPENMETRICS_FAMILY_LIBVIRT, OPENMETRICS_FAMILY_LIBVIRT},
    {"kumina", OPENMETRICS_FAMILY_KUMINA, OPENMETRICS_FAMILY_KUMINA},
};

static const char *const types[] = {
    [OPENMETRICS_FAMILY_GAUGE] = "gauge",
    [OPENMETRICS_FAMILY_COUNTER] = "counter",
    [OPENMETRICS_FAMILY_INFO] = "info",
    [OPENMETRICS_FAMILY_HISTOGRAM] = "histogram",
};

static bool
is_self(const char *word)
{
    for (size_t i = 0; i < OPENMETRICS_SELF_N_WORDS; i++)
        if (strcmp(openmetrics_self[i].word, word) == 0)
            return true;
    return false;
}

/* Whether @pattern is a field of the library; those about domains are not in its table alone. */
static bool
is_field(const char *pattern)
{
    if (g_str_has_prefix(pattern, "about."))
        return true;
    for (size_t i = 0; i < QEMU_N_FIELDS; i++)
        if (strcmp(qemu_fields[i].pattern, pattern) == 0)
            return true;
    return false;
}

/* Whether the family is made of @pattern, or has it as a label. */
static bool
uses(const OpenmetricsFamily *family, const char *pattern)
{
    g_auto(GStrv) words = g_strsplit_set(family->labels ? family->labels : "", " =|", -1);

    return strcmp(family->field, pattern) == 0 ||
           g_strv_contains((const char *const *)words, pattern);
}

static bool
is_told(const char *pattern)
{
    for (size_t i = 0; i < openmetrics_n_families; i++)
        if (uses(&openmetrics_families[i], pattern))
            return true;
    for (size_t i = 0; i < OPENMETRICS_FAMILY_N_SCOPES; i++) {
        const char *name = openmetrics_shape_name_field((OpenmetricsFamilyScope)i);
        const char *part = openmetrics_shape_part_field((OpenmetricsFamilyScope)i);

        if (g_strcmp0(name, pattern) == 0 || g_strcmp0(part, pattern) == 0)
            return true;
    }
    return g_str_has_prefix(pattern, "about.");
}

static bool
is_left_out(const char *pattern)
{
    for (size_t i = 0; i < G_N_ELEMENTS(left_out); i++)
        if (g_pattern_match_simple(left_out[i].pattern, pattern))
            return true;
    return false;
}

static void
each_field_is_told_or_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < QEMU_N_FIELDS; i++)
        if (!is_told(qemu_fields[i].pattern) && !is_left_out(qemu_fields[i].pattern))
            fail_msg("%s: no family in openmetrics_family_native.def is made of it; add one, or "
                     "say here why there is none",
                     qemu_fields[i].pattern);
}

static void
each_value_comes_from_somewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < openmetrics_n_families; i++) {
        const OpenmetricsFamily *family = &openmetrics_families[i];
        g_autofree char *bin = g_strconcat(family->field, ".bin.<n>.value", NULL);

        if (family->labels == NULL && !is_self(family->field) && !is_field(family->field) &&
            !is_field(bin))
            fail_msg("%s: '%s' is no field", family->name, family->field);
    }
}

static void
each_label_comes_from_somewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < openmetrics_n_families; i++) {
        const char *labels = openmetrics_families[i].labels;
        g_auto(GStrv) words = g_strsplit_set(labels ? labels : "", " |", -1);

        for (size_t k = 0; words[k] != NULL; k++) {
            const char *source = strchr(words[k], '=');

            source = source ? source + 1 : words[k];
            if (*source != '@' && *source != '\'' && !is_field(source))
                fail_msg("%s: '%s' is no field", openmetrics_families[i].name, source);
        }
    }
}

static void
names_follow_their_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < openmetrics_n_families; i++) {
        const OpenmetricsFamily *family = &openmetrics_families[i];
        bool is_ours =
            (family->sets & (OPENMETRICS_FAMILY_COMMON | OPENMETRICS_FAMILY_NATIVE)) != 0;
        size_t n_unit = strlen(family->unit);
        size_t n_name = strlen(family->name) -
                        (family->type == OPENMETRICS_FAMILY_COUNTER ? strlen("_total") : 0);

        assert_true(g_str_has_prefix(family->name, is_ours ? "domstats_" : "libvirt_"));
        assert_int_equal(g_str_has_suffix(family->name, "_total"),
                         family->type == OPENMETRICS_FAMILY_COUNTER);
        assert_true(g_str_has_suffix(family->name, "_info") ||
                    family->type != OPENMETRICS_FAMILY_INFO);
        assert_true(g_str_has_suffix(family->help, ".") || g_str_has_suffix(family->help, ")"));
        if (n_unit > 0 && is_ours)
            assert_true(strncmp(family->name + n_name - n_unit, family->unit, n_unit) == 0);
    }
}

/* As OpenMetrics calls a family: without the ending of its samples. */
static char *
make_family_name(const OpenmetricsFamily *family)
{
    size_t n = strlen(family->name);

    if (family->type == OPENMETRICS_FAMILY_COUNTER)
        n -= strlen("_total");
    else if (family->type == OPENMETRICS_FAMILY_INFO)
        n -= strlen("_info");
    return g_strndup(family->name, n);
}

static void
names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < openmetrics_n_families; i++)
        for (size_t k = 0; k < i; k++) {
            g_autofree char *one = make_family_name(&openmetrics_families[i]);
            g_autofree char *other = make_family_name(&openmetrics_families[k]);

            if (strcmp(one, other) == 0)
                fail_msg("%s is there twice", one);
        }
}

static void
labels_are_in_alphabetical_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < openmetrics_n_families; i++)
        for (size_t k = 0; k < G_N_ELEMENTS(sets); k++) {
            g_autofree char *names =
                openmetrics_shape_make_names(&openmetrics_families[i], sets[k].shape);
            g_auto(GStrv) words = g_strsplit(names, ", ", -1);

            for (size_t n = 1; words[0] != NULL && words[n] != NULL; n++)
                if (strcmp(words[n - 1], words[n]) >= 0)
                    fail_msg("%s: %s", openmetrics_families[i].name, names);
        }
}

static void
append_row(GString *table, const OpenmetricsFamily *family, unsigned int shape)
{
    g_autofree char *labels = openmetrics_shape_make_names(family, shape);
    g_autofree char *field = g_strdup_printf("`%s`", family->field);

    g_string_append_printf(table, "| `%s` | %s | %s | %s | %s |\n", family->name,
                           types[family->type], labels, *family->field ? field : "", family->help);
}

static void
document_has_the_families(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autoptr(GString) table = g_string_new("| name | type | labels | from | meaning |\n"
                                                "| --- | --- | --- | --- | --- |\n");

        for (size_t k = 0; k < openmetrics_n_families; k++)
            if (openmetrics_families[k].sets & sets[i].sets)
                append_row(table, &openmetrics_families[k], sets[i].shape);
        testing_assert_document("metrics.md", sets[i].mark, table->str);
    }
}

static void
document_has_what_is_left_out(void **state)
{
    g_autoptr(GString) table = g_string_new("| field | why |\n| --- | --- |\n");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(left_out); i++)
        g_string_append_printf(table, "| `%s` | %s |\n", left_out[i].pattern, left_out[i].reason);
    testing_assert_document("metrics.md", "left-out", table->str);
}

static void
document_has_the_words(void **state)
{
    g_autoptr(GString) table = g_string_new("| word | what it is |\n| --- | --- |\n");

    (void)state;
    for (size_t i = 0; i < OPENMETRICS_SELF_N_WORDS; i++)
        g_string_append_printf(table, "| `%s` | %s |\n", openmetrics_self[i].word,
                               openmetrics_self[i].meaning);
    testing_assert_document("metrics.md", "words", table->str);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_is_told_or_left_out),
        cmocka_unit_test(each_value_comes_from_somewhere),
        cmocka_unit_test(each_label_comes_from_somewhere),
        cmocka_unit_test(names_follow_their_types),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(labels_are_in_alphabetical_order),
        cmocka_unit_test(document_has_the_families),
        cmocka_unit_test(document_has_what_is_left_out),
        cmocka_unit_test(document_has_the_words),
    };

    return cmocka_run_group_tests_name("openmetrics_family", tests, NULL, NULL);
}
