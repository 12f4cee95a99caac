/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats: records are read as the header says, with libvirt's virTypedParamsGet*(), by a
 * program that has called nothing of libvirt before. Only a build without sanitizers shows whether
 * libvirt's library was initialized: with them, the memory it would harm is not there.
 */
#include "domstats/domstats.h"
#include "testing.h"

enum { N_TYPES = VIR_TYPED_PARAM_STRING + 1 };

static int
get_int(const DomstatsRecord *record, const virTypedParameter *param)
{
    int value = 0;
    int found = virTypedParamsGetInt(record->params, record->n_params, param->field, &value);

    assert_int_equal(value, param->value.i);
    return found;
}

static int
get_uint(const DomstatsRecord *record, const virTypedParameter *param)
{
    unsigned int value = 0;
    int found = virTypedParamsGetUInt(record->params, record->n_params, param->field, &value);

    assert_int_equal(value, param->value.ui);
    return found;
}

static int
get_llong(const DomstatsRecord *record, const virTypedParameter *param)
{
    long long value = 0;
    int found = virTypedParamsGetLLong(record->params, record->n_params, param->field, &value);

    assert_true(value == param->value.l);
    return found;
}

static int
get_ullong(const DomstatsRecord *record, const virTypedParameter *param)
{
    unsigned long long value = 0;
    int found = virTypedParamsGetULLong(record->params, record->n_params, param->field, &value);

    assert_true(value == param->value.ul);
    return found;
}

static int
get_double(const DomstatsRecord *record, const virTypedParameter *param)
{
    double value = 0;
    int found = virTypedParamsGetDouble(record->params, record->n_params, param->field, &value);

    assert_memory_equal(&value, &param->value.d, sizeof(value));
    return found;
}

static int
get_boolean(const DomstatsRecord *record, const virTypedParameter *param)
{
    int value = 0;
    int found = virTypedParamsGetBoolean(record->params, record->n_params, param->field, &value);

    assert_int_equal(value, param->value.b);
    return found;
}

static int
get_string(const DomstatsRecord *record, const virTypedParameter *param)
{
    const char *value = NULL;
    int found = virTypedParamsGetString(record->params, record->n_params, param->field, &value);

    assert_string_equal(value, param->value.s);
    return found;
}

typedef int (*Getter)(const DomstatsRecord *record, const virTypedParameter *param);

static const Getter getters[N_TYPES] = {
    [VIR_TYPED_PARAM_INT] = get_int,       [VIR_TYPED_PARAM_UINT] = get_uint,
    [VIR_TYPED_PARAM_LLONG] = get_llong,   [VIR_TYPED_PARAM_ULLONG] = get_ullong,
    [VIR_TYPED_PARAM_DOUBLE] = get_double, [VIR_TYPED_PARAM_BOOLEAN] = get_boolean,
    [VIR_TYPED_PARAM_STRING] = get_string,
};

/* Adds the number of fields of each type to @n_of_type. */
static void
read_record(const DomstatsRecord *record, int *n_of_type)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        assert_true(param->type > 0 && param->type < N_TYPES);
        assert_int_equal(getters[param->type](record, param), 1);
        n_of_type[param->type]++;
    }
}

static void
each_type_is_read(void **state)
{
    g_autofree char *source =
        g_strconcat("replay:", testing_source_folder(), "/qemujsontestdata", NULL);
    DomstatsConn *conn = domstats_open(source, NULL, NULL);
    DomstatsRecord **records = NULL;
    int n_of_type[N_TYPES] = {0};
    int n = domstats_get_all_domain_stats(conn, 0, 0, 0, &records, NULL);

    (void)state;
    assert_true(n > 0);
    for (int i = 0; i < n; i++)
        read_record(records[i], n_of_type);
    for (int type = VIR_TYPED_PARAM_INT; type < N_TYPES; type++)
        assert_true(n_of_type[type] > 0);
    domstats_record_list_free(records);
    domstats_close(conn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_read),
    };

    return cmocka_run_group_tests_name("domstats", tests, NULL, NULL);
}
