/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_service_codec: messages of the service's own protocol: what is written is read, by us and by
 * the codec that rpcgen makes of service_protocol.x; what is damaged is refused.
 */
#include "testing.h"

#include <malloc.h>
#include <string.h>

#include "service/service_codec.h"
#include "service_case.h"
#include "service_protocol.h"
#include "util/util_error.h"

static GBytes *
write_records(const DomstatsRecord *const *records, size_t n, const char *blind_spot)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = service_codec_write_answer(5, records, n, blind_spot, &error);

    assert_null(error);
    return bytes;
}

/* An answer with two records that have everything. */
static GBytes *
write_rich_answer(void)
{
    g_autoptr(DomstatsRecord) web = service_case_make_record("web");
    g_autoptr(DomstatsRecord) mail = service_case_make_record("mail");
    const DomstatsRecord *const records[] = {web, mail};

    return write_records(records, 2, "processes of others are hidden");
}

static void
read_bytes(GBytes *bytes, ServiceCodecMessage *ret_message)
{
    g_autoptr(GError) error = NULL;
    size_t n = 0;
    const uint8_t *at = g_bytes_get_data(bytes, &n);
    bool is_read = service_codec_read(at, n, ret_message, &error);

    assert_null(error);
    assert_true(is_read);
}

static void
assert_same_record(const DomstatsRecord *got, const DomstatsRecord *expected)
{
    g_autofree char *got_text = service_case_describe(got);
    g_autofree char *expected_text = service_case_describe(expected);

    testing_assert_same_text(got_text, expected_text);
}

static void
brings_every_member(void **state)
{
    g_autoptr(DomstatsRecord) web = service_case_make_record("web");
    g_autoptr(DomstatsRecord) mail = service_case_make_record("mail");
    g_autoptr(GBytes) bytes = write_rich_answer();
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.kind, SERVICE_CODEC_ANSWER);
    assert_int_equal(message.serial, 5);
    assert_string_equal(message.blind_spot, "processes of others are hidden");
    assert_int_equal(message.records->len, 2);
    assert_same_record(g_ptr_array_index(message.records, 0), web);
    assert_same_record(g_ptr_array_index(message.records, 1), mail);
}

static void
brings_a_word_of_any_bytes(void **state)
{
    DomstatsRecord nothing = {.name = (char *)"\xff\xfe", .health = DOMSTATS_HEALTH_NO_DOMAIN};
    const DomstatsRecord *const records[] = {&nothing};
    g_autoptr(GBytes) bytes = write_records(records, 1, NULL);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_same_record(g_ptr_array_index(message.records, 0), &nothing);
    assert_null(message.blind_spot);
}

static void
brings_no_records(void **state)
{
    g_autoptr(GBytes) bytes = write_records(NULL, 0, NULL);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.records->len, 0);
}

static void
brings_a_call(void **state)
{
    static const char *const words[] = {"web", "", "\xff", NULL};
    const DomstatsCall call = {
        .domains = words, .stats = 1, .flags = 2, .extras = 3, .timeout_ms = 4};
    g_autoptr(GBytes) bytes = service_codec_write_call(9, &call, NULL);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.kind, SERVICE_CODEC_CALL);
    assert_int_equal(message.serial, 9);
    assert_int_equal(message.call.stats, 1);
    assert_int_equal(message.call.flags, 2);
    assert_int_equal(message.call.extras, 3);
    assert_int_equal(message.call.timeout_ms, 4);
    assert_true(g_strv_equal(message.call.domains, words));
}

static void
brings_a_call_for_all(void **state)
{
    const DomstatsCall call = {0};
    g_autoptr(GBytes) bytes = service_codec_write_call(1, &call, NULL);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_null(message.call.domains);
}

static void
brings_a_hello(void **state)
{
    const ServiceCodecHello hello = {.protocol = SERVICE_CODEC_PROTOCOL,
                                     .release = 1000,
                                     .extras = 3,
                                     .is_auto = true,
                                     .user = 4,
                                     .rights = 5,
                                     .places = {{1, 2}, {3, G_MAXUINT64}},
                                     .n_places = 2};
    g_autoptr(GBytes) bytes = service_codec_write_hello(&hello);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.kind, SERVICE_CODEC_HELLO);
    assert_memory_equal(&message.hello, &hello, sizeof(hello));
}

static void
reads_the_version_of_a_later_hello(void **state)
{
    const ServiceCodecHello hello = {.protocol = SERVICE_CODEC_PROTOCOL + 1,
                                     .release = 1000,
                                     .extras = 3,
                                     .is_auto = true,
                                     .user = 4,
                                     .rights = 5,
                                     .places = {{1, 2}},
                                     .n_places = 1};
    g_autoptr(GBytes) bytes = service_codec_write_hello(&hello);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.hello.protocol, SERVICE_CODEC_PROTOCOL + 1);
    assert_int_equal(message.hello.release, 0);
}

static void
brings_an_error(void **state)
{
    g_autofree char *text = g_strnfill(10000, 'x');
    g_autoptr(GBytes) bytes = service_codec_write_error(3, DOMSTATS_ERROR_TIMEOUT, text);
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.kind, SERVICE_CODEC_ERROR);
    assert_int_equal(message.serial, 3);
    assert_int_equal(message.code, DOMSTATS_ERROR_TIMEOUT);
    assert_int_equal(strlen(message.text), 4096);
}

static void
takes_an_unknown_code_for_an_internal_error(void **state)
{
    g_autoptr(GBytes) bytes = service_codec_write_error(3, (DomstatsError)99999, "x");
    g_auto(ServiceCodecMessage) message = {0};

    (void)state;
    read_bytes(bytes, &message);
    assert_int_equal(message.code, DOMSTATS_ERROR_INTERNAL);
}

/* What cannot be sent is refused where it is written. */
static void
refuses_to_write_too_much(void **state)
{
    g_autofree char *text = g_strnfill(SERVICE_LIMIT_ANSWER_TEXT_BYTES + 1, 'x');
    g_autofree char **words = g_new0(char *, SERVICE_LIMIT_REQUEST_WORDS + 2);
    const char *const long_words[] = {text, NULL};
    DomstatsRecord record = {.name = (char *)"x", .monitor = text};
    g_autofree const DomstatsRecord **records =
        g_new0(const DomstatsRecord *, SERVICE_LIMIT_ANSWER_RECORDS + 1);
    GError *errors[4] = {NULL};

    (void)state;
    for (size_t i = 0; i <= SERVICE_LIMIT_REQUEST_WORDS; i++)
        words[i] = (char *)"x";
    records[0] = &record;
    assert_null(service_codec_write_call(1, &(DomstatsCall){.domains = long_words}, &errors[0]));
    assert_null(service_codec_write_call(1, &(DomstatsCall){.domains = (const char *const *)words},
                                         &errors[1]));
    assert_null(service_codec_write_answer(1, records, 1, NULL, &errors[2]));
    text[100] = '\0';
    for (size_t i = 0; i <= SERVICE_LIMIT_ANSWER_RECORDS; i++)
        records[i] = &record;
    assert_null(
        service_codec_write_answer(1, records, SERVICE_LIMIT_ANSWER_RECORDS + 1, NULL, &errors[3]));
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        assert_true(g_error_matches(errors[i], UTIL_ERROR, UTIL_ERROR_UNSUPPORTED));
        g_clear_error(&errors[i]);
    }
}

typedef enum {
    DAMAGE_CALL,   /* of the word "vm" */
    DAMAGE_ANSWER, /* with one record of one parameter */
    DAMAGE_HELLO,
} DamageOf;

/* A message in which four bytes are others. */
typedef struct {
    const char *sentence;
    DamageOf of;
    size_t at;
    uint32_t value;
    const char *fault;
} DamageRow;

/* clang-format off */
static const DamageRow damage_rows[] = {
    {"a length that is not the message's", DAMAGE_CALL, 0, 99, "it is not as long as it says"},
    {"no kind", DAMAGE_CALL, 4, 0, "it is of no known kind"},
    {"a kind of a later version", DAMAGE_CALL, 4, 7, "it is of no known kind"},
    {"a kind of 2^32-1", DAMAGE_CALL, 4, G_MAXUINT32, "it is of no known kind"},
    {"a ping that goes on", DAMAGE_CALL, 4, SERVICE_CODEC_PING, "bytes follow its end"},
    {"fewer words than it has", DAMAGE_CALL, 28, 0, "bytes follow its end"},
    {"more words than it has", DAMAGE_CALL, 28, 2, "it ends too early"},
    {"more words than its bytes can be", DAMAGE_CALL, 28, 3, "it has fewer things than it says"},
    {"2^32-1 words", DAMAGE_CALL, 28, G_MAXUINT32, "it has more of one thing than is taken"},
    {"a word that is longer", DAMAGE_CALL, 32, 5, "it ends too early"},
    {"a word of 2^32-1 bytes", DAMAGE_CALL, 32, G_MAXUINT32, "a text is too long"},
    {"a word with NUL inside", DAMAGE_CALL, 36, 0x61000000, "a text has a NUL inside"},
    {"padding that is not zero", DAMAGE_CALL, 36, 0x766d0001, "bytes between two items are not zero"},
    {"other magic", DAMAGE_HELLO, 8, 0x48545450, "it is not a domstatsd that speaks"},
    {"more places than are taken", DAMAGE_HELLO, 40, 17, "it has more of one thing than is taken"},
    {"more places than it has", DAMAGE_HELLO, 40, 2, "it has fewer things than it says"},
    {"a blind spot that is neither there nor not", DAMAGE_ANSWER, 12, 2, "a boolean is neither 0 nor 1"},
    {"2^32-1 names", DAMAGE_ANSWER, 16, G_MAXUINT32, "it has more of one thing than is taken"},
    {"a name longer than a field may be", DAMAGE_ANSWER, 20, 80, "a text is too long"},
    {"a name with a line's end", DAMAGE_ANSWER, 24, 0x6162630a, "the name of a field is empty, or has signs that no name has"},
    {"2^32-1 records", DAMAGE_ANSWER, 28, G_MAXUINT32, "it has more of one thing than is taken"},
    {"more records than it has", DAMAGE_ANSWER, 28, 2, "it has fewer things than it says"},
    {"a name that is not UTF-8", DAMAGE_ANSWER, 36, 0xffff0000, "a name or a reason is not UTF-8"},
    {"a UUID of a byte of zero", DAMAGE_ANSWER, 40, 1, "a text has a NUL inside"},
    {"an id below -1", DAMAGE_ANSWER, 44, (uint32_t)-2, "a number of a record is out of range"},
    {"a health of a later version", DAMAGE_ANSWER, 48, 10, "a health is not known"},
    {"a reason's code of 2^32-1", DAMAGE_ANSWER, 56, G_MAXUINT32, "a code of a record is out of range"},
    {"a time of the monitor below -1", DAMAGE_ANSWER, 76, G_MAXUINT32, "a number of a record is out of range"},
    {"an answerer that is not known", DAMAGE_ANSWER, 88, 5, "a code of a record is out of range"},
    {"a pid below zero", DAMAGE_ANSWER, 92, (uint32_t)-1, "a number of a record is out of range"},
    {"a holder below zero", DAMAGE_ANSWER, 108, (uint32_t)-1, "a number of a record is out of range"},
    {"2^32-1 parameters", DAMAGE_ANSWER, 112, G_MAXUINT32, "it has more of one thing than is taken"},
    {"more parameters than it has", DAMAGE_ANSWER, 112, 2, "it has fewer things than it says"},
    {"a name that is not in the list", DAMAGE_ANSWER, 116, 1, "a field has a name that is not in the list"},
    {"no type", DAMAGE_ANSWER, 120, 0, "a value has a type that is none of libvirt's"},
    {"a type of 2^32-1", DAMAGE_ANSWER, 120, G_MAXUINT32, "a value has a type that is none of libvirt's"},
    {"a boolean of 7", DAMAGE_ANSWER, 120, VIR_TYPED_PARAM_BOOLEAN, "a boolean is neither 0 nor 1"},
    {"a value that is longer than its bytes", DAMAGE_ANSWER, 120, VIR_TYPED_PARAM_STRING, "it ends too early"},
    {"a last record that is not there", DAMAGE_ANSWER, 128, 1, "it ends too early"},
};
/* clang-format on */

static GBytes *
write_answer_of_one(void)
{
    virTypedParameter param = {.field = "abcd", .type = VIR_TYPED_PARAM_INT, .value.i = 7};
    DomstatsRecord record = {.name = (char *)"vm", .params = &param, .n_params = 1};
    const DomstatsRecord *const records[] = {&record};

    return write_records(records, 1, NULL);
}

static GBytes *
write_sound(DamageOf of)
{
    static const char *const words[] = {"vm", NULL};
    const DomstatsCall call = {.domains = words};
    const ServiceCodecHello hello = {.protocol = SERVICE_CODEC_PROTOCOL,
                                     .release = 1000,
                                     .extras = 3,
                                     .is_auto = true,
                                     .user = 4,
                                     .rights = 5,
                                     .places = {{1, 2}},
                                     .n_places = 1};

    switch (of) {
    case DAMAGE_CALL:
        return service_codec_write_call(1, &call, NULL);
    case DAMAGE_HELLO:
        return service_codec_write_hello(&hello);
    case DAMAGE_ANSWER:
    default:
        return write_answer_of_one();
    }
}

static void
is_refused(const void *data)
{
    const DamageRow *row = data;
    g_autoptr(GBytes) bytes = write_sound(row->of);
    g_autoptr(GError) error = NULL;
    g_auto(ServiceCodecMessage) message = {0};
    size_t n = 0;
    g_autofree uint8_t *damaged = g_memdup2(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    uint32_t value = GUINT32_TO_BE(row->value);

    n = g_bytes_get_size(bytes);
    assert_true(row->at + sizeof(value) <= n);
    memcpy(damaged + row->at, &value, sizeof(value));
    assert_false(service_codec_read(damaged, n, &message, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
    assert_string_equal(error->message, row->fault);
}

static void
refuses_every_part_of_a_message(void **state)
{
    g_autoptr(GBytes) bytes = write_rich_answer();
    size_t n = g_bytes_get_size(bytes);
    g_autofree uint8_t *part = g_memdup2(g_bytes_get_data(bytes, NULL), n);

    (void)state;
    for (size_t size = 0; size < n; size++) {
        g_auto(ServiceCodecMessage) message = {0};
        uint32_t length = GUINT32_TO_BE((uint32_t)size);
        g_autofree uint8_t *cut = g_memdup2(part, MAX(size, sizeof(length)));

        memcpy(cut, &length, sizeof(length));
        assert_false(service_codec_read(cut, size, &message, NULL));
    }
}

/* Whatever one byte becomes, the message is read or refused; what is read can be written again. */
static void
survives_every_changed_byte(void **state)
{
    g_autoptr(GBytes) bytes = write_rich_answer();
    size_t n = g_bytes_get_size(bytes);
    unsigned int n_read = 0;

    (void)state;
    for (size_t i = 0; i < n * 4; i++) {
        static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x20};
        g_auto(ServiceCodecMessage) message = {0};
        g_autofree uint8_t *changed = g_memdup2(g_bytes_get_data(bytes, NULL), n);

        changed[i / 4] ^= changes[i % 4];
        n_read += service_codec_read(changed, n, &message, NULL);
    }
    assert_true(n_read > 0);
}

/* What rpcgen's codec of service_protocol.x reads of our bytes, and writes again, are these bytes.
 */
static void
assert_described(GBytes *bytes, service_protocol_message *ret_message)
{
    size_t n = g_bytes_get_size(bytes);
    g_autofree char *sent = g_memdup2(g_bytes_get_data(bytes, NULL), n);
    g_autofree char *again = g_malloc0(n);
    uint32_t length = 0;
    XDR in = {0};
    XDR out = {0};

    memcpy(&length, sent, sizeof(length));
    assert_int_equal(GUINT32_FROM_BE(length), n);
    xdrmem_create(&in, sent + 4, (u_int)n - 4, XDR_DECODE);
    assert_true(xdr_service_protocol_message(&in, ret_message));
    assert_int_equal(xdr_getpos(&in), n - 4);
    xdrmem_create(&out, again + 4, (u_int)n - 4, XDR_ENCODE);
    assert_true(xdr_service_protocol_message(&out, ret_message));
    assert_memory_equal(again + 4, sent + 4, n - 4);
}

static void
free_described(service_protocol_message *message)
{
    xdr_free((xdrproc_t)xdr_service_protocol_message, (char *)message);
}

static void
an_answer_is_as_described(void **state)
{
    g_autoptr(DomstatsRecord) web = service_case_make_record("web");
    g_autoptr(GBytes) bytes = write_rich_answer();
    service_protocol_message message = {0};
    const service_protocol_answer *answer = &message.service_protocol_message_u.answer;
    const service_protocol_body *body = NULL;

    (void)state;
    assert_described(bytes, &message);
    assert_int_equal(message.kind, SERVICE_PROTOCOL_ANSWER);
    assert_int_equal(answer->records.records_len, 2);
    body = &answer->records.records_val[0].body;
    assert_string_equal(body->name, "web");
    assert_string_equal(*body->reason, web->reason);
    assert_string_equal(*body->monitor, web->monitor);
    assert_int_equal(body->holder_pid, 99);
    assert_int_equal(body->params.params_len, web->n_params);
    for (int i = 0; i < web->n_params; i++) {
        const service_protocol_param *param = &body->params.params_val[i];

        assert_string_equal(answer->names.names_val[param->name], web->params[i].field);
        assert_int_equal(param->value.type, web->params[i].type);
    }
    assert_true(body->params.params_val[3].value.service_protocol_value_u.ul == G_MAXUINT64);
    assert_non_null(answer->records.records_val[1].last);
    free_described(&message);
}

static void
the_others_are_as_described(void **state)
{
    static const char *const words[] = {"web", "mail", NULL};
    const DomstatsCall call = {.domains = words, .stats = 1, .timeout_ms = 4};
    const ServiceCodecHello hello = {.protocol = SERVICE_CODEC_PROTOCOL,
                                     .release = 1000,
                                     .extras = 3,
                                     .is_auto = true,
                                     .user = 4,
                                     .rights = 5,
                                     .places = {{1, 2}, {3, 4}},
                                     .n_places = 2};
    GBytes *messages[] = {
        service_codec_write_hello(&hello),
        service_codec_write_call(1, &call, NULL),
        service_codec_write_error(1, DOMSTATS_ERROR_TIMEOUT, "too late"),
        service_codec_write_bare(SERVICE_CODEC_PING, 7),
        service_codec_write_bare(SERVICE_CODEC_PONG, 7),
    };

    (void)state;
    assert_int_equal(SERVICE_CODEC_PROTOCOL, SERVICE_PROTOCOL_NUMBER);
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        service_protocol_message message = {0};

        assert_described(messages[i], &message);
        free_described(&message);
        g_bytes_unref(messages[i]);
    }
}

/* A hello says which extras are known; the library is asked which it knows. */
static void
a_hello_names_all_extras_of_the_library(void **state)
{
    g_autofree char *source =
        g_strconcat("replay:", testing_source_folder(), "/qemujsontestdata", NULL);
    g_autoptr(DomstatsConn) conn = domstats_open(source, NULL, NULL);

    (void)state;
    for (unsigned int bit = 0; bit < 32; bit++) {
        const char *const words[] = {"running", NULL};
        const DomstatsCall call = {
            .domains = words, .stats = VIR_DOMAIN_STATS_STATE, .extras = 1U << bit};
        g_autoptr(DomstatsRecordList) records = NULL;
        bool is_known = domstats_get_stats(conn, &call, &records, NULL) == 1;

        assert_int_equal(is_known, (SERVICE_CODEC_EXTRAS >> bit) & 1);
    }
}

/* A service keeps it until its client reads it, and a client may ping a lot. */
static void
a_small_message_takes_little_memory(void **state)
{
    enum { MOST_BYTES = 64 };
    g_autoptr(GBytes) bytes = service_codec_write_bare(SERVICE_CODEC_PONG, 7);
    gconstpointer at = g_bytes_get_data(bytes, NULL);

    (void)state;
    testing_assert_in_range(malloc_usable_size((void *)(uintptr_t)at), 1, MOST_BYTES);
}

static int
run_plain_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_every_member),
        cmocka_unit_test(brings_a_word_of_any_bytes),
        cmocka_unit_test(brings_no_records),
        cmocka_unit_test(brings_a_call),
        cmocka_unit_test(brings_a_call_for_all),
        cmocka_unit_test(brings_a_hello),
        cmocka_unit_test(reads_the_version_of_a_later_hello),
        cmocka_unit_test(brings_an_error),
        cmocka_unit_test(takes_an_unknown_code_for_an_internal_error),
        cmocka_unit_test(refuses_to_write_too_much),
        cmocka_unit_test(refuses_every_part_of_a_message),
        cmocka_unit_test(survives_every_changed_byte),
        cmocka_unit_test(an_answer_is_as_described),
        cmocka_unit_test(the_others_are_as_described),
        cmocka_unit_test(a_hello_names_all_extras_of_the_library),
        cmocka_unit_test(a_small_message_takes_little_memory),
    };

    return cmocka_run_group_tests_name("service_codec", tests, NULL, NULL);
}

int
main(void)
{
    int n_failed = run_plain_tests();

    return n_failed + TESTING_RUN_TABLE("service_codec damage", damage_rows, is_refused);
}
