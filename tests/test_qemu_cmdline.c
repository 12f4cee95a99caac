/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_cmdline: words of a command line in, monitors and definition out.
 */
#include "qemu/words/qemu_cmdline.h"

#include <string.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *words; /* after the program, a blank between */
    const char *monitors;
    const char *definition;
} Row;

#define PATH_OF_200                                                                                \
    "/0123456789012345678901234567890123456789012345678"                                           \
    "/0123456789012345678901234567890123456789012345678"                                           \
    "/0123456789012345678901234567890123456789012345678"                                           \
    "/0123456789012345678901234567890123456789012345678"

static const Row rows[] = {
    {"no words, nothing", "", "", ""},

    /* -qmp */
    {"a unix socket", "-qmp unix:/run/a.sock,server=on,wait=off", "unix /run/a.sock", ""},
    {"the short booleans", "-qmp unix:/run/a.sock,server,nowait", "unix /run/a.sock", ""},
    {"two dashes", "--qmp unix:/run/a.sock,server=on,wait=off", "unix /run/a.sock", ""},
    {"a pretty one", "-qmp-pretty unix:/run/a.sock,server=on,wait=off", "unix /run/a.sock", ""},
    {"a relative path", "-qmp unix:a.sock,server=on,wait=off", "unix a.sock", ""},
    {"a comma in the path", "-qmp unix:/run/a,,b.sock,server=on,wait=off", "unix /run/a,b.sock",
     ""},
    {"a long path", "-qmp unix:" PATH_OF_200 ",server=on,wait=off", "unix " PATH_OF_200, ""},
    {"an equals sign in a keyed path", "-qmp unix:path=/run/a=b,server=on,wait=off",
     "unix /run/a=b", ""},
    {"server=yes is on", "-qmp unix:/a,server=yes,wait=off", "unix /a", ""},
    {"the last word on a key counts", "-qmp unix:/a,server=on,server=off",
     "unusable a socket in client mode", ""},
    {"a descriptor", "-qmp unix:fd=7,server=on,wait=off", "fd 7", ""},
    {"TCP", "-qmp tcp:127.0.0.1:4444,server=on,wait=off", "tcp 127.0.0.1:4444", ""},
    {"TCP without a host", "-qmp tcp::4444,server,nowait", "tcp :4444", ""},
    {"TCP, version 6", "-qmp tcp:[::1]:4444,server,nowait", "tcp [::1]:4444", ""},
    {"TCP without a port", "-qmp tcp:host,server,wait=off", "unusable a socket without an address",
     ""},
    {"TCP with a service's name", "-qmp tcp:localhost:http,server,wait=off", "tcp localhost:http",
     ""},
    {"stdio", "-qmp stdio", "unusable on stdio", ""},
    {"a pty", "-qmp pty", "unusable on a pty", ""},
    {"a mux", "-qmp mon:stdio", "unusable on stdio", ""},
    {"a pipe", "-qmp pipe:/run/p", "unusable on a pipe", ""},
    {"something new", "-qmp quantum:7", "unusable on 'quantum'", ""},
    {"none is none", "-qmp none", "", ""},
    {"a device that exists", "-qmp chardev:m -chardev socket,id=m,path=/a,server=on,wait=off",
     "unix /a", ""},
    {"telnet in one word", "-qmp telnet:localhost:4444,server,wait=off", "unusable behind telnet",
     ""},
    {"a websocket in one word", "-qmp websocket:localhost:4444,server=on,wait=off",
     "unusable behind a websocket", ""},
    {"client mode", "-qmp unix:/a,reconnect=5", "unusable a socket in client mode", ""},
    {"server denied", "-qmp unix:/a,noserver,wait=off", "unusable a socket in client mode", ""},
    {"two, in their order", "-qmp stdio -qmp unix:/b,server=on,wait=off",
     "unusable on stdio; unix /b", ""},
    {"an option as the last word has no argument", "-qmp", "", ""},
    {"no more than the limit",
     "-qmp pty -qmp pty -qmp pty -qmp pty -qmp pty -qmp pty -qmp pty -qmp pty "
     "-qmp pty -qmp pty -qmp pty -qmp pty -qmp pty -qmp pty -qmp pty -qmp "
     "unix:/a,server=on,wait=off "
     "-qmp unix:/b,server=on,wait=off",
     "unusable on a pty; unusable on a pty; unusable on a pty; unusable on a pty; "
     "unusable on a pty; unusable on a pty; unusable on a pty; unusable on a pty; "
     "unusable on a pty; unusable on a pty; unusable on a pty; unusable on a pty; "
     "unusable on a pty; unusable on a pty; unusable on a pty; unix /a",
     ""},

    /* -mon and -chardev */
    {"a monitor on a device",
     "-chardev socket,id=m,path=/a,server=on,wait=off -mon chardev=m,mode=control", "unix /a", ""},
    {"the device comes later",
     "-mon chardev=m,mode=control -chardev socket,id=m,path=/a,server=on,wait=off", "unix /a", ""},
    {"an implied first key",
     "-mon m,mode=control,pretty=on -chardev socket,id=m,path=/a,server,wait=off", "unix /a", ""},
    {"the first device of an id counts",
     "-mon m,mode=control -chardev socket,id=m,path=/a,server,wait=off -chardev "
     "socket,id=m,path=/b,server,wait=off",
     "unix /a", ""},
    {"a monitor for people",
     "-mon chardev=m,mode=readline -chardev socket,id=m,path=/a,server,wait=off", "human 1", ""},
    {"for people is the default", "-mon chardev=m -chardev socket,id=m,path=/a,server,wait=off",
     "human 1", ""},
    {"-monitor is for people", "-monitor stdio -monitor none", "human 1", ""},
    {"a device that nobody described", "-mon chardev=x,mode=control",
     "unusable on a character device that its command line does not describe", ""},
    {"a passed descriptor",
     "-chardev socket,id=charmonitor,fd=31,server=on,wait=off "
     "-mon chardev=charmonitor,id=monitor,mode=control",
     "fd 31", ""},
    {"a descriptor by name", "-chardev socket,id=m,fd=mine,server=on,wait=off -mon m,mode=control",
     "unusable on a descriptor known by a name only", ""},
    {"a connected descriptor", "-chardev socket,id=m,fd=5 -mon m,mode=control",
     "unusable on a connection that its launcher holds", ""},
    {"an abstract socket",
     "-chardev socket,id=m,path=vm1,abstract=on,server=on,wait=off -mon m,mode=control",
     "abstract vm1", ""},
    {"an abstract socket filled up",
     "-chardev socket,id=m,path=vm1,abstract=on,tight=off,server=on,wait=off -mon m,mode=control",
     "unusable on an abstract socket whose name is filled up with zeros", ""},
    {"TCP by host and port",
     "-chardev socket,id=m,host=::1,port=4444,server=on,wait=off -mon m,mode=control",
     "tcp [::1]:4444", ""},
    {"telnet",
     "-chardev socket,id=m,host=h,port=4444,telnet=on,server=on,wait=off -mon m,mode=control",
     "unusable behind telnet", ""},
    {"TLS",
     "-chardev socket,id=m,host=h,port=4444,tls-creds=t,server=on,wait=off -mon m,mode=control",
     "unusable encrypted with TLS", ""},
    {"a websocket",
     "-chardev socket,id=m,host=h,port=4444,websocket=on,server=on,wait=off -mon m,mode=control",
     "unusable behind a websocket", ""},
    {"client mode by milliseconds",
     "-chardev socket,id=m,path=/a,reconnect-ms=500 -mon m,mode=control",
     "unusable a socket in client mode", ""},
    {"a device that is no socket", "-chardev pty,id=m -mon m,mode=control", "unusable on a pty",
     ""},
    {"a device without a kind", "-chardev id=m -mon m,mode=control", "unusable on ''", ""},

    /* Objects and JSON */
    {"a monitor as an object",
     "-object monitor-qmp,id=q,chardev=m -chardev socket,id=m,path=/a,server=on,wait=off",
     "unix /a", ""},
    {"a monitor as an object in JSON",
     "-object {\"qom-type\":\"monitor-qmp\",\"id\":\"q\",\"chardev\":\"m\"} "
     "-chardev socket,id=m,path=/a,server=on,wait=off",
     "unix /a", ""},
    {"one for people in JSON",
     "-object {\"qom-type\":\"monitor-hmp\",\"id\":\"q\",\"chardev\":\"m\"}", "human 1", ""},
    {"other objects are none", "-object iothread,id=io1", "", ""},
    {"a device in JSON",
     "-mon m,mode=control -chardev {\"id\":\"m\",\"backend\":{\"type\":\"socket\",\"data\":"
     "{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"/a,b\"}},\"wait\":false}}}",
     "unix /a,b", ""},
    {"a flat device in JSON",
     "-mon m,mode=control "
     "-chardev {\"id\":\"m\",\"backend\":\"socket\",\"path\":\"/a\",\"server\":true}",
     "unix /a", ""},
    {"a client in JSON",
     "-mon m,mode=control "
     "-chardev {\"id\":\"m\",\"backend\":\"socket\",\"path\":\"/a\",\"server\":false}",
     "unusable a socket in client mode", ""},
    {"a passed descriptor in JSON",
     "-mon m,mode=control -chardev {\"id\":\"m\",\"backend\":{\"type\":\"socket\",\"data\":"
     "{\"addr\":{\"type\":\"fd\",\"data\":{\"str\":\"9\"}},\"server\":true}}}",
     "fd 9", ""},
    {"vsock in JSON",
     "-mon m,mode=control -chardev {\"id\":\"m\",\"backend\":{\"type\":\"socket\",\"data\":"
     "{\"addr\":{\"type\":\"vsock\",\"data\":{\"cid\":\"3\",\"port\":\"9\"}}}}}",
     "unusable on vsock", ""},
    {"broken JSON is a strange word", "-chardev {\"id\" -mon m,mode=control",
     "unusable on a character device that its command line does not describe", ""},

    /* What must not be taken for an option */
    {"a guest's kernel arguments", "-append -qmp -name web", "", "name web"},
    {"a file of options that is not among the words: no number is told",
     "-readconfig /etc/vm.cfg -name web -smp 2 -m 64", "", "name web; board unknown"},

    /* Who it is */
    {"a plain name", "-name web", "", "name web"},
    {"a name by its key", "-name guest=web,debug-threads=on", "", "name web"},
    {"the key last", "-name debug-threads=on,guest=web", "", "name web"},
    {"a comma in the name", "-name a,,b,process=x", "", "name a,b"},
    {"an equals sign begins a key", "-name guest=a=b", "", "name a=b"},
    {"a name in JSON, which QEMU takes as it is", "-name {\"guest\":\"web\"}", "",
     "name {\"guest\":\"web\"}"},
    {"a name that is taken back", "-name web -name guest=", "", ""},
    {"a name that only looks like JSON", "-name {web}", "", "name {web}"},
    {"a name that is no UTF-8", "-name w\xff", "", "name w\xef\xbf\xbd"},
    {"the last name counts", "-name a -name b", "", "name b"},
    {"a UUID, in small letters", "-uuid 7C6F1B2E-0D3A-4D0C-8B2F-5B0C6A1E9F00", "",
     "uuid 7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00"},
    {"no UUID", "-uuid web", "", ""},
    {"the firmware's UUID is QEMU's", "-smbios type=1,uuid=7C6F1B2E-0D3A-4D0C-8B2F-5B0C6A1E9F00",
     "", "uuid 7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00"},
    {"the last of the two counts",
     "-uuid 00000000-0000-0000-0000-000000000001 "
     "-smbios type=0x1,uuid=7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00",
     "", "uuid 7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00"},
    {"the firmware has others", "-smbios type=2,uuid=7c6f1b2e-0d3a-4d0c-8b2f-5b0c6a1e9f00", "", ""},

    /* Virtual CPUs */
    {"a number", "-smp 4", "", "vcpus 4/4"},
    {"some to be plugged in", "-smp 2,maxcpus=8", "", "vcpus 2/8"},
    {"by key", "-smp cpus=2,sockets=2,cores=2,threads=2", "", "vcpus 2/8"},
    {"by topology", "-smp sockets=2,cores=3", "", "vcpus 6/6"},
    {"maxcpus alone", "-smp maxcpus=3", "", "vcpus 3/3"},
    {"options of one kind are one", "-smp 2 -smp maxcpus=8", "", "vcpus 2/8"},
    {"of a key given twice the last counts", "-smp 2,maxcpus=8 -smp 4", "", "vcpus 4/8"},
    {"the machine's properties are a part of it", "-smp 2 -M pc -machine smp.maxcpus=6", "",
     "vcpus 2/6"},
    {"more than there may be", "-smp 5,maxcpus=4", "", ""},
    {"no number", "-smp many", "", ""},
    {"a product past all bounds", "-smp sockets=4096,cores=4096,threads=4096", "", ""},
    {"a number past all bounds", "-smp 99999999999999999999", "", ""},
    {"as a property of the machine", "-machine q35,smp.cpus=2,smp.maxcpus=4", "", "vcpus 2/4"},
    {"other properties are not counted", "-M q35,cores=7", "", ""},

    /* Memory */
    {"a size in MiB", "-m 16", "", "memory 16384"},
    {"by key, with a suffix", "-m size=2G,slots=4,maxmem=8G", "", "memory 2097152"},
    {"in KiB", "-m 4096k", "", "memory 4096"},
    {"a fraction", "-m 1.5G", "", "memory 1572864"},
    {"a fraction that makes no whole KiB", "-m 0.0009k", "", ""},
    {"terabytes in KiB, as libvirt 10 writes", "-m size=4294967296k", "", "memory 4294967296"},
    {"terabytes in MiB", "-m 8388608", "", "memory 8589934592"},
    {"in bytes", "-m 33554432b", "", "memory 32768"},
    {"as a property of the machine, in bytes", "-M pc,memory.size=33554432", "", "memory 32768"},
    {"past 64 bits", "-m 16777216t", "", ""},
    {"options of one kind are one memory", "-m 1G -m slots=2,maxmem=2G", "", "memory 1048576"},
    {"no suffix of QEMU's", "-m 16x", "", ""},
    {"a suffix and more", "-m 16mb", "", ""},
    {"no size", "-m much", "", ""},
    {"none at all", "-m slots=4,maxmem=8G", "", ""},
    {"nothing is no size", "-m 0", "", ""},
    {"a memory device has its size elsewhere", "-m 16 -device pc-dimm,memdev=m", "", ""},
    {"also in front", "-device virtio-mem-pci,memdev=m -m 16", "", ""},
    {"other devices do not count", "-m 16 -device virtio-balloon-pci", "", "memory 16384"},

    /* Interfaces, and taps that are nobody's; what the guest has of them: test_qemu_nic_join */
    {"a tap by name", "-netdev tap,id=n0,ifname=vnet3,script=no -device e1000,id=e,netdev=n0", "",
     "nic e tap vnet3 -"},
    {"a tap by descriptor",
     "-netdev tap,fd=33,id=n0,vhost=on,vhostfd=34 -device e1000,id=e,netdev=n0", "",
     "nic e tap - 33"},
    {"a tap with queues", "-netdev tap,fds=33:34:35,id=n0 -device virtio-net,netdev=n0", "",
     "nic - tap - 33:34:35"},
    {"a descriptor by name", "-netdev tap,fd=mine,id=n0 -device e1000,netdev=n0", "",
     "nic - tap - -"},
    {"a tap that the kernel numbers", "-netdev tap,id=n0,ifname=vm%d -device e1000,netdev=n0", "",
     "nic - tap - -"},
    {"a bridge", "-netdev bridge,id=n0,br=br0 -device e1000,netdev=n0", "", "nic - tap - -"},
    {"the user's network", "-netdev user,id=n0,hostfwd=tcp::22-:22 -device e1000,netdev=n0", "",
     "nic - none - -"},
    {"a socket has no descriptor of a tap", "-netdev socket,id=n0,fd=7 -device e1000,netdev=n0", "",
     "nic - none - -"},
    {"in JSON",
     "-netdev {\"type\":\"tap\",\"fd\":\"33\",\"vhost\":true,\"id\":\"n0\"} "
     "-device {\"driver\":\"virtio-net-pci\",\"netdev\":\"n0\",\"id\":\"net0\"}",
     "", "nic net0 tap - 33"},
    {"a nested key is no interface's name",
     "-netdev {\"type\":\"tap\",\"id\":\"n0\",\"x\":{\"ifname\":\"eth0\"}}", "", "loose - -"},
    {"a device before its back end", "-device e1000,netdev=n0 -netdev tap,id=n0,ifname=a", "",
     "nic - tap a -"},
    {"a device without one", "-device e1000 -device virtio-blk-pci,drive=d", "", "nic - none - -"},
    {"a tap without a device", "-netdev tap,id=n0,ifname=a", "", "loose a -"},
    {"-nic", "-nic tap,ifname=tap0,id=a,model=virtio -nic user -nic none", "",
     "nic - board tap tap0 -; nic - board none - -; board ask"},
    {"-net", "-net nic,model=e1000 -net tap,name=x,ifname=tap1", "",
     "nic - board tap tap1 -; board ask"},
    {"-net none", "-net none", "", ""},
    {"what a machine has by default", NULL, "", "nic - board none - -; board ask"},
    {"a hub's port is no interface", "-netdev hubport,hubid=0,id=h", "", ""},
    {"a machine of which too little is known", "-M sabrelite -netdev user,id=a", "",
     "board unknown"},
    {"all in their order",
     "-netdev user,id=a -device e1000,id=x,netdev=a -nic tap,ifname=b -netdev tap,id=c,ifname=d "
     "-device e1000,id=y,netdev=c -name web",
     "", "name web; nic x none - -; nic - board tap b -; nic y tap d -; board ask"},
    {"a daemon", "-daemonize", "daemon", ""},

    /* accelerators */
    {"KVM", "-accel kvm,dirty-ring-size=4096", "", "kvm"},
    {"KVM by its own option", "-enable-kvm", "", "kvm"},
    {"KVM of the machine", "-machine pc,accel=kvm", "", "kvm"},
    {"TCG", "-accel tcg,thread=multi", "", ""},
    {"TCG when KVM does not work", "-accel kvm -accel tcg", "", ""},
    {"likewise", "-machine q35,accel=kvm:tcg", "", ""},

    /* QEMUs that are no machine of their own */
    {"no machine, as libvirt asks what QEMU can do", "-S -machine none,accel=kvm:tcg", "no machine",
     ""},
    {"nor by key", "-M type=none", "no machine", ""},
    {"nor in JSON", "-machine {\"type\":\"none\"}", "no machine", ""},
    {"the last type counts", "-machine none -M pc", "", ""},
    {"a device of another QEMU", "-machine x-remote", "no machine", "board unknown"},
    {"Xen's devices", "-xen-domid 3 -M xenfv", "no machine", "board unknown"},
    {"Xen's, attached", "-xen-attach -M xenpv", "no machine", "board unknown"},
    {"a machine's name may begin so", "-M none2", "", "board unknown"},
};

static void append_part(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
append_part(GString *text, const char *format, ...)
{
    va_list arguments;

    if (text->len > 0)
        g_string_append(text, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

static char *
make_monitors_text(const QemuCmdline *cmdline)
{
    static const char *const kinds[] = {
        [QEMU_CMDLINE_SOCKET_UNIX] = "unix",
        [QEMU_CMDLINE_SOCKET_ABSTRACT] = "abstract",
        [QEMU_CMDLINE_SOCKET_FD] = "fd",
        [QEMU_CMDLINE_SOCKET_TCP] = "tcp",
    };
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < cmdline->monitors->len; i++) {
        const QemuCmdlineMonitor *monitor =
            &g_array_index(cmdline->monitors, QemuCmdlineMonitor, i);

        if (monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_NONE)
            append_part(text, "unusable %s", monitor->fault_text);
        else if (monitor->socket.kind == QEMU_CMDLINE_SOCKET_FD)
            append_part(text, "fd %d", monitor->socket.fd);
        else
            append_part(text, "%s %s", kinds[monitor->socket.kind], monitor->socket.path);
    }
    if (cmdline->n_human_monitors > 0)
        append_part(text, "human %u", cmdline->n_human_monitors);
    if (cmdline->is_daemonizing)
        append_part(text, "daemon");
    if (!cmdline->is_machine)
        append_part(text, "no machine");
    return g_string_free(text, FALSE);
}

/* Name and descriptors. */
static void
append_tap(GString *text, const QemuDefinitionNic *nic)
{
    g_string_append_printf(text, " %s ", nic->ifname ? nic->ifname : "-");
    for (guint i = 0; nic->fds != NULL && i < nic->fds->len; i++)
        g_string_append_printf(text, "%s%d", i > 0 ? ":" : "", g_array_index(nic->fds, int, i));
    if (nic->fds == NULL)
        g_string_append_c(text, '-');
}

static char *
make_definition_text(const QemuDefinition *definition)
{
    static const char *const kinds[] = {[QEMU_DEFINITION_NIC_TAP] = "tap",
                                        [QEMU_DEFINITION_NIC_HOST_VIEW] = "host",
                                        [QEMU_DEFINITION_NIC_NO_DEVICE] = "none"};
    GString *text = g_string_new(NULL);

    if (definition->name != NULL)
        append_part(text, "name %s", definition->name);
    if (definition->uuid != NULL)
        append_part(text, "uuid %s", definition->uuid);
    if (definition->is_kvm)
        append_part(text, "kvm");
    if (definition->vcpus_max.is_present)
        append_part(text, "vcpus %u/%u", (unsigned int)definition->vcpus_current.value,
                    (unsigned int)definition->vcpus_max.value);
    if (definition->memory_kib.is_present)
        append_part(text, "memory %" G_GUINT64_FORMAT, definition->memory_kib.value);
    for (guint i = 0; i < definition->nics->len; i++) {
        const QemuDefinitionNic *nic = &g_array_index(definition->nics, QemuDefinitionNic, i);

        g_string_append_printf(text, "%snic %s%s %s", text->len > 0 ? "; " : "",
                               nic->id ? nic->id : "-", nic->is_on_board ? " board" : "",
                               kinds[nic->kind]);
        append_tap(text, nic);
    }
    for (guint i = 0; i < definition->loose_taps->len; i++) {
        append_part(text, "loose");
        append_tap(text, &g_array_index(definition->loose_taps, QemuDefinitionNic, i));
    }
    if (definition->board != QEMU_DEFINITION_BOARD_EMPTY)
        append_part(text, "board %s",
                    definition->board == QEMU_DEFINITION_BOARD_ASK ? "ask" : "unknown");
    return g_string_free(text, FALSE);
}

static void
parses_words(const void *data)
{
    const Row *row = data;
    bool is_plain = row->words == NULL;
    g_autofree char *line = is_plain ? g_strdup("qemu-system-x86_64")
                                     : g_strconcat("qemu-system-x86_64 -nodefaults",
                                                   row->words[0] ? " " : "", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autofree char *monitors = make_monitors_text(cmdline);
    g_autofree char *definition = make_definition_text(cmdline->definition);

    testing_assert_same_text(monitors, row->monitors);
    testing_assert_same_text(definition, row->definition);
}

typedef struct {
    const char *sentence;
    const char *bytes; /* '|' stands for NUL */
    const char *words; /* each in brackets */
} SplitRow;

static const SplitRow split_rows[] = {
    {"each word ends with NUL", "a|b c|", "[a][b c]"},
    {"the last word may lack it", "a|b", "[a][b]"},
    {"a word may be empty", "a||b|", "[a][][b]"},
    {"also the last one", "a||", "[a][]"},
    {"nothing holds no word", "", ""},
};

static void
splits_bytes(const void *data)
{
    const SplitRow *row = data;
    g_autofree char *bytes = g_strdup(row->bytes);
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) words = NULL;

    g_strdelimit(bytes, "|", '\0');
    words = qemu_cmdline_split(bytes, strlen(row->bytes));
    for (size_t i = 0; words[i] != NULL; i++)
        g_string_append_printf(text, "[%s]", words[i]);
    testing_assert_same_text(text->str, row->words);
}

#define OURS "qemu-system-x86_64 -nodefaults -qmp unix:/a,server=on,wait=off"

typedef struct {
    const char *name;
    const char *words;
    bool has_one;
} OneMonitorRow;

static const OneMonitorRow one_monitor_rows[] = {
    {"one monitor", OURS, true},
    {"none", "qemu-system-x86_64 -nodefaults", false},
    {"two", OURS " -qmp unix:/b,server=on,wait=off", false},
    {"two, one of which we could not use", OURS " -qmp stdio", false},
    {"one for people", OURS " -monitor unix:/m,server=on,wait=off", false},
    {"one for people among the consoles", "qemu-system-x86_64 -qmp unix:/a,server=on", false},
    {"a serial line that is one too", OURS " -serial mon:stdio", false},
    {"a debugger", OURS " -s", false},
    {"a debugger elsewhere", OURS " -gdb tcp::9", false},
    {"a file of options that is not read", OURS " -readconfig /x", false},
    {"none for people", OURS " -monitor none", true},
};

static void
counts_monitors(const void *data)
{
    const OneMonitorRow *row = data;
    g_auto(GStrv) words = g_strsplit(row->words, " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);

    assert_int_equal(cmdline->definition->has_one_monitor, row->has_one);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("cmdline", rows, parses_words);

    n_failed += TESTING_RUN_TABLE("cmdline: one monitor", one_monitor_rows, counts_monitors);

    return n_failed + TESTING_RUN_TABLE("cmdline split", split_rows, splits_bytes);
}
