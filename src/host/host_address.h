/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_address: the numeric address of one end of a TCP connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    int family;        /* AF_INET or AF_INET6; 0: none */
    uint8_t bytes[16]; /* in network order; IPv4 uses the first four, the rest is zero */
    uint16_t port;
    uint32_t scope; /* of a link-local IPv6 address: the number of its interface; else 0 */
} HostAddress;

/* Parses "HOST:PORT" or "[HOST]:PORT". HOST is numeric, with "%SCOPE" behind it if it has one;
 * "localhost" and "" are 127.0.0.1. False if it is not that; no name is looked up. */
bool host_address_parse(const char *text, HostAddress *ret_address);

/* Sets an address of @family from @bytes in network order; an IPv4 address that is written as IPv6
 * (::ffff:a.b.c.d) becomes IPv4. */
void host_address_set(HostAddress *self, int family, const void *bytes, uint16_t port,
                      uint32_t scope);

/* 0.0.0.0 or ::, which listens at all addresses. */
bool host_address_is_any(const HostAddress *self);
/* 127.0.0.0/8 or ::1, which leads to no other network namespace. */
bool host_address_is_loopback(const HostAddress *self);
/* True for an address of this host, in our network namespace. */
bool host_address_is_ours(const HostAddress *self);
bool host_address_equal(const HostAddress *first, const HostAddress *second);

/* "127.0.0.1:4444" or "[fe80::1%2]:4444". */
enum { HOST_ADDRESS_TEXT_BYTES = 80 };
void host_address_format(const HostAddress *self, char ret_text[HOST_ADDRESS_TEXT_BYTES]);

/* What connect() takes to reach it: 0.0.0.0 and :: become the loopback address. */
socklen_t host_address_make_sockaddr(const HostAddress *self, struct sockaddr_storage *ret_address);

/* The address at which a listener at @self is dialled: loopback in place of 0.0.0.0 and ::. */
HostAddress host_address_dialled(const HostAddress *self);
