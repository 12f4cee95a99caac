/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_replies: see model_replies.h.
 *
 * The forms are those of QEMU 7.2, with the members that the library reads.
 */
#include "model_replies.h"

#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static void
append_vcpus(const ModelMachine *self, GString *out)
{
    for (int i = 0; i < MODEL_MACHINE_N_SLOTS; i++) {
        const ModelMachineVcpu *vcpu = &self->vcpus[i];

        if (!vcpu->is_there)
            continue;
        g_string_append_printf(out,
                               "%s{\"cpu-index\":%d,\"qom-path\":\"/machine/cpu[%d]\","
                               "\"thread-id\":%d,\"target\":\"%s\"%s}",
                               out->len > 1 ? "," : "", i, i, (int)vcpu->thread_id,
                               self->is_s390 ? "s390x" : "x86_64",
                               !self->is_s390    ? ""
                               : vcpu->is_halted ? ",\"cpu-state\":\"stopped\""
                                                 : ",\"cpu-state\":\"operating\"");
    }
}

static void
append_vcpu_stats(const ModelMachine *self, GString *out)
{
    for (int i = MODEL_MACHINE_N_SLOTS - 1; i >= 0; i--) {
        const ModelMachineVcpu *vcpu = &self->vcpus[i];

        if (!vcpu->is_there)
            continue;
        g_string_append_printf(
            out,
            "%s{\"provider\":\"kvm\",\"qom-path\":\"/machine/cpu[%d]\",\"stats\":["
            "{\"name\":\"exits\",\"value\":%u},"
            "{\"name\":\"halt_poll_success_ns\",\"value\":%u},"
            "{\"name\":\"halt_poll_fail_ns\",\"value\":%u}]}",
            out->len > 1 ? "," : "", i, vcpu->exits + 1000u * (unsigned)i, vcpu->exits * 2,
            vcpu->exits * 3);
    }
}

static char *
reply_status(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("{\"status\":\"%s\",\"running\":%s,\"singlestep\":false}", self->status,
                           model_machine_is_running(self) ? "true" : "false");
}

static char *
reply_migrate(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    if (strcmp(self->migration, "active") == 0)
        return g_strdup_printf("{\"status\":\"active\",\"ram\":{\"transferred\":%u}}",
                               self->n_sent);
    return self->migration[0] != '\0' ? g_strdup_printf("{\"status\":\"%s\"}", self->migration)
                                      : g_strdup("{}");
}

static char *
reply_capabilities(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("[{\"capability\":\"events\",\"state\":%s}]",
                           self->tells_migrations ? "true" : "false");
}

static char *
reply_jobs(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < MODEL_MACHINE_N_JOBS; i++)
        if (self->has_job[i])
            g_string_append_printf(out,
                                   "%s{\"device\":\"job%d\",\"type\":\"mirror\",\"status\":"
                                   "\"running\",\"offset\":%u,\"len\":1000000,\"speed\":0}",
                                   out->len > 1 ? "," : "", i, self->job_offset);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_cpus(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    append_vcpus(self, out);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_slots(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    return self->can_plug ? g_strdup("[{\"vcpus-count\":2},{\"vcpus-count\":2}]") : NULL;
}

static char *
reply_balloon(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    if (!self->has_balloon)
        return NULL;
    return g_strdup_printf("{\"actual\":%llu}", (unsigned long long)self->actual_mib * MIB);
}

static char *
reply_memory_size(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("{\"base-memory\":%llu,\"plugged-memory\":%llu}",
                           (unsigned long long)self->base_mib * MIB,
                           (unsigned long long)self->plugged_mib * MIB);
}

static char *
reply_memory_devices(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("[{\"type\":\"virtio-pmem\",\"data\":{\"size\":%llu}}]",
                           (unsigned long long)self->plugged_mib * MIB);
}

static char *
reply_list(ModelMachine *self, const char *arguments)
{
    if (self->has_balloon && strstr(arguments, "\"/machine/peripheral\"") != NULL)
        return g_strdup_printf(
            "[{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"b%d\",\"type\":"
            "\"child<virtio-balloon-pci>\"}]",
            self->balloon_id);
    return g_strdup("[{\"name\":\"type\",\"type\":\"string\"}]");
}

static char *
reply_get(ModelMachine *self, const char *arguments)
{
    g_autofree char *name = g_strdup_printf("b%d\"", self->balloon_id);

    if (!self->has_balloon || strstr(arguments, name) == NULL)
        return NULL;
    if (strstr(arguments, "polling") != NULL)
        return g_strdup("2");
    return g_strdup_printf("{\"stats\":{\"stat-free-memory\":%llu,\"stat-swap-in\":"
                           "18446744073709551615},\"last-update\":%u}",
                           (unsigned long long)self->free_mib * MIB, self->update_s);
}

static char *
reply_blockstats(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < MODEL_MACHINE_N_DISKS; i++)
        if (self->has_disk[i])
            g_string_append_printf(
                out,
                "%s{\"device\":\"d%d\",\"qdev\":\"/machine/peripheral/v%d/virtio-backend\","
                "\"node-name\":\"n%d\",\"stats\":{\"rd_operations\":%u,\"rd_bytes\":%u,"
                "\"wr_operations\":1,\"wr_bytes\":2,\"flush_operations\":3}}",
                out->len > 1 ? "," : "", i, i, i, self->disk_reads[i], self->disk_reads[i] * 512);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_nodes(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < MODEL_MACHINE_N_DISKS; i++)
        if (self->has_disk[i])
            g_string_append_printf(
                out,
                "%s{\"node-name\":\"n%d\",\"drv\":\"raw\",\"file\":\"/i%d\",\"image\":"
                "{\"filename\":\"/"
                "i%d\",\"format\":\"raw\",\"virtual-size\":%u,\"actual-size\":%u}}",
                out->len > 1 ? "," : "", i, i, i, 4096u << i, 512u << i);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_iothreads(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < MODEL_MACHINE_N_IOTHREADS; i++)
        if (self->has_iothread[i])
            g_string_append_printf(out,
                                   "%s{\"id\":\"iothread%d\",\"thread-id\":%d,\"poll-max-ns\":%u,"
                                   "\"poll-grow\":0,\"poll-shrink\":0,\"aio-max-batch\":0}",
                                   out->len > 1 ? "," : "", i + 1, (int)getpid(), self->poll_ns[i]);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_rate(ModelMachine *self, const char *arguments)
{
    (void)arguments;
    return self->n_measured == 0
               ? g_strdup("{\"status\":\"unstarted\",\"start-time\":0,\"calc-time\":0,"
                          "\"mode\":\"page-sampling\",\"sample-pages\":512}")
               : g_strdup_printf("{\"status\":\"measured\",\"start-time\":%u,\"calc-time\":1,"
                                 "\"dirty-rate\":%u,\"mode\":\"page-sampling\"}",
                                 self->n_measured, self->rate);
}

static char *
reply_schemas(ModelMachine *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("[{\"provider\":\"kvm\",\"target\":\"vcpu\",\"stats\":["
                    "{\"name\":\"exits\",\"type\":\"cumulative\"},"
                    "{\"name\":\"halt_poll_success_ns\",\"type\":\"cumulative\"},"
                    "{\"name\":\"halt_poll_fail_ns\",\"type\":\"cumulative\"}]},"
                    "{\"provider\":\"kvm\",\"target\":\"vm\",\"stats\":["
                    "{\"name\":\"remote_tlb_flush\",\"type\":\"cumulative\"}]}]");
}

static char *
reply_stats(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    if (strstr(arguments, "\"vm\"") != NULL)
        g_string_append_printf(out,
                               "{\"provider\":\"kvm\",\"stats\":[{\"name\":\"remote_tlb_flush\","
                               "\"value\":%u}]}",
                               self->vm_flushes);
    else
        append_vcpu_stats(self, out);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_name(ModelMachine *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("{\"name\":\"model\"}");
}

static char *
reply_uuid(ModelMachine *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("{\"UUID\":\"6f3d4a0e-3c1e-4bd5-8f3f-2f6b7d9c8a10\"}");
}

static char *
reply_nothing(ModelMachine *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("{}");
}

static char *reply_commands(ModelMachine *self, const char *arguments);

static const struct {
    const char *name;
    char *(*reply)(ModelMachine *self, const char *arguments); /* NULL: the error below */
    bool needs_machine;                                        /* not in preconfig */
    const char *error_class;
} commands[] = {
    {"qmp_capabilities", reply_nothing, false, NULL},
    {"query-name", reply_name, false, NULL},
    {"query-uuid", reply_uuid, false, NULL},
    {"query-commands", reply_commands, false, NULL},
    {"query-status", reply_status, false, NULL},
    {"query-migrate-capabilities", reply_capabilities, true, NULL},
    {"query-migrate", reply_migrate, true, NULL},
    {"query-block-jobs", reply_jobs, false, NULL},
    {"query-cpus-fast", reply_cpus, true, NULL},
    {"query-hotpluggable-cpus", reply_slots, false, "GenericError"},
    {"query-balloon", reply_balloon, true, "DeviceNotActive"},
    {"query-memory-size-summary", reply_memory_size, true, NULL},
    {"query-memory-devices", reply_memory_devices, true, NULL},
    {"qom-list", reply_list, false, NULL},
    {"qom-get", reply_get, true, "DeviceNotFound"},
    {"query-blockstats", reply_blockstats, false, NULL},
    {"query-named-block-nodes", reply_nodes, false, NULL},
    {"query-iothreads", reply_iothreads, false, NULL},
    {"query-dirty-rate", reply_rate, true, NULL},
    {"query-stats-schemas", reply_schemas, true, NULL},
    {"query-stats", reply_stats, true, NULL},
    {"query-yank", reply_nothing, false, NULL},
};

static char *
reply_commands(ModelMachine *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)self;
    (void)arguments;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(out, "%s{\"name\":\"%s\"}", i > 0 ? "," : "", commands[i].name);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

char *
model_replies_make(ModelMachine *self, const char *name, const char *arguments, const char *id)
{
    const char *error_class = "CommandNotFound";
    g_autofree char *value = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, name) != 0 || strcmp(self->lacks, name) == 0)
            continue;
        error_class = "GenericError";
        if (commands[i].needs_machine && self->is_preconfig)
            break;
        value = commands[i].reply(self, arguments);
        if (commands[i].error_class != NULL)
            error_class = commands[i].error_class;
    }
    if (value != NULL)
        return g_strdup_printf("{\"return\": %s%s%s}\r\n", value, id ? ", \"id\": " : "",
                               id ? id : "");
    return g_strdup_printf("{\"error\": {\"class\": \"%s\", \"desc\": \"no\"}%s%s}\r\n",
                           error_class, id ? ", \"id\": " : "", id ? id : "");
}
