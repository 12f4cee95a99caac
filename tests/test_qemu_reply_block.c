/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_reply_block: replies of query-blockstats and query-named-block-nodes, and the disks
 * with their layers made of them as text. Graphs and names are those that QEMU 7.2 gave for real
 * images, with newer members where the row's sentence says so; counters are made up.
 */
#include "qemu/facts/qemu_reply.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "testing.h"

typedef struct {
    const char *sentence;
    const char *disks; /* reply of query-blockstats */
    const char *nodes; /* of query-named-block-nodes; NULL: it never came */
    const char *expected;
} Row;

static void
show_count(GString *out, const char *name, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(out, " %s %" G_GUINT64_FORMAT, name, count.value);
}

static void
show_counters(GString *out, const QemuFactsDisk *disk)
{
    const struct {
        const char *name;
        UtilCount count;
    } counts[] = {
        {"rd", disk->rd_reqs},          {"rdb", disk->rd_bytes},
        {"rdt", disk->rd_times_ns},     {"wr", disk->wr_reqs},
        {"wrb", disk->wr_bytes},        {"wrt", disk->wr_times_ns},
        {"fl", disk->fl_reqs},          {"flt", disk->fl_times_ns},
        {"failed-rd", disk->failed_rd}, {"failed-wr", disk->failed_wr},
        {"failed-fl", disk->failed_fl}, {"bad-rd", disk->invalid_rd},
        {"bad-wr", disk->invalid_wr},   {"bad-fl", disk->invalid_fl},
        {"idle", disk->idle_ns},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        show_count(out, counts[i].name, counts[i].count);
    g_string_append_c(out, '\n');
}

static void
show_histograms(GString *out, const QemuFactsDisk *disk)
{
    static const char *const names[] = {"read", "write", "zone", "flush"};

    for (size_t i = 0; i < QEMU_FACTS_N_HISTOGRAMS; i++) {
        const QemuFactsHistogram *histogram = &disk->histograms[i];

        if (histogram->bins == NULL)
            continue;
        g_string_append_printf(out, " %s", names[i]);
        for (guint bin = 0; bin < histogram->bins->len; bin++) {
            uint64_t start = bin > 0 ? g_array_index(histogram->boundaries, uint64_t, bin - 1) : 0;

            g_string_append_printf(out, " %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, start,
                                   g_array_index(histogram->bins, uint64_t, bin));
        }
        g_string_append_c(out, '\n');
    }
}

static void
show_timed_groups(GString *out, const GArray *groups)
{
    for (guint i = 0; groups != NULL && i < groups->len; i++) {
        const QemuFactsTimedGroup *group = &g_array_index(groups, QemuFactsTimedGroup, i);
        const uint64_t values[] = {
            group->interval_s, group->rd_min_ns,  group->rd_max_ns, group->rd_avg_ns,
            group->wr_min_ns,  group->wr_max_ns,  group->wr_avg_ns, group->zap_min_ns,
            group->zap_max_ns, group->zap_avg_ns,
        };

        g_string_append(out, " timed");
        for (size_t k = 0; k < G_N_ELEMENTS(values); k++)
            g_string_append_printf(out, " %" G_GUINT64_FORMAT, values[k]);
        g_string_append_printf(out, " depth %g %g %g\n", group->rd_queue_depth,
                               group->wr_queue_depth, group->zap_queue_depth);
    }
}

static void
show_node(GString *out, const QemuFactsNode *node)
{
    if (node == NULL)
        return;
    g_string_append_printf(out, " [%s %s", node->driver ? node->driver : "-",
                           node->path ? node->path : "-");
    show_count(out, "size", node->virtual_size);
    show_count(out, "used", node->actual_size);
    show_count(out, "threshold", node->write_threshold);
    for (size_t i = 0; i < QEMU_FACTS_N_BLOCK_LIMITS; i++) {
        g_autofree char *name = g_strdup_printf("limit%zu", i);

        show_count(out, name, node->limits[i]);
    }
    g_string_append_c(out, ']');
}

static void
show_layers(GString *out, const QemuFacts *facts, const GArray *layers)
{
    for (guint i = 0; layers != NULL && i < layers->len; i++) {
        const QemuFactsLayer *layer = &g_array_index(layers, QemuFactsLayer, i);

        g_string_append_printf(out, " %s", layer->node_name);
        show_node(out, qemu_facts_node(facts, layer->node_name));
        g_string_append_printf(out, " on %s", layer->storage_name ? layer->storage_name : "-");
        show_node(out, qemu_facts_node(facts, layer->storage_name));
        if (layer->data_name != NULL)
            g_string_append_printf(out, " data %s", layer->data_name);
        show_count(out, "highest", layer->wr_highest_offset);
        g_string_append_c(out, '\n');
    }
}

static char *
show(const QemuFacts *facts)
{
    GString *out = g_string_new("");

    for (guint i = 0; facts->disks != NULL && i < facts->disks->len; i++) {
        const QemuFactsDisk *disk = &g_array_index(facts->disks, QemuFactsDisk, i);

        g_string_append_printf(out, "%s '%s'", disk->qdev ? disk->qdev : "-", disk->device);
        show_counters(out, disk);
        show_histograms(out, disk);
        show_timed_groups(out, disk->timed_groups);
        show_layers(out, facts, disk->layers);
    }
    return g_string_free(out, FALSE);
}

static UtilJson *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    UtilJson *value = util_json_parse(text, strlen(text), QEMU_LIMIT_REPLY_DEPTH, &error);

    if (error != NULL)
        fail_msg("%s in %s", error->message, text);
    return value;
}

/* In both orders: the facts must not depend on which reply came first. */
static void
joins(const void *data)
{
    const Row *row = data;
    g_autoptr(UtilJson) disks = parse(row->disks);
    g_autoptr(UtilJson) nodes = parse(row->nodes ? row->nodes : "[]");

    for (int disks_first = 0; disks_first < 2; disks_first++) {
        g_auto(QemuFacts) facts = {0};
        g_autofree char *shown = NULL;
        bool is_believed = true;

        qemu_facts_init(&facts);
        if (disks_first)
            is_believed &= qemu_reply_parse_blockstats(disks, &facts);
        if (row->nodes != NULL)
            is_believed &= qemu_reply_parse_named_nodes(nodes, &facts);
        if (!disks_first)
            is_believed &= qemu_reply_parse_blockstats(disks, &facts);
        qemu_reply_finish_block(&facts);
        shown = is_believed ? show(&facts) : g_strdup("refused\n");
        testing_assert_same_text(shown, row->expected);
    }
}

#define STATS(rd, highest)                                                                         \
    "\"stats\":{\"unmap_operations\":0,\"unmap_merged\":0,\"flush_total_time_ns\":8,"              \
    "\"wr_highest_offset\":" highest ",\"wr_total_time_ns\":6,\"failed_wr_operations\":0,"         \
    "\"failed_rd_operations\":0,\"wr_merged\":0,\"wr_bytes\":5,\"timed_stats\":[],"                \
    "\"failed_unmap_operations\":0,\"failed_flush_operations\":0,\"account_invalid\":true,"        \
    "\"rd_total_time_ns\":3,\"invalid_unmap_operations\":0,\"flush_operations\":7,"                \
    "\"wr_operations\":4,\"unmap_bytes\":0,\"rd_merged\":0,\"rd_bytes\":2,"                        \
    "\"unmap_total_time_ns\":0,\"invalid_flush_operations\":0,\"account_failed\":true,"            \
    "\"rd_operations\":" rd ",\"invalid_wr_operations\":0,\"invalid_rd_operations\":0}"
#define SHOWN(rd)                                                                                  \
    " rd " rd " rdb 2 rdt 3 wr 4 wrb 5 wrt 6 fl 7 flt 8 failed-rd 0 failed-wr 0 failed-fl 0"       \
    " bad-rd 0 bad-wr 0 bad-fl 0"
/* Below the top image only the offset is read. */
#define OFFSET(highest)     "\"stats\":{\"wr_highest_offset\":" highest ",\"rd_operations\":0}"
#define LEAF(name, highest) "{" OFFSET(highest) ",\"node-name\":\"" name "\"}"
#define LAYER(name, storage, backing)                                                              \
    "{\"parent\":" storage "," OFFSET("1") ",\"node-name\":\"" name "\"" backing "}"
#define FILTER(name, child)                                                                        \
    "{\"parent\":" child "," OFFSET("2") ",\"node-name\":\"" name "\",\"backing\":" child "}"
#define BACKING(layer) ",\"backing\":" layer
/* Members of a disk that stands on @node, an object's text without its first brace. */
#define DISK(qdev, node) "{\"device\":\"\",\"qdev\":\"" qdev "\"," node

#define NODE(name, driver, file)                                                                   \
    "{\"iops_rd\":0,\"image\":{\"virtual-size\":100,\"filename\":\"" file                          \
    "\",\"format\":\"" driver                                                                      \
    "\",\"actual-size\":50,\"dirty-flag\":false},\"ro\":false,\"node-name\":\"" name               \
    "\",\"drv\":\"" driver "\",\"write_threshold\":0,\"file\":\"" file "\"}"
#define SIZES            " size 100 used 50 threshold 0]"
#define JSON_FILE(file)  "{\\\"driver\\\":\\\"file\\\",\\\"filename\\\":\\\"" file "\\\"}"
#define JSON_QCOW2(file) "{\\\"driver\\\":\\\"qcow2\\\",\\\"file\\\":" JSON_FILE(file) "}"
#define JSON_THROTTLE(child)                                                                       \
    "{\\\"throttle-group\\\":\\\"tg0\\\",\\\"driver\\\":\\\"throttle\\\",\\\"file\\\":" child "}"

static const Row graph_rows[] = {
    {"a drive with an id stands on a format and a file",
     "[{\"device\":\"drv0\",\"parent\":" LEAF("#block603", "65536") "," STATS(
         "1",
         "0") ",\"node-name\":\"#block737\",\"qdev\":\"/machine/peripheral/vd0/virtio-backend\"}]",
     "[" NODE("#block737", "qcow2", "s.qcow2") "," NODE("#block603", "file", "s.qcow2") "]",
     "/machine/peripheral/vd0/virtio-backend 'drv0'" SHOWN("1") "\n"
                                                                " #block737 [qcow2 s.qcow2" SIZES
                                                                " on #block603 [file s.qcow2" SIZES
                                                                " highest 65536\n"},
    {"a chain of three is walked from the top",
     "[" DISK(
         "vd1",
         "\"parent\":" LEAF("f3", "30") "," STATS("1", "0") ",\"node-name\":\"q3\"" BACKING(
             LAYER("q2", LEAF("f2", "20"), BACKING(LAYER("q1", LEAF("f1", "10"), "")))) "}") "]",
     "[" NODE("q3", "qcow2", "/i/3") "," NODE("q2", "qcow2", "/i/2") "," NODE(
         "q1", "raw", "/i/1") "," NODE("f2", "file", "/i/2") "]",
     "vd1 ''" SHOWN("1") "\n"
                         " q3 [qcow2 /i/3" SIZES " on f3 highest 30\n"
                         " q2 [qcow2 /i/2" SIZES " on f2 [file /i/2" SIZES " highest 20\n"
                         " q1 [raw /i/1" SIZES " on f1 highest 10\n"},
    {"a file without a format node has no storage of its own",
     "[" DISK("vd4", STATS("1", "77") ",\"node-name\":\"f-raw\"}") "]",
     "[" NODE("f-raw", "file", "r.raw") "]",
     "vd4 ''" SHOWN("1") "\n f-raw [file r.raw" SIZES " on -\n"},
    {"an empty drive is a disk without layers",
     "[{\"device\":\"\"," STATS("0", "0") ",\"qdev\":\"cd0\"}]", "[]", "cd0 ''" SHOWN("0") "\n"},
    {"a drive that no device uses is no disk, with a medium or without",
     "[{\"device\":\"orphan\"," STATS("1", "0") ",\"node-name\":\"#b1\"},"
                                                "{\"device\":\"emptydrv\"," STATS("0", "0") "}]",
     "[]", ""},
    {"a throttle filter is gone through",
     "[" DISK("vd2", STATS("1", "0") ",\"node-name\":\"th\",\"parent\":" LAYER(
                         "q", LEAF("f", "9"), "") BACKING(LAYER("q", LEAF("f", "9"), "")) "}") "]",
     "[" NODE("th", "throttle",
              "json:" JSON_THROTTLE(JSON_QCOW2("t.qcow2"))) "," NODE("q", "qcow2", "t.qcow2") "]",
     "vd2 ''" SHOWN("1") "\n q [qcow2 t.qcow2" SIZES " on f highest 9\n"},
    {"filters on filters, and one between layers",
     "[" DISK("vd3",
              STATS("1", "0") ",\"node-name\":\"cor\",\"parent\":" FILTER(
                  "th", LAYER("q1", LEAF("f1", "7"),
                              BACKING(FILTER("th0", LAYER("q0", LEAF("f0", "6"), "")))))
                  BACKING(FILTER("th", LAYER("q1", LEAF("f1", "7"),
                                             BACKING(FILTER("th0", LAYER("q0", LEAF("f0", "6"),
                                                                         "")))))) "}") "]",
     "[]", "vd3 ''" SHOWN("1") "\n q1 on f1 highest 7\n q0 on f0 highest 6\n"},
    {"a filter between format and file is gone through",
     "[" DISK("vd6", STATS("1", "0") ",\"node-name\":\"r\",\"parent\":" FILTER(
                         "th", LEAF("f", "5")) "}") "]",
     "[]", "vd6 ''" SHOWN("1") "\n r on f highest 5\n"},
    {"5.1 shows a filter's child once: its driver tells",
     "[" DISK("vd2", STATS("1", "0") ",\"node-name\":\"th\",\"parent\":" LAYER(
                         "q", LEAF("f", "9"), BACKING(LEAF("b", "0"))) "}") "]",
     "[" NODE("th", "throttle", "t") "," NODE("q", "qcow2", "t") "]",
     "vd2 ''" SHOWN("1") "\n q [qcow2 t" SIZES " on f highest 9\n b on -\n"},
    {"a mirror job's filter has its child as backing only",
     "[" DISK("vd2", STATS("1", "0") ",\"node-name\":\"m\"" BACKING(
                         LAYER("q", LEAF("f", "9"), "")) "}") "]",
     "[" NODE("m", "mirror_top", "t") "]", "vd2 ''" SHOWN("1") "\n q on f highest 9\n"},
    {"a filter without a child is taken as it is",
     "[" DISK("vd2", STATS("1", "0") ",\"node-name\":\"th\"}") "]",
     "[" NODE("th", "throttle", "t") "]", "vd2 ''" SHOWN("1") "\n th [throttle t" SIZES " on -\n"},
    {"an external data file is told from the file itself",
     "[" DISK("vd5",
              STATS("1", "0") ",\"node-name\":\"q-d\",\"parent\":" LEAF("f-dd", "4") "}") "]",
     "[{\"node-name\":\"q-d\",\"drv\":\"qcow2\",\"file\":\"d.qcow2\",\"image\":{\"format-"
     "specific\":"
     "{\"type\":\"qcow2\",\"data\":{\"compat\":\"1.1\",\"data-file\":\"d.raw\"}}}}," NODE(
         "f-dd", "file", "d.raw") "," NODE("f-d", "file", "d.qcow2") "]",
     "vd5 ''" SHOWN("1") "\n q-d [qcow2 d.qcow2] on f-d [file d.qcow2" SIZES
                         " data f-dd highest 4\n"},
    {"a layer without a name ends the chain",
     "[" DISK("vd1", STATS("1", "0") ",\"node-name\":\"q\"" BACKING("{}") "}") "]", "[]",
     "vd1 ''" SHOWN("1") "\n q on -\n"},
    {"children that are no objects are none",
     "[" DISK("vd1", STATS("1", "0") ",\"node-name\":\"q\",\"parent\":7,\"backing\":[1]}") "]",
     "[]", "vd1 ''" SHOWN("1") "\n q on -\n"},
    {"a node twice counts once", "[" DISK("vd1", STATS("1", "0") ",\"node-name\":\"q\"}") "]",
     "[" NODE("q", "raw", "a") "," NODE("q", "qcow2", "b") "]",
     "vd1 ''" SHOWN("1") "\n q [raw a" SIZES " on -\n"},
    {"without nodes no layer is known",
     "[" DISK("vd1", STATS("1", "0") ",\"node-name\":\"q\"}") "]", NULL, "vd1 ''" SHOWN("1") "\n"},
    {"a disk that is no object is refused", "[7]", "[]", "refused\n"},
    {"an object is no list of disks", "{}", "[]", "refused\n"},
    {"an object is no list of nodes", "[]", "{}", "refused\n"},
    {"nodes without a name are left out", "[" DISK("a", "\"node-name\":\"q\"}") "]",
     "[7,{},{\"node-name\":7}," NODE("q", "raw", "a") "]", "a ''\n q [raw a" SIZES " on -\n"},
};

#define DRIVE(device, qdev) "{\"device\":\"" device "\",\"qdev\":\"" qdev "\"}"

static const Row flash_rows[] = {
    {"a PC's flash is no disk, by -drive or by -blockdev",
     "[" DRIVE("pflash0", "/machine/system.flash0") "," DRIVE(
         "", "/machine/system.flash1") "," DRIVE("vars", "/machine/system.flash1") "]",
     "[]", ""},
    {"nor is that of the machines virt and sbsa-ref",
     "[" DRIVE("pflash0", "/machine/virt.flash0") "," DRIVE("", "/machine/virt.flash1") "," DRIVE(
         "pflash1", "/machine/sbsa.flash1") "]",
     "[]", ""},
    {"nor that of a board that keeps it among its own devices",
     "[" DRIVE("pflash0", "/machine/unattached/device[3]") "," DRIVE(
         "mtd12", "/machine/unattached/device[9]") "]",
     "[]", ""},
    {"the board's other drives are disks: a CD, a floppy, an SD card",
     "[" DRIVE("ide1-cd0", "/machine/unattached/device[23]") "," DRIVE(
         "floppy0",
         "/machine/unattached/device[16]") "," DRIVE("sd0", "/machine/unattached/device[8]") "]",
     "[]",
     "/machine/unattached/device[23] 'ide1-cd0'\n/machine/unattached/device[16] 'floppy0'\n"
     "/machine/unattached/device[8] 'sd0'\n"},
    {"a disk may be called like flash",
     "[" DRIVE("pflash0", "pflash0") "," DRIVE(
         "pflash0", "/machine/peripheral/system.flash0/virtio-backend") "," DRIVE("pflash0x",
                                                                                  "/machine/"
                                                                                  "unattached/"
                                                                                  "device[8]") "]",
     "[]",
     "pflash0 'pflash0'\n/machine/peripheral/system.flash0/virtio-backend 'pflash0'\n"
     "/machine/unattached/device[8] 'pflash0x'\n"},
};

#define HISTOGRAM(name, boundaries, bins)                                                          \
    "\"" name "_latency_histogram\":{\"bins\":[" bins "],\"boundaries\":[" boundaries "]}"
#define ONLY_STATS(text) "[{\"qdev\":\"a\",\"stats\":{" text "}}]"

static const Row counter_rows[] = {
    {"counters fill 64 bits",
     ONLY_STATS("\"rd_bytes\":18446744073709551615,\"idle_time_ns\":1,\"invalid_rd_operations\":2,"
                "\"failed_wr_operations\":3"),
     "[]", "a '' rdb 18446744073709551615 failed-wr 3 bad-rd 2 idle 1\n"},
    {"what is no count is absent",
     ONLY_STATS("\"rd_bytes\":-1,\"wr_bytes\":\"7\",\"rd_operations\":1.5,\"wr_operations\":true,"
                "\"flush_operations\":null,\"flush_total_time_ns\":[1],\"rd_total_time_ns\":1e3"),
     "[]", "a ''\n"},
    {"statistics that are none leave the disk", "[{\"qdev\":\"a\",\"stats\":[]}]", "[]", "a ''\n"},
    {"a device that is no string is none", "[{\"qdev\":\"a\",\"device\":7}]", "[]", "a ''\n"},
    {"a qdev that is no string makes no disk", "[{\"qdev\":7}]", "[]", ""},
    {"histograms have a bin more than boundaries, 8.1's of zones too",
     ONLY_STATS(HISTOGRAM("rd", "10,50", "1,2,3") "," HISTOGRAM("wr", "", "4") "," HISTOGRAM(
         "flush", "10", "5,6") "," HISTOGRAM("zone_append", "9", "7,8")),
     "[]", "a ''\n read 0:1 10:2 50:3\n write 0:4\n zone 0:7 9:8\n flush 0:5 10:6\n"},
    {"histograms of other lengths or values are absent",
     ONLY_STATS(HISTOGRAM("rd", "10,50", "1,2") "," HISTOGRAM("wr", "10", "-1,2") "," HISTOGRAM(
         "zone_append", "\"9\"",
         "7,8") ",\"flush_latency_histogram\":{\"bins\":[1],\"boundaries\":{}}"),
     "[]", "a ''\n"},
    {"intervals are groups; what is left out is 0",
     ONLY_STATS("\"timed_stats\":[{\"avg_flush_latency_ns\":1,\"avg_rd_queue_depth\":0,"
                "\"min_rd_latency_ns\":2,\"max_flush_latency_ns\":3,\"avg_wr_latency_ns\":4,"
                "\"interval_length\":10,\"max_wr_latency_ns\":5,\"avg_rd_latency_ns\":6,"
                "\"max_rd_latency_ns\":7,\"min_flush_latency_ns\":8,"
                "\"avg_wr_queue_depth\":3.79e-05,\"min_wr_latency_ns\":9},"
                "{\"interval_length\":60,\"min_zone_append_latency_ns\":1,"
                "\"max_zone_append_latency_ns\":2,\"avg_zone_append_latency_ns\":3,"
                "\"avg_zone_append_queue_depth\":0.5}]"),
     "[]",
     "a ''\n timed 10 2 7 6 9 5 4 0 0 0 depth 0 3.79e-05 0\n"
     " timed 60 0 0 0 0 0 0 1 2 3 depth 0 0 0.5\n"},
    {"bad values of an interval are 0",
     ONLY_STATS("\"timed_stats\":[{\"interval_length\":-1,\"avg_rd_queue_depth\":-0.5,"
                "\"avg_wr_queue_depth\":\"1\",\"min_rd_latency_ns\":1.5},7]"),
     "[]",
     "a ''\n timed 0 0 0 0 0 0 0 0 0 0 depth 0 0 0\n timed 0 0 0 0 0 0 0 0 0 0 depth 0 0 0\n"},
    {"intervals that are no list are none", ONLY_STATS("\"timed_stats\":{}"), "[]", "a ''\n"},
};

#define ON_Q "[{\"qdev\":\"a\",\"node-name\":\"q\",\"parent\":{\"node-name\":\"f\"}}]"

static const Row node_rows[] = {
    {"10.2 tells a node's limits", ON_Q,
     "[{\"node-name\":\"f\",\"write_threshold\":500000,\"image\":{\"limits\":{"
     "\"request-alignment\":1,\"max-discard\":2,\"discard-alignment\":3,\"max-write-zeroes\":4,"
     "\"write-zeroes-alignment\":5,\"opt-transfer\":6,\"max-transfer\":7,\"max-hw-transfer\":8,"
     "\"max-iov\":9,\"max-hw-iov\":10,\"min-mem-alignment\":11,\"opt-mem-alignment\":12}}}]",
     "a ''\n q on f [- - threshold 500000 limit0 1 limit1 2 limit2 3 limit3 4 limit4 5 limit5 6"
     " limit6 7 limit7 8 limit8 9 limit9 10 limit10 11 limit11 12]\n"},
    {"sizes that are none are absent", ON_Q,
     "[{\"node-name\":\"q\",\"write_threshold\":-1,\"image\":{\"virtual-size\":\"1\","
     "\"actual-size\":1.5,\"limits\":[],\"format-specific\":7}}]",
     "a ''\n q [- -] on f\n"},
    {"an image that is none leaves the node", ON_Q, "[{\"node-name\":\"q\",\"image\":7}]",
     "a ''\n q [- -] on f\n"},
    {"the file name is also in the image", ON_Q,
     "[{\"node-name\":\"q\",\"image\":{\"filename\":\"/i\"}}]", "a ''\n q [- /i] on f\n"},
    {"a path inside JSON is dug out, through layers of it", ON_Q,
     "[" NODE("q", "qcow2", "json:" JSON_THROTTLE(JSON_QCOW2("c0.qcow2"))) "]",
     "a ''\n q [qcow2 c0.qcow2" SIZES " on f\n"},
    {"JSON without a local file has no path", ON_Q,
     "[" NODE("q", "raw", "json:{\\\"driver\\\":\\\"null-co\\\",\\\"size\\\":1}") "]",
     "a ''\n q [raw -" SIZES " on f\n"},
    {"a network's file name inside JSON is no path", ON_Q,
     "[" NODE("q", "raw", "json:{\\\"driver\\\":\\\"ftp\\\",\\\"filename\\\":\\\"/x\\\"}") "]",
     "a ''\n q [raw -" SIZES " on f\n"},
    {"JSON that names a node has no path", ON_Q,
     "[" NODE("q", "raw", "json:{\\\"driver\\\":\\\"raw\\\",\\\"file\\\":\\\"f\\\"}") "]",
     "a ''\n q [raw -" SIZES " on f\n"},
    {"broken JSON has no path", ON_Q, "[" NODE("q", "raw", "json:{\\\"driver\\\"") "]",
     "a ''\n q [raw -" SIZES " on f\n"},
    {"a file may be called as JSON begins", ON_Q,
     "[" NODE("q", "raw", "json:x") "," NODE("f", "file", "json:x") "]",
     "a ''\n q [raw json:x" SIZES " on f [file json:x" SIZES "\n"},
    {"a network image has no path", ON_Q,
     "[" NODE("q", "raw", "nbd://h:1/x") "," NODE("f", "nbd", "nbd://h:1/x") "]",
     "a ''\n q [raw -" SIZES " on f [nbd -" SIZES "\n"},
    {"nor has one whose protocol needs no slashes", ON_Q, "[" NODE("q", "raw", "rbd:p/i") "]",
     "a ''\n q [raw -" SIZES " on f\n"},
    {"a path with a colon first is one where a file driver opens it", ON_Q,
     "[" NODE("q", "raw", "a:b") "," NODE("f", "file", "a:b") "]",
     "a ''\n q [raw a:b" SIZES " on f [file a:b" SIZES "\n"},
    {"a colon after a slash is a path's", ON_Q, "[" NODE("q", "raw", "/d/a:b") "]",
     "a ''\n q [raw /d/a:b" SIZES " on f\n"},
    {"a path may be relative", ON_Q, "[" NODE("q", "raw", "b") "]",
     "a ''\n q [raw b" SIZES " on f\n"},
    {"no file name is no path", ON_Q, "[" NODE("q", "raw", "") "]",
     "a ''\n q [raw -" SIZES " on f\n"},
};

typedef struct {
    const char *sentence;
    const char *reply; /* of query-blockstats for each node */
    bool is_good;
    UtilCount expected; /* how far the data of node "q" reaches */
} OffsetRow;

static const OffsetRow offset_rows[] = {
    {"of the node that holds its data",
     "[{\"node-name\":\"q\",\"stats\":{\"wr_highest_offset\":1},\"parent\":{\"stats\":"
     "{\"wr_highest_offset\":7}}},{\"node-name\":\"unknown\"},{},7]",
     true,
     {7, true}},
    {"0 without such a node", "[{\"node-name\":\"q\"}]", true, {0, true}},
    {"absent where QEMU does not say", "[{\"node-name\":\"q\",\"parent\":{}}]", true, {0}},
    {"absent where the node is not told", "[]", true, {0}},
    {"no list", "{}", false, {0}},
};

static void
reaches(const void *data)
{
    static const char nodes[] = "[{\"node-name\":\"q\",\"image\":{}}]";
    const OffsetRow *row = data;
    g_autoptr(UtilJson) first = util_json_parse(nodes, strlen(nodes), 8, NULL);
    g_autoptr(UtilJson) reply = util_json_parse(row->reply, strlen(row->reply), 8, NULL);
    g_auto(QemuFacts) facts = {0};
    UtilCount got = {0};

    qemu_facts_init(&facts);
    assert_true(qemu_reply_parse_named_nodes(first, &facts));
    assert_int_equal(qemu_reply_parse_blockstats_nodes(reply, &facts), row->is_good);
    got = qemu_facts_node(&facts, "q")->wr_highest_offset;
    assert_int_equal(got.is_present, row->expected.is_present);
    assert_int_equal(got.value, row->expected.value);
}

int
main(void)
{
    return TESTING_RUN_TABLE("offsets", offset_rows, reaches) +
           TESTING_RUN_TABLE("block graph", graph_rows, joins) +
           TESTING_RUN_TABLE("flash", flash_rows, joins) +
           TESTING_RUN_TABLE("block counters", counter_rows, joins) +
           TESTING_RUN_TABLE("block nodes", node_rows, joins);
}
