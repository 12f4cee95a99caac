/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_job: the block jobs, and the disk that each works on.
 *
 * QEMU does not say on which disk a job works. Two things tell it, the first before the second, and
 * where neither does the disk is absent:
 *
 *   - the filter that a job puts into the chain of the disk: query-named-block-nodes shows it, with
 *     a name that QEMU made ("#block123") and the path of the image below it. This tells only if
 *     one job of that kind, one filter, and one disk with that path are there;
 *   - the name of the job: QEMU's default is the name of the drive, and libvirt makes the name of
 *     the kind of job, the disk's target and the node. Anybody may choose another disk's name, so
 *     this tells nothing if filters of such jobs are there and none is over that disk's images.
 */
#include <string.h>

#include "qemu_block_rows.h"

#define PERIPHERAL "/machine/peripheral/"

/* What libvirt calls such a job, and the drivers of its filters, by QEMU's type of the job. */
static const struct {
    const char *type;
    const char *libvirts_word;
    const char *drivers[2];
} kinds[] = {
    {"mirror", "copy", {"mirror_top", NULL}},
    {"commit", "commit", {"mirror_top", "commit_top"}}, /* of the top image, and of another */
    {"backup", "backup", {"copy-before-write", "backup-top"}},
    {"stream", "pull", {"copy-on-read", NULL}},
};

enum { N_KINDS = G_N_ELEMENTS(kinds) };

typedef enum { ANSWER_NO = 1, ANSWER_YES } Answer;

/* The filters in query-named-block-nodes that may be of jobs of one kind, and these jobs. */
typedef struct {
    GHashTable *paths; /* of the images below the filters */
    guint8 *answers;   /* by row: 0, or an Answer: is a filter over an image of the row's disk? */
    const QemuFactsNode *last;
    unsigned int n_filters;
    unsigned int n_jobs;
} KindScene;

/* Jobs, nodes and images may be many thousands each: all is looked at once, not for each job. */
typedef struct {
    const QemuEmitInput *input;
    const GArray *rows; /* QemuBlockRow */
    KindScene kinds[N_KINDS];
} Scene;

/* N_KINDS: another. */
static size_t
kind_of(const QemuFactsJob *job)
{
    size_t i = 0;

    while (i < N_KINDS && g_strcmp0(kinds[i].type, job->type) != 0)
        i++;
    return i;
}

/* What is behind @start; NULL if @text is NULL or does not begin so. */
static const char *
skip(const char *text, const char *start)
{
    return text != NULL && g_str_has_prefix(text, start) ? text + strlen(start) : NULL;
}

/* True if libvirt names a job so that works on the disk of @row. */
static bool
is_libvirts_name(const QemuFactsJob *job, const QemuBlockRow *row)
{
    const char *qdev = row->disk->qdev;
    size_t kind = kind_of(job);
    const char *rest = kind < N_KINDS ? skip(job->id, kinds[kind].libvirts_word) : NULL;

    rest = skip(rest, "-");
    rest = skip(rest, row->name);
    if (skip(rest, "-libvirt-") != NULL)
        return true;
    /* The copy of a disk that migrates with its domain has the name of the drive of its device. */
    if (qdev == NULL || !g_str_has_prefix(job->id, "drive-"))
        return false;
    if (g_str_has_prefix(qdev, PERIPHERAL)) {
        const char *alias = qdev + strlen(PERIPHERAL);
        size_t length = strcspn(alias, "/");

        return strlen(job->id) == strlen("drive-") + length &&
               strncmp(job->id + strlen("drive-"), alias, length) == 0;
    }
    return strcmp(job->id + strlen("drive-"), qdev) == 0;
}

static bool
is_named_after(const Scene *self, const QemuFactsJob *job, const QemuBlockRow *row)
{
    const QemuDefinition *definition = self->input->definition;

    if (row->disk->device != NULL && row->disk->device[0] != '\0' &&
        strcmp(row->disk->device, job->id) == 0)
        return true;
    return definition != NULL && definition->origin == QEMU_DEFINITION_OF_LIBVIRT &&
           is_libvirts_name(job, row);
}

/* True if jobs of that kind put such a filter over images. */
static bool
makes_filter(size_t kind, const char *driver)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds[kind].drivers); i++)
        if (driver != NULL && g_strcmp0(kinds[kind].drivers[i], driver) == 0)
            return true;
    return false;
}

/* A filter that a user makes has a name of the user's. */
static void
note_filter(Scene *self, const QemuFactsNode *node)
{
    if (node->path == NULL || node->node_name == NULL || node->node_name[0] != '#')
        return;
    for (size_t i = 0; i < N_KINDS; i++) {
        if (!makes_filter(i, node->driver))
            continue;
        g_hash_table_insert(self->kinds[i].paths, g_strdup(node->path), NULL);
        self->kinds[i].last = node;
        self->kinds[i].n_filters++;
    }
}

static void
init_scene(Scene *self, const QemuEmitInput *input, const GArray *rows)
{
    const QemuFacts *facts = input->facts;

    *self = (Scene){.input = input, .rows = rows};
    for (size_t i = 0; i < N_KINDS; i++) {
        self->kinds[i].paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        self->kinds[i].answers = g_new0(guint8, rows->len);
    }
    for (guint i = 0; facts->nodes != NULL && i < facts->nodes->len; i++)
        note_filter(self, &g_array_index(facts->nodes, QemuFactsNode, i));
    for (guint i = 0; i < facts->jobs->len; i++) {
        size_t kind = kind_of(&g_array_index(facts->jobs, QemuFactsJob, i));

        if (kind < N_KINDS)
            self->kinds[kind].n_jobs++;
    }
}

static void
clear_scene(Scene *self)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        g_hash_table_unref(self->kinds[i].paths);
        g_free(self->kinds[i].answers);
    }
}

/* True if one filter is there that can be the job's, and it can be no other's. */
static bool
has_filter(const Scene *self, size_t kind)
{
    unsigned int n_jobs = 0;

    if (kind == N_KINDS || self->kinds[kind].n_filters != 1)
        return false;
    for (size_t i = 0; i < N_KINDS; i++)
        if (makes_filter(i, self->kinds[kind].last->driver))
            n_jobs += self->kinds[i].n_jobs;
    return n_jobs == 1;
}

/* True if the disk has an image whose path is in @paths. */
static bool
has_image_of(const QemuFacts *facts, const QemuFactsDisk *disk, GHashTable *paths)
{
    for (guint i = 0; disk->layers != NULL && i < disk->layers->len; i++) {
        const QemuFactsNode *node =
            qemu_facts_node(facts, g_array_index(disk->layers, QemuFactsLayer, i).node_name);

        if (node != NULL && node->path != NULL && g_hash_table_contains(paths, node->path))
            return true;
    }
    return false;
}

/* True if filters of such jobs are there, and none is over an image of the disk of that row. */
static bool
is_denied(const Scene *self, size_t kind, guint row)
{
    guint8 *answer = NULL;

    if (kind == N_KINDS || self->kinds[kind].n_filters == 0)
        return false;
    answer = &self->kinds[kind].answers[row];
    if (*answer == 0)
        *answer =
            has_image_of(self->input->facts, g_array_index(self->rows, QemuBlockRow, row).disk,
                         self->kinds[kind].paths)
                ? ANSWER_YES
                : ANSWER_NO;
    return *answer == ANSWER_NO;
}

/* The row of the only disk with the image below the only filter of that kind; false if there is
 * none, or another. */
static bool
find_below(const Scene *self, size_t kind, unsigned int *ret_row)
{
    unsigned int n_found = 0;
    unsigned int found = 0;

    for (guint i = 0; i < self->rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(self->rows, QemuBlockRow, i);

        if (row->is_top && row->disk != NULL &&
            has_image_of(self->input->facts, row->disk, self->kinds[kind].paths)) {
            found = i;
            n_found++;
        }
    }
    if (n_found == 1)
        *ret_row = found;
    return n_found == 1;
}

/* Finds the row of the disk that the job works on; false if it cannot be told. */
static bool
find_disk(const Scene *self, const QemuFactsJob *job, unsigned int *ret_row)
{
    size_t kind = kind_of(job);

    if (has_filter(self, kind) && find_below(self, kind, ret_row))
        return true;
    for (guint i = 0; i < self->rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(self->rows, QemuBlockRow, i);

        if (row->is_top && row->disk != NULL && is_named_after(self, job, row)) {
            *ret_row = i;
            return !is_denied(self, kind, i);
        }
    }
    return false;
}

static void
put_job(QemuFieldWriter *writer, const Scene *scene, const QemuFactsJob *job)
{
    unsigned int row = 0;

    qemu_field_put_string(writer, QEMU_FIELD_EXT_BLOCK_JOB_ID, job->id);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_BLOCK_JOB_TYPE, job->type);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_BLOCK_JOB_STATUS, job->status);
    if (find_disk(scene, job, &row))
        qemu_field_put_uint(writer, QEMU_FIELD_EXT_BLOCK_JOB_DISK, row);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BLOCK_JOB_OFFSET, job->offset);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BLOCK_JOB_LEN, job->len);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BLOCK_JOB_SPEED, job->speed);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_BLOCK_JOB_IO_STATUS, job->io_status);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_BLOCK_JOB_ERROR, job->error);
}

void
qemu_emit_job(QemuFieldWriter *writer, const QemuEmitInput *input, const GArray *rows)
{
    const GArray *jobs = input->facts->jobs;
    Scene scene = {0};

    if (!input->is_active || jobs == NULL)
        return;
    init_scene(&scene, input, rows);
    qemu_field_put_uint(writer, QEMU_FIELD_EXT_BLOCK_JOB_COUNT, jobs->len);
    for (guint i = 0; i < jobs->len; i++) {
        writer->index[0] = i;
        put_job(writer, &scene, &g_array_index(jobs, QemuFactsJob, i));
    }
    clear_scene(&scene);
}
