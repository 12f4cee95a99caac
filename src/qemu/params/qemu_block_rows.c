/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_block_rows: see qemu_block_rows.h.
 *
 * How it works
 *
 * With libvirt's definition, its disks make the rows, in its order and by its names; the alias of a
 * disk, which is a part of the device's name in QEMU, leads to QEMU's facts about it. Without,
 * QEMU's disks make the rows, each by the most lasting name that it has. QEMU's path of an image is
 * preferred to libvirt's, since it comes from the same moment as the numbers.
 *
 * QEMU does not always tell to which image a data file belongs, and never to which disk the target
 * of a copy job does. Their nodes are found by path.
 *
 * Deliberately not done: a row for the scratch image of a running backup job. QEMU does not tell to
 * which disk it belongs; libvirt does, but by a call that writes an error to libvirt's log whenever
 * no such job runs.
 */
#include "qemu_block_rows.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

#define PERIPHERAL      "/machine/peripheral/"
#define PERIPHERAL_ANON "/machine/peripheral-anon/"

typedef struct {
    const QemuEmitInput *input;
    GArray *rows;
    bool is_cut;           /* rows were left out */
    guint next_disk;       /* index in the facts at which the search for the next disk starts */
    guint next_drive;      /* likewise among the drives of the command line */
    QemuFactsPaths *paths; /* NULL: not needed so far */
} Builder;

static void
clear_row(void *data)
{
    QemuBlockRow *row = data;

    g_free(row->name);
}

static bool
has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The first part of @qdev after @prefix: the device's id, or "device[3]" if it has none. NULL if
 * @qdev does not begin with @prefix. The caller frees. */
static char *
make_device_name(const char *qdev, const char *prefix)
{
    const char *name = qdev + strlen(prefix);

    return g_str_has_prefix(qdev, prefix) ? g_strndup(name, strcspn(name, "/")) : NULL;
}

/* The most lasting name that QEMU has for a disk: the id that the user gave to the device, to the
 * drive, to the node; else the name that QEMU made for the device. The caller frees. */
static char *
make_name(const QemuFactsDisk *disk)
{
    const char *node = disk->layers && disk->layers->len > 0
                           ? g_array_index(disk->layers, QemuFactsLayer, 0).node_name
                           : NULL;
    char *name = make_device_name(disk->qdev, PERIPHERAL);

    if (name != NULL)
        return name;
    if (disk->qdev[0] != '/')
        return g_strdup(disk->qdev);
    if (has_text(disk->device))
        return g_strdup(disk->device);
    if (has_text(node) && node[0] != '#') /* '#': made by QEMU, different in each process */
        return g_strdup(node);
    name = make_device_name(disk->qdev, PERIPHERAL_ANON);
    return name != NULL ? name : g_strdup(strrchr(disk->qdev, '/') + 1);
}

/* True if QEMU's @disk is the device that libvirt calls @alias. */
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

/* QEMU's disk with that alias, or NULL. libvirt and QEMU often list disks in the same order, so the
 * search starts after the disk that was found last. */
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
add_row(Builder *self, const char *name)
{
    QemuBlockRow *row = NULL;

    g_array_set_size(self->rows, self->rows->len + 1);
    row = &g_array_index(self->rows, QemuBlockRow, self->rows->len - 1);
    row->name = g_strdup(name);
    return row;
}

/* True if no more rows may be added. Each image is a node of its own, so an honest QEMU has no more
 * of them than QEMU_LIMIT_NODES. */
static bool
is_full(Builder *self)
{
    if (self->rows->len >= QEMU_LIMIT_NODES)
        self->is_cut = true;
    return self->is_cut;
}

/* The path of a node if it is absolute. NULL if QEMU was given a path relative to its own folder,
 * or the name of a descriptor that was passed to it. */
static const char *
shown_path(const QemuFactsNode *node)
{
    if (node == NULL || node->path == NULL || node->path[0] != '/' ||
        g_str_has_prefix(node->path, "/dev/fdset/"))
        return NULL;
    return node->path;
}

/* libvirt's path of the @i-th layer of a disk; NULL if there is none. */
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

/* libvirt's number of an image, taken from the name that libvirt gave to its node
 * ("libvirt-2-format"). It is right even if the chain has changed since libvirt gave its XML. 0 if
 * the name is no such one. */
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

/* libvirt's number of the @i-th layer by its XML; 0 if there is none. */
static unsigned int
told_index(const QemuDefinitionDisk *definition, guint i)
{
    if (definition == NULL || definition->indexes == NULL || i >= definition->indexes->len)
        return 0;
    return g_array_index(definition->indexes, unsigned int, i);
}

/* By QEMU if it has the disk, else by libvirt's XML. */
static guint
n_layers(const QemuDefinitionDisk *definition, const QemuFactsDisk *disk)
{
    if (disk != NULL)
        return disk->layers ? disk->layers->len : 0;
    return definition && definition->paths ? definition->paths->len : 0;
}

/* Adds the row of the @i-th layer. The top one has a row even if there is no medium. */
static QemuBlockRow *
add_layer(Builder *self, const char *name, const QemuDefinitionDisk *definition,
          const QemuFactsDisk *disk, guint i)
{
    QemuBlockRow *row = add_row(self, name);

    row->path = told_path(definition, i);
    row->backing_index = told_index(definition, i);
    if (disk == NULL || i >= n_layers(definition, disk))
        return row;
    row->layer = &g_array_index(disk->layers, QemuFactsLayer, i);
    if (definition != NULL && index_in_name(row->layer->node_name) != 0)
        row->backing_index = index_in_name(row->layer->node_name);
    row->node = qemu_facts_node(self->input->facts, row->layer->node_name);
    row->storage = qemu_facts_node(self->input->facts, row->layer->storage_name);
    if (row->storage == NULL)
        row->storage = row->node;
    if (shown_path(row->node) != NULL)
        row->path = shown_path(row->node);
    return row;
}

/* Sets @row's nodes by the path of the image, as far as they are not set. */
static void
find_nodes(Builder *self, QemuBlockRow *row, const char *path)
{
    if (self->paths == NULL)
        self->paths = qemu_facts_paths_new(self->input->facts);
    if (row->node == NULL)
        row->node = qemu_facts_paths_format(self->paths, path);
    row->storage = qemu_facts_paths_storage(self->paths, path);
    if (row->node == NULL)
        row->node = row->storage;
    if (row->storage == NULL)
        row->storage = row->node;
}

/* Prefers libvirt's number in the name of the row's node to the one in libvirt's XML. */
static void
set_index_in_name(QemuBlockRow *row, const QemuDefinitionDisk *definition)
{
    unsigned int index = row->node != NULL ? index_in_name(row->node->node_name) : 0;

    if (definition != NULL && index != 0)
        row->backing_index = index;
}

/* The path of an image's data file, whose name may be relative to the image's folder. The caller
 * frees. */
static char *
make_data_path(const QemuFactsNode *image)
{
    g_autofree char *folder = NULL;

    if (image->data_file[0] == '/' || image->path == NULL)
        return g_strdup(image->data_file);
    folder = g_path_get_dirname(image->path);
    return g_build_filename(folder, image->data_file, NULL);
}

/* libvirt's word on the data file of the @i-th layer; NULL if it tells of none. */
static const QemuDefinitionDataFile *
told_data_file(const QemuDefinitionDisk *definition, guint i)
{
    const QemuDefinitionDataFile *file = NULL;

    if (definition == NULL || definition->data_files == NULL || i >= definition->data_files->len)
        return NULL;
    file = &g_array_index(definition->data_files, QemuDefinitionDataFile, i);
    return file->is_there ? file : NULL;
}

/* Sets what QEMU tells of the data file of @image, the node of @layer. */
static void
find_data_file(Builder *self, QemuBlockRow *row, const QemuFactsLayer *layer,
               const QemuFactsNode *image)
{
    g_autofree char *path = NULL;

    row->node = qemu_facts_node(self->input->facts, layer->data_name);
    if (row->node != NULL)
        row->layer = layer; /* its highest offset is that of the data file */
    path = row->node && row->node->path ? g_strdup(row->node->path) : make_data_path(image);
    find_nodes(self, row, path);
    if (shown_path(row->node) != NULL)
        row->path = shown_path(row->node);
}

/* Adds a row for the data file of the @i-th layer, whose row is the last one, if it is a qcow2
 * image with an external one. */
static void
add_data_file(Builder *self, const char *name, const QemuDefinitionDisk *definition, guint i)
{
    QemuBlockRow *row = &g_array_index(self->rows, QemuBlockRow, self->rows->len - 1);
    const QemuDefinitionDataFile *told = told_data_file(definition, i);
    const QemuFactsLayer *layer = row->layer;
    const QemuFactsNode *image = row->node;
    bool is_seen = image != NULL && has_text(image->data_file);

    if ((!is_seen && (told == NULL || image != NULL)) || is_full(self))
        return;
    row = add_row(self, name);
    if (told != NULL) {
        row->path = told->path;
        row->backing_index = told->index;
    }
    if (is_seen)
        find_data_file(self, row, layer, image);
    set_index_in_name(row, definition);
}

/* Adds a row for the target of a copy job, which is in no chain; libvirt's XML has its path. */
static void
add_copy(Builder *self, const char *name, const QemuDefinitionDisk *definition)
{
    const char *path = definition->mirror_path;
    QemuBlockRow *row = NULL;

    if (!has_text(path))
        return;
    row = add_row(self, name);
    find_nodes(self, row, path);
    row->path = path;
    row->backing_index = definition->mirror_index;
    set_index_in_name(row, definition);
}

/* True if the command line's @drive is QEMU's @disk. A drive without an id is not told. */
static bool
is_drive(const QemuDefinitionDrive *drive, const QemuFactsDisk *disk, const char *id)
{
    const QemuFactsLayer *top = disk->layers && disk->layers->len > 0
                                    ? &g_array_index(disk->layers, QemuFactsLayer, 0)
                                    : NULL;

    if (id != NULL && drive->id != NULL)
        return strcmp(drive->id, id) == 0;
    if (drive->drive == NULL)
        return false;
    return strcmp(drive->drive, disk->device) == 0 ||
           (top != NULL && g_strcmp0(drive->drive, top->node_name) == 0);
}

/* The drive of the command line that is @disk; NULL if none is. Both often come in one order. */
static const QemuAboutDisk *
find_drive(Builder *self, const QemuFactsDisk *disk)
{
    const QemuDefinition *definition = self->input->definition;
    GArray *drives = definition ? definition->drives : NULL;
    g_autofree char *named = make_device_name(disk->qdev, PERIPHERAL);
    const char *id = disk->qdev[0] != '/' ? disk->qdev : named;

    for (guint i = 0; drives != NULL && i < drives->len; i++) {
        guint place = (self->next_drive + i) % drives->len;
        const QemuDefinitionDrive *drive = &g_array_index(drives, QemuDefinitionDrive, place);

        if (is_drive(drive, disk, id)) {
            self->next_drive = place + 1;
            return &drive->about;
        }
    }
    return NULL;
}

static void
tell_about(Builder *self, QemuBlockRow *row, const QemuDefinitionDisk *definition)
{
    row->is_top = true;
    if (!self->input->with_about)
        return;
    if (definition != NULL)
        row->about = &definition->about;
    else if (row->disk != NULL)
        row->about = find_drive(self, row->disk);
}

static void
add_disk(Builder *self, const char *name, const QemuDefinitionDisk *definition,
         const QemuFactsDisk *disk)
{
    QemuBlockRow *row = add_layer(self, name, definition, disk, 0);

    row->disk = disk;
    tell_about(self, row, definition);
    if (!self->input->with_backing)
        return;
    add_data_file(self, name, definition, 0);
    for (guint i = 1; i < n_layers(definition, disk) && !is_full(self); i++) {
        add_layer(self, name, definition, disk, i);
        add_data_file(self, name, definition, i);
    }
    if (definition != NULL)
        add_copy(self, name, definition);
}

static void
add_told_disks(Builder *self, const GArray *definitions)
{
    for (guint i = 0; i < definitions->len; i++) {
        const QemuDefinitionDisk *definition = &g_array_index(definitions, QemuDefinitionDisk, i);

        if (definition->is_vhost_user) /* another process serves it, so QEMU has no counters */
            tell_about(self, add_row(self, definition->target), definition);
        else
            add_disk(self, definition->target, definition, find_disk(self, definition->alias));
    }
}

static void
add_found_disks(Builder *self, const GArray *disks)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < disks->len; i++) {
        const QemuFactsDisk *disk = &g_array_index(disks, QemuFactsDisk, i);
        char *name = make_name(disk);

        /* A device and a drive may have the same name; their QOM paths differ. */
        if (g_hash_table_contains(names, name)) {
            g_free(name);
            name = g_strdup(disk->qdev);
        }
        g_hash_table_add(names, name);
        add_disk(self, name, NULL, disk);
    }
}

GArray *
qemu_block_rows_make_all(const QemuEmitInput *input, bool *ret_is_cut)
{
    Builder builder = {.input = input};
    const GArray *definitions = input->definition ? input->definition->disks : NULL;

    if (definitions == NULL && input->facts->disks == NULL)
        return NULL;
    builder.rows = g_array_new(FALSE, TRUE, sizeof(QemuBlockRow));
    g_array_set_clear_func(builder.rows, clear_row);
    if (definitions != NULL)
        add_told_disks(&builder, definitions);
    else
        add_found_disks(&builder, input->facts->disks);
    qemu_facts_paths_free(builder.paths);
    *ret_is_cut = builder.is_cut;
    return builder.rows;
}
