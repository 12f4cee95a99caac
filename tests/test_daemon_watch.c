/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_watch: events reach the clients that wait for them, in the form that each asked for,
 * and nothing is asked while none does.
 */
#include "testing.h"

#include <string.h>

#include "rpc_case.h"

#define UUID1 "11111111-2222-3333-4444-000000000001"
#define UUID2 "11111111-2222-3333-4444-000000000002"

static void
call(RpcCase *scene, int procedure, size_t n_words, const uint32_t *words)
{
    g_autoptr(GByteArray) args = g_byte_array_new();

    for (size_t i = 0; i < n_words; i++) {
        uint32_t big = GUINT32_TO_BE(words[i]);

        g_byte_array_append(args, (const guint8 *)&big, sizeof(big));
    }
    rpc_case_call(scene, procedure, args->data, args->len);
}

#define CALL(scene, procedure, ...)                                                                \
    call((scene), (procedure), sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),               \
         (const uint32_t[]){__VA_ARGS__})

static void
init_scene(RpcCase *scene)
{
    rpc_case_init(scene);
    (void)rpc_case_add(scene, "vm1 " UUID1 " 7", "state.state int 1\nstate.reason int 1");
    CALL(scene, RPC_PROCEDURE_CONNECT_OPEN, 0, 1);
}

static void
set_state(RpcCase *scene, int state)
{
    DomstatsRecord *record = g_ptr_array_index(scene->records, 0);

    record->params[0].value.i = state;
}

/* The last message, if it is an event; what was sent is forgotten. */
static char *
take_event(RpcCase *scene)
{
    bool is_old = false;
    char *text = NULL;
    const uint8_t *bytes = NULL;
    RpcMessageHeader header;
    size_t n_bytes = 0;

    if (scene->sent->len == 0)
        return g_strdup("none");
    bytes = g_bytes_get_data(g_ptr_array_index(scene->sent, scene->sent->len - 1), &n_bytes);
    assert_true(rpc_message_parse_header(bytes, n_bytes, &header));
    is_old = header.procedure == RPC_PROCEDURE_DOMAIN_EVENT_LIFECYCLE;
    assert_int_equal(header.type, RPC_MESSAGE_EVENT);
    text = rpc_case_describe(scene, is_old ? "dii" : "idii");
    g_ptr_array_set_size(scene->sent, 0);
    return text;
}

static void
assert_event(RpcCase *scene, const char *expected)
{
    g_autofree char *text = take_event(scene);

    assert_string_equal(text, expected);
}

static void
a_round_follows_the_first_callback(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    assert_int_equal(scene.n_asked, 0);
    CALL(&scene, 316, 0, 0);
    assert_int_equal(scene.n_asked, 1);
    assert_int_equal(scene.last.stats, VIR_DOMAIN_STATS_STATE);
    assert_int_equal(scene.last.flags, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    CALL(&scene, 316, 0, 0);
    assert_int_equal(scene.n_asked, 1);
    CALL(&scene, 317, 1);
    assert_int_equal(scene.requests->len, 1);
    CALL(&scene, 317, 2);
    assert_int_equal(scene.requests->len, 0); /* nobody waits any more */
    rpc_case_clear(&scene);
}

static void
other_events_ask_nothing(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    CALL(&scene, 316, 13, 0);
    assert_int_equal(scene.n_asked, 0);
    rpc_case_clear(&scene);
}

static void
an_event_reaches_its_client(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    CALL(&scene, 316, 0, 0);
    g_ptr_array_set_size(scene.sent, 0);
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "none");
    set_state(&scene, VIR_DOMAIN_PAUSED);
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "1 vm1/7 3 0");
    set_state(&scene, VIR_DOMAIN_RUNNING);
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "1 vm1/7 4 0");
    (void)rpc_case_add(&scene, "vm2 " UUID2 " 9", "state.state int 1");
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "1 vm2/9 2 0");
    g_ptr_array_remove_index(scene.records, 1);
    rpc_case_end_round(&scene, "some are not seen");
    assert_event(&scene, "none");
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "1 vm2/-1 5 0");
    rpc_case_clear(&scene);
}

static void
an_old_client_gets_the_old_message(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    CALL(&scene, 167, 0);
    g_ptr_array_set_size(scene.sent, 0);
    rpc_case_end_round(&scene, NULL);
    set_state(&scene, VIR_DOMAIN_PAUSED);
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "vm1/7 3 0");
    CALL(&scene, 168, 0);
    g_ptr_array_set_size(scene.sent, 0);
    set_state(&scene, VIR_DOMAIN_RUNNING);
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "none");
    rpc_case_clear(&scene);
}

static void
a_callback_for_one_domain_hears_of_it_alone(void **state)
{
    RpcCase scene;

    (void)state;
    init_scene(&scene);
    CALL(&scene, 316, 0, 1, 0, 0x11111111, 0x22223333, 0x44440000, 0x00000002, 9);
    g_ptr_array_set_size(scene.sent, 0);
    rpc_case_end_round(&scene, NULL);
    set_state(&scene, VIR_DOMAIN_PAUSED);
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "none");
    (void)rpc_case_add(&scene, "vm2 " UUID2 " 9", "state.state int 1");
    rpc_case_end_round(&scene, NULL);
    assert_event(&scene, "1 vm2/9 2 0");
    rpc_case_clear(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a look at the states follows the first callback", a_round_follows_the_first_callback,
         NULL, NULL, NULL},
        {"callbacks for other events ask nothing", other_events_ask_nothing, NULL, NULL, NULL},
        {"an event reaches its client", an_event_reaches_its_client, NULL, NULL, NULL},
        {"a client of the old kind gets the old message", an_old_client_gets_the_old_message, NULL,
         NULL, NULL},
        {"a callback for one domain hears of that one alone",
         a_callback_for_one_domain_hears_of_it_alone, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("daemon_watch", tests, NULL, NULL);
}
