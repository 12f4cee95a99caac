/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_block: the group block; qemu_block_rows makes the list of images.
 *
 * Sizes of a running domain come from QEMU's replies: this program does not touch the image files,
 * whose storage may hang. Where QEMU gives 0 as the space that an image takes (a block device, a
 * file without allocated blocks), "physical" is the size of the storage node, which is what libvirt
 * shows. Where QEMU gives no such number (network disks), it is the size that the guest sees, as in
 * libvirt. Sizes of a domain that does not run come from its image files (qemu_image).
 */
#include "qemu_block_rows.h"

#include <string.h>

static const QemuFieldCount counter_rows[] = {
    {QEMU_FIELD_BLOCK_RD_REQS, offsetof(QemuFactsDisk, rd_reqs)},
    {QEMU_FIELD_BLOCK_RD_BYTES, offsetof(QemuFactsDisk, rd_bytes)},
    {QEMU_FIELD_BLOCK_RD_TIMES, offsetof(QemuFactsDisk, rd_times_ns)},
    {QEMU_FIELD_BLOCK_WR_REQS, offsetof(QemuFactsDisk, wr_reqs)},
    {QEMU_FIELD_BLOCK_WR_BYTES, offsetof(QemuFactsDisk, wr_bytes)},
    {QEMU_FIELD_BLOCK_WR_TIMES, offsetof(QemuFactsDisk, wr_times_ns)},
    {QEMU_FIELD_BLOCK_FL_REQS, offsetof(QemuFactsDisk, fl_reqs)},
    {QEMU_FIELD_BLOCK_FL_TIMES, offsetof(QemuFactsDisk, fl_times_ns)},
};

static const QemuFieldCount ext_rows[] = {
    {QEMU_FIELD_EXT_BLOCK_RD_FAILED, offsetof(QemuFactsDisk, failed_rd)},
    {QEMU_FIELD_EXT_BLOCK_RD_INVALID, offsetof(QemuFactsDisk, invalid_rd)},
    {QEMU_FIELD_EXT_BLOCK_WR_FAILED, offsetof(QemuFactsDisk, failed_wr)},
    {QEMU_FIELD_EXT_BLOCK_WR_INVALID, offsetof(QemuFactsDisk, invalid_wr)},
    {QEMU_FIELD_EXT_BLOCK_FL_FAILED, offsetof(QemuFactsDisk, failed_fl)},
    {QEMU_FIELD_EXT_BLOCK_FL_INVALID, offsetof(QemuFactsDisk, invalid_fl)},
    {QEMU_FIELD_EXT_BLOCK_IDLE, offsetof(QemuFactsDisk, idle_ns)},
};

static const struct {
    QemuFieldId field;
    size_t offset;
} latency_rows[] = {
    {QEMU_FIELD_BLOCK_TIMED_INTERVAL, offsetof(QemuFactsTimedGroup, interval_s)},
    {QEMU_FIELD_BLOCK_TIMED_RD_MIN, offsetof(QemuFactsTimedGroup, rd_min_ns)},
    {QEMU_FIELD_BLOCK_TIMED_RD_MAX, offsetof(QemuFactsTimedGroup, rd_max_ns)},
    {QEMU_FIELD_BLOCK_TIMED_RD_AVG, offsetof(QemuFactsTimedGroup, rd_avg_ns)},
    {QEMU_FIELD_BLOCK_TIMED_WR_MIN, offsetof(QemuFactsTimedGroup, wr_min_ns)},
    {QEMU_FIELD_BLOCK_TIMED_WR_MAX, offsetof(QemuFactsTimedGroup, wr_max_ns)},
    {QEMU_FIELD_BLOCK_TIMED_WR_AVG, offsetof(QemuFactsTimedGroup, wr_avg_ns)},
    {QEMU_FIELD_BLOCK_TIMED_ZAP_MIN, offsetof(QemuFactsTimedGroup, zap_min_ns)},
    {QEMU_FIELD_BLOCK_TIMED_ZAP_MAX, offsetof(QemuFactsTimedGroup, zap_max_ns)},
    {QEMU_FIELD_BLOCK_TIMED_ZAP_AVG, offsetof(QemuFactsTimedGroup, zap_avg_ns)},
};

/* libvirt always writes 0 under these names, since it does not read QEMU's values of flushes. Here
 * it is 0 too, so that a name has the same meaning in both. */
static const QemuFieldId zero_fields[] = {
    QEMU_FIELD_BLOCK_TIMED_FL_MIN,
    QEMU_FIELD_BLOCK_TIMED_FL_MAX,
    QEMU_FIELD_BLOCK_TIMED_FL_AVG,
};

static const struct {
    QemuFieldId count, start, value;
} histogram_fields[QEMU_FACTS_N_HISTOGRAMS] = {
    [QEMU_FACTS_HISTOGRAM_READ] = {QEMU_FIELD_BLOCK_HIST_RD_COUNT, QEMU_FIELD_BLOCK_HIST_RD_START,
                                   QEMU_FIELD_BLOCK_HIST_RD_VALUE},
    [QEMU_FACTS_HISTOGRAM_WRITE] = {QEMU_FIELD_BLOCK_HIST_WR_COUNT, QEMU_FIELD_BLOCK_HIST_WR_START,
                                    QEMU_FIELD_BLOCK_HIST_WR_VALUE},
    [QEMU_FACTS_HISTOGRAM_ZONE_APPEND] = {QEMU_FIELD_BLOCK_HIST_ZAP_COUNT,
                                          QEMU_FIELD_BLOCK_HIST_ZAP_START,
                                          QEMU_FIELD_BLOCK_HIST_ZAP_VALUE},
    [QEMU_FACTS_HISTOGRAM_FLUSH] = {QEMU_FIELD_BLOCK_HIST_FL_COUNT, QEMU_FIELD_BLOCK_HIST_FL_START,
                                    QEMU_FIELD_BLOCK_HIST_FL_VALUE},
};

#define LIMIT(id) [QEMU_FACTS_BLOCK_LIMIT_##id] = QEMU_FIELD_BLOCK_LIMIT_##id

static const QemuFieldId limit_fields[QEMU_FACTS_N_BLOCK_LIMITS] = {
    LIMIT(REQUEST_ALIGNMENT),
    LIMIT(DISCARD_MAX),
    LIMIT(DISCARD_ALIGNMENT),
    LIMIT(WRITE_ZEROES_MAX),
    LIMIT(WRITE_ZEROES_ALIGNMENT),
    LIMIT(TRANSFER_OPTIMAL),
    LIMIT(TRANSFER_MAX),
    LIMIT(TRANSFER_HW_MAX),
    LIMIT(IOV_MAX),
    LIMIT(IOV_HW_MAX),
    LIMIT(MEMORY_ALIGNMENT_MINIMAL),
    LIMIT(MEMORY_ALIGNMENT_OPTIMAL),
};

static void
put_unless_zero(QemuFieldWriter *writer, QemuFieldId field, UtilCount value)
{
    if (value.value > 0)
        qemu_field_put_count(writer, field, value);
}

static void
put_timed_groups(QemuFieldWriter *writer, const GArray *groups)
{
    if (groups == NULL || groups->len == 0)
        return;
    qemu_field_put_ullong(writer, QEMU_FIELD_BLOCK_TIMED_COUNT, groups->len);
    for (guint i = 0; i < groups->len; i++) {
        const QemuFactsTimedGroup *group = &g_array_index(groups, QemuFactsTimedGroup, i);

        writer->index[1] = i;
        for (size_t k = 0; k < G_N_ELEMENTS(latency_rows); k++)
            qemu_field_put_ullong(
                writer, latency_rows[k].field,
                *(const uint64_t *)(const void *)((const char *)group + latency_rows[k].offset));
        for (size_t k = 0; k < G_N_ELEMENTS(zero_fields); k++)
            qemu_field_put_ullong(writer, zero_fields[k], 0);
        qemu_field_put_double(writer, QEMU_FIELD_BLOCK_TIMED_RD_DEPTH, group->rd_queue_depth);
        qemu_field_put_double(writer, QEMU_FIELD_BLOCK_TIMED_WR_DEPTH, group->wr_queue_depth);
        qemu_field_put_double(writer, QEMU_FIELD_BLOCK_TIMED_ZAP_DEPTH, group->zap_queue_depth);
    }
}

static void
put_histogram(QemuFieldWriter *writer, const QemuFactsHistogram *histogram, size_t kind)
{
    const GArray *boundaries = histogram->boundaries;
    const GArray *bins = histogram->bins;

    if (boundaries == NULL || bins == NULL || bins->len != boundaries->len + 1)
        return;
    qemu_field_put_ullong(writer, histogram_fields[kind].count, bins->len);
    for (guint i = 0; i < bins->len; i++) {
        writer->index[1] = i;
        qemu_field_put_ullong(writer, histogram_fields[kind].start,
                              i == 0 ? 0 : g_array_index(boundaries, uint64_t, i - 1));
        qemu_field_put_ullong(writer, histogram_fields[kind].value,
                              g_array_index(bins, uint64_t, i));
    }
}

static void
put_counters(QemuFieldWriter *writer, const QemuFactsDisk *disk)
{
    qemu_field_put_counts(writer, counter_rows, G_N_ELEMENTS(counter_rows), disk);
    put_timed_groups(writer, disk->timed_groups);
    for (size_t kind = 0; kind < QEMU_FACTS_N_HISTOGRAMS; kind++)
        put_histogram(writer, &disk->histograms[kind], kind);
}

static void
put_allocation(QemuFieldWriter *writer, const QemuBlockRow *row)
{
    UtilCount offset = row->node->wr_highest_offset;

    if (row->layer == NULL && !offset.is_present)
        return; /* query-blockstats of the disks does not have this node */
    if (row->layer != NULL)
        offset = row->layer->wr_highest_offset;
    qemu_field_put_ullong(writer, QEMU_FIELD_BLOCK_ALLOCATION,
                          offset.is_present ? offset.value : 0);
}

static void
put_sizes(QemuFieldWriter *writer, const QemuBlockRow *row)
{
    const QemuFactsNode *node = row->node;
    UtilCount physical = node->actual_size;

    if (!physical.is_present)
        physical = node->virtual_size;
    else if (physical.value == 0 && row->storage->virtual_size.is_present)
        physical = row->storage->virtual_size;
    put_allocation(writer, row);
    put_unless_zero(writer, QEMU_FIELD_BLOCK_CAPACITY, node->virtual_size);
    qemu_field_put_count(writer, QEMU_FIELD_BLOCK_PHYSICAL, physical);
    put_unless_zero(writer, QEMU_FIELD_BLOCK_THRESHOLD, row->storage->write_threshold);
    for (size_t i = 0; i < QEMU_FACTS_N_BLOCK_LIMITS; i++)
        put_unless_zero(writer, limit_fields[i], row->storage->limits[i]);
}

/* Sizes of an image of a domain that does not run. */
static void
put_image(QemuFieldWriter *writer, const QemuFactsImage *image)
{
    put_unless_zero(writer, QEMU_FIELD_BLOCK_ALLOCATION, image->allocation);
    put_unless_zero(writer, QEMU_FIELD_BLOCK_CAPACITY, image->capacity);
    put_unless_zero(writer, QEMU_FIELD_BLOCK_PHYSICAL, image->physical);
}

static void
put_row(QemuFieldWriter *writer, const QemuBlockRow *row, const QemuEmitInput *input)
{
    GHashTable *images = input->is_active ? NULL : input->facts->images;
    const QemuFactsImage *image =
        images && row->path ? g_hash_table_lookup(images, row->path) : NULL;

    qemu_field_put_string(writer, QEMU_FIELD_BLOCK_NAME, row->name);
    qemu_field_put_string(writer, QEMU_FIELD_BLOCK_PATH, row->path);
    if (row->backing_index > 0)
        qemu_field_put_uint(writer, QEMU_FIELD_BLOCK_BACKING_INDEX, row->backing_index);
    if (row->disk != NULL)
        put_counters(writer, row->disk);
    if (row->node != NULL)
        put_sizes(writer, row);
    else if (image != NULL)
        put_image(writer, image);
}

static void
put_ext(QemuFieldWriter *writer, const QemuFactsDisk *disk)
{
    const QemuFactsTimedGroup *group = NULL;

    qemu_field_put_counts(writer, ext_rows, G_N_ELEMENTS(ext_rows), disk);
    if (disk->timed_groups == NULL || disk->timed_groups->len == 0)
        return;
    group = &g_array_index(disk->timed_groups, QemuFactsTimedGroup, 0);
    qemu_field_put_double(writer, QEMU_FIELD_EXT_BLOCK_RD_DEPTH, group->rd_queue_depth);
    qemu_field_put_double(writer, QEMU_FIELD_EXT_BLOCK_WR_DEPTH, group->wr_queue_depth);
}

/* True if the disk has, or had above an image that is still below it, a node of that name. */
static bool
has_node(const QemuFactsDisk *disk, const char *name)
{
    if (g_strcmp0(util_json_member_string(disk->entry, "node-name"), name) == 0)
        return true;
    for (guint i = 0; disk->layers != NULL && i < disk->layers->len; i++)
        if (g_strcmp0(g_array_index(disk->layers, QemuFactsLayer, i).node_name, name) == 0)
            return true;
    return false;
}

/* By the name of the drive or the device, which belong to one disk; else by that of the node. */
static bool
is_of_disk(const QemuFactsEventsDevice *told, const QemuFactsDisk *disk)
{
    if (told->device != NULL)
        return g_strcmp0(told->device, disk->device) == 0;
    if (told->qom_path != NULL && disk->qdev != NULL && disk->qdev[0] == '/')
        return strcmp(told->qom_path, disk->qdev) == 0;
    return told->node_name != NULL && has_node(disk, told->node_name);
}

static void
put_io_errors(QemuFieldWriter *writer, const QemuFactsEvents *events, const QemuFactsDisk *disk)
{
    uint64_t n_errors = 0;

    if (events == NULL)
        return;
    for (guint i = 0; events->devices != NULL && i < events->devices->len; i++) {
        const QemuFactsEventsDevice *told =
            &g_array_index(events->devices, QemuFactsEventsDevice, i);

        if (is_of_disk(told, disk))
            n_errors += told->n_errors;
    }
    qemu_field_put_ullong(writer, QEMU_FIELD_EXT_BLOCK_EVENTS_IO_ERROR, n_errors);
}

static void
put_about(QemuFieldWriter *writer, const QemuEmitInput *input, const QemuBlockRow *row)
{
    const QemuEmitAboutDisk disk = {
        .told = row->about, .disk = row->disk, .node = row->node, .storage = row->storage};

    qemu_emit_about_disk(writer, input, &disk);
}

/* True if query-named-block-nodes does not have the node of an image that query-blockstats told:
 * QEMU has a name for each node, so the disk was unplugged, or its chain changed, between the two
 * replies. */
static bool
is_torn(const QemuEmitInput *input, const GArray *rows)
{
    for (guint i = 0; input->facts->nodes != NULL && i < rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(rows, QemuBlockRow, i);

        if (row->node == NULL && row->layer != NULL && row->layer->node_name != NULL)
            return true;
    }
    return false;
}

/* Of the machine as a whole; told also if QEMU does not answer. */
static void
put_pressure(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    if (!input->with_ext || !input->is_active)
        return;
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BLOCK_PRESSURE_SOME,
                         input->facts->host.group.io.some_us);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BLOCK_PRESSURE_FULL,
                         input->facts->host.group.io.full_us);
}

bool
qemu_emit_block(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    g_autoptr(GArray) rows = NULL;
    bool is_cut = false;

    rows = qemu_block_rows_make_all(input, &is_cut);
    if (rows == NULL) {
        put_pressure(writer, input);
        return false;
    }
    qemu_field_put_uint(writer, QEMU_FIELD_BLOCK_COUNT, rows->len);
    for (guint i = 0; i < rows->len; i++) {
        writer->index[0] = i;
        put_row(writer, &g_array_index(rows, QemuBlockRow, i), input);
    }
    for (guint i = 0; input->with_ext && i < rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(rows, QemuBlockRow, i);

        writer->index[0] = i;
        if (row->disk != NULL) {
            put_ext(writer, row->disk);
            put_io_errors(writer, input->facts->events, row->disk);
        }
    }
    if (input->with_ext)
        qemu_emit_job(writer, input, rows);
    put_pressure(writer, input);
    for (guint i = 0; input->with_about && i < rows->len; i++) {
        const QemuBlockRow *row = &g_array_index(rows, QemuBlockRow, i);

        writer->index[0] = i;
        if (row->is_top)
            put_about(writer, input, row);
    }
    if (is_cut || is_torn(input, rows))
        return false;
    return !input->is_active || input->facts->disks != NULL;
}
