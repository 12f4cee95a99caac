/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_codec: the messages of service_protocol.x, to bytes and back. Pure.
 *
 * Neither side trusts the other: whatever the bytes are, they are a message within the limits or
 * refused with a reason, and what is allocated is at most a dozen times as large as they are.
 */
#pragma once

#include "domstats/domstats.h"
#include "service_limits.h"

#define SERVICE_CODEC_PROTOCOL 1

/* All DomstatsCallExtras of this version. */
#define SERVICE_CODEC_EXTRAS                                                                       \
    (DOMSTATS_CALL_EXT | DOMSTATS_CALL_LAST | DOMSTATS_CALL_ABOUT | DOMSTATS_CALL_WITHOUT_KVM |    \
     DOMSTATS_CALL_PSS)

typedef enum {
    SERVICE_CODEC_HELLO = 1,
    SERVICE_CODEC_CALL,
    SERVICE_CODEC_ANSWER,
    SERVICE_CODEC_ERROR,
    SERVICE_CODEC_PING,
    SERVICE_CODEC_PONG,
} ServiceCodecKind;

/* A file, as stat() shows it. */
typedef struct {
    uint64_t device;
    uint64_t inode;
} ServiceCodecPlace;

/* Who speaks. Of another @protocol than ours only that is known. */
typedef struct {
    uint32_t protocol;
    uint32_t release; /* domstats_version() */
    uint32_t extras;  /* DomstatsCallExtras that it knows */
    bool is_auto;     /* of a service: its source is "auto", without options that narrow it */
    uint32_t user;    /* these and the rest: see service_view.h */
    uint32_t rights;
    ServiceCodecPlace places[SERVICE_LIMIT_PLACES];
    size_t n_places;
} ServiceCodecHello;

/* A message that was read: the members of its kind are set. */
typedef struct {
    ServiceCodecKind kind;
    uint32_t serial; /* of every kind but HELLO */
    ServiceCodecHello hello;
    DomstatsCall call;  /* CALL: @domains is owned */
    char **domains;     /* the same, NULL for all */
    GPtrArray *records; /* ANSWER: DomstatsRecord, which the array frees */
    char *blind_spot;   /* ANSWER; NULL: none */
    DomstatsError code; /* ERROR: one of the enum */
    char *text;         /* ERROR: UTF-8 */
} ServiceCodecMessage;

/* Reads one message, its length included. False, and BROKEN with what is wrong with it. */
bool service_codec_read(const uint8_t *bytes, size_t n_bytes, ServiceCodecMessage *ret_message,
                        GError **error);
/* The kind that a message says it has, unchecked; 0: it is too short to say. */
uint32_t service_codec_kind(const uint8_t *bytes, size_t n_bytes);
void service_codec_clear(ServiceCodecMessage *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ServiceCodecMessage, service_codec_clear)

/* Each gives a message, its length included, which the caller unrefs. Those that may be too large
 * give NULL and UNSUPPORTED then. */
GBytes *service_codec_write_hello(const ServiceCodecHello *hello);
GBytes *service_codec_write_call(uint32_t serial, const DomstatsCall *call, GError **error);
GBytes *service_codec_write_answer(uint32_t serial, const DomstatsRecord *const *records, size_t n,
                                   const char *blind_spot, GError **error);
/* What is too long of @text is cut off. */
GBytes *service_codec_write_error(uint32_t serial, DomstatsError code, const char *text);
/* PING and PONG. */
GBytes *service_codec_write_bare(ServiceCodecKind kind, uint32_t serial);
