/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_libvirt_wire: the bytes of libvirt's protocol: calls to structs, answers to bytes.
 */
#pragma once

#include "fake_libvirt.h"

enum { FAKE_LIBVIRT_WIRE_HEAD = 28 };

enum { FAKE_LIBVIRT_WIRE_DOMAINS = 64 };

/* One call, as a client has sent it. */
typedef struct {
    uint32_t procedure, serial;
    int domain; /* the index of the domain that it is about; -1: about none; -2: about one that does
                   not exist */
    int domains[FAKE_LIBVIRT_WIRE_DOMAINS]; /* the same, of all that it is about, @domain first */
    unsigned int n_domains;
    uint32_t flags;
    uint32_t feature; /* of CONNECT_SUPPORTS_FEATURE */
} FakeLibvirtWireCall;

/* The length that the message at the beginning of @bytes has when it is whole; 0: not known yet. */
size_t fake_libvirt_wire_length(const GByteArray *bytes);

/* Reads the whole message at the beginning of @bytes. */
FakeLibvirtWireCall fake_libvirt_wire_parse(const GByteArray *bytes,
                                            const FakeLibvirtDomain *domains);

/* Appends the answer to @call that @fault asks for, or the right one for NULL. */
void fake_libvirt_wire_answer(GByteArray *out, const FakeLibvirtWireCall *call,
                              const FakeLibvirtDomain *domains, const FakeLibvirtFault *fault);

/* The UUID of the domain with that index. */
void fake_libvirt_wire_make_uuid(unsigned int index, unsigned char ret_uuid[VIR_UUID_BUFLEN]);
