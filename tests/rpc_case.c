/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_case: see rpc_case.h.
 */
#include "rpc_case.h"

#include <string.h>
#include <unistd.h>

#include "daemon/daemon_libvirt.h"
#include "domstats_record.h"
#include "testing.h"
#include "util/util_params.h"

struct DaemonClient {
    RpcCase *scene;
};

struct DaemonRounds {
    RpcCase *scene;
    const DaemonRoundsWatcher *watcher;
    void *watcher_data;
};

struct DaemonRoundsRequest {
    RpcCase *scene;
    char **words; /* NULL: all domains */
    DaemonRoundsDone done;
    void *data;
};

/* One scene at a time. */
static struct DaemonClient client;
static struct DaemonRounds rounds;

void
daemon_client_send(DaemonClient *self, GBytes *take_bytes)
{
    g_ptr_array_add(self->scene->sent, take_bytes);
}

void
daemon_client_begin_call(DaemonClient *self)
{
    self->scene->n_under_way++;
}

void
daemon_client_end_call(DaemonClient *self)
{
    self->scene->n_under_way--;
}

bool
daemon_client_takes_answers(void *self)
{
    (void)self;
    return true;
}

static void
free_request(gpointer data)
{
    DaemonRoundsRequest *request = data;

    g_strfreev(request->words);
    g_free(request);
}

DaemonRoundsRequest *
daemon_rounds_ask(DaemonRounds *self, const DomstatsCall *call, DaemonRoundsDone done, void *data)
{
    RpcCase *scene = self->scene;
    DaemonRoundsRequest *request = g_new0(DaemonRoundsRequest, 1);

    request->scene = scene;
    request->done = done;
    request->data = data;
    request->words = call->domains != NULL ? g_strdupv((char **)(uintptr_t)call->domains) : NULL;
    g_ptr_array_add(scene->requests, request);
    scene->n_asked++;
    scene->last = *call;
    scene->last.domains = NULL;
    g_free(scene->last_words);
    scene->last_words = request->words != NULL ? g_strjoinv(" ", request->words) : g_strdup("");
    return request;
}

void
daemon_rounds_set_gate(DaemonRoundsRequest *request, bool (*is_open)(void *gate), void *gate)
{
    (void)request;
    (void)is_open;
    (void)gate;
}

void
daemon_rounds_cancel(DaemonRoundsRequest *request)
{
    g_ptr_array_remove(request->scene->requests, request);
}

void
daemon_rounds_watch(DaemonRounds *self, const DaemonRoundsWatcher *watcher, void *data)
{
    self->watcher = watcher;
    self->watcher_data = data;
}

static void
free_record(gpointer data)
{
    DomstatsRecord *record = data;

    util_params_free_array(record->params, record->n_params);
    g_free(record->name);
    g_free(record);
}

static void
free_bytes(gpointer data)
{
    g_bytes_unref(data);
}

void
rpc_case_init(RpcCase *self)
{
    *self = (RpcCase){0};
    assert_true(sd_event_new(&self->loop) >= 0);
    self->records = g_ptr_array_new_with_free_func(free_record);
    self->requests = g_ptr_array_new_with_free_func(free_request);
    self->sent = g_ptr_array_new_with_free_func(free_bytes);
    client.scene = self;
    rounds = (struct DaemonRounds){.scene = self};
    self->watch = daemon_watch_new(&rounds, self->loop, 5);
    self->host = (DaemonHost){.loop = self->loop, .rounds = &rounds, .watch = self->watch};
    self->session = daemon_libvirt_protocol.open(&client, NULL, &self->host);
}

void
rpc_case_leave(RpcCase *self)
{
    daemon_libvirt_protocol.close(self->session);
    self->session = daemon_libvirt_protocol.open(&client, NULL, &self->host);
}

void
rpc_case_clear(RpcCase *self)
{
    daemon_libvirt_protocol.close(self->session);
    daemon_watch_free(self->watch);
    g_ptr_array_unref(self->requests);
    g_ptr_array_unref(self->records);
    g_ptr_array_unref(self->sent);
    g_free(self->last_words);
    sd_event_unref(self->loop);
}

static void
add_value(UtilParams *params, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    const char *name = words[0];
    const char *type = words[1];
    const char *value = words[2];

    if (strcmp(type, "int") == 0)
        util_params_add_int(params, name, (int)g_ascii_strtoll(value, NULL, 10));
    else if (strcmp(type, "uint") == 0)
        util_params_add_uint(params, name, (unsigned int)g_ascii_strtoull(value, NULL, 10));
    else if (strcmp(type, "llong") == 0)
        util_params_add_llong(params, name, g_ascii_strtoll(value, NULL, 10));
    else if (strcmp(type, "ullong") == 0)
        util_params_add_ullong(params, name, g_ascii_strtoull(value, NULL, 10));
    else if (strcmp(type, "double") == 0)
        util_params_add_double(params, name, g_ascii_strtod(value, NULL));
    else if (strcmp(type, "boolean") == 0)
        util_params_add_boolean(params, name, value[0] == '1');
    else
        util_params_add_string(params, name, value);
}

DomstatsRecord *
rpc_case_add(RpcCase *self, const char *who, const char *values)
{
    g_auto(GStrv) words = g_strsplit(who, " ", 3);
    g_auto(GStrv) lines = g_strsplit(values, "\n", -1);
    g_auto(UtilParams) params = {0};
    DomstatsRecord *record = g_new0(DomstatsRecord, 1);

    util_params_init(&params, 16, 0);
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (lines[i][0] != '\0')
            add_value(&params, lines[i]);
    }
    record->name = g_strdup(words[0]);
    g_strlcpy(record->uuid, words[1], sizeof(record->uuid));
    record->id = (int)g_ascii_strtoll(words[2], NULL, 10);
    assert_true(util_params_steal(&params, &record->params, &record->n_params, NULL));
    g_ptr_array_add(self->records, record);
    return record;
}

void
rpc_case_set_process(DomstatsRecord *record)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    assert_true(g_file_get_contents("/proc/self/stat", &text, NULL, NULL));
    words = g_strsplit(strrchr(text, ')'), " ", -1);
    record->pid = getpid();
    record->start_ticks = g_ascii_strtoull(words[20], NULL, 10);
}

void
rpc_case_take(RpcCase *self, const uint8_t *bytes, size_t n_bytes)
{
    daemon_libvirt_protocol.take_message(self->session, bytes, n_bytes);
}

void
rpc_case_call(RpcCase *self, int procedure, const uint8_t *args, size_t n_args)
{
    const uint32_t words[] = {(uint32_t)(RPC_MESSAGE_HEADER_BYTES + n_args),
                              RPC_MESSAGE_REMOTE,
                              RPC_MESSAGE_VERSION,
                              (uint32_t)procedure,
                              RPC_MESSAGE_CALL,
                              9,
                              RPC_MESSAGE_OK};
    g_autoptr(GByteArray) message = g_byte_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        uint32_t big = GUINT32_TO_BE(words[i]);

        g_byte_array_append(message, (const guint8 *)&big, sizeof(big));
    }
    if (n_args > 0)
        g_byte_array_append(message, args, (guint)n_args);
    rpc_case_take(self, message->data, message->len);
}

static const DomstatsRecord *
find_record(const RpcCase *self, const char *word)
{
    g_autofree char *id = NULL;

    for (guint i = 0; i < self->records->len; i++) {
        const DomstatsRecord *record = g_ptr_array_index(self->records, i);

        g_free(id);
        id = g_strdup_printf("%d", record->id);
        if (strcmp(id, word) == 0 || strcmp(record->uuid, word) == 0 ||
            strcmp(record->name, word) == 0)
            return record;
    }
    return NULL;
}

static GPtrArray *
find_records(const RpcCase *self, char **words)
{
    static const DomstatsRecord no_domain = {.name = (char *)"?",
                                             .health = DOMSTATS_HEALTH_NO_DOMAIN};
    GPtrArray *found = g_ptr_array_new();

    for (guint i = 0; words == NULL && i < self->records->len; i++)
        g_ptr_array_add(found, g_ptr_array_index(self->records, i));
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        const DomstatsRecord *record = find_record(self, words[i]);

        g_ptr_array_add(found, (void *)(uintptr_t)(record != NULL ? record : &no_domain));
    }
    return found;
}

void
rpc_case_answer(RpcCase *self, const GError *error)
{
    while (self->requests->len > 0) {
        DaemonRoundsRequest *request = g_ptr_array_steal_index(self->requests, 0);
        g_autoptr(GPtrArray) found = find_records(self, request->words);
        const DaemonRoundsAnswer answer = {.records = (const DomstatsRecord *const *)found->pdata,
                                           .n_records = found->len};

        request->done(error != NULL ? NULL : &answer, error, request->data);
        free_request(request);
    }
}

void
rpc_case_end_round(RpcCase *self, const char *blind_spot)
{
    g_autoptr(GPtrArray) found = find_records(self, NULL);
    const DomstatsCall call = {.stats = VIR_DOMAIN_STATS_STATE};
    const DaemonRoundsAnswer answer = {.records = (const DomstatsRecord *const *)found->pdata,
                                       .n_records = found->len,
                                       .number = ++self->n_rounds,
                                       .blind_spot = blind_spot};

    if (rounds.watcher != NULL)
        rounds.watcher->ended(&call, &answer, rounds.watcher_data);
}

/* Reads values and writes them as text. */
typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    GString *text;
} Reader;

static uint32_t
read_word(Reader *self)
{
    uint32_t word = 0;

    assert_true(self->end - self->at >= (ptrdiff_t)sizeof(word));
    memcpy(&word, self->at, sizeof(word));
    self->at += sizeof(word);
    return GUINT32_FROM_BE(word);
}

static uint64_t
read_hyper(Reader *self)
{
    uint64_t high = read_word(self);

    return high << 32 | read_word(self);
}

static void
describe_string(Reader *self)
{
    uint32_t length = read_word(self);

    assert_true(self->end - self->at >= (ptrdiff_t)((length + 3U) & ~3U));
    g_string_append_printf(self->text, "%.*s", (int)length, (const char *)self->at);
    self->at += (length + 3U) & ~3U;
}

static void
describe_domain(Reader *self)
{
    describe_string(self);
    self->at += VIR_UUID_BUFLEN;
    g_string_append_printf(self->text, "/%d", (int)read_word(self));
}

static void
describe_value(Reader *self)
{
    uint32_t type = read_word(self);

    if (type == VIR_TYPED_PARAM_STRING)
        describe_string(self);
    else if (type == VIR_TYPED_PARAM_LLONG || type == VIR_TYPED_PARAM_ULLONG ||
             type == VIR_TYPED_PARAM_DOUBLE)
        g_string_append_printf(self->text, "%" G_GINT64_FORMAT, (int64_t)read_hyper(self));
    else
        g_string_append_printf(self->text, "%d", (int)read_word(self));
}

static void
describe_params(Reader *self)
{
    uint32_t count = read_word(self);

    g_string_append_c(self->text, '{');
    for (uint32_t i = 0; i < count; i++) {
        g_string_append(self->text, i > 0 ? " " : "");
        describe_string(self);
        g_string_append_c(self->text, '=');
        describe_value(self);
    }
    g_string_append_c(self->text, '}');
}

static const char *describe(Reader *self, const char *format);

static const char *
describe_list(Reader *self, const char *format)
{
    uint32_t count = read_word(self);

    g_string_append_c(self->text, '[');
    for (uint32_t i = 0; i < count; i++) {
        g_string_append(self->text, i > 0 ? ", " : "");
        (void)describe(self, format);
    }
    g_string_append_c(self->text, ']');
    return strchr(format, ']');
}

/* Until the end of @format or of the list that it is in. */
static const char *
describe(Reader *self, const char *format)
{
    bool is_first = true;

    for (; *format != '\0' && *format != ']'; format++) {
        g_string_append(self->text, is_first ? "" : " ");
        is_first = false;
        if (*format == 'i')
            g_string_append_printf(self->text, "%d", (int)read_word(self));
        else if (*format == 'h')
            g_string_append_printf(self->text, "%" G_GINT64_FORMAT, (int64_t)read_hyper(self));
        else if (*format == 's')
            describe_string(self);
        else if (*format == 'd')
            describe_domain(self);
        else if (*format == 'p')
            describe_params(self);
        else if (*format == '[')
            format = describe_list(self, format + 1);
    }
    return format;
}

static void
describe_error(Reader *self)
{
    int code = (int)read_word(self);
    int domain = (int)read_word(self);

    g_string_append_printf(self->text, "error %d %d ", code, domain);
    assert_int_equal(read_word(self), 1);
    describe_string(self);
}

char *
rpc_case_describe(RpcCase *self, const char *format)
{
    Reader reader = {.text = g_string_new(NULL)};
    GBytes *message = NULL;
    const uint8_t *bytes = NULL;
    size_t n_bytes = 0;
    RpcMessageHeader header;

    if (self->sent->len == 0)
        return g_string_free(g_string_append(reader.text, "-"), FALSE);
    message = g_ptr_array_index(self->sent, self->sent->len - 1);
    bytes = g_bytes_get_data(message, &n_bytes);
    assert_true(rpc_message_parse_header(bytes, n_bytes, &header));
    reader.at = bytes + RPC_MESSAGE_HEADER_BYTES;
    reader.end = bytes + n_bytes;
    if (header.status == RPC_MESSAGE_ERROR)
        describe_error(&reader);
    else
        (void)describe(&reader, format);
    if (header.status != RPC_MESSAGE_ERROR)
        assert_true(reader.at == reader.end);
    return g_string_free(reader.text, FALSE);
}
