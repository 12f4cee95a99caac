/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_reply_stats: replies to query-stats and query-stats-schemas, and the facts made of
 * them.
 */
#include "reply_case.h"
#include "testing.h"

/* clang-format off */
#define SCHEMA(name, kind) "{\"name\":\"" name "\",\"exponent\":0,\"type\":\"" kind "\"}"
#define SCHEMAS                                                                                    \
    "[{\"provider\":\"kvm\",\"stats\":["                                                           \
    SCHEMA("exits", "cumulative") ","                                                              \
    "{\"name\":\"guest_mode\",\"unit\":\"boolean\",\"exponent\":0,\"type\":\"instant\"},"          \
    "{\"name\":\"halt_wait_hist\",\"unit\":\"seconds\",\"base\":10,\"exponent\":-9,"               \
    "\"type\":\"log2-histogram\"},"                                                                \
    SCHEMA("halt_poll_fail_ns", "cumulative") ","                                                  \
    SCHEMA("halt_poll_success_ns", "cumulative")                                                   \
    "],\"target\":\"vcpu\"},"                                                                      \
    "{\"provider\":\"kvm\",\"stats\":["                                                            \
    SCHEMA("rmap_size", "peak") "," SCHEMA("pages", "instant")                                     \
    "],\"target\":\"vm\"},"                                                                        \
    "{\"provider\":\"cryptodev\",\"stats\":[" SCHEMA("ops", "cumulative")                          \
    "],\"target\":\"cryptodev\"}]"
/* clang-format on */
#define VALUE(name, value) "{\"name\":\"" name "\",\"value\":" value "}"
#define HALT(success, fail)                                                                        \
    VALUE("halt_poll_fail_ns", fail) "," VALUE("halt_poll_success_ns", success)
#define VCPU_STATS(index, values)                                                                  \
    "{\"provider\":\"kvm\",\"stats\":[" values "],"                                                \
    "\"qom-path\":\"/machine/unattached/device[" index "]\"}"
#define TWO_CPUS "[" REPLY_CASE_CPU("0", "6") "," REPLY_CASE_CPU("2", "7") "]"
#define SHOWN_0  "vcpu 0 thread 6 path /machine/unattached/device[0]\n"
#define SHOWN_2  "vcpu 2 thread 7 path /machine/unattached/device[2]\n"
#define NAME_48  "a23456789012345678901234567890123456789012345678"

static const ReplyCaseRow stats_rows[] = {
    {"statistics find their vCPU, highest first, in the reply's order",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_CPUS_FAST, TWO_CPUS},
      {QEMU_COMMAND_QUERY_STATS_VCPU,
       "[" VCPU_STATS("2", VALUE("guest_mode", "true") "," VALUE("exits", "7")) "," VCPU_STATS(
           "0", VALUE("guest_mode", "false") "," VALUE("exits", "18446744073709551615")) "]"}},
     SHOWN_0 "vcpu 0 guest_mode.cur is 0\nvcpu 0 exits.sum 18446744073709551615\n" SHOWN_2
             "vcpu 2 guest_mode.cur is 1\nvcpu 2 exits.sum 7\n"},
    {"an order that changes from vCPU to vCPU does no harm",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_CPUS_FAST, TWO_CPUS},
      {QEMU_COMMAND_QUERY_STATS_VCPU,
       "[" VCPU_STATS("0", VALUE("guest_mode", "true") "," VALUE("exits", "1")) "," VCPU_STATS(
           "2", VALUE("exits", "2") "," VALUE("guest_mode", "true")) "]"}},
     SHOWN_0 "vcpu 0 guest_mode.cur is 1\nvcpu 0 exits.sum 1\n" SHOWN_2
             "vcpu 2 exits.sum 2\nvcpu 2 guest_mode.cur is 1\n"},
    {"values of another kind than the schema's are left out",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_CPUS_FAST, TWO_CPUS},
      {QEMU_COMMAND_QUERY_STATS_VCPU,
       "[" VCPU_STATS(
           "0",
           VALUE("exits", "true") "," VALUE("guest_mode", "1") "," VALUE(
               "halt_wait_hist",
               "[0,"
               "1]") "," VALUE("halt_wait_hist",
                               "3") "," VALUE("exits",
                                              "-1") "," VALUE("exits",
                                                              "1.5") "," VALUE("exits",
                                                                               "\"1\"") ",7,{"
                                                                                        "\"value\":"
                                                                                        "7}"
                                                                                        "," VALUE(
                                                                                            "unknow"
                                                                                            "n",
                                                                                            "7")) "]"}},
     SHOWN_0 SHOWN_2},
    {"a name twice counts once, a vCPU twice too",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_CPUS_FAST, TWO_CPUS},
      {QEMU_COMMAND_QUERY_STATS_VCPU,
       "[" VCPU_STATS("0", VALUE("exits", "1") "," VALUE("exits", "2")) "," VCPU_STATS(
           "0", VALUE("exits", "3")) "]"}},
     SHOWN_0 "vcpu 0 exits.sum 1\n" SHOWN_2},
    {"later statistics replace earlier ones",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_CPUS_FAST, TWO_CPUS},
      {QEMU_COMMAND_QUERY_STATS_VCPU, "[" VCPU_STATS("0", VALUE("exits", "1")) "]"},
      {QEMU_COMMAND_QUERY_STATS_VCPU, "[" VCPU_STATS("2", VALUE("exits", "2")) "]"}},
     SHOWN_0 SHOWN_2 "vcpu 2 exits.sum 2\n"},
    {"an unknown vCPU and another provider are left out",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_CPUS_FAST, TWO_CPUS},
      {QEMU_COMMAND_QUERY_STATS_VCPU,
       "[" VCPU_STATS("1", VALUE("exits", "1")) ",{\"provider\":\"x\",\"stats\":[" VALUE(
           "exits", "2") "],\"qom-path\":\"/machine/unattached/device[0]\"}]"}},
     SHOWN_0 SHOWN_2},
    {"without vCPUs or schemas halt polling is still summed",
     {{QEMU_COMMAND_QUERY_STATS_VCPU,
       "[" VCPU_STATS("0", HALT("1", "10")) "," VCPU_STATS("2", HALT("2", "20")) "]"}},
     "halt success 3\nhalt fail 30\n"},
    {"the short reply gives the same sums",
     {{QEMU_COMMAND_QUERY_STATS_HALTPOLL,
       "[" VCPU_STATS("0", HALT("1", "10")) "," VCPU_STATS("2", HALT("2", "20")) "]"}},
     "halt success 3\nhalt fail 30\n"},
    {"TCG halts without polling",
     {{QEMU_COMMAND_QUERY_STATS_HALTPOLL, "[]"}},
     "halt success 0\nhalt fail 0\n"},
    {"one vCPU without a name makes both sums absent",
     {{QEMU_COMMAND_QUERY_STATS_HALTPOLL, "[" VCPU_STATS("0", HALT("1", "10")) "," VCPU_STATS(
                                              "2", VALUE("halt_poll_fail_ns", "1")) "]"}},
     ""},
    {"one bad value makes both sums absent",
     {{QEMU_COMMAND_QUERY_STATS_HALTPOLL, "[" VCPU_STATS("0", HALT("-1", "10")) "]"}},
     ""},
    {"sums that do not fit are absent",
     {{QEMU_COMMAND_QUERY_STATS_HALTPOLL,
       "[" VCPU_STATS("0", HALT("18446744073709551615", "1")) "," VCPU_STATS("2",
                                                                             HALT("1", "1")) "]"}},
     ""},
    {"later sums replace earlier ones",
     {{QEMU_COMMAND_QUERY_STATS_HALTPOLL, "[" VCPU_STATS("0", HALT("1", "1")) "]"},
      {QEMU_COMMAND_QUERY_STATS_HALTPOLL, "[" VCPU_STATS("0", "") "]"}},
     ""},
    {"the VM has statistics of its own",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_STATS_VM,
       "[{\"provider\":\"kvm\",\"stats\":[" VALUE("rmap_size", "9") "," VALUE(
           "exits", "1") "," VALUE("pages", "8") "]}]"}},
     "vm rmap_size.max 9\nvm pages.cur 8\n"},
    {"TCG has none of the VM",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS}, {QEMU_COMMAND_QUERY_STATS_VM, "[]"}},
     ""},
    {"two providers of the VM are no one's",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, SCHEMAS},
      {QEMU_COMMAND_QUERY_STATS_VM, "[{\"provider\":\"kvm\",\"stats\":[" VALUE(
                                        "pages", "8") "]},{\"provider\":\"x\",\"stats\":[]}]"}},
     ""},
    {"schemas of an unknown kind are left out, however long a name is: who shows it looks at that",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS,
       "[{\"target\":\"vm\",\"stats\":[" SCHEMA("a", "sum") "," SCHEMA(
           NAME_48, "peak") ",{\"name\":7,\"type\":\"peak\"},{\"type\":"
                            "\"peak\"},7," SCHEMA("b", "peak") "]}]"},
      {QEMU_COMMAND_QUERY_STATS_VM,
       "[{\"stats\":[" VALUE("a", "1") "," VALUE(NAME_48, "2") "," VALUE("b", "3") "]}]"}},
     "vm " NAME_48 ".max 2\nvm b.max 3\n"},
    {"a schema twice counts once",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS,
       "[{\"target\":\"vm\",\"stats\":[" SCHEMA("b", "peak") "," SCHEMA("a", "peak") "," SCHEMA(
           "b", "peak") "]}]"},
      {QEMU_COMMAND_QUERY_STATS_VM,
       "[{\"stats\":[" VALUE("b", "1") "," VALUE("a", "2") "," VALUE("b", "3") "]}]"}},
     "vm b.max 1\nvm a.max 2\n"},
    {"a schema that is no list is refused",
     {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, "[{\"target\":\"vm\",\"stats\":{}}]"}},
     "refused\n"},
    {"objects are no schemas", {{QEMU_COMMAND_QUERY_STATS_SCHEMAS, "{}"}}, "refused\n"},
    {"objects are no statistics of vCPUs", {{QEMU_COMMAND_QUERY_STATS_VCPU, "{}"}}, "refused\n"},
    {"objects are no halt polling", {{QEMU_COMMAND_QUERY_STATS_HALTPOLL, "{}"}}, "refused\n"},
    {"objects are no statistics of the VM", {{QEMU_COMMAND_QUERY_STATS_VM, "{}"}}, "refused\n"},
};

int
main(void)
{
    return TESTING_RUN_TABLE("reply stats", stats_rows, reply_case_run);
}
