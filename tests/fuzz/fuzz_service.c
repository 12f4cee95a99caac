/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of service_codec: any bytes are a message or refused with a reason; a message that
 * was read, written again and read again is the same message.
 *
 * The length that begins a message is set here to what there is.
 */
#include <stdint.h>
#include <string.h>

#include "service/service_codec.h"
#include "util/util_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GBytes *
write_again(const ServiceCodecMessage *message)
{
    switch (message->kind) {
    case SERVICE_CODEC_HELLO:
        return service_codec_write_hello(&message->hello);
    case SERVICE_CODEC_CALL:
        return service_codec_write_call(message->serial, &message->call, NULL);
    case SERVICE_CODEC_ANSWER:
        return service_codec_write_answer(message->serial,
                                          (const DomstatsRecord *const *)message->records->pdata,
                                          message->records->len, message->blind_spot, NULL);
    case SERVICE_CODEC_ERROR:
        return service_codec_write_error(message->serial, message->code, message->text);
    case SERVICE_CODEC_PING:
    case SERVICE_CODEC_PONG:
        return service_codec_write_bare(message->kind, message->serial);
    default:
        g_assert_not_reached();
    }
}

static GBytes *
read_and_write(const uint8_t *bytes, size_t n_bytes)
{
    g_auto(ServiceCodecMessage) message = {0};
    g_autoptr(GError) error = NULL;
    bool is_read = service_codec_read(bytes, n_bytes, &message, &error);

    g_assert(is_read == (error == NULL));
    if (is_read)
        return write_again(&message);
    g_assert(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
    return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n_bytes = MAX(size, 4);
    g_autofree uint8_t *bytes = g_malloc0(n_bytes);
    uint32_t length = GUINT32_TO_BE((uint32_t)n_bytes);
    g_autoptr(GBytes) once = NULL;
    g_autoptr(GBytes) twice = NULL;

    memcpy(bytes, data, size);
    memcpy(bytes, &length, sizeof(length));
    once = read_and_write(bytes, n_bytes);
    if (once == NULL)
        return 0; /* refused: or a count of the same name twice makes it too large, which cannot be
                   */
    twice = read_and_write(g_bytes_get_data(once, NULL), g_bytes_get_size(once));
    g_assert(twice != NULL && g_bytes_equal(once, twice));
    return 0;
}
