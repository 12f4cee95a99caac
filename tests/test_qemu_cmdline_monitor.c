/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_cmdline_monitor: which monitors of a command line may be dialled, why the others may
 * not, and what its other sockets are.
 */
#include "qemu/words/qemu_cmdline.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "testing.h"

typedef struct {
    const char *sentence;
    const char *words; /* after the program, a blank between */
    const char *monitors;
} Row;

#define M      "-chardev socket,id=m,path=/a,server=on,wait=off -mon chardev=m,mode=control"
#define MUX    "-chardev socket,id=m,path=/a,server=on,wait=off,mux=on -mon chardev=m,mode=control"
#define SHARED "shared unix /a (m): shared with "

static const Row rows[] = {
    /* their names */
    {"the device has a name", M, "unix /a (m)"},
    {"and so has the monitor", M ",id=mm", "unix /a (m, mm)"},
    {"a monitor in one word has those that QEMU gives it", "-qmp unix:/a,server,nowait",
     "unix /a (compat_monitor0, compat_monitor0)"},
    {"QEMU numbers monitors of both kinds together",
     "-monitor stdio -qmp unix:/a,server,nowait -qmp chardev:m -qmp unix:/b,server,nowait",
     "unix /a (compat_monitor1, compat_monitor1); "
     "none (m, m): on a character device that its command line does not describe; "
     "unix /b (compat_monitor3, compat_monitor3)"},
    {"an object has its id", "-object monitor-qmp,id=q,chardev=m -chardev pty,id=m",
     "none (m, q): on a pty"},

    /* a server that waits */
    {"server alone waits", "-qmp unix:/a,server",
     "waits unix /a (compat_monitor0, compat_monitor0): made to wait for its manager at '/a' "
     "(wait=on)"},
    {"server=on alone waits", "-chardev socket,id=m,path=/a,server=on -mon m,mode=control",
     "waits unix /a (m): made to wait for its manager at '/a' (wait=on)"},
    {"wait=on waits", "-chardev socket,id=m,host=h,port=1,server=on,wait=on -mon m,mode=control",
     "waits tcp h|1 (m): made to wait for its manager at 'h:1' (wait=on)"},
    {"of wait the last word counts",
     "-chardev socket,id=m,path=/a,server,wait=off,wait=on -mon m,mode=control",
     "waits unix /a (m): made to wait for its manager at '/a' (wait=on)"},
    {"wait=no does not wait", "-qmp unix:/a,server=yes,wait=no",
     "unix /a (compat_monitor0, compat_monitor0)"},
    {"a passed descriptor may wait", "-chardev socket,id=m,fd=3,server=on -mon m,mode=control",
     "waits fd 3 (m): made to wait for its manager (wait=on)"},
    {"in JSON a server does not wait by itself",
     "-chardev {\"id\":\"m\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":"
     "\"unix\",\"data\":{\"path\":\"/a\"}}}}} -mon m,mode=control",
     "unix /a (m)"},
    {"but it may be told to",
     "-chardev {\"id\":\"m\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":"
     "\"unix\",\"data\":{\"path\":\"/a\"}},\"wait\":true}}} -mon m,mode=control",
     "waits unix /a (m): made to wait for its manager at '/a' (wait=on)"},
    {"a path that looks like JSON is words", "-qmp unix:{a},server,nowait",
     "unix {a} (compat_monitor0, compat_monitor0)"},

    /* a device with another user */
    {"mux=on alone is no fault", MUX, "unix /a (m)"},
    {"nor is mon: before the device of a QMP monitor", "-qmp mon:unix:/a,server,nowait",
     "unix /a (compat_monitor0, compat_monitor0)"},
    {"a serial port", MUX " -serial chardev:m", SHARED "a serial port"},
    {"in front", "-serial chardev:m " MUX, SHARED "a serial port"},
    {"a parallel port", MUX " -parallel chardev:m", SHARED "a parallel port"},
    {"a debugger", MUX " -gdb chardev:m", SHARED "a debugger"},
    {"a debug console", MUX " -debugcon chardev:m", SHARED "a debug console"},
    {"a monitor for people", MUX " -mon chardev=m,mode=readline",
     SHARED "a monitor for people (HMP)"},
    {"the default mode", MUX " -mon m", SHARED "a monitor for people (HMP)"},
    {"-monitor", MUX " -monitor chardev:m", SHARED "a monitor for people (HMP)"},
    {"an object for people", MUX " -object monitor-hmp,id=h,chardev=m",
     SHARED "a monitor for people (HMP)"},
    {"another QMP monitor", MUX " -mon m,mode=control",
     SHARED "another QMP monitor; " SHARED "another QMP monitor"},
    {"a device", MUX " -device virtconsole,chardev=m", SHARED "a device of the guest"},
    {"a device whose other words are odd",
     MUX " -device virtserialport,bus=a.0,name=org.x,,y,chardev=m,id=p",
     SHARED "a device of the guest"},
    {"a device in JSON", MUX " -device {\"driver\":\"isa-serial\",\"chardev\":\"m\"}",
     SHARED "a device of the guest"},
    {"a device in JSON with escapes",
     MUX " -device {\"driver\":\"isa-serial\",\"char\\u0064ev\":\"m\"}",
     SHARED "a device of the guest"},
    {"an object", MUX " -object rng-egd,id=r,chardev=m", SHARED "an object"},
    {"a filter", MUX " -object filter-mirror,id=f,netdev=n,queue=tx,outdev=m", SHARED "an object"},
    {"a comparison of packets",
     MUX " -object colo-compare,id=c,primary_in=p,secondary_in=m,outdev=o", SHARED "an object"},
    {"a network back end", MUX " -netdev vhost-user,id=n,chardev=m", SHARED "a network back end"},
    {"ports of the guest",
     MUX " -netdev user,id=n,guestfwd=tcp:1.2.3.4:5-chardev:n,guestfwd=tcp:1.2.3.4:6-chardev:m",
     SHARED "a network back end"},
    {"a TPM", MUX " -tpmdev emulator,id=t,chardev=m", SHARED "a TPM"},
    {"semihosting", MUX " -semihosting-config enable=on,chardev=m",
     SHARED "the guest's semihosting"},
    {"a hub", MUX " -chardev hub,id=h,chardevs.0=x,chardevs.1=m",
     SHARED "another character device"},
    {"a hub in JSON",
     MUX " -chardev {\"id\":\"h\",\"backend\":{\"type\":\"hub\",\"data\":{\"chardevs\":[\"x\","
         "\"m\"]}}}",
     SHARED "another character device"},
    {"a mux of its own", MUX " -chardev mux,id=x,chardev=m", SHARED "another character device"},
    {"a property for all devices", MUX " -global isa-debugcon.chardev=m", SHARED "another option"},
    {"likewise in pairs", MUX " -global driver=isa-debugcon,property=chardev,value=m",
     SHARED "another option"},
    {"a property that is set later", MUX " -set device.s.chardev=m", SHARED "another option"},
    {"an option of tomorrow", MUX " -future x,chardev=m", SHARED "another option"},
    {"and in one word", MUX " -future mon:chardev:m,logfile=x", SHARED "another option"},
    {"two dashes", MUX " --serial chardev:m", SHARED "a serial port"},
    {"the device that QEMU named", "-qmp mon:unix:/a,server,nowait -serial chardev:compat_monitor0",
     "shared unix /a (compat_monitor0, compat_monitor0): shared with a serial port"},
    {"a serial port's device is no monitor's",
     "-serial mon:unix:/a,server,nowait -mon "
     "chardev=serial0,mode=control",
     "shared unix /a (serial0): shared with a monitor for people (HMP)"},
    {"without mux=on QEMU takes no second user, but who knows", M " -device x,chardev=m",
     SHARED "a device of the guest"},
    {"a shared one that waits is shared",
     "-chardev socket,id=m,path=/a,server=on,mux=on -mon chardev=m,mode=control -serial chardev:m",
     "shared waiting unix /a (m): shared with a serial port"},
    {"another device is another", MUX " -serial chardev:n -device x,chardev=mm", "unix /a (m)"},
    {"the guest's kernel uses none", MUX " -append chardev=m", "unix /a (m)"},
    {"nor has its name a meaning", MUX " -name chardev=m", "unix /a (m)"},
    {"other values may be equal", MUX " -device e1000,netdev=m,id=m -netdev user,id=m",
     "unix /a (m)"},
    {"a file of options that was not read may share what can be shared", MUX " -readconfig /x",
     "shared unix /a (m): perhaps shared (mux=on), with a device of a file of options that could "
     "not be read"},
    {"and nothing else", M " -readconfig /x", "unix /a (m)"},

    /* what was set later */
    {"another path", M " -set chardev.m.path=/b,c", "unix /b,c (m)"},
    {"waiting", M " -set chardev.m.wait=on",
     "waits unix /a (m): made to wait for its manager at '/a' (wait=on)"},
    {"the mode", M ",id=mm -set mon.mm.mode=readline", "other HMP unix /a (m)"},
    {"the mode the other way round",
     "-chardev socket,id=m,path=/a,server,nowait -mon m,id=mm -set mon.mm.mode=control",
     "unix /a (m, mm)"},
    {"the mode of a monitor in one word",
     "-monitor unix:/a,server,nowait -set mon.compat_monitor0.mode=control",
     "unix /a (compat_monitor0, compat_monitor0)"},
    {"of another monitor", M ",id=mm -set mon.m.mode=readline", "unix /a (m, mm)"},
    {"half of it", M ",id=mm -set chardev.m -set mon.mm -set chardev -set mon.mm.mode",
     "unix /a (m, mm)"},

    /* TCP: the words are kept */
    {"a number as host", "-qmp tcp:0:4444,server,nowait",
     "tcp 0|4444 (compat_monitor0, compat_monitor0)"},
    {"a port that QEMU chooses", "-qmp tcp:127.1:0,server,nowait",
     "tcp 127.1|0 (compat_monitor0, compat_monitor0)"},
    {"a port out of several",
     "-chardev socket,id=m,host=::1,port=4444,to=4460,server=on,wait=off -mon m,mode=control",
     "tcp ::1|4444|4460 (m)"},
    {"a version of IP, which the sockets tell", "-qmp tcp::4444,server,nowait,ipv4=on",
     "tcp |4444 (compat_monitor0, compat_monitor0)"},

    /* where a monitor that must not be dialled is */
    {"telnet has a place", "-qmp telnet:h:1,server,nowait",
     "other tcp h|1 (compat_monitor0, compat_monitor0): behind telnet"},
    {"a client's place is another program's", "-qmp unix:/a",
     "none (compat_monitor0, compat_monitor0): a socket in client mode"},

    /* the other sockets */
    {"consoles",
     "-serial unix:/s,server,nowait -serial none -serial tcp::9,server -parallel unix:/p,server",
     "other unix /s (serial0): that of a serial port; "
     "other waiting tcp |9 (serial2): that of a serial port; "
     "other waiting unix /p (parallel0): that of a parallel port"},
    {"a monitor for people", "-monitor unix:/h,server,nowait",
     "other HMP unix /h (compat_monitor0)"},
    {"a serial port with a monitor", "-serial mon:unix:/s,server,nowait",
     "other HMP unix /s (serial0)"},
    {"a guest's agent",
     "-chardev socket,id=g,path=/g,server=on,wait=off -device virtserialport,chardev=g",
     "other unix /g (g): that of a device of the guest"},
    {"a debugger", "-gdb tcp::1234", "other tcp |1234 (gdb): that of a debugger"},
    {"what nothing uses", "-chardev socket,id=g,path=@x,abstract=on,server=on",
     "other waiting abstract @x (g): a character device that nothing uses"},
    {"clients, files and ptys are none", "-serial unix:/s -serial pty -serial file:/x", ""},
};

static void
append_address(GString *text, const QemuCmdlineMonitor *monitor)
{
    switch (monitor->socket.kind) {
    case QEMU_CMDLINE_SOCKET_UNIX:
        g_string_append_printf(text, "unix %s", monitor->socket.path);
        break;
    case QEMU_CMDLINE_SOCKET_ABSTRACT:
        g_string_append_printf(text, "abstract %s", monitor->socket.path);
        break;
    case QEMU_CMDLINE_SOCKET_FD:
        g_string_append_printf(text, "fd %d", monitor->socket.fd);
        break;
    case QEMU_CMDLINE_SOCKET_TCP:
        g_string_append_printf(text, "tcp %s|%s%s%s", monitor->socket.host, monitor->socket.port,
                               monitor->socket.to ? "|" : "",
                               monitor->socket.to ? monitor->socket.to : "");
        break;
    case QEMU_CMDLINE_SOCKET_NONE:
        g_string_append(text, "none");
        break;
    }
}

static void
append_monitors(GString *text, const GArray *monitors)
{
    static const char *const faults[] = {
        [QEMU_CMDLINE_MONITOR_FAULT_NONE] = "",
        [QEMU_CMDLINE_MONITOR_FAULT_WAITS] = "waits ",
        [QEMU_CMDLINE_MONITOR_FAULT_SHARED] = "shared ",
        [QEMU_CMDLINE_MONITOR_FAULT_OTHER] = "other ",
    };

    for (guint i = 0; i < monitors->len; i++) {
        const QemuCmdlineMonitor *monitor = &g_array_index(monitors, QemuCmdlineMonitor, i);
        bool is_hmp = monitor->use == QEMU_CMDLINE_CHARDEV_USE_HMP;

        g_string_append_printf(
            text, "%s%s%s", text->len > 0 ? "; " : "",
            monitor->socket.kind == QEMU_CMDLINE_SOCKET_NONE ? "" : faults[monitor->fault],
            is_hmp ? "HMP " : "");
        if (monitor->waits && monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_WAITS)
            g_string_append(text, "waiting ");
        append_address(text, monitor);
        g_string_append_printf(text, " (%s%s%s)", monitor->chardev_id,
                               monitor->monitor_id ? ", " : "",
                               monitor->monitor_id ? monitor->monitor_id : "");
        if (is_hmp)
            testing_assert_same_text(monitor->fault_text, "that of a monitor for people (HMP)");
        else if (monitor->fault_text != NULL)
            g_string_append_printf(text, ": %s", monitor->fault_text);
    }
}

static void
assert_monitors(const char *text, const char *expected)
{
    g_autofree char *line = g_strconcat("qemu-system-x86_64 -nodefaults ", text, NULL);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autoptr(GString) found = g_string_new(NULL);

    append_monitors(found, cmdline->monitors);
    append_monitors(found, cmdline->other_sockets);
    testing_assert_same_text(found->str, expected);
}

static void
finds_monitors(const void *data)
{
    const Row *row = data;

    assert_monitors(row->words, row->monitors);
}

typedef struct {
    const char *sentence;
    unsigned int n_devices; /* other ones in front */
    const char *monitors;
} LimitRow;

static const LimitRow limit_rows[] = {
    {"as many devices as are taken", QEMU_LIMIT_CHARDEVS - 1, "unix /a (m)"},
    {"one more, which is then not known", QEMU_LIMIT_CHARDEVS,
     "none (m): on a character device that its command line does not describe"},
};

static void
keeps_the_limit(const void *data)
{
    const LimitRow *row = data;
    g_autoptr(GString) words = g_string_new(NULL);

    for (unsigned int i = 0; i < row->n_devices; i++)
        g_string_append_printf(words, "-device virtserialport,chardev=c%u ", i);
    g_string_append(words, M);
    assert_monitors(words->str, row->monitors);
}

int
main(void)
{
    return TESTING_RUN_TABLE("cmdline monitors", rows, finds_monitors) +
           TESTING_RUN_TABLE("cmdline monitors: limit", limit_rows, keeps_the_limit);
}
