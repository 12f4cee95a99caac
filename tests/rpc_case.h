/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_case: a session of libvirt's RPC without sockets and rounds: this file has the functions of
 * daemon_client and daemon_rounds that a session calls, so a program with it must not need the real
 * ones. What is sent is kept, and a round is answered when the test says so, from records of its
 * own.
 */
#pragma once

#include "daemon/daemon_host.h"
#include "daemon/daemon_watch.h"
#include "domstats/domstats.h"
#include "rpc/rpc_message.h"

typedef struct {
    void *session;
    DaemonHost host;
    sd_event *loop;
    DaemonWatch *watch;
    GPtrArray *records;    /* DomstatsRecord *: what there is */
    GPtrArray *requests;   /* that wait for a round */
    GPtrArray *sent;       /* GBytes * */
    unsigned int n_asked;  /* rounds asked for */
    unsigned int n_rounds; /* of which the watch was told */
    DomstatsCall last;     /* what the last one asked for, without its words */
    char *last_words;      /* those, with blanks between */
    int n_under_way;       /* calls that have begun and not ended */
} RpcCase;

/* A client that has connected. */
void rpc_case_init(RpcCase *self);
void rpc_case_clear(RpcCase *self);

/* The client leaves, and another one comes. */
void rpc_case_leave(RpcCase *self);

/* Adds a domain: "NAME UUID ID", and its values, a line each: "NAME TYPE VALUE". */
DomstatsRecord *rpc_case_add(RpcCase *self, const char *who, const char *values);

/* Makes this process that of @record. */
void rpc_case_set_process(DomstatsRecord *record);

/* The client sends a message of any bytes, or a call with arguments. */
void rpc_case_take(RpcCase *self, const uint8_t *bytes, size_t n_bytes);
void rpc_case_call(RpcCase *self, int procedure, const uint8_t *args, size_t n_args);

/* Answers the rounds that were asked for; with @error, if it is not NULL. */
void rpc_case_answer(RpcCase *self, const GError *error);

/* Tells the watch that a round with all domains has ended. */
void rpc_case_end_round(RpcCase *self, const char *blind_spot);

/* The last message that was sent, as text: "error CODE DOMAIN TEXT", or its payload as @format
 * says, a letter a value: i a number of four bytes, h one of eight, s a string, d a domain, p a
 * list of parameters, [...] a list; "-" for none. */
char *rpc_case_describe(RpcCase *self, const char *format);
