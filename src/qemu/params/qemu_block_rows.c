/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_block_rows: see qemu_block_rows.h.
 *
 * How it works
 *
 * Where libvirt told the disks, they are the records, in its order and by its names; what QEMU
 * says of each is found by the disk's alias, which is a part of the device's name in QEMU.
 * Where libvirt is not there, QEMU's disks are the records, by the most lasting name that each
 * has. A path is QEMU's where it has one: it comes from the same moment as the numbers.
 *
 * QEMU does not always say whose data file a node is, and never whose copy target: those are
 * found by their path.
 *
 * Deliberately not done: the store of a running backup job. QEMU does not say to which disk it
 * belongs; libvirt tells of it by a call of its own, for which it writes an error into its log
 * whenever no such job runs.
 */
#include "qemu_block_rows.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

#define PERIPHERAL "/machine/peripheral/"

typedef struct {
    const QemuEmitInput *input;
    GArray *records;
    guint next_disk;            /* where in the facts the next disk probably is */
    GHashTable *format_by_path; /* path -> QemuFactsNode; both made when first needed */
    GHashTable *storage_by_path;
} Builder;

static void
clear_record(void *data)
{
    QemuBlockRow *record = data;

    g_free(record->name);
}

static bool
has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The most lasting name that QEMU has for a disk: what the user called the device, the drive,
 * the node; then what QEMU called them by itself. NULL: nothing. The caller frees. */
static char *
make_name(const QemuFactsDisk *disk)
{
    static const char backend[] = "/virtio-backend";
    const char *qdev = has_text(disk->qdev) ? disk->qdev : NULL;
    const char *node = disk->layers && disk->layers->len > 0
                           ? g_array_index(disk->layers, QemuFactsLayer, 0).node_name
                           : NULL;

    if (qdev != NULL && g_str_has_prefix(qdev, PERIPHERAL))
        return g_strndup(qdev + strlen(PERIPHERAL), strcspn(qdev + strlen(PERIPHERAL), "/"));
    if (qdev != NULL && qdev[0] != '/')
        return g_strdup(qdev);
    if (has_text(disk->device))
        return g_strdup(disk->device);
    if (has_text(node) && node[0] != '#') /* QEMU's own, another in each process */
        return g_strdup(node);
    if (qdev != NULL) {
        size_t length = strlen(qdev) - (g_str_has_suffix(qdev, backend) ? strlen(backend) : 0);
        const char *last = g_strrstr_len(qdev, (gssize)length, "/");

        return g_strndup(last + 1, length - (size_t)(last + 1 - qdev));
    }
    return g_strdup(node);
}

/* Whether QEMU's @disk is the device that libvirt calls @alias. */
static bool
is_device(const QemuFactsDisk *disk, const char *alias)
{
    const char *qdev = disk->qdev;

    if (qdev != NULL && g_str_has_prefix(qdev, PERIPHERAL)) {
        size_t length = strcspn(qdev + strlen(PERIPHERAL), "/");

        return strlen(alias) == length && strncmp(qdev + strlen(PERIPHERAL), alias, length) == 0;
    }
    if (has_text(qdev) && strcmp(qdev, alias) == 0)
        return true;
    return has_text(disk->device) && g_str_has_prefix(disk->device, "drive-") &&
           strcmp(disk->device + strlen("drive-"), alias) == 0;
}

/* QEMU's disk of that alias, or NULL. Both lists are often in one order, so the search goes on
 * from the last find. */
static const QemuFactsDisk *
find_disk(Builder *self, const char *alias)
{
    GArray *disks = self->input->facts->disks;

    for (guint i = 0; has_text(alias) && disks != NULL && i < disks->len; i++) {
        guint place = (self->next_disk + i) % disks->len;
        const QemuFactsDisk *disk = &g_array_index(disks, QemuFactsDisk, place);

        if (is_device(disk, alias)) {
            self->next_disk = place + 1;
            return disk;
        }
    }
    return NULL;
}

static QemuBlockRow *
add_record(Builder *self, const char *name)
{
    QemuBlockRow *record = NULL;

    g_array_set_size(self->records, self->records->len + 1);
    record = &g_array_index(self->records, QemuBlockRow, self->records->len - 1);
    record->name = g_strdup(name);
    return record;
}

/* Each record of a chain is a node of its own, unless QEMU makes fun of us. */
static bool
is_full(const Builder *self)
{
    return self->records->len >= QEMU_LIMIT_NODES;
}

/* What libvirt says of the @i-th layer of a disk; NULL or 0 for nothing. */
static const char *
told_path(const QemuDefinitionDisk *definition, guint i)
{
    const char *path = NULL;

    if (definition == NULL)
        return NULL;
    if (i == 0 && has_text(definition->path))
        return definition->path;
    if (definition->paths != NULL && i < definition->paths->len)
        path = g_ptr_array_index(definition->paths, i);
    return has_text(path) ? path : NULL;
}

/* libvirt's number of an image out of the name that libvirt gave its node: of this moment, also
 * where the chain has changed since libvirt was asked. 0 if it is no such name. */
static unsigned int
index_in_name(const char *node_name)
{
    static const char prefix[] = "libvirt-";
    const char *end = NULL;
    g_autofree char *digits = NULL;
    guint64 index = 0;

    if (node_name == NULL || !g_str_has_prefix(node_name, prefix))
        return 0;
    node_name += strlen(prefix);
    end = strchr(node_name, '-');
    if (end == NULL || (strcmp(end, "-format") != 0 && strcmp(end, "-storage") != 0))
        return 0;
    digits = g_strndup(node_name, (gsize)(end - node_name));
    return g_ascii_string_to_unsigned(digits, 10, 1, G_MAXUINT, &index, NULL) ? (unsigned int)index
                                                                              : 0;
}

static unsigned int
told_index(const QemuDefinitionDisk *definition, guint i)
{
    if (definition == NULL || definition->indexes == NULL || i >= definition->indexes->len)
        return 0;
    return g_array_index(definition->indexes, unsigned int, i);
}

static guint
n_layers(const QemuDefinitionDisk *definition, const QemuFactsDisk *disk)
{
    if (disk != NULL)
        return disk->layers ? disk->layers->len : 0;
    return definition && definition->paths ? definition->paths->len : 0;
}

/* The layer's record; of the top one also when there is no medium. */
static QemuBlockRow *
add_layer(Builder *self, const char *name, const QemuDefinitionDisk *definition,
          const QemuFactsDisk *disk, guint i)
{
    QemuBlockRow *record = add_record(self, name);

    record->path = told_path(definition, i);
    record->backing_index = told_index(definition, i);
    if (disk == NULL || i >= n_layers(definition, disk))
        return record;
    record->layer = &g_array_index(disk->layers, QemuFactsLayer, i);
    if (definition != NULL && index_in_name(record->layer->node_name) != 0)
        record->backing_index = index_in_name(record->layer->node_name);
    record->node = qemu_facts_node(self->input->facts, record->layer->node_name);
    record->storage = qemu_facts_node(self->input->facts, record->layer->storage_name);
    if (record->storage == NULL)
        record->storage = record->node;
    if (record->node != NULL && record->node->path != NULL)
        record->path = record->node->path;
    return record;
}

static void
index_nodes_by_path(Builder *self)
{
    static const char *const storage_drivers[] = {"file", "host_device", "host_cdrom", NULL};
    const GArray *nodes = self->input->facts->nodes;

    self->format_by_path = g_hash_table_new(g_str_hash, g_str_equal);
    self->storage_by_path = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; nodes != NULL && i < nodes->len; i++) {
        QemuFactsNode *node = &g_array_index(nodes, QemuFactsNode, i);
        bool is_storage = node->driver && g_strv_contains(storage_drivers, node->driver);
        GHashTable *table = is_storage ? self->storage_by_path : self->format_by_path;

        if (node->path != NULL && !g_hash_table_contains(table, node->path))
            g_hash_table_insert(table, (gpointer)(uintptr_t)node->path, node);
    }
}

/* Sets the nodes of an image of which only the path is known. */
static void
find_nodes(Builder *self, QemuBlockRow *record, const char *path)
{
    if (self->format_by_path == NULL)
        index_nodes_by_path(self);
    if (record->node == NULL)
        record->node = g_hash_table_lookup(self->format_by_path, path);
    record->storage = g_hash_table_lookup(self->storage_by_path, path);
    if (record->node == NULL)
        record->node = record->storage;
    if (record->storage == NULL)
        record->storage = record->node;
}

/* The path of a data file, which an image may name from where it is itself. The caller frees. */
static char *
make_data_path(const QemuFactsNode *image)
{
    g_autofree char *folder = NULL;

    if (image->data_file[0] == '/' || image->path == NULL)
        return g_strdup(image->data_file);
    folder = g_path_get_dirname(image->path);
    return g_build_filename(folder, image->data_file, NULL);
}

/* After a layer its data file, if it is a qcow2 image that keeps its data in one. */
static void
add_data_file(Builder *self, const char *name, const QemuFactsLayer *layer,
              const QemuFactsNode *image)
{
    g_autofree char *path = NULL;
    QemuBlockRow *record = NULL;

    if (image == NULL || !has_text(image->data_file) || is_full(self))
        return;
    record = add_record(self, name);
    record->node = qemu_facts_node(self->input->facts, layer->data_name);
    if (record->node != NULL)
        record->layer = layer; /* whose highest offset is that of its data */
    path =
        record->node && record->node->path ? g_strdup(record->node->path) : make_data_path(image);
    find_nodes(self, record, path);
    record->path = record->node ? record->node->path : NULL;
}

/* The target of a copy, which is not in the chain; libvirt knows its path. */
static void
add_copy(Builder *self, const char *name, const char *path, unsigned int index)
{
    QemuBlockRow *record = NULL;

    if (!has_text(path))
        return;
    record = add_record(self, name);
    find_nodes(self, record, path);
    record->path = path;
    record->backing_index = index;
    if (record->node != NULL && index_in_name(record->node->node_name) != 0)
        record->backing_index = index_in_name(record->node->node_name);
}

static void
add_disk(Builder *self, const char *name, const QemuDefinitionDisk *definition,
         const QemuFactsDisk *disk)
{
    QemuBlockRow *record = add_layer(self, name, definition, disk, 0);

    record->disk = disk;
    if (!self->input->with_backing)
        return;
    add_data_file(self, name, record->layer, record->node);
    for (guint i = 1; i < n_layers(definition, disk) && !is_full(self); i++) {
        record = add_layer(self, name, definition, disk, i);
        add_data_file(self, name, record->layer, record->node);
    }
    if (definition != NULL)
        add_copy(self, name, definition->mirror_path, definition->mirror_index);
}

static void
add_told_disks(Builder *self, const GArray *definitions)
{
    for (guint i = 0; i < definitions->len; i++) {
        const QemuDefinitionDisk *definition = &g_array_index(definitions, QemuDefinitionDisk, i);

        if (definition->is_vhost_user) /* another process serves it: QEMU counts nothing */
            add_record(self, definition->target);
        else
            add_disk(self, definition->target, definition, find_disk(self, definition->alias));
    }
}

static void
add_found_disks(Builder *self, const GArray *disks)
{
    for (guint i = 0; i < disks->len; i++) {
        const QemuFactsDisk *disk = &g_array_index(disks, QemuFactsDisk, i);
        g_autofree char *name = make_name(disk);

        add_disk(self, name, NULL, disk);
    }
}

GArray *
qemu_block_rows_make_all(const QemuEmitInput *input)
{
    Builder builder = {.input = input};
    const GArray *definitions = input->definition ? input->definition->disks : NULL;

    if (definitions == NULL && input->facts->disks == NULL)
        return NULL;
    builder.records = g_array_new(FALSE, TRUE, sizeof(QemuBlockRow));
    g_array_set_clear_func(builder.records, clear_record);
    if (definitions != NULL)
        add_told_disks(&builder, definitions);
    else
        add_found_disks(&builder, input->facts->disks);
    g_clear_pointer(&builder.format_by_path, g_hash_table_unref);
    g_clear_pointer(&builder.storage_by_path, g_hash_table_unref);
    return builder.records;
}
