/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_block: query-blockstats and query-named-block-nodes -> facts.
 *
 * How it works
 *
 * query-blockstats has one entry for each guest disk, with its counters. Nested in the entry is the
 * graph of the disk's nodes: member "backing" is the next layer, member "parent", in spite of its
 * name, the child that holds the layer's data. query-named-block-nodes has the sizes, in a flat
 * list of nodes by name.
 *
 * QEMU shows the child of a filter (throttle, copy-on-read, the filter of a backup job) twice, as
 * "backing" and as "parent", each with its whole subtree. A plain walk would therefore count layers
 * twice, and stacked filters would multiply that. The walk here takes a node whose two members name
 * the same child for a filter and goes on at that child. QEMU 5.1 and older show the child once;
 * there the node's driver tells, which only query-named-block-nodes has. So the layers are made
 * last, from both replies. Each step of the walk goes one level down the reply, so
 * QEMU_LIMIT_REPLY_DEPTH bounds the layers of a chain.
 *
 * Deliberately not done: all children of a quorum but its first; driver-specific counters.
 */
#include "qemu_reply.h"

#include "qemu_reply_read.h"

static const UtilJsonCountField counter_fields[] = {
    {"rd_operations", offsetof(QemuFactsDisk, rd_reqs)},
    {"rd_bytes", offsetof(QemuFactsDisk, rd_bytes)},
    {"rd_total_time_ns", offsetof(QemuFactsDisk, rd_times_ns)},
    {"wr_operations", offsetof(QemuFactsDisk, wr_reqs)},
    {"wr_bytes", offsetof(QemuFactsDisk, wr_bytes)},
    {"wr_total_time_ns", offsetof(QemuFactsDisk, wr_times_ns)},
    {"flush_operations", offsetof(QemuFactsDisk, fl_reqs)},
    {"flush_total_time_ns", offsetof(QemuFactsDisk, fl_times_ns)},
    {"failed_rd_operations", offsetof(QemuFactsDisk, failed_rd)},
    {"failed_wr_operations", offsetof(QemuFactsDisk, failed_wr)},
    {"failed_flush_operations", offsetof(QemuFactsDisk, failed_fl)},
    {"invalid_rd_operations", offsetof(QemuFactsDisk, invalid_rd)},
    {"invalid_wr_operations", offsetof(QemuFactsDisk, invalid_wr)},
    {"invalid_flush_operations", offsetof(QemuFactsDisk, invalid_fl)},
    {"idle_time_ns", offsetof(QemuFactsDisk, idle_ns)},
};

static const char *const histogram_names[QEMU_FACTS_N_HISTOGRAMS] = {
    [QEMU_FACTS_HISTOGRAM_READ] = "rd_latency_histogram",
    [QEMU_FACTS_HISTOGRAM_WRITE] = "wr_latency_histogram",
    [QEMU_FACTS_HISTOGRAM_ZONE_APPEND] = "zone_append_latency_histogram",
    [QEMU_FACTS_HISTOGRAM_FLUSH] = "flush_latency_histogram",
};

static const UtilJsonCountField timed_fields[] = {
    {"interval_length", offsetof(QemuFactsTimedGroup, interval_s)},
    {"min_rd_latency_ns", offsetof(QemuFactsTimedGroup, rd_min_ns)},
    {"max_rd_latency_ns", offsetof(QemuFactsTimedGroup, rd_max_ns)},
    {"avg_rd_latency_ns", offsetof(QemuFactsTimedGroup, rd_avg_ns)},
    {"min_wr_latency_ns", offsetof(QemuFactsTimedGroup, wr_min_ns)},
    {"max_wr_latency_ns", offsetof(QemuFactsTimedGroup, wr_max_ns)},
    {"avg_wr_latency_ns", offsetof(QemuFactsTimedGroup, wr_avg_ns)},
    {"min_zone_append_latency_ns", offsetof(QemuFactsTimedGroup, zap_min_ns)},
    {"max_zone_append_latency_ns", offsetof(QemuFactsTimedGroup, zap_max_ns)},
    {"avg_zone_append_latency_ns", offsetof(QemuFactsTimedGroup, zap_avg_ns)},
};

static const UtilJsonCountField depth_fields[] = {
    {"avg_rd_queue_depth", offsetof(QemuFactsTimedGroup, rd_queue_depth)},
    {"avg_wr_queue_depth", offsetof(QemuFactsTimedGroup, wr_queue_depth)},
    {"avg_zone_append_queue_depth", offsetof(QemuFactsTimedGroup, zap_queue_depth)},
};

#define LIMIT_OFFSET(id) (offsetof(QemuFactsNode, limits) + (id) * sizeof(UtilCount))

static const UtilJsonCountField limit_fields[] = {
    {"request-alignment", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_REQUEST_ALIGNMENT)},
    {"max-discard", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_DISCARD_MAX)},
    {"discard-alignment", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_DISCARD_ALIGNMENT)},
    {"max-write-zeroes", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_WRITE_ZEROES_MAX)},
    {"write-zeroes-alignment", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_WRITE_ZEROES_ALIGNMENT)},
    {"opt-transfer", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_TRANSFER_OPTIMAL)},
    {"max-transfer", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_TRANSFER_MAX)},
    {"max-hw-transfer", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_TRANSFER_HW_MAX)},
    {"max-iov", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_IOV_MAX)},
    {"max-hw-iov", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_IOV_HW_MAX)},
    {"min-mem-alignment", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_MINIMAL)},
    {"opt-mem-alignment", LIMIT_OFFSET(QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_OPTIMAL)},
};

/* Drivers that pass data unchanged to and from one child. */
static const char *const filter_drivers[] = {
    "throttle",   "copy-on-read", "copy-before-write", "backup-top", "mirror_top",
    "commit_top", "preallocate",  "compress",          "blkdebug",   "blkverify",
    "blkreplay",  "blklogwrites", "replication",       NULL,
};

static const char *
entry_name(const UtilJson *entry)
{
    return qemu_reply_read_string(entry, "node-name");
}

/* NULL if @list is no array of counts. */
static GArray *
read_uint64s(const UtilJson *list)
{
    g_autoptr(GArray) values = NULL;
    guint length = (guint)util_json_length(list);

    if (!qemu_reply_read_is_list(list, QEMU_LIMIT_REPLY_ENTRIES))
        return NULL;
    values = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), length);
    for (guint i = 0; i < length; i++) {
        UtilCount value = util_json_count(util_json_element(list, i));

        if (!value.is_present)
            return NULL;
        g_array_append_val(values, value.value);
    }
    return g_steal_pointer(&values);
}

static void
read_histogram(const UtilJson *value, QemuFactsHistogram *histogram)
{
    g_autoptr(GArray) boundaries = NULL;
    g_autoptr(GArray) bins = NULL;

    if (value == NULL)
        return;
    boundaries = read_uint64s(util_json_member(value, "boundaries"));
    bins = read_uint64s(util_json_member(value, "bins"));
    if (boundaries == NULL || bins == NULL || bins->len != boundaries->len + 1)
        return;
    histogram->boundaries = g_steal_pointer(&boundaries);
    histogram->bins = g_steal_pointer(&bins);
}

static void
read_timed_group(const UtilJson *entry, QemuFactsTimedGroup *group)
{
    for (size_t i = 0; i < G_N_ELEMENTS(timed_fields); i++) {
        UtilCount value = util_json_member_count(entry, timed_fields[i].name);
        uint64_t *place = G_STRUCT_MEMBER_P(group, timed_fields[i].offset);

        if (value.is_present)
            *place = value.value;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(depth_fields); i++) {
        double *place = G_STRUCT_MEMBER_P(group, depth_fields[i].offset);
        double value = 0;

        if (util_json_double(util_json_member(entry, depth_fields[i].name), &value) && value > 0)
            *place = value;
    }
}

/* NULL if the disk keeps no statistics of intervals, as most do not. */
static GArray *
read_timed_groups(const UtilJson *list)
{
    GArray *groups = NULL;
    guint length = (guint)util_json_length(list);

    if (length == 0)
        return NULL;
    groups = g_array_sized_new(FALSE, TRUE, sizeof(QemuFactsTimedGroup), length);
    g_array_set_size(groups, length);
    for (guint i = 0; i < length; i++)
        read_timed_group(util_json_element(list, i),
                         &g_array_index(groups, QemuFactsTimedGroup, i));
    return groups;
}

static void
read_disk(const UtilJson *entry, QemuFactsDisk *disk)
{
    const UtilJson *stats = util_json_member(entry, "stats");
    const char *device = qemu_reply_read_string(entry, "device");

    disk->device = device ? device : "";
    disk->entry = entry;
    util_json_read_counts(stats, counter_fields, G_N_ELEMENTS(counter_fields), disk);
    for (size_t i = 0; i < QEMU_FACTS_N_HISTOGRAMS; i++)
        read_histogram(util_json_member(stats, histogram_names[i]), &disk->histograms[i]);
    disk->timed_groups = read_timed_groups(util_json_member(stats, "timed_stats"));
}

/* True if @name is @prefix followed by a decimal number. */
static bool
is_numbered(const char *name, const char *prefix)
{
    const char *digits = name + strlen(prefix);

    return g_str_has_prefix(name, prefix) && g_ascii_isdigit(digits[0]) &&
           digits[strspn(digits, "0123456789")] == '\0';
}

/* True for flash that holds firmware or its variables. Machines that have flash as a child of their
 * own show it by the path: "/machine/system.flash0", "/machine/virt.flash1". Others have it among
 * the board's devices; there only the name that QEMU gives to "-drive if=pflash" and "if=mtd" shows
 * it. */
static bool
is_flash(const char *qdev, const char *device)
{
    static const char machine[] = "/machine/";
    const char *child = NULL;
    const char *flash = NULL;

    if (!g_str_has_prefix(qdev, machine))
        return false;
    child = qdev + strlen(machine);
    flash = strchr(child, '/') == NULL ? strrchr(child, '.') : NULL;
    if (flash != NULL)
        return is_numbered(flash, ".flash");
    return g_str_has_prefix(child, "unattached/") && device != NULL &&
           (is_numbered(device, "pflash") || is_numbered(device, "mtd"));
}

bool
qemu_reply_parse_blockstats(const UtilJson *reply, QemuFacts *facts)
{
    g_autoptr(GArray) disks = NULL;

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_DISKS))
        return false;
    disks = qemu_facts_new_disks(util_json_length(reply));
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        const char *qdev = NULL;
        QemuFactsDisk *disk = NULL;

        if (util_json_kind(entry) != UTIL_JSON_OBJECT)
            return false;
        qdev = qemu_reply_read_string(entry, "qdev");
        /* A drive without a device, or with firmware, is no disk of the guest. */
        if (qdev == NULL || is_flash(qdev, qemu_reply_read_string(entry, "device")))
            continue;
        g_array_set_size(disks, disks->len + 1);
        disk = &g_array_index(disks, QemuFactsDisk, disks->len - 1);
        disk->qdev = qdev;
        read_disk(entry, disk);
    }
    g_clear_pointer(&facts->disks, g_array_unref);
    facts->disks = g_steal_pointer(&disks);
    return true;
}

/* True for "nbd://host", "rbd:pool/image", "fat:dir": there is a colon before any slash. */
static bool
has_protocol(const char *name)
{
    return name[strcspn(name, ":/")] == ':';
}

/* The path of the innermost "file" in a "json:" file name; NULL if that is not local. The caller
 * frees. */
static char *
find_path_in_json(const char *text)
{
    g_autoptr(UtilJson) tree = util_json_parse(text, strlen(text), QEMU_LIMIT_REPLY_DEPTH, NULL);
    const UtilJson *node = tree;
    const UtilJson *file = NULL;
    const char *driver = NULL;
    const char *path = NULL;

    while ((file = util_json_member(node, "file")) != NULL)
        node = file;
    driver = util_json_member_string(node, "driver");
    path = util_json_member_string(node, "filename");
    if (path == NULL || (driver == NULL ? has_protocol(path) : !qemu_facts_is_local_driver(driver)))
        return NULL;
    return g_strdup(path);
}

/* The local path that a node's file @name stands for; NULL if there is none. Borrowed from the
 * reply or from @facts. */
static const char *
find_path(const char *name, const char *driver, QemuFacts *facts)
{
    char *path = NULL;

    if (name == NULL || name[0] == '\0')
        return NULL;
    if (!g_str_has_prefix(name, "json:{"))
        return qemu_facts_is_local_driver(driver) || !has_protocol(name) ? name : NULL;
    path = find_path_in_json(name + strlen("json:"));
    if (path == NULL)
        return NULL;
    if (facts->owned_texts == NULL)
        facts->owned_texts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(facts->owned_texts, path);
    return path;
}

static const char *
find_data_file(const UtilJson *image)
{
    const UtilJson *specific = util_json_member(image, "format-specific");

    if (specific == NULL)
        return NULL;
    return qemu_reply_read_string(util_json_member(specific, "data"), "data-file");
}

static void
read_node(const UtilJson *entry, const char *name, QemuFactsNode *node, QemuFacts *facts)
{
    const UtilJson *image = util_json_member(entry, "image");
    const UtilJson *limits = util_json_member(image, "limits");
    const char *file = qemu_reply_read_string(entry, "file");

    if (file == NULL)
        file = qemu_reply_read_string(image, "filename");
    facts->n_backed_nodes += util_json_has(entry, "backing_file");
    node->node_name = name;
    node->driver = qemu_reply_read_string(entry, "drv");
    node->path = find_path(file, node->driver, facts);
    node->data_file = find_data_file(image);
    node->virtual_size = util_json_member_count(image, "virtual-size");
    node->actual_size = util_json_member_count(image, "actual-size");
    node->write_threshold = util_json_member_count(entry, "write_threshold");
    if (limits != NULL)
        util_json_read_counts(limits, limit_fields, G_N_ELEMENTS(limit_fields), node);
}

/* The table points into @nodes, which must not grow after this. */
static GHashTable *
index_nodes(GArray *nodes)
{
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < nodes->len; i++) {
        QemuFactsNode *node = &g_array_index(nodes, QemuFactsNode, i);

        if (!g_hash_table_contains(by_name, node->node_name))
            g_hash_table_insert(by_name, (gpointer)(uintptr_t)node->node_name, node);
    }
    return by_name;
}

bool
qemu_reply_parse_named_nodes(const UtilJson *reply, QemuFacts *facts)
{
    g_autoptr(GArray) nodes = NULL;

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_NODES))
        return false;
    facts->n_backed_nodes = 0;
    nodes = g_array_sized_new(FALSE, TRUE, sizeof(QemuFactsNode), (guint)util_json_length(reply));
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        const char *name = entry_name(entry);

        if (name == NULL) /* no disk could refer to it */
            continue;
        g_array_set_size(nodes, nodes->len + 1);
        read_node(entry, name, &g_array_index(nodes, QemuFactsNode, nodes->len - 1), facts);
    }
    g_clear_pointer(&facts->node_by_name, g_hash_table_unref);
    g_clear_pointer(&facts->nodes, g_array_unref);
    facts->node_by_name = index_nodes(nodes);
    facts->nodes = g_steal_pointer(&nodes);
    return true;
}

bool
qemu_reply_parse_blockstats_nodes(const UtilJson *reply, QemuFacts *facts)
{
    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_NODES))
        return false;
    for (size_t i = 0; facts->node_by_name != NULL && i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        const char *name = entry_name(entry);
        QemuFactsNode *node = name ? g_hash_table_lookup(facts->node_by_name, name) : NULL;
        const UtilJson *storage = util_json_member(entry, "parent");

        if (node == NULL)
            continue;
        node->wr_highest_offset =
            storage
                ? util_json_member_count(util_json_member(storage, "stats"), "wr_highest_offset")
                : util_count_of(0);
    }
    return true;
}

static bool
is_filter(const UtilJson *storage, const UtilJson *backing, const QemuFactsNode *node)
{
    if (node != NULL && node->driver != NULL && g_strv_contains(filter_drivers, node->driver))
        return true;
    return storage != NULL && backing != NULL && entry_name(storage) != NULL &&
           g_strcmp0(entry_name(storage), entry_name(backing)) == 0;
}

/* Facts, and an index of them that is made when it is first needed. */
typedef struct {
    QemuFacts *facts;
    QemuFactsPaths *paths; /* NULL: not made yet */
} Walk;

/* A step of the walk: the entry of a node that is no filter, and the entries of its children. */
typedef struct {
    const UtilJson *entry; /* NULL: the end of the chain */
    const UtilJson *storage;
    const UtilJson *backing;
    const char *name;
    QemuFactsNode *node; /* NULL: not among the named nodes */
} Place;

/* The first place at or below @entry that is no filter, or a filter without a child. */
static Place
find_place(const Walk *walk, const UtilJson *entry)
{
    Place place = {0};

    while (entry != NULL) {
        place = (Place){
            .entry = entry,
            .storage = util_json_member(entry, "parent"),
            .backing = util_json_member(entry, "backing"),
            .name = entry_name(entry),
        };
        if (place.name != NULL)
            place.node = g_hash_table_lookup(walk->facts->node_by_name, place.name);
        if (!is_filter(place.storage, place.backing, place.node))
            return place;
        entry = place.storage ? place.storage : place.backing;
    }
    return place;
}

/* The name of the node that opened the image file @path; NULL if there is none. Needed where
 * "parent" is the node of an external data file: then QEMU does not link the layer to the node of
 * its image file, but both have the same path. */
static const char *
find_storage_by_path(Walk *walk, const char *path)
{
    const QemuFactsNode *node = NULL;

    if (path == NULL)
        return NULL;
    if (walk->paths == NULL)
        walk->paths = qemu_facts_paths_new(walk->facts);
    node = qemu_facts_paths_storage(walk->paths, path);
    return node != NULL ? node->node_name : NULL;
}

static QemuFactsLayer
make_layer(Walk *walk, const Place *place)
{
    Place storage = find_place(walk, place->storage);
    QemuFactsLayer layer = {.node_name = place->name, .storage_name = storage.name};
    const UtilJson *stats = util_json_member(storage.entry, "stats");

    layer.wr_highest_offset = util_json_member_count(stats, "wr_highest_offset");
    if (place->node == NULL || storage.node == NULL)
        return layer;
    if (place->node->data_file != NULL && g_strcmp0(storage.node->path, place->node->path) != 0) {
        layer.data_name = storage.name;
        layer.storage_name = find_storage_by_path(walk, place->node->path);
    } else if (place->node->path == NULL) {
        /* A path like "a:b" was taken for a protocol (find_path()); the node that opened the file
         * is of a local driver, so its path is known. */
        place->node->path = storage.node->path;
    }
    return layer;
}

/* NULL if there is no node at all: no medium. */
static GArray *
make_layers(Walk *walk, const UtilJson *entry)
{
    Place place = find_place(walk, entry);
    GArray *layers = NULL;

    if (place.name == NULL)
        return NULL;
    layers = g_array_new(FALSE, FALSE, sizeof(QemuFactsLayer));
    while (place.name != NULL) {
        QemuFactsLayer layer = make_layer(walk, &place);

        g_array_append_val(layers, layer);
        place = find_place(walk, place.backing);
    }
    return layers;
}

void
qemu_reply_finish_block(QemuFacts *facts)
{
    Walk walk = {.facts = facts};

    if (facts->disks == NULL || facts->node_by_name == NULL)
        return;
    for (guint i = 0; i < facts->disks->len; i++) {
        QemuFactsDisk *disk = &g_array_index(facts->disks, QemuFactsDisk, i);

        if (disk->layers == NULL)
            disk->layers = make_layers(&walk, disk->entry);
    }
    qemu_facts_paths_free(walk.paths);
}
