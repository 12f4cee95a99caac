/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_block: query-blockstats and query-named-block-nodes -> facts, and the two joined.
 *
 * How it works
 *
 * Counters are in the entries of query-blockstats, one a guest disk. Below each hangs the graph
 * of its nodes: "backing" leads to the next layer, "parent", in spite of its name, to the child
 * that holds the layer's data. Sizes are in query-named-block-nodes, a flat list by name.
 *
 * A filter (throttle, copy-on-read, what a backup job puts in) shows its child under both
 * names, each with the whole subtree, so a plain walk counts layers twice and stacked filters
 * multiply that. The walk here knows a filter by just this, or, for a QEMU that shows the child
 * once (5.1 and older), by the driver of the node, and goes through to its child. Hence layers
 * are made last, from both replies, and no node is visited twice. Each step of the walk goes one
 * level down the reply, so QEMU_LIMIT_REPLY_DEPTH bounds the layers of a chain; nothing cuts one.
 *
 * Deliberately not done: the children of a quorum but its first; driver-specific counters.
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

/* Drivers that change no data on its way to their one child. */
static const char *const filter_drivers[] = {
    "throttle",   "copy-on-read", "copy-before-write", "backup-top", "mirror_top",
    "commit_top", "preallocate",  "compress",          "blkdebug",   "blkverify",
    "blkreplay",  "blklogwrites", "replication",
};

static const char *
entry_name(const UtilJson *entry)
{
    return qemu_reply_read_string(entry, "node-name");
}

static bool
is_one_of(const char *word, const char *const *words, size_t n_words)
{
    for (size_t i = 0; word != NULL && i < n_words; i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
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

/* NULL for none: most disks have no intervals set. */
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

/* True if @name is @word with a number after it. */
static bool
is_numbered(const char *name, const char *word)
{
    return g_str_has_prefix(name, word) && g_ascii_isdigit(name[strlen(word)]) &&
           name[strlen(word) + strspn(name + strlen(word), "0123456789")] == '\0';
}

/* True for flash that holds firmware or its variables. It hangs on the machine itself
 * ("/machine/system.flash0", "/machine/virt.flash1"); a board without such a place keeps it where
 * its own devices are, and then only QEMU's name for "-drive if=pflash" and "if=mtd" tells. */
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
        /* Only what the guest has: no drive that no device uses, and no firmware. */
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

/* "nbd://host", "rbd:pool/image", "fat:dir": a colon before any slash. */
static bool
has_protocol(const char *name)
{
    return name[strcspn(name, ":/")] == ':';
}

/* The path inside a "json:" file name, copied, or NULL: the innermost file of the tree. */
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

/* The local path that a node's file @name stands for; NULL if there is none. */
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

/* The table keeps pointers into @nodes, which must not grow any more. */
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

        /* Nothing could refer to it. */
        if (name == NULL)
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
    if (node != NULL && is_one_of(node->driver, filter_drivers, G_N_ELEMENTS(filter_drivers)))
        return true;
    return storage != NULL && backing != NULL && entry_name(storage) != NULL &&
           g_strcmp0(entry_name(storage), entry_name(backing)) == 0;
}

/* What the walk looks at. */
typedef struct {
    QemuFacts *facts;
    QemuFactsPaths *paths; /* made when needed */
} Walk;

/* One place of the walk: the entry of a node that is no filter, and what hangs below it. */
typedef struct {
    const UtilJson *entry; /* NULL: the end of the chain */
    const UtilJson *storage;
    const UtilJson *backing;
    const char *name;
    QemuFactsNode *node; /* NULL: not among the named nodes */
} Place;

/* Goes down from @entry through filters. One without a child is taken as it is. */
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

/* The node of the file itself where "parent" is the node of an external data file: QEMU does
 * not link it to the layer, but both have the same path. */
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
        /* A path like "a:b" looks like a protocol, except at the node that opens it. */
        place->node->path = storage.node->path;
    }
    return layer;
}

/* NULL if not even the top node is found. */
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
