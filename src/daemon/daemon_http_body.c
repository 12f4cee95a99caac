/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_body: see daemon_http_body.h.
 */
#include "daemon_http_body.h"

#include <stdint.h>
#include <zlib.h>

enum {
    BLOCK_BYTES = 32768, /* sent at a time, at most */
    PIECE_BYTES = 65536, /* compressed at a time */
    WINDOW_BITS = 15,
    GZIP = 16, /* added to the bits of the window: the format is gzip */
    MEMORY_LEVEL = 8,
};

typedef struct {
    GBytes *body;
    z_stream stream;
    bool has_ended;
} Compressor;

static void
free_compressor(void *data)
{
    Compressor *self = data;

    (void)deflateEnd(&self->stream);
    g_bytes_unref(self->body);
    g_free(self);
}

/* Compresses until there is something to send. */
static ssize_t
read_compressed(void *data, uint64_t position, char *out, size_t size)
{
    Compressor *self = data;
    z_stream *stream = &self->stream;

    (void)position;
    if (self->has_ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)size;
    do {
        unsigned int n_later = stream->avail_in - MIN(stream->avail_in, PIECE_BYTES);
        int result = 0;

        stream->avail_in -= n_later;
        result = deflate(stream, n_later == 0 ? Z_FINISH : Z_NO_FLUSH);
        stream->avail_in += n_later;
        self->has_ended = result == Z_STREAM_END;
        if (!self->has_ended && result != Z_OK && result != Z_BUF_ERROR)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    } while (!self->has_ended && stream->avail_out == size);
    return (ssize_t)(size - stream->avail_out);
}

static struct MHD_Response *
new_compressed(GBytes *body)
{
    Compressor *self = g_new0(Compressor, 1);
    struct MHD_Response *response = NULL;
    size_t size = 0;
    const void *bytes = g_bytes_get_data(body, &size);

    self->body = g_bytes_ref(body);
    self->stream.next_in = (Bytef *)(uintptr_t)bytes;
    self->stream.avail_in = (uInt)size;
    if (size > UINT_MAX || deflateInit2(&self->stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS + GZIP,
                                        MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free_compressor(self);
        return NULL;
    }
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_compressed,
                                                 self, free_compressor);
    if (response == NULL)
        free_compressor(self);
    else
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    return response;
}

static void
unref_body(void *data)
{
    g_bytes_unref(data);
}

static struct MHD_Response *
new_plain(GBytes *body)
{
    size_t size = 0;
    const void *bytes = g_bytes_get_data(body, &size);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        size, (void *)(uintptr_t)bytes, unref_body, g_bytes_ref(body));

    if (response == NULL)
        g_bytes_unref(body);
    return response;
}

struct MHD_Response *
daemon_http_body_new(GBytes *body, bool is_compressed)
{
    return is_compressed ? new_compressed(body) : new_plain(body);
}
