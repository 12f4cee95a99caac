/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_emit_block and qemu_block_rows: which images are listed, their names, their values.
 */
#include "emit_case.h"

#define SIZE(value)                                                                                \
    {                                                                                              \
        (value), true                                                                              \
    }

/* A qcow2 image over a raw one with a node each for format and file, and one node alone. */
static const QemuFactsNode nodes[] = {
    {.node_name = "#block9"},
    {.node_name = "top",
     .driver = "qcow2",
     .path = "/img/top.qcow2",
     .virtual_size = SIZE(1000),
     .actual_size = SIZE(300),
     .write_threshold = SIZE(1)}, /* that of the format node is not the one that counts */
    {.node_name = "top-file",
     .driver = "file",
     .path = "/img/top.qcow2",
     .virtual_size = SIZE(400),
     .actual_size = SIZE(300),
     .write_threshold = SIZE(77),
     .limits = {[QEMU_FACTS_BLOCK_LIMIT_REQUEST_ALIGNMENT] = SIZE(1),
                [QEMU_FACTS_BLOCK_LIMIT_DISCARD_MAX] = SIZE(0),
                [QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_OPTIMAL] = SIZE(4096)}},
    {.node_name = "base",
     .driver = "raw",
     .path = "/dev/vg/base",
     .virtual_size = SIZE(900),
     .actual_size = SIZE(0)},
    {.node_name = "base-dev",
     .driver = "host_device",
     .path = "/dev/vg/base",
     .virtual_size = SIZE(950),
     .actual_size = SIZE(0)},
    {.node_name = "net", .driver = "nbd", .virtual_size = SIZE(800)},
    {.node_name = "relative", .driver = "file", .path = "d.qcow2", .virtual_size = SIZE(3)},
    {.node_name = "handed", .driver = "file", .path = "/dev/fdset/2", .virtual_size = SIZE(4)},
    {.node_name = "q-net", .driver = "qcow2", .virtual_size = SIZE(700)},
    {.node_name = "#block123", .driver = "file", .path = "/img/cd.iso", .virtual_size = SIZE(7)},
    {.node_name = "data",
     .driver = "file",
     .path = "/img/data.raw",
     .virtual_size = SIZE(60),
     .actual_size = SIZE(61)},
    {.node_name = "ext",
     .driver = "qcow2",
     .path = "/img/ext.qcow2",
     .data_file = "data.raw",
     .virtual_size = SIZE(62),
     .actual_size = SIZE(63)},
    {.node_name = "libvirt-12-format",
     .driver = "raw",
     .path = "/img/copy",
     .virtual_size = SIZE(5),
     .actual_size = SIZE(6),
     .wr_highest_offset = SIZE(4)},
};

static const QemuFactsLayer chain[] = {
    {"top", "top-file", NULL, SIZE(55)},
    {"base", "base-dev", NULL, {0}},
};

/* Adds a disk of QEMU's, with its own value of rd_reqs; @n_layers 0: it has no medium. */
static QemuFactsDisk *
add_disk(EmitCase *self, const char *device, const char *qdev, const QemuFactsLayer *layers,
         guint n_layers)
{
    QemuFactsDisk disk = {.device = device, .qdev = qdev};

    if (self->facts.disks == NULL) {
        self->facts.disks = qemu_facts_new_disks(1);
        emit_case_set_nodes(self, nodes, G_N_ELEMENTS(nodes));
    }
    disk.rd_reqs = util_count_of(self->facts.disks->len);
    if (n_layers > 0)
        disk.layers = emit_case_array(layers, n_layers, sizeof(*layers));
    g_array_append_val(self->facts.disks, disk);
    return &g_array_index(self->facts.disks, QemuFactsDisk, self->facts.disks->len - 1);
}

static QemuDefinitionDisk *
tell_disk(EmitCase *self, const char *target, const char *alias, const char *path)
{
    QemuDefinitionDisk *disk = NULL;

    emit_case_tell_by_libvirt(self);
    disk = qemu_definition_add_disk(self->definition);
    disk->target = g_strdup(target);
    disk->alias = g_strdup(alias);
    disk->path = g_strdup(path);
    return disk;
}

static void
tell_chain(QemuDefinitionDisk *disk)
{
    const unsigned int indexes[] = {2, 1};

    disk->indexes = EMIT_CASE_ARRAY(indexes);
    disk->paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(disk->paths, g_strdup("/told/top.qcow2"));
    g_ptr_array_add(disk->paths, g_strdup("/told/base"));
}

static void
fill_pressure(EmitCase *self)
{
    self->facts.host.group.io = (HostGroupPressure){util_count_of(5), util_count_of(0)};
    self->input.with_ext = true;
}

static void
fill_silence(EmitCase *self)
{
    (void)self;
}

static void
fill_no_disks(EmitCase *self)
{
    self->facts.disks = qemu_facts_new_disks(0);
}

/* Every kind of name that QEMU has for a disk. */
static void
fill_names(EmitCase *self)
{
    const QemuFactsLayer named = {.node_name = "net"};
    const QemuFactsLayer unnamed = {.node_name = "#block9"};

    add_disk(self, "", "/machine/peripheral/d0/virtio-backend", NULL, 0);
    add_disk(self, "drive1", "/machine/peripheral/us0/us0.0/legacy[0]", NULL, 0);
    add_disk(self, "drive2", "scsi2", NULL, 0);
    add_disk(self, "ide1-cd0", "/machine/unattached/device[3]", NULL, 0);
    add_disk(self, "", "/machine/peripheral-anon/device[1]/virtio-backend", NULL, 0);
    add_disk(self, "", "/machine/peripheral-anon/device[2]/virtio-backend", &unnamed, 1);
    add_disk(self, "", "/machine/peripheral-anon/device[4]", &named, 1);
    add_disk(self, "", "/machine/peripheral-anon/device[5]/scsi.0/legacy[0]", &unnamed, 1);
    add_disk(self, "", "/machine/peripheral-anon/device[6]/scsi.1/legacy[0]", &unnamed, 1);
    add_disk(self, NULL, "/machine/unattached/device[7]", NULL, 0);
}

/* A device called like a drive, and a board's device numbered like the user's. */
static void
fill_equal_names(EmitCase *self)
{
    add_disk(self, "drive1", "same", NULL, 0);
    add_disk(self, "same", "/machine/peripheral-anon/device[0]", NULL, 0);
    add_disk(self, "", "/machine/peripheral-anon/device[1]", NULL, 0);
    add_disk(self, "", "/machine/unattached/device[1]", NULL, 0);
}

static void
fill_counters(EmitCase *self)
{
    QemuFactsDisk *disk = add_disk(self, "", "d0", NULL, 0);

    disk->rd_bytes = util_count_of(1);
    disk->rd_times_ns = util_count_of(2);
    disk->wr_reqs = util_count_of(3);
    disk->wr_bytes = util_count_of(UINT64_MAX);
    disk->wr_times_ns = util_count_of(4);
    disk->fl_reqs = util_count_of(0);
    disk->fl_times_ns = util_count_of(5);
    disk->failed_rd = util_count_of(6);
    disk->invalid_fl = util_count_of(7);
    disk->idle_ns = util_count_of(8);
}

static void
fill_counters_ext(EmitCase *self)
{
    fill_counters(self);
    self->input.with_ext = true;
}

static void
fill_intervals(EmitCase *self)
{
    const QemuFactsTimedGroup groups[] = {
        {60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0.25, 1.5, 2},
        {.interval_s = 3600},
    };

    add_disk(self, "", "d0", NULL, 0)->timed_groups = EMIT_CASE_ARRAY(groups);
    self->input.with_ext = true;
}

static void
fill_histograms(EmitCase *self)
{
    const uint64_t boundaries[] = {1000, 2000};
    const uint64_t bins[] = {3, 0, UINT64_MAX};
    QemuFactsDisk *disk = add_disk(self, "", "d0", NULL, 0);

    disk->histograms[QEMU_FACTS_HISTOGRAM_FLUSH].boundaries = EMIT_CASE_ARRAY(boundaries);
    disk->histograms[QEMU_FACTS_HISTOGRAM_FLUSH].bins = EMIT_CASE_ARRAY(bins);
    disk->histograms[QEMU_FACTS_HISTOGRAM_READ].boundaries = EMIT_CASE_ARRAY(boundaries);
    disk->histograms[QEMU_FACTS_HISTOGRAM_READ].bins = EMIT_CASE_ARRAY(boundaries);
    disk->histograms[QEMU_FACTS_HISTOGRAM_WRITE].bins = EMIT_CASE_ARRAY(bins);
}

static void
fill_chain(EmitCase *self)
{
    add_disk(self, "", "d0", chain, G_N_ELEMENTS(chain));
}

static void
fill_chain_backing(EmitCase *self)
{
    fill_chain(self);
    add_disk(self, "", "d1", NULL, 0);
    self->input.with_backing = true;
}

/* An image without a node of its own for the file, of a size that only "virtual" tells. */
static void
fill_single_nodes(EmitCase *self)
{
    const QemuFactsLayer network = {.node_name = "net"};
    const QemuFactsLayer unknown = {.node_name = "nowhere", .wr_highest_offset = SIZE(5)};

    add_disk(self, "", "d0", &network, 1);
    add_disk(self, "", "d1", &unknown, 1);
}

/* A qcow2 image on a server that does not count the space it takes. */
static void
fill_network_image(EmitCase *self)
{
    const QemuFactsLayer image = {"q-net", "net", NULL, SIZE(0)};

    add_disk(self, "", "d0", &image, 1);
}

/* Paths that are not absolute; for one of them libvirt has the absolute path. */
static void
fill_odd_paths(EmitCase *self)
{
    static const QemuFactsLayer layers[] = {{.node_name = "relative"}, {.node_name = "handed"}};

    add_disk(self, "", "d0", &layers[0], 1);
    add_disk(self, "", "d1", &layers[1], 1);
}

static void
fill_odd_paths_told(EmitCase *self)
{
    fill_odd_paths(self);
    tell_disk(self, "vda", "d0", NULL);
    tell_disk(self, "vdb", "d1", "/told/vdb");
}

static void
fill_data_file(EmitCase *self)
{
    const QemuFactsLayer layers[] = {
        {"ext", NULL, "data", SIZE(64)}, /* QEMU shows the data file below the image */
        {"ext", NULL, NULL, SIZE(65)},   /* it does not: found by its path */
    };

    add_disk(self, "", "d0", layers, 2);
    self->input.with_backing = true;
}

static void
tell_data_file(QemuDefinitionDisk *disk, const char *path, unsigned int index)
{
    QemuDefinitionDataFile *file = qemu_definition_add_data_file(disk);

    file->is_there = path != NULL;
    file->path = g_strdup(path);
    file->index = index;
}

/* libvirt's number of the first one has changed since its XML was read. */
static void
fill_data_file_told(EmitCase *self)
{
    const QemuFactsLayer layers[] = {
        {"ext", NULL, "libvirt-12-format", SIZE(64)},
        {"ext", NULL, NULL, SIZE(65)},
    };
    QemuDefinitionDisk *disk = tell_disk(self, "vda", "d0", NULL);

    add_disk(self, "", "d0", layers, 2);
    tell_chain(disk);
    tell_data_file(disk, "/told/top.data", 9);
    tell_data_file(disk, "/told/base.data", 8);
    self->input.with_backing = true;
}

/* A QEMU that was not asked; and one whose image has no data file by now. */
static void
fill_data_file_told_of_silent(EmitCase *self)
{
    QemuDefinitionDisk *disk = tell_disk(self, "vda", "d0", "/told/top.qcow2");

    tell_chain(disk);
    tell_data_file(disk, NULL, 0);
    tell_data_file(disk, "/told/base.data", 8);
    self->input.with_backing = true;
}

static void
fill_data_file_gone(EmitCase *self)
{
    fill_data_file_told_of_silent(self);
    add_disk(self, "", "d0", chain, G_N_ELEMENTS(chain));
}

/* Aliases in a device's id, in its path, in a drive's name; one that QEMU does not have; an
 * order that is not QEMU's. */
static void
fill_told(EmitCase *self)
{
    add_disk(self, "", "/machine/peripheral/virtio-disk10/virtio-backend", NULL, 0);
    add_disk(self, "drive-sd-disk0", NULL, NULL, 0);
    add_disk(self, "", "ide0-0-0", chain, G_N_ELEMENTS(chain));
    add_disk(self, "", "/machine/peripheral/usb-disk1/usb-disk1.0/legacy[0]", NULL, 0);
    add_disk(self, "", "unmanaged", NULL, 0);
    tell_chain(tell_disk(self, "hda", "ide0-0-0", "/told/top.qcow2"));
    tell_disk(self, "vda", "virtio-disk1", "/told/vda.raw");
    tell_disk(self, "vdb", "virtio-disk10", NULL);
    tell_disk(self, "sda", "sd-disk0", NULL);
    tell_disk(self, "sdb", "usb-disk1", NULL);
    tell_disk(self, "vdc", "unmanaged", NULL)->is_vhost_user = true;
    tell_disk(self, "vdd", NULL, NULL);
}

static void
fill_told_mirror(EmitCase *self)
{
    QemuDefinitionDisk *disk = tell_disk(self, "vda", "d0", NULL);

    add_disk(self, "", "d0", chain, G_N_ELEMENTS(chain));
    tell_chain(disk);
    disk->mirror_path = g_strdup("/img/data.raw");
    disk->mirror_index = 9;
    disk = tell_disk(self, "vdb", "d1", NULL);
    disk->mirror_path = g_strdup("/img/unknown");
    self->input.with_backing = true;
}

/* libvirt was asked before the chain grew, and before it numbered the target of the copy. */
static void
fill_told_before(EmitCase *self)
{
    static const QemuFactsLayer grown = {"libvirt-12-format", NULL, NULL, SIZE(3)};
    QemuDefinitionDisk *disk = tell_disk(self, "vda", "d0", NULL);

    add_disk(self, "", "d0", &grown, 1);
    tell_chain(disk);
    disk->mirror_path = g_strdup("/img/copy");
    disk->mirror_index = 9;
    self->input.with_backing = true;
}

static void
fill_told_of_silent(EmitCase *self)
{
    QemuDefinitionDisk *disk = tell_disk(self, "vda", "d0", "/told/top.qcow2");

    tell_chain(disk);
}

static void
fill_told_of_silent_backing(EmitCase *self)
{
    fill_told_of_silent(self);
    self->input.with_backing = true;
}

static void
fill_told_off(EmitCase *self)
{
    fill_told_of_silent(self);
    self->input.is_active = false;
}

static void
fill_told_no_disks(EmitCase *self)
{
    emit_case_tell_by_libvirt(self);
    self->facts.disks = qemu_facts_new_disks(0);
}

static void
add_image(EmitCase *self, const char *path, QemuFactsImage image)
{
    if (self->facts.images == NULL)
        self->facts.images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(self->facts.images, g_strdup(path), g_memdup2(&image, sizeof(image)));
}

/* The images of a domain that is off were read; sizes of 0 are not shown. */
static void
fill_off_with_sizes(EmitCase *self)
{
    tell_chain(tell_disk(self, "vda", "d0", "/told/top.qcow2"));
    tell_disk(self, "vdb", "d1", "/told/gone");
    add_image(self, "/told/top.qcow2", (QemuFactsImage){{55, true}, {1000, true}, {300, true}});
    add_image(self, "/told/base", (QemuFactsImage){{0, true}, {900, true}, {0, true}});
    self->input.is_active = false;
}

static void
fill_off_with_backing(EmitCase *self)
{
    fill_off_with_sizes(self);
    self->input.with_backing = true;
}

#define COUNT(n)        "block.count uint " #n "\n"
#define NAME(n, name)   "block." #n ".name string " name "\n"
#define PATH(n, path)   "block." #n ".path string " path "\n"
#define INDEX(n, index) "block." #n ".backingIndex uint " #index "\n"
#define READS(n, reads) "block." #n ".rd.reqs ullong " #reads "\n"
#define SIZES(n, allocation, capacity, physical)                                                   \
    "block." #n ".allocation ullong " #allocation "\nblock." #n ".capacity ullong " #capacity      \
    "\nblock." #n ".physical ullong " #physical "\n"
#define TOP_LIMITS(n)                                                                              \
    "block." #n ".threshold ullong 77\nblock." #n ".limits.request_alignment ullong 1\nblock." #n  \
    ".limits.memory_alignment_optimal ullong 4096\n"
#define BIN(n, bin, start, value)                                                                  \
    "block." #n ".latency_histogram.flush.bin." #bin ".start ullong " #start "\nblock." #n         \
    ".latency_histogram.flush.bin." #bin ".value ullong " #value "\n"
#define TIMED(g, name, value) "block.0.timed_group." #g "." name " ullong " #value "\n"
#define LATENCY(g, name, min, max, avg)                                                            \
    TIMED(g, name "_latency_min", min)                                                             \
    TIMED(g, name "_latency_max", max) TIMED(g, name "_latency_avg", avg)
#define DEPTH(g, rd, wr, zap)                                                                      \
    "block.0.timed_group." #g ".rd_queue_depth_avg double " #rd "\nblock.0.timed_group." #g        \
    ".wr_queue_depth_avg double " #wr "\nblock.0.timed_group." #g                                  \
    ".zone_append_queue_depth_avg double " #zap "\n"
#define COUNTERS                                                                                   \
    READS(0, 0)                                                                                    \
    "block.0.rd.bytes ullong 1\nblock.0.rd.times ullong 2\nblock.0.wr.reqs ullong 3\n"             \
    "block.0.wr.bytes ullong 18446744073709551615\nblock.0.wr.times ullong 4\n"                    \
    "block.0.fl.reqs ullong 0\nblock.0.fl.times ullong 5\n"

/* Expected texts, as lines and as macros of several lines. */
/* clang-format off */
static const EmitRow rows[] = {
    {"the machine's waiting for storage is told without QEMU", qemu_emit_block, fill_pressure, false,
     "ext.block.pressure.some ullong 5\next.block.pressure.full ullong 0\n"},
    {"nobody told of disks", qemu_emit_block, fill_silence, false, ""},
    {"a domain without disks", qemu_emit_block, fill_no_disks, true, COUNT(0)},
    {"told to have none, it has none", qemu_emit_block, fill_told_no_disks, true, COUNT(0)},
    {"the most lasting name that QEMU has", qemu_emit_block, fill_names, true,
     COUNT(10) NAME(0, "d0") READS(0, 0) NAME(1, "us0") READS(1, 1) NAME(2, "scsi2") READS(2, 2)
     NAME(3, "ide1-cd0") READS(3, 3) NAME(4, "device[1]") READS(4, 4) NAME(5, "device[2]")
     READS(5, 5) "block.5.allocation ullong 0\n" NAME(6, "net") READS(6, 6) "block.6.allocation ullong 0\n"
     "block.6.capacity ullong 800\nblock.6.physical ullong 800\n" NAME(7, "device[5]") READS(7, 7) "block.7.allocation ullong 0\n"
     NAME(8, "device[6]") READS(8, 8) "block.8.allocation ullong 0\n" NAME(9, "device[7]") READS(9, 9)},
    {"a name that another disk has gives way to the place in QEMU", qemu_emit_block,
     fill_equal_names, true,
     COUNT(4) NAME(0, "same") READS(0, 0) NAME(1, "/machine/peripheral-anon/device[0]") READS(1, 1)
     NAME(2, "device[1]") READS(2, 2) NAME(3, "/machine/unattached/device[1]") READS(3, 3)},
    {"counters in libvirt's order", qemu_emit_block, fill_counters, true,
     COUNT(1) NAME(0, "d0") COUNTERS},
    {"ours after them", qemu_emit_block, fill_counters_ext, true,
     COUNT(1) NAME(0, "d0") COUNTERS "ext.block.0.rd.failed ullong 6\n"
     "ext.block.0.fl.invalid ullong 7\next.block.0.idle ullong 8\n"},
    {"statistics of intervals; those of flushes are 0", qemu_emit_block, fill_intervals, true,
     COUNT(1) NAME(0, "d0") READS(0, 0) "block.0.timed_group.count ullong 2\n"
     TIMED(0, "interval", 60) LATENCY(0, "rd", 1, 2, 3) LATENCY(0, "wr", 4, 5, 6)
     LATENCY(0, "zone_append", 7, 8, 9) LATENCY(0, "flush", 0, 0, 0) DEPTH(0, 0.25, 1.5, 2)
     TIMED(1, "interval", 3600) LATENCY(1, "rd", 0, 0, 0) LATENCY(1, "wr", 0, 0, 0)
     LATENCY(1, "zone_append", 0, 0, 0) LATENCY(1, "flush", 0, 0, 0) DEPTH(1, 0, 0, 0)
     "ext.block.0.rd.queue_depth double 0.25\next.block.0.wr.queue_depth double 1.5\n"},
    {"a histogram whole, malformed ones not at all", qemu_emit_block, fill_histograms, true,
     COUNT(1) NAME(0, "d0") READS(0, 0) "block.0.latency_histogram.flush.bin.count ullong 3\n"
     BIN(0, 0, 0, 3) BIN(0, 1, 1000, 0) BIN(0, 2, 2000, 18446744073709551615)},
    {"threshold and limits are those of the file's node", qemu_emit_block, fill_chain, true,
     COUNT(1) NAME(0, "d0") PATH(0, "/img/top.qcow2") READS(0, 0) SIZES(0, 55, 1000, 300)
     TOP_LIMITS(0)},
    {"a chain, the size of the device where QEMU counts no space",
     qemu_emit_block, fill_chain_backing, true,
     COUNT(3) NAME(0, "d0") PATH(0, "/img/top.qcow2") READS(0, 0) SIZES(0, 55, 1000, 300)
     TOP_LIMITS(0) NAME(1, "d0") PATH(1, "/dev/vg/base") SIZES(1, 0, 900, 950) NAME(2, "d1")
     READS(2, 1)},
    {"one node for both; a disk was unplugged before its node was listed",
     qemu_emit_block, fill_single_nodes, false,
     COUNT(2) NAME(0, "d0") READS(0, 0) SIZES(0, 0, 800, 800) NAME(1, "d1") READS(1, 1)},
    {"where no space is counted, what the guest sees stands for it, not the file's size",
     qemu_emit_block, fill_network_image, true,
     COUNT(1) NAME(0, "d0") READS(0, 0) SIZES(0, 0, 700, 700)},
    {"a relative name and one of a descriptor are no paths", qemu_emit_block, fill_odd_paths, true,
     COUNT(2) NAME(0, "d0") READS(0, 0) SIZES(0, 0, 3, 3) NAME(1, "d1") READS(1, 1)
     SIZES(1, 0, 4, 4)},
    {"libvirt knows what was handed over", qemu_emit_block, fill_odd_paths_told, true,
     COUNT(2) NAME(0, "vda") READS(0, 0) SIZES(0, 0, 3, 3) NAME(1, "vdb") PATH(1, "/told/vdb")
     READS(1, 1) SIZES(1, 0, 4, 4)},
    {"a data file comes after its layer", qemu_emit_block, fill_data_file, true,
     COUNT(4) NAME(0, "d0") PATH(0, "/img/ext.qcow2") READS(0, 0) SIZES(0, 64, 62, 63)
     NAME(1, "d0") PATH(1, "/img/data.raw") SIZES(1, 64, 60, 61) NAME(2, "d0")
     PATH(2, "/img/ext.qcow2") SIZES(2, 65, 62, 63) NAME(3, "d0") PATH(3, "/img/data.raw")
     "block.3.capacity ullong 60\nblock.3.physical ullong 61\n"},
    {"libvirt has numbers of data files", qemu_emit_block, fill_data_file_told, true,
     COUNT(4) NAME(0, "vda") PATH(0, "/img/ext.qcow2") INDEX(0, 2) READS(0, 0) SIZES(0, 64, 62, 63)
     NAME(1, "vda") PATH(1, "/img/copy") INDEX(1, 12) SIZES(1, 64, 5, 6) NAME(2, "vda")
     PATH(2, "/img/ext.qcow2") INDEX(2, 1) SIZES(2, 65, 62, 63) NAME(3, "vda")
     PATH(3, "/img/data.raw") INDEX(3, 8) "block.3.capacity ullong 60\nblock.3.physical ullong 61\n"},
    {"and tells of them where QEMU does not", qemu_emit_block, fill_data_file_told_of_silent, false,
     COUNT(3) NAME(0, "vda") PATH(0, "/told/top.qcow2") INDEX(0, 2) NAME(1, "vda")
     PATH(1, "/told/base") INDEX(1, 1) NAME(2, "vda") PATH(2, "/told/base.data") INDEX(2, 8)},
    {"a data file that QEMU does not have has no row", qemu_emit_block, fill_data_file_gone, true,
     COUNT(2) NAME(0, "vda") PATH(0, "/img/top.qcow2") INDEX(0, 2) READS(0, 0)
     SIZES(0, 55, 1000, 300) TOP_LIMITS(0) NAME(1, "vda") PATH(1, "/dev/vg/base") INDEX(1, 1)
     SIZES(1, 0, 900, 950)},
    {"libvirt's disks in its order, by alias", qemu_emit_block, fill_told, true,
     COUNT(7) NAME(0, "hda") PATH(0, "/img/top.qcow2") INDEX(0, 2) READS(0, 2)
     SIZES(0, 55, 1000, 300) TOP_LIMITS(0) NAME(1, "vda") PATH(1, "/told/vda.raw") NAME(2, "vdb")
     READS(2, 0) NAME(3, "sda") READS(3, 1) NAME(4, "sdb") READS(4, 3) NAME(5, "vdc")
     NAME(6, "vdd")},
    {"the target of a copy comes last of its disk", qemu_emit_block, fill_told_mirror, true,
     COUNT(5) NAME(0, "vda") PATH(0, "/img/top.qcow2") INDEX(0, 2) READS(0, 0)
     SIZES(0, 55, 1000, 300) TOP_LIMITS(0) NAME(1, "vda") PATH(1, "/dev/vg/base") INDEX(1, 1)
     SIZES(1, 0, 900, 950) NAME(2, "vda") PATH(2, "/img/data.raw") INDEX(2, 9)
     "block.2.capacity ullong 60\nblock.2.physical ullong 61\n" NAME(3, "vdb") NAME(4, "vdb")
     PATH(4, "/img/unknown")},
    {"libvirt's number of an image is in the name of its node", qemu_emit_block, fill_told_before,
     true,
     COUNT(2) NAME(0, "vda") PATH(0, "/img/copy") INDEX(0, 12) READS(0, 0) SIZES(0, 3, 5, 6)
     NAME(1, "vda") PATH(1, "/img/copy") INDEX(1, 12) SIZES(1, 4, 5, 6)},
    {"of a silent QEMU what libvirt told", qemu_emit_block, fill_told_of_silent, false,
     COUNT(1) NAME(0, "vda") PATH(0, "/told/top.qcow2") INDEX(0, 2)},
    {"and of its chain", qemu_emit_block, fill_told_of_silent_backing, false,
     COUNT(2) NAME(0, "vda") PATH(0, "/told/top.qcow2") INDEX(0, 2) NAME(1, "vda")
     PATH(1, "/told/base") INDEX(1, 1)},
    {"off, what libvirt told is all there is", qemu_emit_block, fill_told_off, true,
     COUNT(1) NAME(0, "vda") PATH(0, "/told/top.qcow2") INDEX(0, 2)},
    {"off, the sizes that its files told", qemu_emit_block, fill_off_with_sizes, true,
     COUNT(2) NAME(0, "vda") PATH(0, "/told/top.qcow2") INDEX(0, 2) SIZES(0, 55, 1000, 300)
     NAME(1, "vdb") PATH(1, "/told/gone")},
    {"off, of its chain too; none that is 0", qemu_emit_block, fill_off_with_backing, true,
     COUNT(3) NAME(0, "vda") PATH(0, "/told/top.qcow2") INDEX(0, 2) SIZES(0, 55, 1000, 300)
     NAME(1, "vda") PATH(1, "/told/base") INDEX(1, 1) "block.1.capacity ullong 900\n"
     NAME(2, "vdb") PATH(2, "/told/gone")},
};
/* clang-format on */

/* A QEMU that shows one node again and again gets no more records than it may have nodes, and
 * the group is said not to be whole. */
static void
records_of_a_hostile_chain_are_bounded(void **state)
{
    enum { N_DISKS = 200, N_LAYERS = 200 };
    EmitCase self = {.input = {.is_active = true, .with_backing = true}};
    QemuFactsLayer layers[N_LAYERS];
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};

    (void)state;
    qemu_facts_init(&self.facts);
    for (size_t i = 0; i < N_LAYERS; i++)
        layers[i] = chain[0];
    for (size_t i = 0; i < N_DISKS; i++)
        add_disk(&self, "", "d0", layers, N_LAYERS);
    self.input.facts = &self.facts;
    assert_false(qemu_emit_block(&writer, &self.input));
    assert_string_equal(params.params[0].field, "block.count");
    assert_true(params.params[0].value.ui >= 16384);
    assert_true(params.params[0].value.ui <= 16384 + N_DISKS);
    qemu_facts_clear(&self.facts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_a_hostile_chain_are_bounded),
    };
    int n_failed = TESTING_RUN_TABLE("block", rows, emit_case_check);

    return n_failed + cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
