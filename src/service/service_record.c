/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_record: see service_record.h.
 *
 * One table has the members in their order; writing and reading walk through it.
 */
#include "service_record.h"

#include <math.h>
#include <string.h>

#include "service_limits.h"

typedef enum {
    MEMBER_TEXT,
    MEMBER_OPTIONAL_TEXT,
    MEMBER_UUID,
    MEMBER_32, /* signed or not */
    MEMBER_64,
    MEMBER_PARAMS,
} MemberKind;

typedef struct {
    MemberKind kind;
    size_t offset;
} Member;

#define MEMBER(kind, name)                                                                         \
    {                                                                                              \
        MEMBER_##kind, offsetof(DomstatsRecord, name)                                              \
    }

static const Member members[] = {
    MEMBER(TEXT, name),
    MEMBER(UUID, uuid),
    MEMBER(32, id),
    MEMBER(32, health),
    MEMBER(OPTIONAL_TEXT, reason),
    MEMBER(32, reason_code),
    MEMBER(64, since_us),
    MEMBER(64, taken_us),
    MEMBER(64, monitor_us),
    MEMBER(32, missing),
    MEMBER(32, answered_by),
    MEMBER(32, pid),
    MEMBER(64, start_ticks),
    MEMBER(OPTIONAL_TEXT, monitor),
    MEMBER(32, holder_pid),
    MEMBER(PARAMS, params),
};

G_STATIC_ASSERT(sizeof(DomstatsHealth) == sizeof(uint32_t));
G_STATIC_ASSERT(sizeof(DomstatsReason) == sizeof(uint32_t));
G_STATIC_ASSERT(sizeof(DomstatsAnsweredBy) == sizeof(uint32_t));

/* Four bytes for each of 12 members, eight for each of the 4 others, and whether there is a last
 * record. */
const size_t service_record_least = 12 * 4 + 4 * 8 + 4;

#define REASONS_MOST 65536U /* codes of reasons, those of later versions too */

enum { PARAM_LEAST = 12 }; /* bytes of a parameter: name, type, a value of four */

static void
put_value(ServiceWireWriter *writer, const virTypedParameter *param)
{
    uint64_t bits = 0;

    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        service_wire_put_u32(writer, (uint32_t)param->value.i);
        break;
    case VIR_TYPED_PARAM_UINT:
        service_wire_put_u32(writer, param->value.ui);
        break;
    case VIR_TYPED_PARAM_LLONG:
        service_wire_put_u64(writer, (uint64_t)param->value.l);
        break;
    case VIR_TYPED_PARAM_ULLONG:
        service_wire_put_u64(writer, param->value.ul);
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        memcpy(&bits, &param->value.d, sizeof(bits));
        service_wire_put_u64(writer, bits);
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        service_wire_put_u32(writer, param->value.b != 0);
        break;
    case VIR_TYPED_PARAM_STRING:
        service_wire_put_text(writer, param->value.s ? param->value.s : "");
        break;
    default:
        g_assert_not_reached(); /* records have no other types */
    }
}

static double
take_double(ServiceWireReader *reader)
{
    uint64_t bits = service_wire_take_u64(reader);
    double value = 0;

    memcpy(&value, &bits, sizeof(value));
    if (isfinite(value))
        return value;
    service_wire_fail(reader, "a number is not finite");
    return 0;
}

static void
take_value(ServiceWireReader *reader, virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        param->value.i = (int)service_wire_take_u32(reader);
        break;
    case VIR_TYPED_PARAM_UINT:
        param->value.ui = service_wire_take_u32(reader);
        break;
    case VIR_TYPED_PARAM_LLONG:
        param->value.l = (long long)service_wire_take_u64(reader);
        break;
    case VIR_TYPED_PARAM_ULLONG:
        param->value.ul = service_wire_take_u64(reader);
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        param->value.d = take_double(reader);
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        param->value.b = (char)service_wire_take_bool(reader);
        break;
    case VIR_TYPED_PARAM_STRING:
        param->value.s = service_wire_take_string(reader);
        break;
    default:
        service_wire_fail(reader, "a value has a type that is none of libvirt's");
    }
}

static void
put_params(ServiceWireWriter *writer, const DomstatsRecord *self, ServiceNames *names)
{
    service_wire_put_u32(writer, (uint32_t)self->n_params);
    for (int i = 0; i < self->n_params; i++) {
        service_wire_put_u32(writer, service_names_find(names, self->params[i].field));
        service_wire_put_u32(writer, (uint32_t)self->params[i].type);
        put_value(writer, &self->params[i]);
    }
}

static void
take_param(ServiceWireReader *reader, const GArray *names, virTypedParameter *param)
{
    uint32_t place = service_wire_take_u32(reader);
    const ServiceWireText *name = NULL;

    if (place >= names->len) {
        service_wire_fail(reader, "a field has a name that is not in the list");
        return;
    }
    name = &g_array_index(names, ServiceWireText, place);
    memcpy(param->field, name->at, name->size);
    param->type = (int)service_wire_take_u32(reader);
    take_value(reader, param);
}

/* A parameter of which only a part came is counted too: it holds nothing then. */
static void
take_params(ServiceWireReader *reader, const GArray *names, DomstatsRecord *self)
{
    uint32_t n = service_wire_take_count(reader, SERVICE_LIMIT_ANSWER_PARAMS, PARAM_LEAST);

    self->params = n > 0 ? g_new0(virTypedParameter, n) : NULL;
    for (uint32_t i = 0; i < n && reader->fault == NULL; i++) {
        take_param(reader, names, &self->params[i]);
        self->n_params++;
    }
}

static void
take_uuid(ServiceWireReader *reader, char *ret_uuid)
{
    ServiceWireText uuid = service_wire_take_text(reader, VIR_UUID_STRING_BUFLEN - 1);

    for (uint32_t i = 0; i < uuid.size; i++)
        if (!g_ascii_isxdigit(uuid.at[i]) && uuid.at[i] != '-')
            service_wire_fail(reader, "a UUID has other signs than digits");
    if (uuid.size != 0 && uuid.size != VIR_UUID_STRING_BUFLEN - 1)
        service_wire_fail(reader, "a UUID has not 36 signs");
    if (reader->fault == NULL)
        memcpy(ret_uuid, uuid.at, uuid.size);
}

static void
put_member(ServiceWireWriter *writer, const DomstatsRecord *self, const Member *member,
           ServiceNames *names)
{
    const void *at = (const char *)self + member->offset;
    uint32_t word = 0;
    uint64_t number = 0;

    switch (member->kind) {
    case MEMBER_TEXT:
        service_wire_put_text(writer, *(const char *const *)at ? *(const char *const *)at : "");
        break;
    case MEMBER_OPTIONAL_TEXT:
        service_wire_put_optional_text(writer, *(const char *const *)at);
        break;
    case MEMBER_UUID:
        service_wire_put_text(writer, at);
        break;
    case MEMBER_32:
        memcpy(&word, at, sizeof(word));
        service_wire_put_u32(writer, word);
        break;
    case MEMBER_64:
        memcpy(&number, at, sizeof(number));
        service_wire_put_u64(writer, number);
        break;
    case MEMBER_PARAMS:
        put_params(writer, self, names);
        break;
    default:
        g_assert_not_reached();
    }
}

static void
take_member(ServiceWireReader *reader, DomstatsRecord *self, const Member *member,
            const GArray *names)
{
    void *at = G_STRUCT_MEMBER_P(self, member->offset);
    uint32_t word = 0;
    uint64_t number = 0;

    switch (member->kind) {
    case MEMBER_TEXT:
        *(char **)at = service_wire_take_string(reader);
        break;
    case MEMBER_OPTIONAL_TEXT:
        *(char **)at = service_wire_take_optional_string(reader);
        break;
    case MEMBER_UUID:
        take_uuid(reader, at);
        break;
    case MEMBER_32:
        word = service_wire_take_u32(reader);
        memcpy(at, &word, sizeof(word));
        break;
    case MEMBER_64:
        number = service_wire_take_u64(reader);
        memcpy(at, &number, sizeof(number));
        break;
    case MEMBER_PARAMS:
        take_params(reader, names, self);
        break;
    default:
        g_assert_not_reached();
    }
}

static bool
is_utf8(const char *text)
{
    return text == NULL || g_utf8_validate(text, -1, NULL);
}

/* What the members mean to those who read the record. A word that names no domain may have any
 * bytes, as the caller gave it. */
static void
check(ServiceWireReader *reader, const DomstatsRecord *self)
{
    if (reader->fault != NULL)
        return;
    if (domstats_record_health_name(self->health) == NULL)
        service_wire_fail(reader, "a health is not known");
    else if ((uint32_t)self->reason_code > REASONS_MOST ||
             self->answered_by > DOMSTATS_ANSWERED_BY_SERVICE)
        service_wire_fail(reader, "a code of a record is out of range");
    else if (self->id < -1 || self->pid < 0 || self->holder_pid < 0 || self->monitor_us < -1)
        service_wire_fail(reader, "a number of a record is out of range");
    else if (!is_utf8(self->reason) ||
             (self->health != DOMSTATS_HEALTH_NO_DOMAIN && !is_utf8(self->name)))
        service_wire_fail(reader, "a name or a reason is not UTF-8");
}

static DomstatsRecord *
take_body(ServiceWireReader *reader, const GArray *names)
{
    g_autoptr(DomstatsRecord) self = g_new0(DomstatsRecord, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(members) && reader->fault == NULL; i++)
        take_member(reader, self, &members[i], names);
    check(reader, self);
    return reader->fault ? NULL : g_steal_pointer(&self);
}

static void
put_body(ServiceWireWriter *writer, const DomstatsRecord *self, ServiceNames *names)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        put_member(writer, self, &members[i], names);
}

void
service_record_collect_names(const DomstatsRecord *self, ServiceNames *names)
{
    for (int i = 0; i < self->n_params; i++)
        service_names_find(names, self->params[i].field);
    if (self->last != NULL)
        service_record_collect_names(self->last, names);
}

void
service_record_write(const DomstatsRecord *self, ServiceNames *names, ServiceWireWriter *writer)
{
    put_body(writer, self, names);
    service_wire_put_u32(writer, self->last != NULL);
    if (self->last != NULL)
        put_body(writer, self->last, names);
}

DomstatsRecord *
service_record_read(ServiceWireReader *reader, const GArray *names)
{
    g_autoptr(DomstatsRecord) self = take_body(reader, names);

    if (service_wire_take_bool(reader) && self != NULL)
        self->last = take_body(reader, names);
    return reader->fault ? NULL : g_steal_pointer(&self);
}
