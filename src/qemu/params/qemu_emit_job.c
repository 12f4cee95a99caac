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

typedef struct {
    const QemuEmitInput *input;
    const GArray *rows; /* QemuBlockRow */
} Scene;

/* True if libvirt names a job so that works on the disk of @row. */
static bool
is_libvirts_name(const QemuFactsJob *job, const QemuBlockRow *row)
{
    const char *qdev = row->disk->qdev;

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *start =
            g_strdup_printf("%s-%s-libvirt-", kinds[i].libvirts_word, row->name);

        if (g_strcmp0(kinds[i].type, job->type) == 0 && g_str_has_prefix(job->id, start))
            return true;
    }
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

/* True if a job of that type puts such a filter over images. */
static bool
makes_filter(const char *type, const char *driver)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(kinds[i].drivers); k++)
            if (g_strcmp0(kinds[i].type, type) == 0 && driver != NULL &&
                g_strcmp0(kinds[i].drivers[k], driver) == 0)
                return true;
    return false;
}

/* A filter that a user makes has a name of the user's. */
static bool
is_jobs_filter(const QemuFactsJob *job, const QemuFactsNode *node)
{
    return makes_filter(job->type, node->driver) && node->path != NULL && node->node_name != NULL &&
           node->node_name[0] == '#';
}

/* The only filter that can be the job's; NULL: there is none, or another may be. */
static const QemuFactsNode *
find_filter(const Scene *self, const QemuFactsJob *job)
{
    const QemuFacts *facts = self->input->facts;
    const QemuFactsNode *found = NULL;
    unsigned int n_jobs = 0;

    for (guint i = 0; facts->nodes != NULL && i < facts->nodes->len; i++) {
        const QemuFactsNode *node = &g_array_index(facts->nodes, QemuFactsNode, i);

        if (!is_jobs_filter(job, node))
            continue;
        if (found != NULL)
            return NULL;
        found = node;
    }
    for (guint i = 0; found != NULL && i < facts->jobs->len; i++)
        if (makes_filter(g_array_index(facts->jobs, QemuFactsJob, i).type, found->driver))
            n_jobs++;
    return n_jobs == 1 ? found : NULL;
}

static bool
has_image(const QemuFacts *facts, const QemuFactsDisk *disk, const char *path)
{
    for (guint i = 0; disk->layers != NULL && i < disk->layers->len; i++) {
        const QemuFactsNode *node =
            qemu_facts_node(facts, g_array_index(disk->layers, QemuFactsLayer, i).node_name);

        if (node != NULL && g_strcmp0(node->path, path) == 0)
            return true;
    }
    return false;
}

/* True if filters of such jobs are there, and none is over an image of @disk. */
static bool
is_denied(const Scene *self, const QemuFactsJob *job, const QemuFactsDisk *disk)
{
    const QemuFacts *facts = self->input->facts;
    bool has_filter = false;

    for (guint i = 0; facts->nodes != NULL && i < facts->nodes->len; i++) {
        const QemuFactsNode *node = &g_array_index(facts->nodes, QemuFactsNode, i);

        if (!is_jobs_filter(job, node))
            continue;
        if (has_image(facts, disk, node->path))
            return false;
        has_filter = true;
    }
    return has_filter;
}

/* The row of the only disk with the image below @filter; false if there is none, or another. */
static bool
find_below(const Scene *self, const QemuFactsNode *filter, unsigned int *ret_row)
{
    unsigned int n_found = 0;
    unsigned int found = 0;

    for (guint i = 0; i < self->rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(self->rows, QemuBlockRow, i);

        if (row->is_top && row->disk != NULL &&
            has_image(self->input->facts, row->disk, filter->path)) {
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
    const QemuFactsNode *filter = find_filter(self, job);

    if (filter != NULL && find_below(self, filter, ret_row))
        return true;
    for (guint i = 0; i < self->rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(self->rows, QemuBlockRow, i);

        if (row->is_top && row->disk != NULL && is_named_after(self, job, row)) {
            *ret_row = i;
            return !is_denied(self, job, row->disk);
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
    const Scene scene = {input, rows};
    const GArray *jobs = input->facts->jobs;

    if (!input->is_active || jobs == NULL)
        return;
    qemu_field_put_uint(writer, QEMU_FIELD_EXT_BLOCK_JOB_COUNT, jobs->len);
    for (guint i = 0; i < jobs->len; i++) {
        writer->index[0] = i;
        put_job(writer, &scene, &g_array_index(jobs, QemuFactsJob, i));
    }
}
