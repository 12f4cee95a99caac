/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_words: calls of libvirt's RPC whose arguments are words: "dom:NAME", "i:NUMBER", "s:TEXT",
 * "u:UUID". The domains are vm1, vm2 and off; any other, as "dom:?", is one that nothing has.
 */
#pragma once

#include "rpc_case.h"

/* Of vm1, vm2, off, and of no domain. */
#define RPC_WORDS_UUID1 "11111111-2222-3333-4444-000000000001"
#define RPC_WORDS_UUID2 "11111111-2222-3333-4444-000000000002"
#define RPC_WORDS_UUID3 "11111111-2222-3333-4444-000000000003"
#define RPC_WORDS_UUID9 "99999999-2222-3333-4444-000000000009"

/* The client sends a call. */
void rpc_words_call(RpcCase *scene, int procedure, const char *text);

/* Compares the last message with the text that rpc_case_describe() makes. */
void rpc_words_assert_answer(RpcCase *scene, const char *format, const char *expected);
