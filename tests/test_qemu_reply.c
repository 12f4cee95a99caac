/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_reply_*: replies, and the facts made of them as text. Well-formed replies have the
 * shape of QEMU 7.2, with newer members where the row's sentence says so. Malformed ones are what a
 * guest that has taken over its QEMU could send. Replies about disks are in test_qemu_reply_block,
 * statistics of query-stats in
 * test_qemu_reply_stats, limits in test_qemu_reply_limits.
 */
#include "reply_case.h"
#include "testing.h"

#define S390_CPU(index, state)                                                                     \
    "{\"thread-id\":7" index ",\"qom-path\":\"/c" index "\",\"cpu-index\":" index                  \
    ",\"target\":\"s390x\",\"cpu-state\":\"" state "\"}"
#define SLOT(count) "{" REPLY_CASE_PROPS "\"vcpus-count\":" count ",\"type\":\"qemu64-x86_64-cpu\"}"

static const ReplyCaseRow state_rows[] = {
    {"a new QEMU waits",
     {{QEMU_COMMAND_QUERY_STATUS,
       "{\"status\":\"prelaunch\",\"singlestep\":false,\"running\":false}"}},
     "status prelaunch not running\n"},
    {"10.0 has no singlestep",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"running\",\"running\":true}"}},
     "status running running\n"},
    {"a word no one knows is kept",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"x\",\"running\":false}"}},
     "status x not running\n"},
    {"a number for the status is refused",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":1,\"running\":true}"}},
     "refused\n"},
    {"1 is not true",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"running\",\"running\":1}"}},
     "refused\n"},
    {"a status without running is refused",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"running\"}"}},
     "refused\n"},
    {"a status with NUL inside is refused",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"run\\u0000\",\"running\":true}"}},
     "refused\n"},
    {"a list is no status", {{QEMU_COMMAND_QUERY_STATUS, "[]"}}, "refused\n"},
    {"a refused reply takes nothing back",
     {{QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"paused\",\"running\":false}"},
      {QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"running\",\"running\":\"yes\"}"}},
     "refused\nstatus paused not running\n"},
};

static const ReplyCaseRow vcpu_rows[] = {
    {"vCPUs have a thread each",
     {{QEMU_COMMAND_QUERY_CPUS_FAST,
       "[" REPLY_CASE_CPU("0", "6343") "," REPLY_CASE_CPU("2", "6344") "]"}},
     "vcpu 0 thread 6343 path /machine/unattached/device[0]\n"
     "vcpu 2 thread 6344 path /machine/unattached/device[2]\n"},
    {"vCPUs are put in order",
     {{QEMU_COMMAND_QUERY_CPUS_FAST,
       "[" REPLY_CASE_CPU("3", "9") "," REPLY_CASE_CPU("1", "7") "," REPLY_CASE_CPU("2", "8") "]"}},
     "vcpu 1 thread 7 path /machine/unattached/device[1]\n"
     "vcpu 2 thread 8 path /machine/unattached/device[2]\n"
     "vcpu 3 thread 9 path /machine/unattached/device[3]\n"},
    {"threads need not be in order",
     {{QEMU_COMMAND_QUERY_CPUS_FAST,
       "[" REPLY_CASE_CPU("0", "9") "," REPLY_CASE_CPU("1", "7") "]"}},
     "vcpu 0 thread 9 path /machine/unattached/device[0]\n"
     "vcpu 1 thread 7 path /machine/unattached/device[1]\n"},
    {"a thread of several vCPUs is no one's",
     {{QEMU_COMMAND_QUERY_CPUS_FAST, "[" REPLY_CASE_CPU("0", "9643") "," REPLY_CASE_CPU(
                                         "1", "9") "," REPLY_CASE_CPU("2", "9643") "]"}},
     "vcpu 0 thread 0 path /machine/unattached/device[0]\n"
     "vcpu 1 thread 9 path /machine/unattached/device[1]\n"
     "vcpu 2 thread 0 path /machine/unattached/device[2]\n"},
    {"a machine may have no vCPU", {{QEMU_COMMAND_QUERY_CPUS_FAST, "[]"}}, ""},
    {"s390x tells which vCPUs are halted",
     {{QEMU_COMMAND_QUERY_CPUS_FAST, "[" S390_CPU("0", "operating") "," S390_CPU(
                                         "1", "stopped") "," S390_CPU("2", "uninitialized") "]"}},
     "vcpu 0 thread 70 path /c0 not halted\nvcpu 1 thread 71 path /c1 halted\n"
     "vcpu 2 thread 72 path /c2\n"},
    {"a thread id that cannot be one is none",
     {{QEMU_COMMAND_QUERY_CPUS_FAST,
       "[" REPLY_CASE_CPU("0", "-5") "," REPLY_CASE_CPU("1", "2147483648") "," REPLY_CASE_CPU(
           "2", "\"7\"") "," REPLY_CASE_CPU("3",
                                            "1.5") "," REPLY_CASE_CPU("4",
                                                                      "18446744073709551615") "]"}},
     "vcpu 0 thread 0 path /machine/unattached/device[0]\n"
     "vcpu 1 thread 0 path /machine/unattached/device[1]\n"
     "vcpu 2 thread 0 path /machine/unattached/device[2]\n"
     "vcpu 3 thread 0 path /machine/unattached/device[3]\n"
     "vcpu 4 thread 0 path /machine/unattached/device[4]\n"},
    {"an index twice is refused",
     {{QEMU_COMMAND_QUERY_CPUS_FAST,
       "[" REPLY_CASE_CPU("1", "7") "," REPLY_CASE_CPU("1", "8") "]"}},
     "refused\n"},
    {"a negative index is refused",
     {{QEMU_COMMAND_QUERY_CPUS_FAST, "[{\"cpu-index\":-1}]"}},
     "refused\n"},
    {"a vCPU that is no object is refused",
     {{QEMU_COMMAND_QUERY_CPUS_FAST, "[" REPLY_CASE_CPU("1", "7") ",null]"}},
     "refused\n"},
    {"an object is no list of vCPUs", {{QEMU_COMMAND_QUERY_CPUS_FAST, "{}"}}, "refused\n"},
    {"slots are summed, empty ones too",
     {{QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS, "[" SLOT("1") "," SLOT("8") "]"}},
     "most vcpus 9\n"},
    {"a slot without a count is refused",
     {{QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS, "[" SLOT("1") ",{}]"}},
     "refused\n"},
    {"a slot of 2^64-1 is refused",
     {{QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS, "[" SLOT("18446744073709551615") "]"}},
     "refused\n"},
};

#define NOT_GIVEN "18446744073709551615"

static const ReplyCaseRow memory_rows[] = {
    {"the balloon's size is bytes",
     {{QEMU_COMMAND_QUERY_BALLOON, "{\"actual\":16777216}"}},
     "balloon\nactual 16777216\n"},
    {"a balloon without a size is refused", {{QEMU_COMMAND_QUERY_BALLOON, "{}"}}, "refused\n"},
    {"a negative balloon is refused",
     {{QEMU_COMMAND_QUERY_BALLOON, "{\"actual\":-1}"}},
     "refused\n"},
    {"memory is what it began with and what was plugged",
     {{QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY, "{\"base-memory\":16777216,\"plugged-memory\":0}"}},
     "base 16777216\nplugged 0\n"},
    {"some targets cannot plug memory",
     {{QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY, "{\"base-memory\":16777216}"}},
     "base 16777216\nplugged 0\n"},
    {"a fraction of memory is refused",
     {{QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY, "{\"base-memory\":1.5,\"plugged-memory\":0}"}},
     "refused\n"},
    {"memory devices by kind, as QEMU 7.2 tells them",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES,
       "[{\"type\":\"virtio-mem\",\"data\":{\"memdev\":\"/objects/m0\",\"memaddr\":4294967296,"
       "\"block-size\":2097152,\"size\":134217728,\"node\":0,\"max-size\":536870912,"
       "\"requested-size\":134217728,\"id\":\"vm0\"}},{\"type\":\"virtio-pmem\",\"data\":"
       "{\"memdev\":\"/objects/m1\",\"memaddr\":4831838208,\"size\":67108864,\"id\":\"p0\"}},"
       "{\"type\":\"dimm\",\"data\":{\"memdev\":\"/objects/m2\",\"hotplugged\":false,"
       "\"addr\":4898947072,\"hotpluggable\":true,\"size\":1048576,\"slot\":0,\"node\":0}}]"}},
     "devices 202375168\nfull 605028352\nvirtio-mem 134217728\n"},
    {"no memory devices are 0 bytes",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES, "[]"}},
     "devices 0\nfull 0\nvirtio-mem 0\n"},
    {"a balloon of Hyper-V's has no size of its own",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES,
       "[{\"type\":\"hv-balloon\",\"data\":{\"max-size\":7,\"id\":\"b\"}}]"}},
     "devices 0\nfull 0\nvirtio-mem 0\n"},
    {"a device without a size makes the sizes unknown",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES, "[{\"type\":\"new\",\"data\":{}},7]"}},
     "virtio-mem 0\n"},
    {"sizes past 64 bits, too",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES,
       "[{\"type\":\"dimm\",\"data\":{\"size\":18446744073709551615}},"
       "{\"type\":\"nvdimm\",\"data\":{\"size\":1}}]"}},
     "virtio-mem 0\n"},
    {"virtio-mem without its full size, too",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES, "[{\"type\":\"virtio-mem\",\"data\":{\"size\":1}}]"}},
     "devices 1\nvirtio-mem 1\n"},
    {"what is no list of devices is refused",
     {{QEMU_COMMAND_QUERY_MEMORY_DEVICES, "{}"}},
     "refused\n"},
    {"a guest without a driver gives nothing",
     {{QEMU_COMMAND_QOM_GET_GUEST_STATS,
       "{\"stats\":{\"stat-htlb-pgalloc\":" NOT_GIVEN ",\"stat-swap-out\":" NOT_GIVEN
       ",\"stat-available-memory\":" NOT_GIVEN ",\"stat-htlb-pgfail\":" NOT_GIVEN
       ",\"stat-free-memory\":" NOT_GIVEN ",\"stat-minor-faults\":" NOT_GIVEN
       ",\"stat-major-faults\":" NOT_GIVEN ",\"stat-total-memory\":" NOT_GIVEN
       ",\"stat-swap-in\":" NOT_GIVEN ",\"stat-disk-caches\":" NOT_GIVEN "},\"last-update\":0}"}},
     "last update 0\n"},
    {"a guest gives what it counts",
     {{QEMU_COMMAND_QOM_GET_GUEST_STATS,
       "{\"stats\":{\"stat-htlb-pgalloc\":10,\"stat-swap-out\":2,\"stat-available-memory\":7,"
       "\"stat-htlb-pgfail\":11,\"stat-free-memory\":5,\"stat-minor-faults\":4,"
       "\"stat-major-faults\":3,\"stat-total-memory\":6,\"stat-swap-in\":1,"
       "\"stat-disk-caches\":8,\"stat-oom-kills\":0},\"last-update\":1700000000}"}},
     "swap in 1\nswap out 2\nmajor faults 3\nminor faults 4\nfree 5\ntotal 6\navailable 7\n"
     "caches 8\npgalloc 10\npgfail 11\nlast update 1700000000\n"},
    {"a bad value leaves the others",
     {{QEMU_COMMAND_QOM_GET_GUEST_STATS,
       "{\"stats\":{\"stat-swap-in\":\"1\",\"stat-swap-out\":-2,\"stat-free-memory\":1.0,"
       "\"stat-total-memory\":18446744073709551614},\"last-update\":true}"}},
     "total 18446744073709551614\n"},
    {"what was given once and then not is absent",
     {{QEMU_COMMAND_QOM_GET_GUEST_STATS, "{\"stats\":{\"stat-swap-in\":1},\"last-update\":1}"},
      {QEMU_COMMAND_QOM_GET_GUEST_STATS, "{\"stats\":{},\"last-update\":2}"}},
     "last update 2\n"},
    {"statistics that are none are refused",
     {{QEMU_COMMAND_QOM_GET_GUEST_STATS, "{\"stats\":[],\"last-update\":1}"}},
     "refused\n"},
    {"the interval is a bare number",
     {{QEMU_COMMAND_QOM_GET_POLLING_INTERVAL, "5"}},
     "interval 5\n"},
    {"polling may be off", {{QEMU_COMMAND_QOM_GET_POLLING_INTERVAL, "0"}}, "interval 0\n"},
    {"a string is no interval", {{QEMU_COMMAND_QOM_GET_POLLING_INTERVAL, "\"5\""}}, "refused\n"},
};

static const ReplyCaseRow thread_rows[] = {
    {"an IOThread has an id, a thread and its polling",
     {{QEMU_COMMAND_QUERY_IOTHREADS,
       "[{\"poll-shrink\":0,\"thread-id\":6339,\"aio-max-batch\":0,\"poll-grow\":2,"
       "\"poll-max-ns\":1000,\"id\":\"io1\"}]"}},
     "iothread io1 thread 6339\npoll max 1000\npoll grow 2\npoll shrink 0\n"},
    {"a QEMU 11.1 tells how little an interval counts",
     {{QEMU_COMMAND_QUERY_IOTHREADS, "[{\"poll-weight\":3,\"thread-id\":1,\"id\":\"a\"}]"}},
     "iothread a thread 1\npoll weight 3\n"},
    {"there may be no IOThread", {{QEMU_COMMAND_QUERY_IOTHREADS, "[]"}}, ""},
    {"polling that is negative is absent",
     {{QEMU_COMMAND_QUERY_IOTHREADS, "[{\"id\":\"a\",\"thread-id\":1,\"poll-grow\":-1}]"}},
     "iothread a thread 1\n"},
    {"an IOThread without an id is refused",
     {{QEMU_COMMAND_QUERY_IOTHREADS, "[{\"id\":\"a\"},{\"thread-id\":1}]"}},
     "refused\n"},
    {"an object is no list of IOThreads", {{QEMU_COMMAND_QUERY_IOTHREADS, "{}"}}, "refused\n"},
    {"nothing was measured yet",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE,
       "{\"status\":\"unstarted\",\"sample-pages\":0,\"mode\":\"page-sampling\","
       "\"start-time\":0,\"calc-time\":0}"}},
     "dirty rate unstarted mode page-sampling\nstart 0\nperiod 0\n"},
    {"a dirty ring tells each vCPU's rate",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE,
       "{\"status\":\"measured\",\"sample-pages\":0,\"dirty-rate\":3,\"mode\":\"dirty-ring\","
       "\"start-time\":17,\"calc-time\":1,\"vcpu-dirty-rate\":"
       "[{\"id\":0,\"dirty-rate\":1},{\"id\":1,\"dirty-rate\":2}]}"}},
     "dirty rate measured mode dirty-ring\nstart 17\nperiod 1\nrate 3\nvcpu 0 rate 1\n"
     "vcpu 1 rate 2\n"},
    {"a rate may be -1",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE, "{\"status\":\"measured\",\"dirty-rate\":-1}"}},
     "dirty rate measured mode none\nrate -1\n"},
    {"8.2 tells the unit of the period",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE,
       "{\"status\":\"measured\",\"calc-time\":2,\"calc-time-unit\":\"second\"}"}},
     "dirty rate measured mode none\nperiod 2\n"},
    {"a period in another unit is absent",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE,
       "{\"status\":\"measured\",\"calc-time\":2,\"calc-time-unit\":\"millisecond\"}"}},
     "dirty rate measured mode none\n"},
    {"one bad vCPU rate hides them all",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE,
       "{\"status\":\"measured\",\"vcpu-dirty-rate\":[{\"id\":0,\"dirty-rate\":1},"
       "{\"id\":1,\"dirty-rate\":-2}]}"}},
     "dirty rate measured mode none\n"},
    {"a later reply replaces the rates",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE,
       "{\"status\":\"measured\",\"vcpu-dirty-rate\":[{\"id\":0,\"dirty-rate\":1}]}"},
      {QEMU_COMMAND_QUERY_DIRTY_RATE, "{\"status\":\"measuring\"}"}},
     "dirty rate measuring mode none\n"},
    {"a rate without a status is refused",
     {{QEMU_COMMAND_QUERY_DIRTY_RATE, "{\"dirty-rate\":3}"}},
     "refused\n"},
};

static const ReplyCaseRow migration_rows[] = {
    {"there was no migration", {{QEMU_COMMAND_QUERY_MIGRATE, "{}"}}, ""},
    {"one that is under way",
     {{QEMU_COMMAND_QUERY_MIGRATE,
       "{\"expected-downtime\":300,\"status\":\"active\",\"setup-time\":4,\"total-time\":505,"
       "\"cpu-throttle-percentage\":20,\"remaining\":5000,\"ram\":{\"total\":17637376,"
       "\"postcopy-requests\":1,\"dirty-sync-count\":2,\"multifd-bytes\":0,"
       "\"pages-per-second\":32080,\"page-size\":4096,\"remaining\":4096,\"mbps\":8.5,"
       "\"transferred\":1245,\"dirty-pages-rate\":7}}"}},
     "migration active tells memory\ntotal ms 505\nsetup ms 4\nexpected ms 300\nremaining 5000\n"
     "ram 17637376\nram sent 1245\nram remaining 4096\nram passes 2\nram dirty 7\n"
     "ram page 4096\nram postcopy 1\nram bytes/s 1062500\nthrottle 20\n"},
    {"one that failed tells why",
     {{QEMU_COMMAND_QUERY_MIGRATE, "{\"status\":\"failed\",\"error-desc\":\"no such file\"}"}},
     "migration failed\nerror no such file\n"},
    {"one after another leaves nothing of it",
     {{QEMU_COMMAND_QUERY_MIGRATE,
       "{\"status\":\"active\",\"total-time\":5,\"ram\":{\"total\":1}}"},
      {QEMU_COMMAND_QUERY_MIGRATE, "{\"status\":\"cancelled\"}"}},
     "migration cancelled\n"},
    {"a throughput that is not known yet is absent",
     {{QEMU_COMMAND_QUERY_MIGRATE, "{\"status\":\"active\",\"ram\":{\"mbps\":-1}}"}},
     "migration active tells memory\n"},
    {"nor is one past all numbers",
     {{QEMU_COMMAND_QUERY_MIGRATE, "{\"status\":\"active\",\"ram\":{\"mbps\":1e300}}"}},
     "migration active tells memory\n"},
    {"values of other kinds are absent",
     {{QEMU_COMMAND_QUERY_MIGRATE,
       "{\"status\":\"completed\",\"total-time\":-1,\"downtime\":\"2\",\"ram\":[],"
       "\"error-desc\":7}"}},
     "migration completed tells memory\n"},
    {"a list is no migration", {{QEMU_COMMAND_QUERY_MIGRATE, "[]"}}, "refused\n"},
    {"a capability that is on",
     {{QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES,
       "[{\"state\":true,\"capability\":\"xbzrle\"},{\"state\":true,\"capability\":\"events\"}]"}},
     "tells migrations\n"},
    {"one that is off, and others that are on",
     {{QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES,
       "[{\"state\":false,\"capability\":\"events\"},{\"state\":true,\"capability\":\"xbzrle\"}]"}},
     ""},
    {"what is no list of capabilities is refused",
     {{QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES, "{}"}},
     "refused\n"},
};

static const ReplyCaseRow job_rows[] = {
    {"there may be no job", {{QEMU_COMMAND_QUERY_BLOCK_JOBS, "[]"}}, "no job\n"},
    {"a job that runs",
     {{QEMU_COMMAND_QUERY_BLOCK_JOBS,
       "[{\"auto-finalize\":true,\"io-status\":\"ok\",\"device\":\"copy0\",\"auto-dismiss\":true,"
       "\"busy\":true,\"len\":4194304,\"offset\":65536,\"status\":\"running\",\"paused\":false,"
       "\"speed\":1,\"ready\":false,\"type\":\"mirror\"}]"}},
     "job copy0 type mirror status running io ok error -\noffset 65536\nlen 4194304\nspeed 1\n"},
    {"one that failed",
     {{QEMU_COMMAND_QUERY_BLOCK_JOBS,
       "[{\"device\":\"j\",\"type\":\"backup\",\"status\":\"concluded\",\"error\":\"No space\"}]"}},
     "job j type backup status concluded io - error No space\n"},
    {"values of other kinds are absent",
     {{QEMU_COMMAND_QUERY_BLOCK_JOBS,
       "[{\"device\":\"j\",\"type\":1,\"offset\":-1,\"len\":\"1\",\"speed\":1.5}]"}},
     "job j type - status - io - error -\n"},
    {"a job without a name is refused",
     {{QEMU_COMMAND_QUERY_BLOCK_JOBS, "[{\"type\":\"mirror\"}]"}},
     "refused\n"},
    {"what is no list of jobs is refused", {{QEMU_COMMAND_QUERY_BLOCK_JOBS, "{}"}}, "refused\n"},
};

typedef struct {
    const char *sentence;
    const char *list;
    const char *expected;
} BalloonRow;

#define CHILD(name, type) "{\"name\":\"" name "\",\"type\":\"" type "\"}"
#define SCSI              CHILD("type", "string") "," CHILD("scsi0", "child<virtio-scsi-pci>")

static const BalloonRow balloon_rows[] = {
    {"a balloon among others",
     "[" SCSI "," CHILD("bal0", "child<virtio-balloon-pci>") "," CHILD("z", "child<scsi-hd>") "]",
     "bal0"},
    {"one without an id", "[" CHILD("device[12]", "child<virtio-balloon-pci>") "]", "device[12]"},
    {"on s390x", "[" CHILD("b", "child<virtio-balloon-ccw>") "]", "b"},
    {"on a machine without PCI", "[" CHILD("b", "child<virtio-balloon-device>") "]", "b"},
    {"a transitional one", "[" CHILD("b", "child<virtio-balloon-pci-transitional>") "]", "b"},
    {"a non-transitional one", "[" CHILD("b", "child<virtio-balloon-pci-non-transitional>") "]",
     "b"},
    {"none at all", "[" SCSI "]", NULL},
    {"a link to one is none", "[" CHILD("b", "link<virtio-balloon-pci>") "]", NULL},
    {"a name that would end our string",
     "[" CHILD("a\\\",\\\"x\\\":\\\"", "child<virtio-balloon-pci>") "]", NULL},
    {"a name that leads elsewhere", "[" CHILD("../b", "child<virtio-balloon-pci>") "]", NULL},
    {"an empty name", "[" CHILD("", "child<virtio-balloon-pci>") "]", NULL},
    {"no name", "[{\"type\":\"child<virtio-balloon-pci>\"}]", NULL},
    {"entries that are none", "[1,null,\"a\",[],{\"name\":1,\"type\":2}]", NULL},
    {"no list", "{\"name\":\"b\",\"type\":\"child<virtio-balloon-pci>\"}", NULL},
};

static void
finds_balloon(const void *data)
{
    const BalloonRow *row = data;
    g_autoptr(UtilJson) list = reply_case_parse(row->list);

    testing_assert_same_text(qemu_reply_find_balloon(list), row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("reply state", state_rows, reply_case_run) +
           TESTING_RUN_TABLE("reply vcpu", vcpu_rows, reply_case_run) +
           TESTING_RUN_TABLE("reply memory", memory_rows, reply_case_run) +
           TESTING_RUN_TABLE("reply iothread", thread_rows, reply_case_run) +
           TESTING_RUN_TABLE("reply migration", migration_rows, reply_case_run) +
           TESTING_RUN_TABLE("reply job", job_rows, reply_case_run) +
           TESTING_RUN_TABLE("reply balloon", balloon_rows, finds_balloon);
}
