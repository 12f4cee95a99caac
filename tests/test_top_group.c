/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_group: rows in groups: which domains stand together, in which order, and the sums in the
 * heads.
 */
#include "top/top_group.h"

#include <string.h>

#include "testing.h"
#include "top/top_format.h"
#include "top/top_rows.h"
#include "top/top_series_text.h"

#define SECOND "000000"
#define VM(name, slice, at, answered_by, values)                                                   \
    "{\"name\":\"" name "\",\"uuid\":\"" name "\",\"pid\":1," slice "\"health\":\"ok\","           \
    "\"answered_by\":\"" answered_by "\",\"at_us\":" at SECOND ",\"values\":{" values "}}"
#define SLICE(name) "\"slice\":\"" name "\","
#define NODES(a, b) "\"ext.balloon.numa.0.anon\":" a ",\"ext.balloon.numa.10.file\":" b ","
#define CPU(ns)     "\"state.state\":1,\"cpu.time\":" ns

/* b and a run in one slice, c in one that is counted before it, of d no slice is known, e never
 * answered. */
#define ROUND(at, cpu)                                                                                                       \
    "{\"began_us\":0,\"ended_us\":" at SECOND ",\"domains\":[" VM(                                                           \
        "a", SLICE("vm-10.slice"), at, "monitor",                                                                            \
        NODES(                                                                                                               \
            "100",                                                                                                           \
            "0") "\"block.0.name\":\"vda\",\"block.0.rd.bytes\":" cpu ","                                                    \
                 "\"block.1.name\":\"vdb\",\"block.1.rd.bytes\":0,\"balloon.rss\":512,"                                      \
                 "\"ext.block.1.rd.failed\":2," CPU(                                                                         \
                     cpu)) "," VM("b", SLICE("vm-10.slice"), at, "monitor",                                                  \
                                  NODES(                                                                                     \
                                      "1",                                                                                   \
                                      "100") "\"balloon.available\":1024,\"balloon.usable\":"                                \
                                             "512,\"vcpu.current\":2,"                                                       \
                                             "\"block.0.name\":\"vda\",\"block.0.rd.bytes\":"                                \
                                             "0," CPU(                                                                       \
                                                 "0")) "," VM("c", SLICE("vm-9.slice"), at,                                  \
                                                              "monitor",                                                     \
                                                              NODES(                                                         \
                                                                  "50",                                                      \
                                                                  "50") "\"vcpu.current\":"                                  \
                                                                        "4," CPU(                                            \
                                                                            "0")) "," VM("d", "",                            \
                                                                                         at,                                 \
                                                                                         "monito"                            \
                                                                                         "r",                                \
                                                                                         CPU(cpu)) "," VM("e",               \
                                                                                                          SLICE(             \
                                                                                                              "vm-9.slice"), \
                                                                                                          at,                \
                                                                                                          "none",            \
                                                                                                          "") "]}"

static TopModel *
make_model(void)
{
    static const char *const rounds[] = {ROUND("1", "0"), ROUND("2", "500000000")};
    g_autoptr(TopModel) model = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
        g_autoptr(TopSample) sample = top_series_text_parse(rounds[i], strlen(rounds[i]), NULL);
        TopModel *next = top_model_next(model, sample);

        top_model_unref(model);
        model = next;
    }
    return g_steal_pointer(&model);
}

typedef struct {
    const char *sentence;
    TopGroup group;
    TopColumnView view;
    const char *order;
    const char *filter;
    bool is_reversed;
    const char *expected; /* the rows: heads in brackets */
} Row;

static const Row rows[] = {
    {"not at all", TOP_GROUP_NONE, TOP_COLUMN_VIEW_VMS, "name", "", false, "a b c d e"},
    {"slices by their names, as people count; what is not known comes last", TOP_GROUP_SLICE,
     TOP_COLUMN_VIEW_VMS, "name", "", false,
     "[vm-9.slice] c e [vm-10.slice] a b [slice not known] d"},
    {"the order holds within a group, the other way round too", TOP_GROUP_SLICE,
     TOP_COLUMN_VIEW_VMS, "name", "", true,
     "[vm-9.slice] e c [vm-10.slice] b a [slice not known] d"},
    {"so does that by a rate", TOP_GROUP_SLICE, TOP_COLUMN_VIEW_VMS, "cpu", "", true,
     "[vm-9.slice] c e [vm-10.slice] b a [slice not known] d"},
    {"a group of which nothing passes the filter has no head", TOP_GROUP_SLICE, TOP_COLUMN_VIEW_VMS,
     "name", "!d !name:a !name:b", false, "[vm-9.slice] c e"},
    {"nothing passes it", TOP_GROUP_SLICE, TOP_COLUMN_VIEW_VMS, "name", "nosuch", false, ""},
    {"disks of one slice", TOP_GROUP_SLICE, TOP_COLUMN_VIEW_DISKS, "disk", "", false,
     "[vm-9.slice] e [vm-10.slice] a/vda b/vda a/vdb"},
    {"the node with most of the memory, or none has", TOP_GROUP_NODE, TOP_COLUMN_VIEW_VMS, "name",
     "", false,
     "[NUMA node 0] a [NUMA node 10] b [several NUMA nodes] c [NUMA node not known] d e"},
};

static char *
list_rows(const TopRows *list)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < list->n; i++) {
        const TopRow *row = &list->all[i];

        if (i > 0)
            g_string_append_c(out, ' ');
        if (row->entry == NULL)
            g_string_append_printf(out, "[%s]", row->group->name);
        else
            g_string_append(out, row->entry->seen.now->name);
        if (row->unit != NULL)
            g_string_append_printf(out, "/%s", row->unit->name);
    }
    return g_string_free(out, FALSE);
}

static void
stands_together(const void *data)
{
    const Row *row = data;
    g_autoptr(TopModel) model = make_model();
    g_autoptr(TopFilter) filter = top_filter_new(row->filter, NULL);
    const TopRowsWish wish = {
        .view = row->view,
        .order = top_column_find(row->order, row->view),
        .is_reversed = row->is_reversed,
        .filter = filter,
        .group = row->group,
    };
    g_autoptr(TopRows) list = top_rows_new(model, &wish);
    g_autofree char *got = list_rows(list);

    testing_assert_same_text(got, row->expected);
}

/* Of the columns of @view that add up. */
static char *
list_sums(TopColumnView view, const char *filter_text, const char *head)
{
    g_autoptr(TopModel) model = make_model();
    g_autoptr(TopFilter) filter = top_filter_new(filter_text, NULL);
    const TopRowsWish wish = {.view = view, .filter = filter, .group = TOP_GROUP_SLICE};
    g_autoptr(TopRows) list = top_rows_new(model, &wish);
    g_autoptr(GPtrArray) columns = top_column_list(view, false);
    gssize at = top_rows_find_head(list, head);
    GString *out = g_string_new(NULL);

    assert_true(at >= 0);
    assert_null(list->all[at].entry);
    for (guint i = 0; i < columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(columns, i);
        TopColumnCell sum = {0};

        if (!top_rows_adds_up(column))
            continue;
        sum = top_rows_sum(list, list->all[at].group, column, &wish.mode);
        g_string_append_printf(out, "%s%s=", out->len > 0 ? " " : "", column->key);
        top_format_append(out, column, &sum, TOP_FORMAT_BYTES_AUTOMATIC);
        g_string_append(out, sum.look == TOP_COLUMN_LOOK_BAD ? "!" : "");
    }
    return g_string_free(out, FALSE);
}

/* Means, latencies and ages are not among them; what is not known of all is not 0. */
static void
heads_have_sums_where_they_mean_something(void **state)
{
    static const struct {
        TopColumnView view;
        const char *filter;
        const char *head;
        const char *expected;
    } sums[] = {
        {TOP_COLUMN_VIEW_VMS, "", "vm-10.slice",
         "vcpus=2 cpu=50.0 mem=~1.0M alloc=- rd=477M wr=- rx=- tx=- drop=-"},
        {TOP_COLUMN_VIEW_VMS, "!name:a", "vm-10.slice",
         "vcpus=2 cpu=0.0 mem=512K alloc=- rd=0 wr=- rx=- tx=- drop=-"},
        {TOP_COLUMN_VIEW_VMS, "", "vm-9.slice",
         "vcpus=4 cpu=0.0 mem=- alloc=- rd=- wr=- rx=- tx=- drop=-"},
        {TOP_COLUMN_VIEW_CPU, "", "vm-10.slice",
         "vcpus=2 cpu=50.0 usr=- sys=- emul=- vhost=- iothr=- halted=- time=0:00"},
        {TOP_COLUMN_VIEW_DISKS, "", "vm-10.slice",
         "rd=477M wr=- fl=- ioerr=2! cap=- used=- phys=-"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sums); i++) {
        g_autofree char *got = list_sums(sums[i].view, sums[i].filter, sums[i].head);

        testing_assert_same_text(got, sums[i].expected);
    }
}

/* Heads are no domains: nothing finds one as such. */
static void
searches_pass_over_heads(void **state)
{
    g_autoptr(TopModel) model = make_model();
    const TopRowsWish wish = {.order = top_column_find("name", TOP_COLUMN_VIEW_VMS),
                              .group = TOP_GROUP_SLICE};
    g_autoptr(TopRows) list = top_rows_new(model, &wish);

    (void)state;
    assert_int_equal(top_rows_search(list, "slice", 0), -1);
    assert_int_equal(top_rows_search(list, "a", 0), 4);
    assert_int_equal(top_rows_find(list, "d", 1, NULL), 7);
    assert_int_equal(top_rows_find_head(list, "vm-9.slice"), 0);
    assert_int_equal(top_rows_find_head(list, "slice not known"), 6);
    assert_int_equal(top_rows_find_head(list, "vm-11.slice"), -1);
}

/* In a round that failed each domain stands where it stood. */
static void
a_round_that_failed_keeps_the_groups(void **state)
{
    static const char text[] =
        "{\"began_us\":3" SECOND ",\"ended_us\":3" SECOND ",\"error\":\"no\",\"domains\":[]}";
    g_autoptr(TopSample) sample = top_series_text_parse(text, strlen(text), NULL);
    g_autoptr(TopModel) before = make_model();
    g_autoptr(TopModel) model = top_model_next(before, sample);
    TopRowsWish wish = {.order = top_column_find("name", TOP_COLUMN_VIEW_VMS)};

    (void)state;
    for (wish.group = TOP_GROUP_SLICE; wish.group < TOP_N_GROUPS; wish.group++) {
        g_autoptr(TopRows) list = top_rows_new(before, &wish);
        g_autoptr(TopRows) later = top_rows_new(model, &wish);
        g_autofree char *expected = list_rows(list);
        g_autofree char *got = list_rows(later);

        testing_assert_same_text(got, expected);
    }
}

static void
names_of_the_settings_are_found_again(void **state)
{
    TopGroup found = TOP_GROUP_NONE;

    (void)state;
    for (TopGroup group = TOP_GROUP_NONE; group < TOP_N_GROUPS; group++) {
        assert_true(top_group_find(top_group_name(group), &found));
        assert_int_equal(found, group);
    }
    assert_false(top_group_find("moon", &found));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_have_sums_where_they_mean_something),
        cmocka_unit_test(searches_pass_over_heads),
        cmocka_unit_test(a_round_that_failed_keeps_the_groups),
        cmocka_unit_test(names_of_the_settings_are_found_again),
    };

    return TESTING_RUN_TABLE("top_group", rows, stands_together) +
           cmocka_run_group_tests_name("top_group", tests, NULL, NULL);
}
