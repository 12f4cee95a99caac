/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_libvirt_session: what one client of libvirt's RPC may do and when: before it has
 * opened its connection, with many calls at once, after a list, with messages that are too long.
 */
#include "testing.h"

#include <string.h>

#include "rpc/rpc_limits.h"
#include "rpc_words.h"

static void
init_scene(RpcCase *scene)
{
    static const char running[] = "state.state int 1\nstate.reason int 1";

    rpc_case_init(scene);
    (void)rpc_case_add(scene, "vm1 " RPC_WORDS_UUID1 " 7", running);
    (void)rpc_case_add(scene, "vm2 " RPC_WORDS_UUID2 " 8", running);
    (void)rpc_case_add(scene, "off " RPC_WORDS_UUID3 " -1", "state.state int 5");
    rpc_words_call(scene, 1, "i:0 i:1");
}

static void
nothing_before_open(void **state)
{
    g_autofree char *rest = g_strnfill(RPC_LIMIT_URI_BYTES, '/');
    g_autofree char *long_uri = g_strdup_printf("i:1 s:qemu:%s i:0", rest);
    RpcCase scene;

    (void)state;
    rpc_case_init(&scene);
    rpc_words_call(&scene, 60, "i:10");
    rpc_words_assert_answer(&scene, "i", "1");
    rpc_words_call(&scene, 60, "i:14");
    rpc_words_assert_answer(&scene, "i",
                            "error 1 7 internal error: hypervisor connection not open");
    rpc_words_call(&scene, 273, "i:1 i:0");
    rpc_words_assert_answer(&scene, "i",
                            "error 1 7 internal error: hypervisor connection not open");
    rpc_words_call(&scene, 1, "i:1 s:xen:///system i:0");
    rpc_words_assert_answer(&scene, "",
                            "error 5 0 no connection driver available for xen:///system");
    rpc_words_call(&scene, 1, long_uri);
    rpc_words_assert_answer(&scene, "",
                            "error 8 0 invalid argument: the URI has more than 4096 bytes");
    rpc_words_call(&scene, 1, "i:1 s:qemu:///session i:0");
    rpc_words_assert_answer(&scene, "", "");
    rpc_words_call(&scene, 110, "");
    rpc_words_assert_answer(&scene, "s", "qemu:///session");
    assert_int_equal(scene.n_asked, 0);
    rpc_case_clear(&scene);
}

/* Sixty calls before the first answer, as programs in Go send them, and a ping between them. */
static void
calls_do_not_wait_for_each_other(void **state)
{
    static const uint8_t ping[] = {0, 0, 0, 28, 0x6b, 0x65, 0x65, 0x70, 0, 0, 0, 1, 0, 0,
                                   0, 1, 0, 0,  0,    2,    0,    0,    0, 0, 0, 0, 0, 0};
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    for (int i = 0; i < 60; i++)
        rpc_words_call(&scene, 16, i % 2 == 0 ? "dom:vm1" : "dom:off");
    assert_int_equal(scene.requests->len, 60);
    assert_int_equal(scene.sent->len, 1);
    rpc_case_take(&scene, ping, sizeof(ping));
    assert_int_equal(scene.sent->len, 2);
    assert_int_equal(scene.n_under_way, 60);
    rpc_words_call(&scene, 59, "");
    assert_int_equal(scene.sent->len, 3);
    rpc_case_answer(&scene, NULL);
    assert_int_equal(scene.sent->len, 63);
    assert_int_equal(scene.n_under_way, 0);
    rpc_case_clear(&scene);
}

static void
a_client_that_leaves_asks_no_more(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    rpc_words_call(&scene, 16, "dom:vm1");
    rpc_words_call(&scene, 344, "i:0 i:0 i:0");
    assert_int_equal(scene.requests->len, 2);
    rpc_case_leave(&scene);
    assert_int_equal(scene.requests->len, 0);
    rpc_case_clear(&scene);
}

/* The session learns who there is. */
static void
list(RpcCase *scene, int procedure, const char *args)
{
    rpc_words_call(scene, procedure, args);
    rpc_case_answer(scene, NULL);
}

/* A lookup that is answered without a round. */
static void
assert_spared(RpcCase *scene, int procedure, const char *args, const char *expected)
{
    unsigned int n_asked = scene->n_asked;

    rpc_words_call(scene, procedure, args);
    rpc_words_assert_answer(scene, "d", expected);
    assert_int_equal(scene->n_asked, n_asked);
}

/* A lookup that costs a round. */
static void
assert_asked(RpcCase *scene, int procedure, const char *args, const char *expected)
{
    unsigned int n_asked = scene->n_asked;

    rpc_words_call(scene, procedure, args);
    assert_int_equal(scene->n_asked, n_asked + 1);
    rpc_case_answer(scene, NULL);
    rpc_words_assert_answer(scene, "d", expected);
}

/* A domain of the session's last list is told without a round, while its process is there. */
static void
a_list_spares_its_lookups(void **state)
{
    RpcCase scene;
    DomstatsRecord *record = NULL;

    (void)state;
    init_scene(&scene);
    record = g_ptr_array_index(scene.records, 0);
    rpc_case_set_process(record);
    list(&scene, 37, "i:10");
    assert_spared(&scene, 22, "i:7", "vm1/7");
    assert_spared(&scene, 23, "s:vm1", "vm1/7");
    assert_spared(&scene, 24, "u:" RPC_WORDS_UUID1, "vm1/7");
    assert_asked(&scene, 22, "i:8", "vm2/8"); /* its process is not known */
    record = rpc_case_add(&scene, "vm9 " RPC_WORDS_UUID1 " 9", "");
    rpc_case_set_process(record);
    list(&scene, 273, "i:1 i:0");
    assert_spared(&scene, 23, "s:vm9", "vm9/9");
    assert_asked(&scene, 24, "u:" RPC_WORDS_UUID1, "vm1/7"); /* two have it: the round says which */
    record = g_ptr_array_index(scene.records, 0);
    record->start_ticks++; /* another process has the pid now */
    list(&scene, 344, "i:0 i:0 i:0");
    assert_asked(&scene, 22, "i:7", "vm1/7");
    rpc_case_clear(&scene);
}

/* Nine of the longest strings that a reply may have are more than a message may have. */
static void
a_reply_that_is_too_long_is_an_error(void **state)
{
    g_autofree char *longest = g_strnfill(RPC_LIMIT_TEXT_BYTES, 'x');
    g_autofree char *value = g_strconcat("a string ", longest, NULL);
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    for (int i = 0; i < 9; i++)
        (void)rpc_case_add(&scene, "long " RPC_WORDS_UUID9 " 9", value);
    rpc_words_call(&scene, 344, "i:0 i:2 i:0");
    rpc_case_answer(&scene, NULL);
    rpc_words_assert_answer(&scene, "", "error 39 7 Unable to encode message payload");
    rpc_case_clear(&scene);
}

/* The longest name that a message may have, and the bytes of no character. */
static void
a_name_of_megabytes_is_refused(void **state)
{
    g_autofree char *name = g_strnfill(RPC_LIMIT_CALL_BYTES - RPC_MESSAGE_HEADER_BYTES - 4, '\xff');
    g_autofree char *args = g_strconcat("s:", name, NULL);
    g_autofree char *text = NULL;
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    rpc_words_call(&scene, 23, args);
    rpc_case_answer(&scene, NULL);
    text = rpc_case_describe(&scene, "");
    assert_true(g_str_has_prefix(
        text, "error 42 10 Domain not found: no domain with matching name '\xef\xbf\xbd"));
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_true(strlen(text) < (size_t)4 * RPC_LIMIT_ERROR_BYTES);
    rpc_case_clear(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"nothing is answered before the connection is opened", nothing_before_open, NULL, NULL,
         NULL},
        {"calls of one client do not wait for each other, and a ping for none",
         calls_do_not_wait_for_each_other, NULL, NULL, NULL},
        {"a client that leaves takes its requests back", a_client_that_leaves_asks_no_more, NULL,
         NULL, NULL},
        {"a list spares the rounds of the lookups after it", a_list_spares_its_lookups, NULL, NULL,
         NULL},
        {"a reply that is too long is an error, and is not sent",
         a_reply_that_is_too_long_is_an_error, NULL, NULL, NULL},
        {"a name of megabytes is refused in few words", a_name_of_megabytes_is_refused, NULL, NULL,
         NULL},
    };

    return cmocka_run_group_tests_name("daemon_libvirt_session", tests, NULL, NULL);
}
