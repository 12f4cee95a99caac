/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_page: see daemon_http_page.h.
 */
#include "daemon_http_page.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *value;
} Header;

static const Header headers[] = {
    {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
    {MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff"},
};

enum MHD_Result
daemon_http_page_send(struct MHD_Connection *connection, unsigned int status,
                      struct MHD_Response *take_response)
{
    enum MHD_Result result = MHD_NO;

    if (take_response == NULL)
        return MHD_NO;
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
        (void)MHD_add_response_header(take_response, headers[i].name, headers[i].value);
    result = MHD_queue_response(connection, status, take_response);
    MHD_destroy_response(take_response);
    return result;
}

static struct MHD_Response *
make(const char *text, const char *content_type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

    if (response != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

enum MHD_Result
daemon_http_page_send_with(struct MHD_Connection *connection, unsigned int status, const char *text,
                           const char *header, const char *value)
{
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    struct MHD_Response *response = make(line, "text/plain; charset=utf-8");

    if (response != NULL && header != NULL)
        (void)MHD_add_response_header(response, header, value);
    return daemon_http_page_send(connection, status, response);
}

enum MHD_Result
daemon_http_page_send_text(struct MHD_Connection *connection, unsigned int status, const char *text)
{
    return daemon_http_page_send_with(connection, status, text, NULL, NULL);
}

static const char landing[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head><meta charset=\"utf-8\"><title>domstatsd</title></head>\n"
    "<body>\n"
    "<h1>domstatsd %s</h1>\n"
    "<p>Statistics of the virtual machines of this host.</p>\n"
    "<ul>\n"
    "<li><a href=\"/metrics\">/metrics</a>: of all domains; <code>?domain=NAME</code> and\n"
    "<code>?group=GROUP</code> choose, <code>ext=1</code> and <code>kvm=1</code> add</li>\n"
    "<li><a href=\"/-/healthy\">/-/healthy</a>: whether this program runs</li>\n"
    "</ul>\n"
    "</body>\n"
    "</html>\n";

enum MHD_Result
daemon_http_page_send_landing(struct MHD_Connection *connection, const char *version)
{
    g_autoptr(GString) page = g_string_new(NULL);

    g_string_append_printf(page, landing, version);
    return daemon_http_page_send(connection, MHD_HTTP_OK,
                                 make(page->str, "text/html; charset=utf-8"));
}

static ssize_t
read_nothing(void *data, uint64_t position, char *out, size_t size)
{
    (void)data;
    (void)position;
    (void)out;
    (void)size;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

struct MHD_Response *
daemon_http_page_new_head(void)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL, NULL);
}
