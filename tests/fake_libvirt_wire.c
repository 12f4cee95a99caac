/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_libvirt_wire: see fake_libvirt_wire.h.
 */
#include "fake_libvirt_wire.h"

#include <libvirt/virterror.h>
#include <string.h>

enum {
    PROGRAM = 0x20008086,
    FEATURE = 60,
    DEREGISTER = 317, /* an event */
    HUGE_BYTES = 33 * 1024 * 1024,
};

static void
put_u32(GByteArray *out, uint32_t value)
{
    uint32_t big = GUINT32_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&big, sizeof(big));
}

static void
put_u64(GByteArray *out, uint64_t value)
{
    put_u32(out, (uint32_t)(value >> 32));
    put_u32(out, (uint32_t)value);
}

static void
put_string(GByteArray *out, const char *text)
{
    static const guint8 zeros[4];
    size_t length = strlen(text);

    put_u32(out, (uint32_t)length);
    g_byte_array_append(out, (const guint8 *)text, (guint)length);
    g_byte_array_append(out, zeros, (guint)(-length & 3));
}

static void
put_maybe_string(GByteArray *out, const char *text)
{
    put_u32(out, text ? 1 : 0);
    if (text != NULL)
        put_string(out, text);
}

static void
set_u32(GByteArray *out, size_t at, uint32_t value)
{
    uint32_t big = GUINT32_TO_BE(value);

    memcpy(out->data + at, &big, sizeof(big));
}

static uint32_t
get_u32(const GByteArray *bytes, size_t at)
{
    uint32_t big = 0;

    if (at + sizeof(big) > bytes->len)
        return 0;
    memcpy(&big, bytes->data + at, sizeof(big));
    return GUINT32_FROM_BE(big);
}

size_t
fake_libvirt_wire_length(const GByteArray *bytes)
{
    return get_u32(bytes, 0);
}

void
fake_libvirt_wire_make_uuid(unsigned int index, unsigned char ret_uuid[VIR_UUID_BUFLEN])
{
    memset(ret_uuid, 0xfa, VIR_UUID_BUFLEN);
    ret_uuid[VIR_UUID_BUFLEN - 2] = (unsigned char)(index >> 8);
    ret_uuid[VIR_UUID_BUFLEN - 1] = (unsigned char)index;
}

/* The index of the domain whose UUID is at @at; -2: there is none. */
static int
find_domain(const GByteArray *bytes, size_t at, const FakeLibvirtDomain *domains)
{
    for (unsigned int i = 0; domains[i].name != NULL; i++) {
        unsigned char uuid[VIR_UUID_BUFLEN] = {0};

        fake_libvirt_wire_make_uuid(i, uuid);
        if (at + sizeof(uuid) <= bytes->len && memcmp(bytes->data + at, uuid, sizeof(uuid)) == 0)
            return (int)i;
    }
    return -2;
}

/* Where a string at @at ends. */
static size_t
skip_string(const GByteArray *bytes, size_t at)
{
    return at + 4 + (((size_t)get_u32(bytes, at) + 3) & ~(size_t)3);
}

/* Takes the domains, for statistics, that are listed at @at. */
static void
parse_domains(const GByteArray *bytes, size_t at, const FakeLibvirtDomain *domains,
              FakeLibvirtWireCall *call)
{
    uint32_t n = get_u32(bytes, at);

    for (at += 4; n > 0 && call->n_domains < FAKE_LIBVIRT_WIRE_DOMAINS; n--) {
        at = skip_string(bytes, at);
        call->domains[call->n_domains++] = find_domain(bytes, at, domains);
        at += VIR_UUID_BUFLEN + 4;
    }
    if (call->n_domains > 0)
        call->domain = call->domains[0];
}

FakeLibvirtWireCall
fake_libvirt_wire_parse(const GByteArray *bytes, const FakeLibvirtDomain *domains)
{
    size_t at = FAKE_LIBVIRT_WIRE_HEAD;
    FakeLibvirtWireCall call = {.procedure = get_u32(bytes, 12),
                                .serial = get_u32(bytes, 20),
                                .domain = -1,
                                .flags = get_u32(bytes, at + 4),
                                .feature = get_u32(bytes, at)};

    if (call.procedure == FAKE_LIBVIRT_STATS)
        parse_domains(bytes, at, domains, &call);
    else if (call.procedure == FAKE_LIBVIRT_XML)
        call.domain = find_domain(bytes, skip_string(bytes, at), domains);
    else if (call.procedure == FAKE_LIBVIRT_LOOKUP)
        call.domain = find_domain(bytes, at, domains);
    return call;
}

static void
put_domain(GByteArray *out, const FakeLibvirtDomain *domains, int index)
{
    unsigned char uuid[VIR_UUID_BUFLEN] = {0};

    put_string(out, domains[index].name);
    fake_libvirt_wire_make_uuid((unsigned int)index, uuid);
    g_byte_array_append(out, uuid, sizeof(uuid));
    put_u32(out, domains[index].id ? (uint32_t)domains[index].id : UINT32_MAX);
}

static void
put_param(GByteArray *out, const FakeLibvirtParam *param)
{
    double number = param->text ? g_ascii_strtod(param->text, NULL) : 0;
    uint64_t bits = 0;

    put_string(out, param->field);
    put_u32(out, (uint32_t)param->type);
    switch (param->type) {
    case VIR_TYPED_PARAM_LLONG:
    case VIR_TYPED_PARAM_ULLONG:
        put_u64(out, param->number);
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        memcpy(&bits, &number, sizeof(bits));
        put_u64(out, bits);
        break;
    case VIR_TYPED_PARAM_STRING:
        put_string(out, param->text);
        break;
    default:
        put_u32(out, (uint32_t)param->number);
    }
}

static void
put_record(GByteArray *out, const FakeLibvirtDomain *domains, int index)
{
    static const FakeLibvirtParam running[] = {{"state.state", VIR_TYPED_PARAM_INT, 1, NULL},
                                               {"state.reason", VIR_TYPED_PARAM_INT, 1, NULL},
                                               {NULL, 0, 0, NULL}};
    static const FakeLibvirtParam off[] = {{"state.state", VIR_TYPED_PARAM_INT, 5, NULL},
                                           {"state.reason", VIR_TYPED_PARAM_INT, 1, NULL},
                                           {NULL, 0, 0, NULL}};
    const FakeLibvirtParam *params = domains[index].params;
    size_t at = 0;
    uint32_t n = 0;

    if (params == NULL)
        params = domains[index].id ? running : off;
    put_domain(out, domains, index);
    at = out->len;
    put_u32(out, 0);
    for (; params[n].field != NULL; n++)
        put_param(out, &params[n]);
    set_u32(out, at, n);
}

static bool
is_about(const FakeLibvirtWireCall *call, int domain)
{
    for (unsigned int i = 0; i < call->n_domains; i++)
        if (call->domains[i] == domain)
            return true;
    return false;
}

/* How many records of that domain the answer has. */
static int
count_records(const FakeLibvirtWireCall *call, const FakeLibvirtDomain *domain, int index,
              const FakeLibvirtFault *fault)
{
    bool is_faults = fault->domain == NULL || strcmp(fault->domain, domain->name) == 0;

    if (call->n_domains == 0)
        return 1;
    if (fault->then == FAKE_LIBVIRT_OTHER)
        return is_about(call, index) ? 0 : 1;
    if (!is_about(call, index) || (fault->then == FAKE_LIBVIRT_LACKS && is_faults))
        return 0;
    return fault->then == FAKE_LIBVIRT_TWICE && is_faults ? 2 : 1;
}

static void
put_stats(GByteArray *out, const FakeLibvirtWireCall *call, const FakeLibvirtDomain *domains,
          const FakeLibvirtFault *fault)
{
    static const FakeLibvirtFault none = {.then = FAKE_LIBVIRT_ANSWERS};
    size_t at = out->len;
    uint32_t n = 0;

    put_u32(out, 0);
    for (int i = 0; domains[i].name != NULL; i++)
        for (int times = count_records(call, &domains[i], i, fault ? fault : &none); times > 0;
             times--, n++)
            put_record(out, domains, i);
    set_u32(out, at, n);
}

static void
put_list(GByteArray *out, uint32_t flags, const FakeLibvirtDomain *domains)
{
    size_t at = out->len;
    uint32_t n = 0;

    put_u32(out, 0);
    for (int i = 0; domains[i].name != NULL; i++) {
        if ((flags & VIR_CONNECT_LIST_DOMAINS_TRANSIENT) && !domains[i].is_transient)
            continue;
        if ((flags & VIR_CONNECT_LIST_DOMAINS_AUTOSTART) && !domains[i].is_autostart)
            continue;
        put_domain(out, domains, i);
        n++;
    }
    set_u32(out, at, n);
    put_u32(out, n);
}

static void
put_xml(GByteArray *out, const FakeLibvirtDomain *domain)
{
    g_autofree char *xml = g_strdup_printf("<domain><name>%s</name></domain>", domain->name);

    put_string(out, domain->xml ? domain->xml : xml);
}

/* The result of @call. */
static void
put_result(GByteArray *out, const FakeLibvirtWireCall *call, const FakeLibvirtDomain *domains,
           const FakeLibvirtFault *fault)
{
    switch (call->procedure) {
    case FAKE_LIBVIRT_AUTH_LIST:
        put_u32(out, 1);
        put_u32(out, 0); /* none */
        break;
    case FEATURE:
        put_u32(out, call->feature == 9 || call->feature == 14 ? 1 : 0);
        break;
    case FAKE_LIBVIRT_VERSION:
        put_u64(out, 1);
        break;
    case FAKE_LIBVIRT_LIST:
        put_list(out, call->flags, domains);
        break;
    case FAKE_LIBVIRT_STATS:
        put_stats(out, call, domains, fault);
        break;
    case FAKE_LIBVIRT_LOOKUP:
        put_domain(out, domains, call->domain);
        break;
    case FAKE_LIBVIRT_XML:
        put_xml(out, &domains[call->domain]);
        break;
    case FAKE_LIBVIRT_REGISTER:
        put_u32(out, call->serial); /* the number of the callback */
        break;
    default: /* nothing */
        break;
    }
}

static void
put_error(GByteArray *out, int code, int code_domain, const char *message)
{
    put_u32(out, (uint32_t)code);
    put_u32(out, (uint32_t)code_domain);
    put_maybe_string(out, message);
    put_u32(out, VIR_ERR_ERROR);
    put_u32(out, 0); /* no domain */
    put_maybe_string(out, "%s");
    put_maybe_string(out, message);
    put_maybe_string(out, NULL);
    put_u32(out, UINT32_MAX);
    put_u32(out, UINT32_MAX);
    put_u32(out, 0); /* no network */
}

static bool
is_known(uint32_t procedure)
{
    static const uint32_t known[] = {
        FAKE_LIBVIRT_OPEN, FAKE_LIBVIRT_CLOSE,     FAKE_LIBVIRT_XML,  FAKE_LIBVIRT_LOOKUP,
        FEATURE,           FAKE_LIBVIRT_AUTH_LIST, FAKE_LIBVIRT_LIST, FAKE_LIBVIRT_REGISTER,
        DEREGISTER,        FAKE_LIBVIRT_STATS,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i] == procedure)
            return true;
    return false;
}

/* The payload; true if it is an error. */
static bool
put_payload(GByteArray *out, const FakeLibvirtWireCall *call, const FakeLibvirtDomain *domains,
            const FakeLibvirtFault *fault)
{
    FakeLibvirtThen then = fault ? fault->then : FAKE_LIBVIRT_ANSWERS;
    bool needs_domain =
        call->procedure == FAKE_LIBVIRT_LOOKUP || call->procedure == FAKE_LIBVIRT_XML;

    if (then == FAKE_LIBVIRT_FAILS) {
        put_error(out, fault->code, fault->code_domain, fault->message);
    } else if (!is_known(call->procedure)) {
        put_error(out, VIR_ERR_RPC, VIR_FROM_RPC, "unknown procedure: 0");
    } else if (needs_domain && call->domain < 0) {
        put_error(out, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found: no such domain");
    } else {
        if (then == FAKE_LIBVIRT_MANY)
            put_u32(out, UINT32_MAX);
        else if (then == FAKE_LIBVIRT_EMPTY)
            put_u32(out, 0);
        else
            put_result(out, call, domains, fault);
        return false;
    }
    return true;
}

void
fake_libvirt_wire_answer(GByteArray *out, const FakeLibvirtWireCall *call,
                         const FakeLibvirtDomain *domains, const FakeLibvirtFault *fault)
{
    FakeLibvirtThen then = fault ? fault->then : FAKE_LIBVIRT_ANSWERS;
    size_t at = out->len;

    if (then == FAKE_LIBVIRT_GARBAGE) {
        for (int i = 0; i < 64; i++)
            put_u32(out, 0x47415242);
        return;
    }
    put_u32(out, 0); /* the length */
    put_u32(out, PROGRAM);
    put_u32(out, 1);
    put_u32(out, call->procedure);
    put_u32(out, 1); /* a reply */
    put_u32(out, call->serial + (then == FAKE_LIBVIRT_WRONG_SERIAL ? 1000 : 0));
    put_u32(out, 0);
    if (put_payload(out, call, domains, fault))
        set_u32(out, at + 24, 1);
    if (then == FAKE_LIBVIRT_SHORT)
        g_byte_array_set_size(out, (guint)(out->len - 4));
    set_u32(out, at, then == FAKE_LIBVIRT_HUGE ? HUGE_BYTES : (uint32_t)(out->len - at));
    if (then == FAKE_LIBVIRT_CUTS)
        g_byte_array_set_size(out, (guint)(at + (out->len - at) / 2));
}
