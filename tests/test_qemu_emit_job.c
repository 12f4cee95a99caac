/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_emit_job: block jobs and the disks that they work on; and of the I/O errors of each
 * disk, which events told.
 */
#include <string.h>

#include "emit_case.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/params/qemu_block_rows.h"
#include "util/util_deadline.h"

enum {
    MAX_JOBS = 3,
    MAX_NODES = 4,
    MAX_DEPTH = 8,
    N_MANY_JOBS = 2048,
    N_MANY_FILTERS = 8192,
    MANY_US = 5 * 1000 * 1000,
};

/* A guest with two disks: "vda", which is QEMU's drive d0 with the node top0 on /img/0 over base0
 * on /img/base, and "vdb", drive "" with the node top1 on /img/1 over base1 on /img/base. */
typedef struct {
    const char *sentence;
    bool is_libvirts;
    QemuFactsJob jobs[MAX_JOBS];
    QemuFactsNode filters[MAX_NODES];
    const char *expected; /* the disk of each job */
} Row;

#define JOB(name, kind)                                                                            \
    {                                                                                              \
        .id = (name), .type = (kind)                                                               \
    }
#define FILTER(name, kind, file)                                                                   \
    {                                                                                              \
        .node_name = (name), .driver = (kind), .path = (file)                                      \
    }

/* clang-format off */
static const Row rows[] = {
    {"no job", false, {{0}}, {{0}}, ""},
    {"a job with the name of the drive", false, {JOB("d0", "stream")}, {{0}}, "d0:0 "},
    {"a name of the user's tells nothing", false, {JOB("copy0", "mirror")}, {{0}}, "copy0:- "},
    {"the filter of the only copy tells it", false, {JOB("copy0", "mirror")},
     {FILTER("#block7", "mirror_top", "/img/1")}, "copy0:1 "},
    {"the filter of a commit below the top image", false, {JOB("c", "commit")},
     {FILTER("#block7", "commit_top", "/img/1")}, "c:1 "},
    {"an image that two disks have tells nothing", false, {JOB("c", "commit")},
     {FILTER("#block7", "commit_top", "/img/base")}, "c:- "},
    {"nor do two filters", false, {JOB("b", "backup")},
     {FILTER("#block1", "copy-before-write", "/img/1"), FILTER("#block2", "copy-before-write", "/img/0")}, "b:- "},
    {"nor one filter of two jobs", false, {JOB("m", "mirror"), JOB("c", "commit")},
     {FILTER("#block1", "mirror_top", "/img/1")}, "m:- c:- "},
    {"filters of different jobs are told apart", false, {JOB("m", "mirror"), JOB("b", "backup")},
     {FILTER("#block1", "mirror_top", "/img/1"), FILTER("#block2", "copy-before-write", "/img/0")}, "m:1 b:0 "},
    {"a name of another disk is not believed",
     false,
     {JOB("d0", "mirror"), JOB("x", "mirror")},
     {FILTER("#block1", "mirror_top", "/img/1"), FILTER("#block2", "mirror_top", "/img/2")},
     "d0:- x:- "},
    {"nor where the filter tells the disk",
     false,
     {JOB("d0", "mirror")},
     {FILTER("#block1", "mirror_top", "/img/1")},
     "d0:1 "},
    {"of several copies those with the name of a drive below a filter are told",
     false,
     {JOB("d0", "mirror"), JOB("x", "mirror")},
     {FILTER("#block1", "mirror_top", "/img/1"), FILTER("#block2", "mirror_top", "/img/0")},
     "d0:0 x:- "},
    {"a filter of the user's is none of a job",
     false,
     {JOB("x", "stream")},
     {FILTER("cor", "copy-on-read", "/img/1")},
     "x:- "},
    {"a filter without a path tells nothing", false, {JOB("m", "mirror")},
     {FILTER("#block1", "mirror_top", NULL)}, "m:- "},
    {"libvirt's names tell it", true,
     {JOB("copy-vdb-libvirt-3-format", "mirror"), JOB("commit-vda-libvirt-1-format", "commit"),
      JOB("drive-virtio-disk1", "mirror")}, {{0}},
     "copy-vdb-libvirt-3-format:1 commit-vda-libvirt-1-format:0 drive-virtio-disk1:1 "},
    {"a name of libvirt's for another kind of job does not", true,
     {JOB("copy-vdb-libvirt-3-format", "backup")}, {{0}}, "copy-vdb-libvirt-3-format:- "},
    {"nor one of a QEMU that libvirt does not manage", false,
     {JOB("copy-vdb-libvirt-3-format", "mirror")}, {{0}}, "copy-vdb-libvirt-3-format:- "},
    {"a kind that is not known", false, {JOB("x", "snapshot-save")}, {FILTER("#block1", "mirror_top", "/img/1")}, "x:- "},
    {"a kind that is not told", false, {JOB("x", NULL)}, {FILTER("#block1", NULL, "/img/1")}, "x:- "},
};
/* clang-format on */

static const QemuFactsNode images[] = {
    {.node_name = "top0", .driver = "qcow2", .path = "/img/0"},
    {.node_name = "base0", .driver = "qcow2", .path = "/img/base"},
    {.node_name = "top1", .driver = "qcow2", .path = "/img/1"},
    {.node_name = "base1", .driver = "qcow2", .path = "/img/base"},
};

static void
add_disk(EmitCase *self, guint i, const char *device, const char *qdev)
{
    static const char *const names[][2] = {{"top0", "base0"}, {"top1", "base1"}};
    const QemuFactsLayer layers[] = {{.node_name = names[i][0]}, {.node_name = names[i][1]}};
    const QemuFactsDisk disk = {.device = device, .qdev = qdev, .layers = EMIT_CASE_ARRAY(layers)};

    g_array_append_val(self->facts.disks, disk);
}

static void
tell_disk(EmitCase *self, const char *target, const char *alias)
{
    QemuDefinitionDisk *disk = qemu_definition_add_disk(self->definition);

    disk->target = g_strdup(target);
    disk->alias = g_strdup(alias);
}

static void
init(EmitCase *self, const Row *row)
{
    QemuFactsNode nodes[G_N_ELEMENTS(images) + MAX_NODES];
    guint n = G_N_ELEMENTS(images);

    *self = (EmitCase){.input = {.is_active = true, .with_ext = true}};
    qemu_facts_init(&self->facts);
    memcpy(nodes, images, sizeof(images));
    for (size_t i = 0; row != NULL && i < MAX_NODES && row->filters[i].node_name != NULL; i++)
        nodes[n++] = row->filters[i];
    emit_case_set_nodes(self, nodes, n);
    self->facts.disks = qemu_facts_new_disks(2);
    add_disk(self, 0, "d0", "/machine/peripheral/virtio-disk0/virtio-backend");
    add_disk(self, 1, "", "/machine/peripheral/virtio-disk1/virtio-backend");
    self->input.facts = &self->facts;
    if (row == NULL || !row->is_libvirts)
        return;
    emit_case_tell_by_libvirt(self);
    tell_disk(self, "vda", "virtio-disk0");
    tell_disk(self, "vdb", "virtio-disk1");
    self->input.definition = self->definition;
}

static void
clear(EmitCase *self)
{
    qemu_facts_clear(&self->facts);
    qemu_definition_free(self->definition);
}

/* "ID:DISK " of each job. The caller frees. */
static char *
describe(const UtilParams *params)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < params->n_params; i++) {
        const virTypedParameter *param = &params->params[i];

        if (g_str_has_suffix(param->field, ".id"))
            g_string_append_printf(text, "%s:- ", param->value.s);
        else if (g_str_has_suffix(param->field, ".disk")) {
            g_string_truncate(text, text->len - 2);
            g_string_append_printf(text, "%u ", param->value.ui);
        }
    }
    return g_string_free(text, FALSE);
}

static void
finds_disks(const void *data)
{
    const Row *row = data;
    EmitCase self = {0};
    g_autoptr(GArray) block_rows = NULL;
    bool is_cut = false;
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    g_autofree char *got = NULL;

    init(&self, row);
    self.facts.jobs = g_array_new(FALSE, TRUE, sizeof(QemuFactsJob));
    for (size_t i = 0; i < MAX_JOBS && row->jobs[i].id != NULL; i++)
        g_array_append_val(self.facts.jobs, row->jobs[i]);
    block_rows = qemu_block_rows_make_all(&self.input, &is_cut);
    qemu_emit_job(&writer, &self.input, block_rows);
    assert_string_equal(params.params[0].field, "ext.block.job.count");
    assert_int_equal(params.params[0].value.ui, self.facts.jobs->len);
    got = describe(&params);
    clear(&self);
    testing_assert_same_text(got, row->expected);
}

#define FIRST "ext.block.job.0."

static void
writes_what_is_known(void **state)
{
    const QemuFactsJob job = {.id = "d0",
                              .type = "backup",
                              .status = "concluded",
                              .io_status = "failed",
                              .error = "No space",
                              .offset = util_count_of(1),
                              .len = util_count_of(UINT64_MAX),
                              .speed = util_count_of(0)};
    EmitCase self = {0};
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    g_autoptr(GArray) no_rows = g_array_new(FALSE, TRUE, sizeof(QemuBlockRow));
    g_autofree char *text = NULL;

    (void)state;
    init(&self, NULL);
    self.facts.jobs = emit_case_array(&job, 1, sizeof(job));
    qemu_emit_job(&writer, &self.input, no_rows);
    text = emit_case_text(params.params, (int)params.n_params);
    clear(&self);
    testing_assert_same_text(text,
                             "ext.block.job.count uint 1\n" FIRST "id string d0\n" FIRST
                             "type string backup\n" FIRST "status string concluded\n" FIRST
                             "offset ullong 1\n" FIRST "len ullong 18446744073709551615\n" FIRST
                             "speed ullong 0\n" FIRST "io-status string failed\n" FIRST
                             "errmsg string No space\n");
}

static void
writes_nothing_without_a_reply(void **state)
{
    EmitCase self = {0};
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    g_autoptr(GArray) no_rows = g_array_new(FALSE, TRUE, sizeof(QemuBlockRow));

    (void)state;
    init(&self, NULL);
    qemu_emit_job(&writer, &self.input, no_rows);
    assert_int_equal(params.n_params, 0);
    clear(&self);
}

/* Fills a disk's chain, and gives all that a hostile QEMU may list. */
static void
add_many(EmitCase *self)
{
    const QemuFactsNode filter = FILTER("#block1", "mirror_top", "/img/else");
    const QemuFactsLayer layer = {.node_name = "top0"};
    const QemuFactsJob job = JOB("d0", "mirror");
    QemuFactsDisk *disk = &g_array_index(self->facts.disks, QemuFactsDisk, 0);
    g_autofree QemuFactsNode *nodes = g_new(QemuFactsNode, N_MANY_FILTERS + 1);

    nodes[0] = images[0];
    for (guint i = 1; i <= N_MANY_FILTERS; i++)
        nodes[i] = filter;
    emit_case_set_nodes(self, nodes, N_MANY_FILTERS + 1);
    while (disk->layers->len < QEMU_LIMIT_CHAIN_LAYERS)
        g_array_append_val(disk->layers, layer);
    self->facts.jobs = g_array_new(FALSE, TRUE, sizeof(QemuFactsJob));
    while (self->facts.jobs->len < N_MANY_JOBS)
        g_array_append_val(self->facts.jobs, job);
}

/* Else a call would last long beyond its deadline. */
static void
ends_soon(void **state)
{
    EmitCase self = {0};
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    g_autoptr(GArray) block_rows = NULL;
    bool is_cut = false;
    int64_t begin_us = 0;
    int64_t end_us = 0;

    (void)state;
    init(&self, NULL);
    qemu_facts_clear(&self.facts);
    qemu_facts_init(&self.facts);
    self.facts.disks = qemu_facts_new_disks(1);
    add_disk(&self, 0, "d0", "/machine/peripheral/virtio-disk0/virtio-backend");
    add_many(&self);
    block_rows = qemu_block_rows_make_all(&self.input, &is_cut);
    begin_us = util_deadline_now_us();
    qemu_emit_job(&writer, &self.input, block_rows);
    end_us = util_deadline_now_us();
    assert_string_equal(params.params[0].field, "ext.block.job.count");
    assert_int_equal(params.params[0].value.ui, N_MANY_JOBS);
    clear(&self);
    assert_true(end_us - begin_us < MANY_US);
}

typedef struct {
    const char *sentence;
    QemuFactsEventsDevice told;
    const char *expected; /* the errors of both disks */
} ErrorRow;

static char d0[] = "d0", top1[] = "top1", base1[] = "base1", base[] = "base",
            path0[] = "/machine/peripheral/virtio-disk0/virtio-backend",
            path2[] = "/machine/peripheral/disk2";

static const ErrorRow error_rows[] = {
    {"a drive is told by its name", {.device = d0, .node_name = top1, .n_errors = 3}, "3 0"},
    {"a node by its own", {.node_name = top1, .n_errors = 3}, "0 3"},
    {"one that is below another by now", {.node_name = base1, .n_errors = 3}, "0 3"},
    {"the device comes before the node",
     {.node_name = top1, .qom_path = path0, .n_errors = 3},
     "3 0"},
    {"a device that is not there any more",
     {.node_name = top1, .qom_path = path2, .n_errors = 3},
     "0 0"},
    {"a drive that is not there any more",
     {.device = base, .node_name = top1, .n_errors = 3},
     "0 0"},
    {"no name at all", {.n_errors = 3}, "0 0"},
};

static void
finds_errors(const void *data)
{
    const ErrorRow *row = data;
    QemuFactsEvents events = {.since_s = 1,
                              .devices = emit_case_array(&row->told, 1, sizeof(row->told))};
    EmitCase self = {0};
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    g_autoptr(GString) got = g_string_new(NULL);

    init(&self, NULL);
    self.facts.events = &events;
    assert_true(qemu_emit_block(&writer, &self.input));
    for (size_t i = 0; i < params.n_params; i++)
        if (g_str_has_suffix(params.params[i].field, ".events.block_io_error"))
            g_string_append_printf(got, "%s%llu", got->len > 0 ? " " : "",
                                   params.params[i].value.ul);
    clear(&self);
    g_array_unref(events.devices);
    testing_assert_same_text(got->str, row->expected);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_is_known),
        cmocka_unit_test(writes_nothing_without_a_reply),
        cmocka_unit_test(ends_soon),
    };

    return TESTING_RUN_TABLE("disks of jobs", rows, finds_disks) +
           TESTING_RUN_TABLE("errors of disks", error_rows, finds_errors) +
           cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
