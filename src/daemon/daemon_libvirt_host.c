/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_host: see daemon_libvirt_host.h.
 */
#include "daemon_libvirt_host.h"

#include <string.h>
#include <sys/utsname.h>

#include "daemon_libvirt_node.h"
#include "daemon_libvirt_xml.h"
#include "rpc/rpc_limits.h"

/* libvirt's numbers of features. */
enum {
    FEATURE_PARAM_STRINGS = 9, /* strings among typed parameters */
    FEATURE_KEEPALIVE = 10,
    FEATURE_EVENT_CALLBACKS = 14,
    FEATURE_CLOSE_CALLBACKS = 15,
};

#define DEFAULT_URI "qemu:///system"

bool
daemon_libvirt_host_auth_list(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_auth_list *list = result;

    (void)error;
    list->types.types_val = daemon_libvirt_call_alloc(call, 1, sizeof(int)); /* 0: none */
    list->types.types_len = 1;
    return true;
}

bool
daemon_libvirt_host_feature(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_number *args = call->args;
    rpc_number *supported = result;

    if (!call->session->is_open && args->value != FEATURE_KEEPALIVE) {
        rpc_error_set(error, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                      "internal error: hypervisor connection not open");
        return false;
    }
    supported->value = args->value == FEATURE_PARAM_STRINGS || args->value == FEATURE_KEEPALIVE ||
                       args->value == FEATURE_EVENT_CALLBACKS ||
                       args->value == FEATURE_CLOSE_CALLBACKS;
    return true;
}

/* Whether @uri is one for which libvirt would use QEMU; "" is what it uses by default. */
static bool
is_uri_of_qemu(const char *uri)
{
    return uri[0] == '\0' || strcmp(uri, "qemu:") == 0 || g_str_has_prefix(uri, "qemu:/");
}

bool
daemon_libvirt_host_open(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_open_args *args = call->args;
    const char *uri = args->name != NULL ? *args->name : "";

    (void)result;
    if (call->session->is_open) {
        rpc_error_set(error, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                      "internal error: connection already open");
        return false;
    }
    if (strlen(uri) > RPC_LIMIT_URI_BYTES) {
        rpc_error_set(error, VIR_ERR_INVALID_ARG, VIR_FROM_NONE,
                      "invalid argument: the URI has more than %d bytes", RPC_LIMIT_URI_BYTES);
        return false;
    }
    if (!is_uri_of_qemu(uri)) {
        rpc_error_set(error, VIR_ERR_NO_CONNECT, VIR_FROM_NONE,
                      "no connection driver available for %s", uri);
        return false;
    }
    call->session->is_open = true;
    g_free(call->session->uri);
    call->session->uri = g_strdup(uri[0] != '\0' ? uri : DEFAULT_URI);
    return true;
}

bool
daemon_libvirt_host_accept(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)call;
    (void)result;
    (void)error;
    return true;
}

static bool
set_word(void *result, const char *text)
{
    rpc_word *word = result;

    word->value = daemon_libvirt_call_text(text);
    return true;
}

bool
daemon_libvirt_host_uri(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)error;
    return set_word(result, call->session->uri);
}

bool
daemon_libvirt_host_type(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)call;
    (void)error;
    return set_word(result, "QEMU");
}

/* "7.2.22" as libvirt's number: 7002022. */
static uint64_t
parse_version(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ".", 4);
    uint64_t version = 0;
    size_t n_words = 0;

    for (n_words = 0; words[n_words] != NULL && n_words < 3; n_words++)
        version = version * 1000 + MIN(g_ascii_strtoull(words[n_words], NULL, 10), 999);
    for (; n_words < 3; n_words++)
        version *= 1000;
    return version;
}

/* That of the newest QEMU that runs: 0, which clients show as unknown, if none tells. */
bool
daemon_libvirt_host_version(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_size *version = result;

    (void)error;
    for (size_t i = 0; i < call->answer->n_records; i++) {
        g_auto(DaemonLibvirtFields) fields = {0};
        const char *text = NULL;

        daemon_libvirt_fields_init(&fields, call->answer->records[i]);
        text = daemon_libvirt_fields_text(&fields, "about.state.version");
        if (text != NULL)
            version->value = MAX(version->value, parse_version(text));
    }
    return true;
}

bool
daemon_libvirt_host_lib_version(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_size *version = result;

    (void)call;
    (void)error;
    version->value = LIBVIR_VERSION_NUMBER;
    return true;
}

bool
daemon_libvirt_host_name(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)call;
    (void)error;
    return set_word(result, g_get_host_name());
}

/* A unix socket is. */
bool
daemon_libvirt_host_is_secure(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_number *is_secure = result;

    (void)call;
    (void)error;
    is_secure->value = 1;
    return true;
}

static const char *
machine_name(struct utsname *names)
{
    return uname(names) == 0 ? names->machine : "unknown";
}

bool
daemon_libvirt_host_capabilities(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    DaemonLibvirtNode node = daemon_libvirt_node_read("");
    struct utsname names = {0};

    (void)error;
    return set_word(result, daemon_libvirt_call_keep(call, daemon_libvirt_xml_make_capabilities(
                                                               machine_name(&names), &node)));
}

/* libvirt's own answer, whatever the host is; that for KVM depends on the kernel. */
bool
daemon_libvirt_host_max_vcpus(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_maybe_word *args = call->args;
    rpc_number *most = result;

    if (args->value != NULL && g_ascii_strcasecmp(*args->value, "qemu") != 0) {
        rpc_error_set(error, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU,
                      "this function is not supported by the connection driver: "
                      "the most vCPUs of type '%s' are not known",
                      *args->value);
        return false;
    }
    most->value = 16;
    return true;
}

bool
daemon_libvirt_host_info(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    DaemonLibvirtNode node = daemon_libvirt_node_read("");
    struct utsname names = {0};
    rpc_node_info *info = result;

    (void)call;
    (void)error;
    g_strlcpy(info->model, machine_name(&names), sizeof(info->model));
    info->memory_kib = node.memory_kib;
    info->cpus = (int)node.cpus;
    info->mhz = (int)node.mhz;
    info->nodes = (int)node.nodes;
    info->sockets = (int)node.sockets;
    info->cores = (int)node.cores;
    info->threads = (int)node.threads;
    return true;
}

bool
daemon_libvirt_host_cpu_map(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_cpu_map_args *args = call->args;
    rpc_cpu_map *map = result;
    unsigned int n_cpus = 0;
    unsigned int n_online = 0;
    GByteArray *bytes = daemon_libvirt_node_read_map("", &n_cpus, &n_online);
    unsigned int n_bytes = bytes->len;
    char *kept = daemon_libvirt_call_keep(call, (char *)g_byte_array_free(bytes, FALSE));

    (void)error;
    map->cpus = (int)n_cpus;
    map->online = args->wants_online ? n_online : 0;
    map->map.map_val = kept;
    map->map.map_len = args->wants_map ? MIN(n_bytes, 2048) : 0;
    return true;
}

static bool
set_node_stats(DaemonLibvirtCall *call, rpc_node_stats *result, const char *const *names,
               const uint64_t *values, int room)
{
    enum { N_STATS = 4 };

    result->count = N_STATS;
    if (room <= 0)
        return true;
    result->stats.stats_len = (unsigned int)MIN(room, N_STATS);
    result->stats.stats_val = daemon_libvirt_call_alloc(call, N_STATS, sizeof(rpc_node_stat));
    for (unsigned int i = 0; i < result->stats.stats_len; i++) {
        result->stats.stats_val[i].field = daemon_libvirt_call_text(names[i]);
        result->stats.stats_val[i].value = values[i];
    }
    return true;
}

bool
daemon_libvirt_host_cpu_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const char *const names[] = {"kernel", "user", "idle", "iowait"};
    const rpc_node_stats_args *args = call->args;
    DaemonLibvirtNodeTimes times = {0};

    if (!daemon_libvirt_node_read_times("", args->index, &times)) {
        rpc_error_set(error, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU,
                      "invalid argument: Invalid cpuNum in %s", "virHostCPUGetStatsLinux");
        return false;
    }
    return set_node_stats(call, result, names,
                          (const uint64_t[]){times.kernel, times.user, times.idle, times.iowait},
                          args->room);
}

bool
daemon_libvirt_host_memory_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const char *const names[] = {"total", "free", "buffers", "cached"};
    static const char *const words[] = {"MemTotal", "MemFree", "Buffers", "Cached"};
    const rpc_node_memory_args *args = call->args;
    uint64_t values[G_N_ELEMENTS(words)] = {0};

    if (args->index != -1) {
        rpc_error_set(error, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU,
                      "this function is not supported by the connection driver: "
                      "memory of one cell is not served");
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        (void)daemon_libvirt_node_read_memory("", words[i], &values[i]);
    return set_node_stats(call, result, names, values, args->room);
}

bool
daemon_libvirt_host_free_memory(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_size *free_bytes = result;
    uint64_t kib = 0;

    (void)call;
    (void)error;
    if (daemon_libvirt_node_sum_memory("", "MemFree", &kib))
        free_bytes->value = kib * 1024;
    return true;
}

/* Strings of char<> have their closing zero counted, and must be writable. */
bool
daemon_libvirt_host_security_model(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_security_model *model = result;

    (void)error;
    model->model.model_val = daemon_libvirt_call_keep(call, g_strdup("none"));
    model->model.model_len = sizeof("none");
    model->doi.doi_val = daemon_libvirt_call_keep(call, g_strdup("0"));
    model->doi.doi_len = sizeof("0");
    return true;
}
