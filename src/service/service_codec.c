/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_codec: see service_codec.h. service_protocol.x describes the bytes.
 */
#include "service_codec.h"

#include <string.h>

#include "service_names.h"
#include "service_record.h"
#include "service_wire.h"
#include "util/util_error.h"

enum {
    WORD_LEAST = 4,         /* bytes of a text */
    PLACE_BYTES = 16,       /* of a place */
    ERROR_TEXT_BYTES = 4096 /* of the text of an error; what is beyond is cut off */
};

static const char magic[8] = {'d', 'o', 'm', 's', 't', 'a', 't', 's'};

static void
begin(ServiceWireWriter *writer, ServiceCodecKind kind, size_t most)
{
    service_wire_writer_init(writer, most);
    service_wire_put_u32(writer, kind);
}

GBytes *
service_codec_write_hello(const ServiceCodecHello *hello)
{
    g_auto(ServiceWireWriter) writer = {0};

    begin(&writer, SERVICE_CODEC_HELLO, SERVICE_LIMIT_REQUEST_BYTES);
    service_wire_put_bytes(&writer, magic, sizeof(magic));
    service_wire_put_u32(&writer, hello->protocol);
    service_wire_put_u32(&writer, hello->release);
    service_wire_put_u32(&writer, hello->extras);
    service_wire_put_u32(&writer, hello->is_auto);
    service_wire_put_u32(&writer, hello->user);
    service_wire_put_u32(&writer, hello->rights);
    service_wire_put_u32(&writer, (uint32_t)hello->n_places);
    for (size_t i = 0; i < hello->n_places; i++) {
        service_wire_put_u64(&writer, hello->places[i].device);
        service_wire_put_u64(&writer, hello->places[i].inode);
    }
    return service_wire_writer_end(&writer, NULL);
}

GBytes *
service_codec_write_call(uint32_t serial, const DomstatsCall *call, GError **error)
{
    g_auto(ServiceWireWriter) writer = {0};
    size_t n_words = call->domains ? g_strv_length((GStrv)(uintptr_t)call->domains) : 0;

    begin(&writer, SERVICE_CODEC_CALL, SERVICE_LIMIT_REQUEST_BYTES);
    service_wire_put_u32(&writer, serial);
    service_wire_put_u32(&writer, call->stats);
    service_wire_put_u32(&writer, call->flags);
    service_wire_put_u32(&writer, call->extras);
    service_wire_put_u32(&writer, call->timeout_ms);
    service_wire_put_u32(&writer, (uint32_t)n_words);
    for (size_t i = 0; i < n_words; i++)
        service_wire_put_text(&writer, call->domains[i]);
    if (n_words > SERVICE_LIMIT_REQUEST_WORDS) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED, "a call that names %zu domains",
                    n_words);
        return NULL;
    }
    return service_wire_writer_end(&writer, error);
}

GBytes *
service_codec_write_answer(uint32_t serial, const DomstatsRecord *const *records, size_t n,
                           const char *blind_spot, GError **error)
{
    g_auto(ServiceWireWriter) writer = {0};
    g_autoptr(ServiceNames) names = service_names_new();

    begin(&writer, SERVICE_CODEC_ANSWER, SERVICE_LIMIT_ANSWER_BYTES);
    service_wire_put_u32(&writer, serial);
    service_wire_put_optional_text(&writer, blind_spot);
    for (size_t i = 0; i < n; i++)
        service_record_collect_names(records[i], names);
    service_names_write(names, &writer);
    service_wire_put_u32(&writer, (uint32_t)n);
    for (size_t i = 0; i < n && !writer.is_too_large; i++)
        service_record_write(records[i], names, &writer);
    if (n > SERVICE_LIMIT_ANSWER_RECORDS)
        writer.is_too_large = true;
    return service_wire_writer_end(&writer, error);
}

/* A copy of @text in UTF-8 without what is beyond @most bytes. */
static char *
cut_text(const char *text, size_t most)
{
    char *valid = g_utf8_make_valid(text, -1);
    size_t size = strlen(valid);

    if (size <= most)
        return valid;
    while (((unsigned char)valid[most] & 0xc0) == 0x80) /* within a sign */
        most--;
    valid[most] = '\0';
    return valid;
}

GBytes *
service_codec_write_error(uint32_t serial, DomstatsError code, const char *text)
{
    g_auto(ServiceWireWriter) writer = {0};
    g_autofree char *cut = cut_text(text, ERROR_TEXT_BYTES);

    begin(&writer, SERVICE_CODEC_ERROR, SERVICE_LIMIT_REQUEST_BYTES);
    service_wire_put_u32(&writer, serial);
    service_wire_put_u32(&writer, code);
    service_wire_put_text(&writer, cut);
    return service_wire_writer_end(&writer, NULL);
}

GBytes *
service_codec_write_bare(ServiceCodecKind kind, uint32_t serial)
{
    g_auto(ServiceWireWriter) writer = {0};

    begin(&writer, kind, SERVICE_LIMIT_REQUEST_BYTES);
    service_wire_put_u32(&writer, serial);
    return service_wire_writer_end(&writer, NULL);
}

/* A hello of another version may go on in any way. */
static void
read_hello(ServiceWireReader *reader, ServiceCodecMessage *self)
{
    const char *claimed = service_wire_take_bytes(reader, sizeof(magic));
    ServiceCodecHello *hello = &self->hello;

    if (claimed == NULL || memcmp(claimed, magic, sizeof(magic)) != 0)
        service_wire_fail(reader, "it is not a domstatsd that speaks");
    hello->protocol = service_wire_take_u32(reader);
    if (hello->protocol != SERVICE_CODEC_PROTOCOL) {
        reader->left = 0;
        return;
    }
    hello->release = service_wire_take_u32(reader);
    hello->extras = service_wire_take_u32(reader);
    hello->is_auto = service_wire_take_bool(reader);
    hello->user = service_wire_take_u32(reader);
    hello->rights = service_wire_take_u32(reader);
    hello->n_places = service_wire_take_count(reader, SERVICE_LIMIT_PLACES, PLACE_BYTES);
    for (size_t i = 0; i < hello->n_places; i++) {
        hello->places[i].device = service_wire_take_u64(reader);
        hello->places[i].inode = service_wire_take_u64(reader);
    }
}

static char **
read_words(ServiceWireReader *reader)
{
    uint32_t n = service_wire_take_count(reader, SERVICE_LIMIT_REQUEST_WORDS, WORD_LEAST);
    char **words = n > 0 ? g_new0(char *, n + 1) : NULL;

    for (uint32_t i = 0; i < n && reader->fault == NULL; i++)
        words[i] = service_wire_take_string(reader);
    return words;
}

static void
read_call(ServiceWireReader *reader, ServiceCodecMessage *self)
{
    self->call.stats = service_wire_take_u32(reader);
    self->call.flags = service_wire_take_u32(reader);
    self->call.extras = service_wire_take_u32(reader);
    self->call.timeout_ms = service_wire_take_u32(reader);
    self->domains = read_words(reader);
    self->call.domains = (const char *const *)self->domains;
}

static void
read_answer(ServiceWireReader *reader, ServiceCodecMessage *self)
{
    g_autoptr(GArray) names = NULL;
    uint32_t n = 0;

    self->records = g_ptr_array_new_with_free_func((GDestroyNotify)domstats_record_free);
    self->blind_spot = service_wire_take_optional_string(reader);
    if (self->blind_spot != NULL && !g_utf8_validate(self->blind_spot, -1, NULL))
        service_wire_fail(reader, "a sentence is not UTF-8");
    names = service_names_read(reader);
    n = service_wire_take_count(reader, SERVICE_LIMIT_ANSWER_RECORDS, service_record_least);
    for (uint32_t i = 0; i < n && reader->fault == NULL; i++) {
        DomstatsRecord *record = service_record_read(reader, names);

        if (record != NULL)
            g_ptr_array_add(self->records, record);
    }
}

/* A code of a later version is INTERNAL. */
static DomstatsError
known_code(uint32_t code)
{
    static const DomstatsError codes[] = {
        DOMSTATS_ERROR_NO_CONNECT, DOMSTATS_ERROR_INVALID_ARG, DOMSTATS_ERROR_SYSTEM,
        DOMSTATS_ERROR_TIMEOUT,    DOMSTATS_ERROR_UNSUPPORTED,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i] == code)
            return codes[i];
    return DOMSTATS_ERROR_INTERNAL;
}

static void
read_error(ServiceWireReader *reader, ServiceCodecMessage *self)
{
    self->code = known_code(service_wire_take_u32(reader));
    self->text = service_wire_take_string(reader);
    if (self->text != NULL && !g_utf8_validate(self->text, -1, NULL))
        service_wire_fail(reader, "a sentence is not UTF-8");
}

typedef void (*ReadBody)(ServiceWireReader *reader, ServiceCodecMessage *self);

static void
read_nothing(ServiceWireReader *reader, ServiceCodecMessage *self)
{
    (void)reader;
    (void)self;
}

/* What follows the serial number. */
static const ReadBody bodies[] = {
    [SERVICE_CODEC_CALL] = read_call,    [SERVICE_CODEC_ANSWER] = read_answer,
    [SERVICE_CODEC_ERROR] = read_error,  [SERVICE_CODEC_PING] = read_nothing,
    [SERVICE_CODEC_PONG] = read_nothing,
};

static void
read_message(ServiceWireReader *reader, ServiceCodecMessage *self)
{
    uint32_t kind = service_wire_take_u32(reader);

    if (kind == SERVICE_CODEC_HELLO) {
        self->kind = SERVICE_CODEC_HELLO;
        read_hello(reader, self);
    } else if (kind < G_N_ELEMENTS(bodies) && bodies[kind] != NULL) {
        self->kind = (ServiceCodecKind)kind;
        self->serial = service_wire_take_u32(reader);
        bodies[kind](reader, self);
    } else {
        service_wire_fail(reader, "it is of no known kind");
    }
    if (reader->left > 0)
        service_wire_fail(reader, "bytes follow its end");
}

bool
service_codec_read(const uint8_t *bytes, size_t n_bytes, ServiceCodecMessage *ret_message,
                   GError **error)
{
    ServiceWireReader reader = {.at = bytes, .left = n_bytes};
    g_auto(ServiceCodecMessage) message = {0};

    if (service_wire_take_u32(&reader) != n_bytes)
        service_wire_fail(&reader, "it is not as long as it says");
    read_message(&reader, &message);
    if (reader.fault != NULL) {
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_BROKEN, reader.fault);
        return false;
    }
    *ret_message = message;
    message = (ServiceCodecMessage){0};
    return true;
}

uint32_t
service_codec_kind(const uint8_t *bytes, size_t n_bytes)
{
    ServiceWireReader reader = {.at = bytes, .left = n_bytes};

    (void)service_wire_take_u32(&reader); /* the length */
    return service_wire_take_u32(&reader);
}

void
service_codec_clear(ServiceCodecMessage *self)
{
    g_strfreev(self->domains);
    g_clear_pointer(&self->records, g_ptr_array_unref);
    g_free(self->blind_spot);
    g_free(self->text);
    *self = (ServiceCodecMessage){0};
}
