/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_rpc: any stream of a client of libvirt's RPC, through a session.
 *
 * Claims: whatever is sent, every call gets exactly one reply with its serial, a ping a pong, and
 * nothing else is sent but events that were registered for; no message is longer than clients take;
 * the client may leave at any time.
 *
 * The stream is cut into messages by the lengths in them, as daemon_inbox does. A message of four
 * bytes answers the rounds that were asked for, one of five ends a round, one of six lets the
 * client leave.
 */
#include <string.h>

#include "daemon/daemon_limits.h"
#include "rpc/rpc_call.h"
#include "rpc/rpc_limits.h"
#include "rpc_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ANSWER = 4, END_ROUND = 5, LEAVE = 6 };

static const char values[] = "state.state int 1\n"
                             "cpu.time ullong 5\n"
                             "balloon.maximum ullong 64\n"
                             "vcpu.maximum uint 4\n"
                             "vcpu.0.state int 1\n"
                             "net.0.name string tap0\n"
                             "block.0.name string vda\n"
                             "block.0.path string /a\n"
                             "iothread.1.poll-max-ns ullong 5";

/* What is due: a reply to a call, a pong to a ping. */
static unsigned int
count_due(const uint8_t *bytes, size_t n_bytes)
{
    g_auto(RpcCall) call = {0};

    return rpc_call_parse(bytes, n_bytes, &call) != RPC_CALL_NOTHING;
}

static unsigned int
count_answers(const RpcCase *scene)
{
    unsigned int n_answers = 0;

    for (guint i = 0; i < scene->sent->len; i++) {
        size_t n_bytes = 0;
        const uint8_t *bytes = g_bytes_get_data(g_ptr_array_index(scene->sent, i), &n_bytes);
        RpcMessageHeader header;

        g_assert(rpc_message_parse_header(bytes, n_bytes, &header));
        g_assert(n_bytes <= RPC_LIMIT_SENT_BYTES);
        n_answers += header.type == RPC_MESSAGE_REPLY || header.program == RPC_MESSAGE_KEEPALIVE;
    }
    return n_answers;
}

static size_t
message_length(const uint8_t *data, size_t size)
{
    uint32_t length = 0;

    if (size < sizeof(length))
        return 0;
    memcpy(&length, data, sizeof(length));
    length = GUINT32_FROM_BE(length);
    return length >= ANSWER && length <= size ? length : 0;
}

static void
check(const RpcCase *scene, unsigned int n_due)
{
    g_assert(scene->n_under_way >= 0);
    g_assert(count_answers(scene) + (unsigned int)scene->n_under_way == n_due);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RpcCase scene;
    unsigned int n_due = 0;

    rpc_case_init(&scene);
    (void)rpc_case_add(&scene, "vm1 00000000-0000-0000-0000-000000000001 7", values);
    (void)rpc_case_add(&scene, "off 00000000-0000-0000-0000-000000000002 -1", "state.state int 5");
    for (size_t length = 0; (length = message_length(data, size)) > 0;) {
        if (length == ANSWER) {
            rpc_case_answer(&scene, NULL);
        } else if (length == END_ROUND) {
            rpc_case_end_round(&scene, NULL);
        } else if (length == LEAVE) {
            rpc_case_leave(&scene);
            g_ptr_array_set_size(scene.sent, 0);
            scene.n_under_way = 0;
            n_due = 0;
        } else if (length >= RPC_MESSAGE_HEADER_BYTES &&
                   scene.n_under_way < DAEMON_LIMIT_RPC_CALLS) {
            n_due += count_due(data, length);
            rpc_case_take(&scene, data, length);
        }
        check(&scene, n_due);
        data += length;
        size -= length;
    }
    rpc_case_answer(&scene, NULL);
    check(&scene, n_due);
    g_assert(scene.n_under_way == 0);
    rpc_case_clear(&scene);
    return 0;
}
