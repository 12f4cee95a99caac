/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_libvirt: what each procedure of libvirt's RPC answers, made of the records of a few
 * domains, and what its round asks for.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_libvirt_table.h"
#include "rpc/rpc_procedure.h"
#include "rpc_words.h"

#define UUID1       RPC_WORDS_UUID1
#define UUID2       RPC_WORDS_UUID2
#define UUID3       RPC_WORDS_UUID3
#define UUID9       RPC_WORDS_UUID9
#define NOT_RUNNING "error 55 10 Requested operation is not valid: domain is not running"

typedef struct {
    const char *name;
    int procedure;
    const char *args;
    const char *format;   /* of its result */
    const char *expected; /* "STATS FLAGS WORDS: " what its round asks for, and the result */
} Row;

static const char vm1[] = "state.state int 1\n"
                          "state.reason int 1\n"
                          "about.state.type string kvm\n"
                          "about.state.os string hvm\n"
                          "about.state.arch string x86_64\n"
                          "about.state.title string A & <B>\n"
                          "about.state.persistent boolean 1\n"
                          "about.state.version string 7.2.22\n"
                          "cpu.time ullong 50\n"
                          "cpu.user ullong 20\n"
                          "cpu.system ullong 30\n"
                          "balloon.current ullong 1024\n"
                          "balloon.maximum ullong 2048\n"
                          "balloon.last-update ullong 7\n"
                          "balloon.rss ullong 900\n"
                          "vcpu.current uint 2\n"
                          "vcpu.maximum uint 4\n"
                          "vcpu.0.state int 1\n"
                          "vcpu.0.time ullong 11\n"
                          "vcpu.1.state int -1\n"
                          "vcpu.2.state int 1\n"
                          "vcpu.2.time ullong 22\n"
                          "net.count uint 2\n"
                          "net.0.name string tap0\n"
                          "net.0.rx.bytes ullong 1\n"
                          "net.0.rx.pkts ullong 2\n"
                          "net.0.tx.bytes ullong 3\n"
                          "about.net.0.mac string 52:54:00:00:00:01\n"
                          "about.net.1.mac string 52:54:00:00:00:02\n"
                          "block.count uint 2\n"
                          "block.0.name string vda\n"
                          "block.0.path string /images/a.qcow2\n"
                          "block.0.rd.reqs ullong 1\n"
                          "block.0.rd.bytes ullong 2\n"
                          "block.0.rd.times ullong 3\n"
                          "block.0.wr.reqs ullong 4\n"
                          "block.0.wr.bytes ullong 5\n"
                          "block.0.wr.times ullong 6\n"
                          "block.0.fl.reqs ullong 7\n"
                          "block.0.fl.times ullong 8\n"
                          "block.0.allocation ullong 10\n"
                          "block.0.capacity ullong 20\n"
                          "block.0.physical ullong 30\n"
                          "block.1.name string vdb\n"
                          "block.1.path string rbd:pool/image:key=SECRET\n"
                          "block.1.backingIndex uint 1\n"
                          "block.1.allocation ullong 0\n"
                          "block.1.capacity ullong 50\n"
                          "block.1.physical ullong 40\n"
                          "about.block.1.type string network\n"
                          "about.block.1.protocol string rbd\n"
                          "about.block.1.source string pool/image\n"
                          "iothread.count uint 1\n"
                          "iothread.3.poll-max-ns ullong 5\n"
                          "perf.cpu_cycles ullong 5";
static const char vm2[] = "cpu.time ullong 5";
static const char off[] =
    "state.state int 5\nstate.reason int 2\nballoon.maximum ullong 64\nvcpu.maximum uint 1\n"
    "block.0.path string /\xff";

/* No group is asked for, not waiting for the stuck: a list. */
#define LIST        "1073741824 536870912 : "
#define ONE(groups) groups " 536870912 " UUID1 ": "

static const Row rows[] = {
    {"no authentication", 66, "", "[i]", "[0]"},
    {"strings among parameters are taken", 60, "i:9", "i", "1"},
    {"pings are answered", 60, "i:10", "i", "1"},
    {"callbacks have numbers", 60, "i:14", "i", "1"},
    {"close callbacks are taken", 60, "i:15", "i", "1"},
    {"descriptors are not passed", 60, "i:8", "i", "0"},
    {"what is not known is not there", 60, "i:77", "i", "0"},
    {"a second open", 1, "i:0 i:0", "", "error 1 7 internal error: connection already open"},
    {"closing", 2, "", "", ""},
    {"a close callback", 360, "", "", ""},
    {"its end", 361, "", "", ""},
    {"the URI", 110, "", "s", "qemu:///system"},
    {"the type", 3, "", "s", "QEMU"},
    {"the newest QEMU's version", 4, "", "h", "1 536870912 : 7002022"},
    {"whether it is secure", 149, "", "i", "1"},
    {"the most vCPUs of an unknown type", 5, "i:1 s:xen", "i",
     "error 3 10 this function is not supported by the connection driver: the most vCPUs of type "
     "'xen' are not known"},
    {"how many CPU times there are", 227, "i:-1 i:0 i:0", "[sh]i", "[] 4"},
    {"the times of a CPU that is not there", 227, "i:9999 i:4 i:0", "[sh]i",
     "error 8 10 invalid argument: Invalid cpuNum in virHostCPUGetStatsLinux"},
    {"how many numbers of memory there are", 228, "i:0 i:-1 i:0", "[sh]i", "[] 4"},
    {"storage pools", 281, "i:1 i:0", "[ss]i", "[] 0"},
    {"networks", 283, "i:1 i:0", "[ss]i", "[] 0"},
    {"secrets", 287, "i:1 i:0", "[ss]i", "[] 0"},
    {"all domains", 273, "i:1 i:0", "[d]i", LIST "[vm1/7, vm2/8, off/-1] 3"},
    {"their number alone", 273, "i:0 i:0", "[d]i", LIST "[] 3"},
    {"those that run need their state", 273, "i:1 i:16", "[d]i",
     "1 536870928 : [vm1/7, vm2/8, off/-1] 3"},
    {"active and inactive is the library's to tell", 273, "i:1 i:3", "[d]i",
     "1073741824 536870915 : [vm1/7, vm2/8, off/-1] 3"},
    {"none has a snapshot", 273, "i:1 i:4096", "[d]i", LIST "[] 0"},
    {"with or without a snapshot", 273, "i:1 i:12288", "[d]i", LIST "[vm1/7, vm2/8, off/-1] 3"},
    {"none starts by itself", 273, "i:1 i:1024", "[d]i", "1 536870912 : [] 0"},
    {"the number of those that run", 51, "", "i", LIST "2"},
    {"their ids", 37, "i:10", "[i]", LIST "[7, 8]"},
    {"only as many as there is room for", 37, "i:1", "[i]", LIST "[7]"},
    {"room for less than none", 37, "i:-1", "[i]", LIST "[]"},
    {"the number of the others", 25, "", "i", LIST "1"},
    {"their names", 21, "i:10", "[s]", LIST "[off]"},
    {"an id", 22, "i:8", "d", "1073741824 536870912 8: vm2/8"},
    {"an id that nothing has", 22, "i:9", "d",
     "1073741824 536870912 9: error 42 10 Domain not found: no domain with matching id 9"},
    {"the id of all that do not run", 22, "i:-1", "d",
     LIST "error 42 10 Domain not found: no domain with matching id -1"},
    {"a name", 23, "s:vm1", "d", "1073741824 536870912 vm1: vm1/7"},
    {"the name of one that does not run", 23, "s:off", "d", "1073741824 536870912 off: off/-1"},
    {"a name that nothing has", 23, "s:x", "d",
     "1073741824 536870912 x: error 42 10 Domain not found: no domain with matching name 'x'"},
    {"a number is not taken for an id where it is a name", 23, "s:7", "d",
     LIST "error 42 10 Domain not found: no domain with matching name '7'"},
    {"a UUID is not taken for one where it is a name", 23, "s:" UUID1, "d",
     LIST "error 42 10 Domain not found: no domain with matching name '" UUID1 "'"},
    {"no name", 23, "s:", "d",
     LIST "error 42 10 Domain not found: no domain with matching name ''"},
    {"a UUID", 24, "u:" UUID2, "d", "1073741824 536870912 " UUID2 ": vm2/8"},
    {"a UUID that nothing has", 24, "u:" UUID9, "d",
     "1073741824 536870912 " UUID9
     ": error 42 10 Domain not found: no domain with matching uuid '" UUID9 "'"},
    {"info", 16, "dom:vm1", "ihhih", ONE("15") "1 2048 1024 2 50"},
    {"info of a stuck domain", 16, "dom:vm2", "ihhih", "15 536870912 " UUID2 ": 1 0 0 0 5"},
    {"info of one that does not run", 16, "dom:off", "ihhih",
     "15 536870912 " UUID3 ": 5 64 64 1 0"},
    {"info of one that is gone", 16, "dom:?", "ihhih",
     "15 536870912 " UUID9 ": error 42 10 Domain not found: no domain with matching uuid '" UUID9
     "' (?)"},
    {"a state", 212, "dom:vm1 i:0", "ii", ONE("1") "1 1"},
    {"a state that is not known", 212, "dom:vm2 i:0", "ii", "1 536870912 " UUID2 ": 1 0"},
    {"the type of its system", 19, "dom:vm1", "s", ONE("1") "hvm"},
    {"whether it runs", 150, "dom:vm1", "i", ONE("1073741824") "1"},
    {"whether one that is off runs", 150, "dom:off", "i", "1073741824 536870912 " UUID3 ": 0"},
    {"whether it is defined", 151, "dom:vm1", "i", ONE("1") "1"},
    {"whether its definition was changed", 202, "dom:vm1", "i", ONE("1073741824") "0"},
    {"whether it starts by itself", 15, "dom:vm1", "i", ONE("1") "0"},
    {"whether it was saved", 183, "dom:vm1 i:0", "i", ONE("1073741824") "0"},
    {"its label", 121, "dom:vm1", "[i]i", ONE("1073741824") "[0] 0"},
    {"its messages", 426, "dom:vm1 i:0", "[s]", ONE("1073741824") "[]"},
    {"its most memory", 17, "dom:vm1", "h", ONE("4") "2048"},
    {"its most vCPUs", 18, "dom:vm1", "i", ONE("8") "4"},
    {"its vCPUs", 200, "dom:vm1 i:1", "i", ONE("8") "2"},
    {"the most vCPUs, by flags", 200, "dom:vm1 i:5", "i", ONE("8") "4"},
    {"the live vCPUs of one that does not run", 200, "dom:off i:1", "i",
     "8 536870912 " UUID3 ": " NOT_RUNNING},
    {"vCPUs", 20, "dom:vm1 i:4 i:0", "[iihi]s", ONE("8") "[0 1 11 -1, 2 1 22 -1] "},
    {"only as many vCPUs as there is room for", 20, "dom:vm1 i:1 i:0", "[iihi]s",
     ONE("8") "[0 1 11 -1] "},
    {"vCPUs, for no room", 20, "dom:vm1 i:-1 i:-1", "[iihi]s", ONE("8") "[] "},
    {"maps that no reply may have", 20, "dom:vm1 i:4 i:2147483647", "[iihi]s",
     ONE("8") "[0 1 11 -1, 2 1 22 -1] "},
    {"pins, for no room", 230, "dom:vm1 i:0 i:1 i:0", "si", ONE("8") " 0"},
    {"a disk by its name", 64, "dom:vm1 s:vda", "hhhhh", ONE("32") "1 2 4 5 -1"},
    {"a disk by its source", 64, "dom:vm1 s:/images/a.qcow2", "hhhhh", ONE("32") "1 2 4 5 -1"},
    {"all disks together", 64, "dom:vm1 s:", "hhhhh", ONE("32") "1 2 4 5 -1"},
    {"a disk without values", 64, "dom:vm1 s:pool/image", "hhhhh", ONE("32") "-1 -1 -1 -1 -1"},
    {"a disk that is not there", 64, "dom:vm1 s:vdz", "hhhhh",
     ONE("32") "error 8 10 invalid argument: invalid path vdz not assigned to domain"},
    {"any disk of a stuck domain", 64, "dom:vm2 s:vda", "hhhhh",
     "32 536870912 " UUID2 ": -1 -1 -1 -1 -1"},
    {"a disk of one that does not run", 64, "dom:off s:vda", "hhhhh",
     "32 536870912 " UUID3 ": " NOT_RUNNING},
    {"how many values a disk has needs no round", 243, "dom:vm1 s:vda i:0 i:4", "pi", "{} 8"},
    {"the values of a disk, in libvirt's order", 243, "dom:vm1 s:vda i:8 i:4", "pi",
     ONE("32") "{wr_bytes=5 wr_operations=4 rd_bytes=2 rd_operations=1 flush_operations=7 "
               "wr_total_times=6 rd_total_times=3 flush_total_times=8} 8"},
    {"values for which there is room", 243, "dom:vm1 s:vda i:2 i:0", "pi",
     ONE("32") "{wr_bytes=5 wr_operations=4} 2"},
    {"an unknown flag", 243, "dom:vm1 s:vda i:8 i:8", "pi",
     "error 8 10 unsupported flags (0x8) in function qemuDomainBlockStatsFlags"},
    {"the size of a disk", 194, "dom:vm1 s:vda i:0", "hhh", ONE("32") "10 20 30"},
    {"the size of a disk that was not written", 194, "dom:vm1 s:vdb i:0", "hhh",
     ONE("32") "40 50 40"},
    {"an interface by its device", 65, "dom:vm1 s:tap0", "hhhhhhhh",
     ONE("16") "1 2 -1 -1 3 -1 -1 -1"},
    {"an interface by its address", 65, "dom:vm1 s:52:54:00:00:00:02", "hhhhhhhh",
     ONE("16") "-1 -1 -1 -1 -1 -1 -1 -1"},
    {"an interface that is not there", 65, "dom:vm1 s:tap9", "hhhhhhhh",
     ONE("16") "error 8 10 invalid argument: 'tap9' is not a known interface"},
    {"memory", 159, "dom:vm1 i:13 i:0", "[ih]", ONE("4") "[6 1024, 9 7, 7 900]"},
    {"memory for which there is room", 159, "dom:vm1 i:1 i:0", "[ih]", ONE("4") "[6 1024]"},
    {"how many CPU times a domain has", 262, "dom:vm1 i:0 i:-1 i:1 i:0", "pi", ONE("2") "{} 3"},
    {"its CPU times", 262, "dom:vm1 i:3 i:-1 i:1 i:4", "pi",
     ONE("2") "{cpu_time=50 user_time=20 system_time=30} 3"},
    {"its times on each CPU", 262, "dom:vm1 i:2 i:0 i:4 i:0", "pi",
     ONE("2") "error 3 10 this function is not supported by the connection driver: the times of a "
              "domain on each CPU are not known"},
    {"its monitor is well", 229, "dom:vm1 i:0", "iih", ONE("1") "0 0 0"},
    {"its job", 163, "dom:vm1", "ihhhhhhhhhhh", ONE("1073741824") "0 0 0 0 0 0 0 0 0 0 0 0"},
    {"the statistics of its job", 298, "dom:vm1 i:0", "ip", ONE("1073741824") "0 {}"},
    {"its title", 265, "dom:vm1 i:1 i:0 i:0", "s", ONE("1") "A & <B>"},
    {"another element of its metadata", 265, "dom:vm1 i:2 i:1 s:http://x i:0", "s",
     ONE("1") "error 80 20 metadata not found: Requested metadata element is not present"},
    {"statistics of all", 344, "i:0 i:1 i:0", "[dp]", NULL},
    {"statistics of some, of which one is gone", 344, "i:2 dom:vm2 dom:? i:1 i:0", "[dp]",
     "1 0 " UUID2 " " UUID9 ": [vm2/8 {state.state=1 state.reason=0 cpu.time=5}]"},
    {"one that is named often has one record, a path that is no UTF-8 is mended", 344,
     "i:4 dom:vm2 dom:off dom:vm2 dom:vm2 i:2 i:0", "[dp]",
     "2 0 " UUID2 " " UUID3
     ": [vm2/8 {cpu.time=5}, off/-1 {state.state=5 state.reason=2 balloon.maximum=64 "
     "vcpu.maximum=1 block.0.path=/\xef\xbf\xbd}]"},
    {"statistics without the state", 344, "i:1 dom:vm2 i:2 i:0", "[dp]",
     "2 0 " UUID2 ": [vm2/8 {cpu.time=5}]"},
    {"all statistics of a stuck domain have its state", 344, "i:1 dom:vm2 i:0 i:0", "[dp]",
     "0 0 " UUID2 ": [vm2/8 {state.state=1 state.reason=0 cpu.time=5}]"},
    {"flags are the library's", 344, "i:1 dom:vm2 i:2 i:-1073741584", "[dp]",
     "error 74 10 argument unsupported: none"},
    {"an unknown flag of statistics", 344, "i:0 i:0 i:2048", "[dp]",
     "error 8 10 unsupported flags (0x800) in function qemuConnectGetAllDomainStats"},
    {"unknown groups are ignored", 344, "i:1 dom:vm2 i:-2147483648 i:0", "[dp]",
     "2147483648 0 " UUID2 ": [vm2/8 {cpu.time=5}]"},
    {"unknown groups that are enforced", 344, "i:0 i:-2147483648 i:-2147483648", "[dp]",
     "error 74 10 argument unsupported: Stats types bits 0x80000000 are not supported by this "
     "daemon or QEMU"},
    {"a callback", 316, "i:0 i:0", "i", "1"},
    {"a callback for any other event", 316, "i:13 i:0", "i", "1"},
    {"a callback for an event that there is not", 316, "i:9999 i:0", "i",
     "error 1 7 internal error: unsupported event ID 9999"},
    {"the end of a callback that there is not", 317, "i:5", "",
     "error 1 7 internal error: domain event callback 5 not registered"},
    {"a callback of the old kind", 167, "i:0", "", ""},
    {"a callback of the oldest kind", 105, "", "i", "1"},
    {"the end of one of the oldest kind that there is not", 106, "", "i",
     "error 1 7 internal error: domain event callback 0 not registered"},
};

static void
init_scene(RpcCase *scene)
{
    DomstatsRecord *stuck = NULL;

    rpc_case_init(scene);
    (void)rpc_case_add(scene, "vm1 " UUID1 " 7", vm1);
    stuck = rpc_case_add(scene, "vm2 " UUID2 " 8", vm2);
    stuck->health = DOMSTATS_HEALTH_STOPPED;
    stuck->missing = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_INTERFACE;
    (void)rpc_case_add(scene, "off " UUID3 " -1", off);
    rpc_words_call(scene, 1, "i:0 i:1");
}

/* Rows in which the library refuses. */
static bool
fails(const Row *row)
{
    return strcmp(row->name, "flags are the library's") == 0;
}

static void
is_answered(const void *data)
{
    const Row *row = data;
    RpcCase scene;
    g_autoptr(GString) got = g_string_new(NULL);
    g_autofree char *result = NULL;
    g_autoptr(GError) error = g_error_new(DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED, "none");

    init_scene(&scene);
    rpc_words_call(&scene, row->procedure, row->args);
    if (scene.n_under_way > 0 && !fails(row))
        g_string_printf(got, "%u %u %s: ", scene.last.stats, scene.last.flags, scene.last_words);
    rpc_case_answer(&scene, fails(row) ? error : NULL);
    result = rpc_case_describe(&scene, row->format);
    g_string_append(got, result);
    if (row->expected != NULL)
        testing_assert_same_text(got->str, row->expected);
    assert_int_equal(scene.n_under_way, 0);
    assert_int_equal(scene.sent->len, 2); /* of open, and of this */
    rpc_case_clear(&scene);
}

/* Every procedure has a row of daemon_libvirt_table, and is called by a row above, by the test
 * below, or by test_daemon_libvirt_session. */
static void
every_procedure_is_served(void **state)
{
    (void)state;
    for (size_t i = 0; i < rpc_n_procedures; i++) {
        const RpcProcedure *procedure = &rpc_procedures[i];

        if (procedure->is_message != (daemon_libvirt_table_find(procedure->number) == NULL))
            fail_msg("%s has no row in daemon_libvirt_table", procedure->name);
    }
}

/* The document lacks what is not known, and secrets. */
static void
a_definition_has_what_is_known(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    rpc_words_call(&scene, 14, "dom:vm1 i:0");
    rpc_case_answer(&scene, NULL);
    rpc_words_assert_answer(&scene, "s",
                            "<domain type=\"kvm\" id=\"7\">\n"
                            "  <name>vm1</name>\n"
                            "  <uuid>" UUID1 "</uuid>\n"
                            "  <title>A &amp; &lt;B&gt;</title>\n"
                            "  <memory unit=\"KiB\">2048</memory>\n"
                            "  <currentMemory unit=\"KiB\">1024</currentMemory>\n"
                            "  <vcpu placement=\"static\" current=\"2\">4</vcpu>\n"
                            "  <os>\n"
                            "    <type arch=\"x86_64\">hvm</type>\n"
                            "  </os>\n"
                            "  <devices>\n"
                            "    <disk type=\"file\" device=\"disk\">\n"
                            "      <driver name=\"qemu\"/>\n"
                            "      <source file=\"/images/a.qcow2\"/>\n"
                            "      <target dev=\"vda\"/>\n"
                            "    </disk>\n"
                            "    <disk type=\"network\" device=\"disk\">\n"
                            "      <driver name=\"qemu\"/>\n"
                            "      <source protocol=\"rbd\" name=\"pool/image\"/>\n"
                            "      <target dev=\"vdb\"/>\n"
                            "    </disk>\n"
                            "    <interface type=\"ethernet\">\n"
                            "      <mac address=\"52:54:00:00:00:01\"/>\n"
                            "      <target dev=\"tap0\"/>\n"
                            "    </interface>\n"
                            "    <interface type=\"user\">\n"
                            "      <mac address=\"52:54:00:00:00:02\"/>\n"
                            "    </interface>\n"
                            "  </devices>\n"
                            "</domain>\n");
    rpc_case_clear(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"every procedure is served", every_procedure_is_served, NULL, NULL, NULL},
        {"a definition has what is known, and no secret", a_definition_has_what_is_known, NULL,
         NULL, NULL},
    };
    int failed = cmocka_run_group_tests_name("daemon_libvirt: procedures", tests, NULL, NULL);

    return failed + TESTING_RUN_TABLE("daemon_libvirt", rows, is_answered);
}
