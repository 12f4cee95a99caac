/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_schemas: QEMUs that told the same share one copy, also after the facts are gone.
 */
#include "testing.h"

#include <string.h>

#include "qemu/facts/qemu_reply.h"
#include "qemu/plan/qemu_schemas.h"
#include "util/util_json.h"

typedef struct {
    const char *sentence;
    const char *first, *second; /* replies of query-stats-schemas */
    bool are_shared;
} Row;

#define VCPU(stats) "[{\"provider\":\"kvm\",\"target\":\"vcpu\",\"stats\":[" stats "]}]"
#define VM(stats)   "[{\"provider\":\"kvm\",\"target\":\"vm\",\"stats\":[" stats "]}]"
#define EXITS       "{\"name\":\"exits\",\"type\":\"cumulative\",\"exponent\":0}"
#define EXITS_PEAK  "{\"name\":\"exits\",\"type\":\"peak\",\"exponent\":0}"
#define PAGES       "{\"name\":\"pages\",\"type\":\"instant\",\"exponent\":0}"

static const Row rows[] = {
    {"the same words are kept once", VCPU(EXITS "," PAGES), VCPU(EXITS "," PAGES), true},
    {"another order is the same", VCPU(EXITS "," PAGES), VCPU(PAGES "," EXITS), true},
    {"another kind is not", VCPU(EXITS), VCPU(EXITS_PEAK), false},
    {"one more is not", VCPU(EXITS), VCPU(EXITS "," PAGES), false},
    {"another target is not", VCPU(EXITS), VM(EXITS), false},
    {"nothing is the same as nothing", "[]", "[]", true},
};

/* Reads a reply into the pool; the facts and the reply are gone when it returns. */
static QemuSchemas *
take(QemuSchemasPool *pool, const char *text)
{
    g_autoptr(UtilJson) reply = util_json_parse(text, strlen(text), 8, NULL);
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    assert_true(qemu_reply_parse_stats_schemas(reply, &facts));
    return qemu_schemas_pool_take(pool, &facts);
}

static guint
count(const GArray *array)
{
    return array ? array->len : 0;
}

static void
shares(const void *data)
{
    const Row *row = data;
    QemuSchemasPool *pool = qemu_schemas_pool_new();
    g_autoptr(QemuSchemas) first = take(pool, row->first);
    g_autoptr(QemuSchemas) second = take(pool, row->second);
    g_auto(QemuFacts) facts = {0};

    assert_int_equal(first == second, row->are_shared);
    qemu_schemas_pool_free(pool);
    qemu_facts_init(&facts);
    qemu_schemas_lend(first, &facts);
    if (count(facts.schemas_vcpu) > 0)
        assert_string_equal(g_array_index(facts.schemas_vcpu, QemuFactsSchema, 0).name, "exits");
    assert_int_equal(count(facts.schemas_vcpu) + count(facts.schemas_vm) > 0,
                     strstr(row->first, "name") != NULL);
}

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_schemas", rows, shares);
}
