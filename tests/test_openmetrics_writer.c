/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_openmetrics_writer: what records become, line by line. Each row names lines that must be in
 * the exposition and some that must not.
 */
#include "openmetrics/openmetrics_writer.h"

#include <math.h>
#include <string.h>

#include "openmetrics/openmetrics_limits.h"
#include "testing.h"

#define MAX_RECORDS 3
#define MAX_LINES   12

typedef struct {
    const char *sentence;
    DomstatsRecord records[MAX_RECORDS]; /* up to the first without a name */
    OpenmetricsWriterInput input;
    const char *lines[MAX_LINES]; /* in this order */
    const char *absent[6];        /* beginnings of lines */
} Row;

#define U1 "11111111-1111-1111-1111-111111111111"
#define U2 "22222222-2222-2222-2222-222222222222"

#define ULL(name, number)                                                                          \
    {                                                                                              \
        .field = name, .type = VIR_TYPED_PARAM_ULLONG, .value.ul = number                          \
    }
#define UINT(name, number)                                                                         \
    {                                                                                              \
        .field = name, .type = VIR_TYPED_PARAM_UINT, .value.ui = number                            \
    }
#define INT(name, number)                                                                          \
    {                                                                                              \
        .field = name, .type = VIR_TYPED_PARAM_INT, .value.i = number                              \
    }
#define DOUBLE(name, number)                                                                       \
    {                                                                                              \
        .field = name, .type = VIR_TYPED_PARAM_DOUBLE, .value.d = number                           \
    }
#define BOOLEAN(name, is)                                                                          \
    {                                                                                              \
        .field = name, .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = is                              \
    }
#define STRING(name, text)                                                                         \
    {                                                                                              \
        .field = name, .type = VIR_TYPED_PARAM_STRING, .value.s = (char *)text                     \
    }
#define PARAMS(array) .params = array, .n_params = G_N_ELEMENTS(array)
#define OM            .dialect = OPENMETRICS_OUTPUT_OPENMETRICS
#define LIBVIRT       .names = OPENMETRICS_WRITER_NAMES_LIBVIRT
#define KUMINA        .names = OPENMETRICS_WRITER_NAMES_KUMINA

static virTypedParameter cpu[] = {
    INT("state.state", VIR_DOMAIN_RUNNING),
    ULL("cpu.time", 1500000001),
    ULL("balloon.current", 4),
    ULL("balloon.maximum", UINT64_MAX),
    ULL("balloon.available", 1000),
    ULL("balloon.usable", 250),
    ULL("vcpu.3.delay", 10),
    BOOLEAN("vcpu.3.halted", 1),
};

static virTypedParameter devices[] = {
    STRING("net.0.name", "tap0"),
    ULL("net.0.rx.bytes", 7),
    STRING("net.2.name", "tap0"),
    ULL("net.2.rx.bytes", 8),
    STRING("block.0.name", "vda"),
    STRING("block.0.path", "/a\\b \"c\"\n\xff"),
    ULL("block.0.rd.reqs", 9),
    ULL("block.1.rd.reqs", 10),
    STRING("about.block.0.bus", "virtio"),
    STRING("about.block.1.source", "pool/image"),
    STRING("about.net.0.bridge", "br0"),
    UINT("about.net.0.mtu", 1500),
};

static virTypedParameter histogram[] = {
    STRING("block.0.name", "vda"),
    ULL("block.0.latency_histogram.read.bin.count", 3),
    ULL("block.0.latency_histogram.read.bin.0.start", 0),
    ULL("block.0.latency_histogram.read.bin.0.value", 1),
    ULL("block.0.latency_histogram.read.bin.1.start", 1000000000),
    ULL("block.0.latency_histogram.read.bin.1.value", 2),
    ULL("block.0.latency_histogram.read.bin.2.start", 1000000000),
    ULL("block.0.latency_histogram.read.bin.2.value", 4),
    ULL("block.0.latency_histogram.write.bin.0.start", 0),
    ULL("block.0.latency_histogram.write.bin.0.value", 8),
};

/* Two bounds that are one number of 64 bits, and counts whose sum has more. */
static virTypedParameter vast_histogram[] = {
    STRING("block.0.name", "vda"),
    ULL("block.0.latency_histogram.read.bin.0.start", 0),
    ULL("block.0.latency_histogram.read.bin.0.value", UINT64_MAX),
    ULL("block.0.latency_histogram.read.bin.1.start", 1ULL << 60),
    ULL("block.0.latency_histogram.read.bin.1.value", 2),
    ULL("block.0.latency_histogram.read.bin.2.start", (1ULL << 60) + 1),
    ULL("block.0.latency_histogram.read.bin.2.value", 2),
};

static virTypedParameter stats[] = {
    ULL("vcpu.0.exits.sum", 5),
    ULL("vcpu.0.exits.max", 6),
    ULL("vcpu.0.od\"d.cur", 7),
    ULL("vm.pages_4k.cur", 8),
};

static virTypedParameter monitors[] = {
    STRING("cpu.cache.monitor.0.name", "vcpus_0-1"),
    UINT("cpu.cache.monitor.0.bank.count", 1),
    UINT("cpu.cache.monitor.0.bank.0.id", 4),
    UINT("cpu.cache.monitor.0.bank.0.bytes", 100),
    STRING("cpu.energy.monitor.0.name", "e"),
    UINT("cpu.energy.monitor.0.pkg.0.id", 1),
    DOUBLE("cpu.energy.monitor.0.pkg.0.core_energy", 12345678.5),
};

static virTypedParameter off[] = {
    INT("state.state", VIR_DOMAIN_SHUTOFF),
    ULL("balloon.maximum", 1),
};

static virTypedParameter nova[] = {
    STRING("about.state.nova.name", "web server"),
    STRING("about.state.os", "hvm"),
    BOOLEAN("about.state.persistent", 0),
};

static virTypedParameter strange[] = {
    {.field = "cpu.time", .type = VIR_TYPED_PARAM_STRING, .value.s = (char *)"1 2\n"},
    DOUBLE("balloon.rss", (double)NAN),
    ULL("cpu.user.0", 1),
    {.field = "cpu.system", .type = VIR_TYPED_PARAM_LLONG, .value.l = -1},
    DOUBLE("cpu.energy.monitor.0.pkg.0.core_energy", -0.5),
    INT("net.0.rx.bytes", -1),
    ULL("block.1.2.3.rd.reqs", 1),
    ULL("block.99999999999.rd.reqs", 1),
    ULL("vm.123456789.sum", 1),
    ULL(".b.123456789", 1),
    ULL("", 1),
};

/* As no libvirt writes them, but a peer may. */
static virTypedParameter alien[] = {
    ULL("state.state", 1),    ULL("round.up", 7),         ULL("round.health", 8),
    ULL("domain.missing", 9), ULL("domain.answered", 10), ULL("vcpu.0.time", 11),
    ULL("vcpu.#.time", 12),   ULL("vcpu.0.*.sum", 13),    ULL("vm.*.cur", 14),
};

static const Row rows[] = {
    {"an exposition without domains has the host, and ends",
     {{NULL}},
     {OM, .version = "1.2", .round_us = 1500, .blind_spot = "x"},
     {"# HELP domstats_build The program that answers.", "# TYPE domstats_build info",
      "domstats_build_info{version=\"1.2\"} 1", "# UNIT domstats_round_seconds seconds",
      "domstats_round_seconds 0.0015", "domstats_blind_spot 1", "domstats_domains 0",
      "domstats_domains_by_health{health=\"ok\"} 0", "# EOF"},
     {"domstats_domain_", "# HELP domstats_domain_"}},
    {"the text format names families as samples, and has no end mark",
     {{.name = (char *)"a", PARAMS(cpu)}},
     {.version = "1"},
     {"# TYPE domstats_build_info gauge", "# TYPE domstats_domain_cpu_seconds_total counter"},
     {"# EOF", "# UNIT"}},
    {"values are exact, in base units",
     {{.name = (char *)"a", PARAMS(cpu)}},
     {OM},
     {"# TYPE domstats_domain_cpu_seconds counter",
      "domstats_domain_cpu_seconds_total{domain=\"a\"} 1.500000001",
      "domstats_domain_memory_bytes{domain=\"a\"} 4096",
      "domstats_domain_memory_maximum_bytes{domain=\"a\"} 1.888946593147858e+22",
      "domstats_vcpu_delay_seconds_total{domain=\"a\",vcpu=\"3\"} 0.00000001",
      "domstats_vcpu_halted{domain=\"a\",vcpu=\"3\"} 1"}},
    {"the verdict on a domain that does not answer",
     {{.name = (char *)"a",
       .health = DOMSTATS_HEALTH_STOPPED,
       .reason_code = DOMSTATS_REASON_SIGNAL,
       .answered_by = DOMSTATS_ANSWERED_BY_HOST,
       .monitor_us = -1,
       .since_us = 2000001,
       .taken_us = 3000000,
       .missing = VIR_DOMAIN_STATS_BLOCK}},
     {OM, .now_us = 5000000},
     {"domstats_domains 1", "domstats_domains_answered 0",
      "domstats_domains_by_health{health=\"stopped\"} 1",
      "domstats_domain_verdict_info{answered_by=\"host\",domain=\"a\",health=\"stopped\","
      "reason=\"signal\"} 1",
      "domstats_domain_answered{domain=\"a\"} 0", "domstats_domain_complete{domain=\"a\"} 0",
      "domstats_domain_group_missing{domain=\"a\",group=\"block\"} 1",
      "domstats_domain_verdict_since_timestamp_seconds{domain=\"a\"} 2.000001",
      "domstats_domain_answer_age_seconds{domain=\"a\"} 2"},
     {"domstats_domain_answer_seconds"}},
    {"a domain that is off lacks nothing, and groups that nobody judges are not told",
     {{.name = (char *)"a", PARAMS(off), .missing = VIR_DOMAIN_STATS_CPU_TOTAL},
      {.name = (char *)"b", .missing = VIR_DOMAIN_STATS_PERF | VIR_DOMAIN_STATS_BLOCK}},
     {OM, .judged = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BLOCK},
     {"domstats_domain_complete{domain=\"a\"} 1", "domstats_domain_complete{domain=\"b\"} 0",
      "domstats_domain_group_missing{domain=\"b\",group=\"block\"} 1"},
     {"domstats_domain_group_missing{domain=\"a\"",
      "domstats_domain_group_missing{domain=\"b\",group=\"perf\""}},
    {"devices have their names, and one without a name, or with a name that another has, a number",
     {{.name = (char *)"a", PARAMS(devices)}},
     {OM},
     {"domstats_interface_info{bridge=\"br0\",device=\"tap0\",domain=\"a\",interface_type=\"\","
      "mac=\"\",model=\"\",mtu=\"1500\",network=\"\",source=\"\",virtual_interface=\"\"} 1",
      "domstats_interface_receive_bytes_total{device=\"tap0\",domain=\"a\"} 7",
      "domstats_interface_receive_bytes_total{device=\"tap0#2\",domain=\"a\"} 8",
      "domstats_block_info{bus=\"virtio\",cache=\"\",device=\"vda\",discard=\"\",domain=\"a\","
      "format=\"\",kind=\"\",path=\"/a\\\\b \\\"c\\\"\\n\xef\xbf\xbd\",protocol=\"\",serial=\"\","
      "source=\"\",source_type=\"\"} 1",
      "domstats_block_read_requests_total{device=\"vda\",domain=\"a\"} 9",
      "domstats_block_read_requests_total{device=\"#1\",domain=\"a\"} 10"},
     {"domstats_interface_info{bridge=\"\""}},
    {"bins are cumulative buckets, and bounds that do not grow are one bucket",
     {{.name = (char *)"a", PARAMS(histogram)}},
     {OM},
     {"# TYPE domstats_block_read_latency_seconds histogram",
      "domstats_block_read_latency_seconds_bucket{device=\"vda\",domain=\"a\",le=\"1.0\"} 1",
      "domstats_block_read_latency_seconds_bucket{device=\"vda\",domain=\"a\",le=\"+Inf\"} 7",
      "domstats_block_write_latency_seconds_bucket{device=\"vda\",domain=\"a\",le=\"+Inf\"} 8"},
     {"domstats_block_read_latency_seconds_count", "domstats_block_read_latency_seconds_sum"}},
    {"bounds that are written alike are one bucket, and no bucket is less than the one before",
     {{.name = (char *)"a", PARAMS(vast_histogram)}},
     {OM},
     {"# TYPE domstats_block_read_latency_seconds histogram",
      "domstats_block_read_latency_seconds_bucket{device=\"vda\",domain=\"a\","
      "le=\"1.152921504606847e+09\"} 18446744073709551615\n"
      "domstats_block_read_latency_seconds_bucket{device=\"vda\",domain=\"a\",le=\"+Inf\"} "
      "18446744073709551615"}},
    {"statistics of KVM come when they are asked for",
     {{.name = (char *)"a", PARAMS(stats)}},
     {OM, .with_kvm = true},
     {"domstats_kvm_vcpu_statistic_total{domain=\"a\",stat=\"exits\",vcpu=\"0\"} 5",
      "domstats_kvm_vcpu_level{domain=\"a\",stat=\"od\\\"d\",vcpu=\"0\"} 7",
      "domstats_kvm_vm_level{domain=\"a\",stat=\"pages_4k\"} 8"}},
    {"and not otherwise", {{.name = (char *)"a", PARAMS(stats)}}, {OM}, {NULL}, {"domstats_kvm"}},
    {"monitors of resctrl have the names of their monitors and parts",
     {{.name = (char *)"a", PARAMS(monitors)}},
     {OM},
     {"domstats_cache_monitor_occupancy_bytes{bank=\"4\",domain=\"a\",monitor=\"vcpus_0-1\"} 100",
      "domstats_energy_monitor_core_joules_total{domain=\"a\",monitor=\"e\",package=\"1\"} "
      "1.23456785e+07"}},
    {"two domains of one name are told apart on all series, and a third is not touched",
     {{.name = (char *)"a", .uuid = U1, PARAMS(cpu)},
      {.name = (char *)"a", .uuid = U2, PARAMS(cpu)},
      {.name = (char *)"b", .uuid = U2}},
     {OM},
     {"domstats_domain_answered{domain=\"a (" U1 ")\"} 1",
      "domstats_domain_answered{domain=\"a (" U2 ")\"} 1",
      "domstats_domain_answered{domain=\"b\"} 1",
      "domstats_domain_cpu_seconds_total{domain=\"a (" U1 ")\"} 1.500000001",
      "domstats_domain_cpu_seconds_total{domain=\"a (" U2 ")\"} 1.500000001"},
     {"domstats_domain_cpu_seconds_total{domain=\"a\"}"}},
    {"also with one UUID, and beside a domain that has such a name",
     {{.name = (char *)"a", .uuid = U1, .id = 1},
      {.name = (char *)"a", .uuid = U1, .id = 2},
      {.name = (char *)"a (" U1 ")", .uuid = U2, .id = 3}},
     {OM},
     {"domstats_domains 3", "domstats_domain_answered{domain=\"a (" U1 ", 2)\"} 1",
      "domstats_domain_answered{domain=\"a (" U1 ", 3)\"} 1",
      "domstats_domain_answered{domain=\"a (" U1 ")\"} 1"}},
    {"names that are one once they are valid are told apart",
     {{.name = (char *)"a\xfe", .uuid = U1, .id = 1},
      {.name = (char *)"a\xff", .uuid = U2, .id = 2}},
     {OM},
     {"domstats_domain_answered{domain=\"a\xef\xbf\xbd (" U1 ")\"} 1",
      "domstats_domain_answered{domain=\"a\xef\xbf\xbd (" U2 ")\"} 1"}},
    {"a domain that was asked for twice is told once",
     {{.name = (char *)"a", .uuid = U1, .id = 1}, {.name = (char *)"a", .uuid = U1, .id = 1}},
     {OM},
     {"domstats_domains 1", "domstats_domain_answered{domain=\"a (" U1 ")\"} 1"},
     {"domstats_domain_answered{domain=\"a\"}", "domstats_domain_answered{domain=\"a (" U1 ", "}},
    {"values of no use, and fields that nobody knows, are left out",
     {{.name = (char *)"a", PARAMS(strange)}},
     {OM, .with_kvm = true},
     {NULL},
     {"domstats_domain_cpu", "domstats_domain_resident", "domstats_block", "domstats_kvm",
      "domstats_energy", "domstats_interface_receive"}},
    {"libvirt's names: the state in words, the UUID of every domain, percent",
     {{.name = (char *)"a", .uuid = U1, .id = 1, PARAMS(cpu)}},
     {OM, LIBVIRT},
     {"domstats_domain_answered{domain=\"a\"} 1", "libvirt_up 1", "libvirt_domains 1",
      "libvirt_domain_timed_out{domain=\"a\"} 0",
      "libvirt_domain_openstack_info{domain=\"a\",flavor_name=\"\",instance_id=\"" U1
      "\",instance_name=\"\",project_id=\"\",project_name=\"\",user_id=\"\",user_name=\"\"} 1",
      "libvirt_domain_info_vstate{domain=\"a\"} 1",
      "libvirt_domain_info_state{domain=\"a\",state_desc=\"the domain is running\"} 1",
      "# TYPE libvirt_domain_info_cpu_time_seconds counter",
      "libvirt_domain_info_cpu_time_seconds_total{domain=\"a\"} 1.500000001",
      "libvirt_domain_memory_stats_actual_balloon_bytes{domain=\"a\"} 4096",
      "libvirt_domain_memory_stats_current_balloon_bytes{domain=\"a\"} 4096",
      "libvirt_domain_memory_stats_used_percent{domain=\"a\"} 75.0"},
     {"domstats_domain_cpu"}},
    {"a state of a type that is not libvirt's has no words",
     {{.name = (char *)"a", PARAMS(alien)}},
     {LIBVIRT},
     {"libvirt_up 1", "libvirt_domain_info_vstate{domain=\"a\"} 1",
      "libvirt_domain_info_state{domain=\"a\",state_desc=\"no state\"} 1"},
     {"libvirt_up 7"}},
    {"a field that is called like what is in no field is not taken for it",
     {{.name = (char *)"a", PARAMS(alien)}},
     {.with_kvm = true},
     {"domstats_domain_answered{domain=\"a\"} 1",
      "domstats_vcpu_cpu_seconds_total{domain=\"a\",vcpu=\"0\"} 0.000000011"},
     {"domstats_domains_by_health{health=\"no state\"}", "domstats_domain_group_missing",
      "domstats_domain_answered{domain=\"a\"} 10", "domstats_kvm"}},
    {"libvirt's names: what a domain and its devices are",
     {{.name = (char *)"a", PARAMS(nova)}, {.name = (char *)"b", PARAMS(devices)}},
     {LIBVIRT},
     {"# TYPE libvirt_domain_info gauge",
      "libvirt_domain_info{domain=\"a\",os_type=\"hvm\",os_type_arch=\"\",os_type_machine=\"\"} 1",
      "libvirt_domain_block_stats_info{disk_type=\"\",domain=\"b\",driver_cache=\"\","
      "driver_discard=\"\",driver_name=\"qemu\",driver_type=\"\",serial=\"\","
      "source_file=\"pool/image\",source_protocol=\"\",target_bus=\"\",target_device=\"#1\"} 1",
      "libvirt_domain_block_stats_read_requests_total{domain=\"b\",target_device=\"vda\"} 9",
      "libvirt_domain_interface_stats_info{domain=\"b\",interface_type=\"\",mac_address=\"\","
      "model_type=\"\",mtu_size=\"1500\",source_bridge=\"br0\",target_device=\"tap0\"} 1",
      "libvirt_domain_interface_stats_receive_bytes_total{domain=\"b\",target_device=\"tap0\"} 7"}},
    {"libvirt's names leave out domains that do not run, but not the verdict",
     {{.name = (char *)"a", PARAMS(off)}, {.name = (char *)"b", PARAMS(cpu)}},
     {OM, LIBVIRT},
     {"domstats_domain_answered{domain=\"a\"} 1", "libvirt_domains 1"},
     {"libvirt_domain_info_vstate{domain=\"a\"", "libvirt_domain_timed_out{domain=\"a\""}},
    {"the older labels",
     {{.name = (char *)"a", .uuid = U1, PARAMS(cpu)},
      {.name = (char *)"b", .uuid = U2, PARAMS(devices)}},
     {KUMINA},
     {"domstats_domain_answered{domain=\"a\"} 1", "libvirt_domains_number 2",
      "libvirt_domain_state_code{domain=\"a\",uuid=\"" U1 "\"} 1",
      "libvirt_domain_block_stats_read_requests_total{domain=\"b\",source_file=\"/a\\\\b "
      "\\\"c\\\"\\n\xef\xbf\xbd\",target_device=\"vda\",uuid=\"" U2 "\"} 9",
      "libvirt_domain_interface_stats_receive_bytes_total{domain=\"b\",source_bridge=\"br0\","
      "target_device=\"tap0\",uuid=\"" U2 "\"} 7"},
     {"libvirt_domain_info_state", "libvirt_domain_block_stats_info"}},
    {"a word that no domain has is told by its verdict alone",
     {{.name = (char *)"a", .health = DOMSTATS_HEALTH_NO_DOMAIN, .monitor_us = -1, .id = -1}},
     {OM, LIBVIRT},
     {"domstats_domains 0", "domstats_domains_by_health{health=\"no-domain\"} 1",
      "domstats_domain_answered{domain=\"a\"} 0", "domstats_domain_complete{domain=\"a\"} 0",
      "libvirt_domains 0"},
     {"libvirt_domain_"}},
};

/* The line of @text after @at that is @line; NULL: there is none. */
static const char *
find_line(const char *at, const char *line)
{
    g_autofree char *whole = g_strconcat("\n", line, "\n", NULL);

    return strstr(at, whole);
}

static void
writes(const void *data)
{
    const Row *row = data;
    OpenmetricsWriterInput input = row->input;
    const DomstatsRecord *records[MAX_RECORDS] = {NULL};
    g_autoptr(GBytes) made = NULL;
    g_autofree char *text = NULL;
    const char *at = NULL;

    input.records = records;
    while (input.n_records < MAX_RECORDS && row->records[input.n_records].name != NULL) {
        records[input.n_records] = &row->records[input.n_records];
        input.n_records++;
    }
    made = openmetrics_writer_make(&input);
    text = g_strdup_printf("\n%.*s", (int)g_bytes_get_size(made),
                           (const char *)g_bytes_get_data(made, NULL));
    at = text;
    for (size_t i = 0; i < MAX_LINES && row->lines[i] != NULL; i++) {
        const char *found = find_line(at, row->lines[i]);

        if (found == NULL)
            fail_msg("no line '%s' at its place in:%s", row->lines[i], text);
        at = found;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(row->absent) && row->absent[i] != NULL; i++) {
        g_autofree char *begin = g_strconcat("\n", row->absent[i], NULL);

        if (strstr(text, begin) != NULL)
            fail_msg("a line begins with '%s' in:%s", row->absent[i], text);
    }
}

static void
long_names_are_cut(void **state)
{
    g_autofree char *name = g_strnfill(3 * OPENMETRICS_LIMIT_LABEL_BYTES, 'x');
    DomstatsRecord record = {.name = name};
    const DomstatsRecord *records[] = {&record};
    OpenmetricsWriterInput input = {.records = records, .n_records = 1};
    g_autoptr(GBytes) made = openmetrics_writer_make(&input);
    g_autofree char *text = g_strndup(g_bytes_get_data(made, NULL), g_bytes_get_size(made));
    g_autofree char *kept = g_strndup(name, OPENMETRICS_LIMIT_LABEL_BYTES);
    g_autofree char *line =
        g_strdup_printf("\ndomstats_domain_answered{domain=\"%s\xe2\x80\xa6\"} 1\n", kept);

    (void)state;
    assert_non_null(strstr(text, line));
}

static void
long_names_that_are_shared_are_told_apart(void **state)
{
    (void)state;
    for (size_t n = OPENMETRICS_LIMIT_LABEL_BYTES - 40; n < OPENMETRICS_LIMIT_LABEL_BYTES + 40;
         n++) {
        g_autofree char *name = g_strnfill(n, 'x');
        DomstatsRecord a = {.name = name, .uuid = U1, .id = 1};
        DomstatsRecord b = {.name = name, .uuid = U2, .id = 2};
        const DomstatsRecord *records[] = {&a, &b};
        OpenmetricsWriterInput input = {.records = records, .n_records = 2};
        g_autoptr(GBytes) made = openmetrics_writer_make(&input);
        g_autofree char *text = g_strndup(g_bytes_get_data(made, NULL), g_bytes_get_size(made));

        assert_non_null(strstr(text, "x\xe2\x80\xa6 (" U1 ")\"} 1\n"));
        assert_non_null(strstr(text, "x\xe2\x80\xa6 (" U2 ")\"} 1\n"));
    }
}

static void
knows_the_names(void **state)
{
    OpenmetricsWriterNames names = OPENMETRICS_WRITER_NAMES_DOMSTATS;

    (void)state;
    assert_true(openmetrics_writer_parse_names("kumina", &names));
    assert_int_equal(names, OPENMETRICS_WRITER_NAMES_KUMINA);
    assert_false(openmetrics_writer_parse_names("Libvirt", &names));
}

static void
asks_for_what_it_tells(void **state)
{
    (void)state;
    assert_int_equal(openmetrics_writer_groups(OPENMETRICS_WRITER_NAMES_LIBVIRT, true),
                     openmetrics_writer_judged());
    assert_int_equal(openmetrics_writer_groups(OPENMETRICS_WRITER_NAMES_DOMSTATS, true), 0);
    assert_false(openmetrics_writer_groups(OPENMETRICS_WRITER_NAMES_DOMSTATS, false) &
                 VIR_DOMAIN_STATS_VM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(long_names_that_are_shared_are_told_apart),
        cmocka_unit_test(knows_the_names),
        cmocka_unit_test(asks_for_what_it_tells),
    };
    int n_failed = TESTING_RUN_TABLE("openmetrics_writer", rows, writes);

    return n_failed + cmocka_run_group_tests_name("openmetrics_writer_more", tests, NULL, NULL);
}
