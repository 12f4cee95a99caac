/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_auto: trees of /proc made for it in, domains out, scan by scan.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qemu/source/qemu_source.h"
#include "source_case.h"
#include "testing.h"

/* One process of a made tree. */
typedef struct {
    int pid;           /* 0: none */
    const char *words; /* '|' ends each; NULL: a kernel thread */
    const char *exe;
    int parent;
    int session;
    unsigned int start_ticks;
    unsigned int exec_mark;
    const char *comm; /* NULL: "qemu" */
    char state;       /* 0: 'S' */
} Process;

/* A link of the tree, or a file of it. */
typedef struct {
    const char *path;
    const char *target;
} Entry;

enum { N_PROCESSES = 4, N_ENTRIES = 4, N_SCANS = 3 };

/* What each scan finds: endpoint by endpoint; '=': the same pointer as in the scan before. */
typedef struct {
    const char *sentence;
    Process processes[N_SCANS][N_PROCESSES];
    Entry links[N_ENTRIES];
    Entry files[N_ENTRIES];
    const char *found[N_SCANS]; /* NULL: no such scan */
    const char *identities;     /* in the last scan: "name identity\n"; NULL: as it may be */
} AutoRow;

#define QEMU      "/usr/bin/qemu-system-x86_64"
#define WEB       QEMU "|-name|web|-qmp|unix:/run/web.sock,server=on,wait=off|"
#define QMP(path) QEMU "|-qmp|unix:" path ",server=on,wait=off|"
#define FD        QEMU "|-name|web|-chardev|socket,id=m,fd=7,server=on,wait=off|-mon|m,mode=control|"

#define TCP(address) QEMU "|-qmp|tcp:" address ",server=on,wait=off|"
#define ABSTRACT                                                                                   \
    QEMU "|-chardev|socket,id=m,path=vm,abstract=on,server=on,wait=off|-mon|m,mode=control|"
#define TCP_HEAD                                                                                   \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"
#define TCP_LISTENS(address, inode)                                                                \
    "   0: " address                                                                               \
    " 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 " inode               \
    " 1 0000000000000000 100 0 0 10 0\n"
#define UNIX_HEAD      "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define IN_POLL(n_fds) G_STRINGIFY(SYS_ppoll) " 0x1 " n_fds " 0x0 0x0 0x8 0x0 0x7f 0x7f\n"
#define UNIX_LISTENS   "0000000000000000: 00000002 00000000 00010000 0001 01    "
#define TCP_4444                                                                                   \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"                                                                                      \
    "   0: 0100007F:115C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "  \
    "77 1 0000000000000000 100 0 0 10 0\n"

static const AutoRow auto_rows[] = {
    {"a QEMU among others",
     {{{10, "/sbin/init|", "/sbin/init", 0, 10, 1},
       {20, NULL, NULL, 2, 0, 1},
       {30, WEB, QEMU, 10, 30, 500}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"QEMUs that are no machine of their own are left out",
     {{{30, QEMU "|-S|-machine|none,accel=kvm:tcg|-qmp|unix:/run/q,server=on,wait=off|", QEMU, 10,
        30, 500},
       {31, QEMU "|-machine|x-remote|", QEMU, 10, 31, 500},
       {32, "/usr/bin/qemu-system-i386|-xen-domid|3|-M|xenfv|", QEMU, 10, 32, 500},
       {33, WEB, QEMU, 10, 33, 500}}},
     .found = {"33 web process:33:500 [/run/web.sock] ok\n"}},
    {"what has not changed is the same",
     {{{30, WEB, QEMU, 1, 30, 500, 9}}, {{30, WEB, QEMU, 1, 30, 500, 9}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n",
               "=30 web process:30:500 [/run/web.sock] ok\n"}},
    {"one ends, one begins",
     {{{30, WEB, QEMU, 1, 30, 500}}, {{31, WEB, QEMU, 1, 31, 600}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n",
               "31 web process:31:600 [/run/web.sock] ok\n"}},
    {"one becomes a zombie",
     {{{30, WEB, QEMU, 1, 30, 500}}, {{30, "", NULL, 1, 30, 500, 0, NULL, 'Z'}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n", ""}},
    {"another QEMU with the pid",
     {{{30, WEB, QEMU, 1, 30, 500}}, {{30, QEMU "|-name|db|", QEMU, 1, 30, 600}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n",
               "30 db process:30:600 [] no-monitor: it was started without a QMP monitor\n"}},
    {"another program with the pid",
     {{{30, WEB, QEMU, 1, 30, 500}}, {{30, "sh|", "/bin/sh", 1, 30, 600}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n", ""}},
    {"a QEMU with the pid of another program",
     {{{30, "sh|", "/bin/sh", 1, 30, 500}}, {{30, WEB, QEMU, 1, 30, 600}}},
     .found = {"", "30 web process:30:600 [/run/web.sock] ok\n"}},
    {"a shell that becomes a QEMU",
     {{{30, "sh|", "/bin/sh", 1, 30, 500}},
      {{30, "sh|", "/bin/sh", 1, 30, 500}},
      {{30, WEB, QEMU, 1, 30, 500}}},
     .found = {"", "", "30 web process:30:500 [/run/web.sock] ok\n"}},
    {"a kernel thread's pid is a QEMU's later",
     {{{30, NULL, NULL, 2, 0, 1}}, {{30, WEB, QEMU, 1, 30, 600}}},
     .found = {"", "30 web process:30:600 [/run/web.sock] ok\n"}},
    {"a QEMU that executes another with new words",
     {{{30, WEB, QEMU, 1, 30, 500, 9}}, {{30, QEMU "|-name|db|", QEMU, 1, 30, 500, 10}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n",
               "30 db process:30:500 [] no-monitor: it was started without a QMP monitor\n"}},
    {"a link to the program that cannot be read",
     {{{30, WEB, NULL, 1, 30, 500}, {31, "sh|", NULL, 1, 31, 500}}, {{31, WEB, NULL, 1, 31, 500}}},
     .files = {{"proc/30/exe", "no link"},
               {"proc/31/exe", "no link"},
               {"proc/30/status", "Name:\tqemu\nUid:\t1007\t1007\t1007\t1007\n"}},
     .found = {"30 web process:30:500 [] denied: process 30 of user 1007 has the name of a QEMU: "
               "there is no permission to see whether it is one\n",
               "31 web process:31:500 [] denied: process 31 has the name of a QEMU: "
               "there is no permission to see whether it is one\n"}},
    {"one whose first word says nothing, by the name that execve() gave it",
     {{{30, "microvm@web|-m|1G|-name|web|", NULL, 1, 30, 500, 0, "qemu-system-x86"}}},
     .files = {{"proc/30/exe", "no link"}},
     .found = {"30 web process:30:500 [] denied: process 30 has the name of a QEMU: "
               "there is no permission to see whether it is one\n"}},
    {"one that only shows the name of a QEMU",
     {{{30, "qemu-system-x86_64|-qmp|unix:/run/web.sock,server=on,wait=off|", "/bin/sleep", 1, 30,
        500}}},
     .found = {""}},
    {"a QEMU by any name listens where its words say",
     {{{30, "vm|-name|web|-qmp|unix:/run/web.sock,server=on,wait=off|", "/opt/Xy7", 1, 30, 500}},
      {{30, "vm|-name|web|-qmp|unix:/run/web.sock,server=on,wait=off|", "/opt/Xy7", 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/web.sock\n"}},
     .found = {"30 web process:30:500 [/run/web.sock=77] ok\n",
               "=30 web process:30:500 [/run/web.sock=77] ok\n"}},
    {"another listens there",
     {{{30, "vm|-name|web|-qmp|unix:/run/web.sock,server=on,wait=off|", "/opt/Xy7", 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "socket:[78]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/web.sock\n"}},
     .found = {""}},
    {"it listens somewhere else",
     {{{30, "vm|-name|web|-qmp|unix:/run/web.sock,server=on,wait=off|", "/opt/Xy7", 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/other.sock\n"}},
     .found = {""}},
    {"a launcher that passes its socket on is none",
     {{{30, "/bin/launch|" FD, "/bin/launch", 1, 30, 500}, {31, FD, "/opt/Xy7", 30, 30, 501}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}, {"proc/31/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/web.sock\n"},
               {"proc/31/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/web.sock\n"},
               {"proc/30/task/30/children", "31 "}},
     .found = {"31 web process:31:501 [/run/web.sock=77] ok\n"}},
    {"a QEMU by any name listens with TCP",
     {{{30, "vm|-name|web|-qmp|tcp:127.0.0.1:4444,server=on,wait=off|", "/opt/Xy7", 1, 30, 500},
       {31, "vm|-name|web|-qmp|tcp:127.0.0.1:4445,server=on,wait=off|", "/opt/Xy7", 1, 31, 500}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}, {"proc/31/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/tcp", TCP_4444},
               {"proc/31/net/tcp", TCP_4444},
               {"proc/30/net/unix", UNIX_HEAD},
               {"proc/31/net/unix", UNIX_HEAD}},
     .found = {"30 web process:30:500 [tcp:127.0.0.1:4444=77] ok\n"}},
    {"a program file of another user",
     {{{30, WEB, QEMU, 1, 30, 500}, {31, WEB, QEMU, 1, 31, 500}}},
     .links = {{"proc/31/fd/7", "socket:[77]"}},
     .files = {{"proc/30/exe-owner", "4242\n"},
               {"proc/31/exe-owner", "4242\n"},
               {"proc/31/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/web.sock\n"}},
     .found =
         {"30 pid-30 process:30:500 [] no-monitor: process 30 runs a file of user 4242 that has "
          "the name of a QEMU, and listens at no QMP monitor: nothing shows that it is a QEMU\n"
          "31 web process:31:500 [/run/web.sock=77] ok\n"}},
    {"a program file of another user that is called so, without a machine's words",
     {{{30, "qemu-system-x86_64|300|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/exe-owner", "4242\n"}},
     .found = {""}},
    {"a name that other programs have too",
     {{{30, "kvm|300|", "/usr/bin/kvm", 1, 30, 500},
       {31, "kvm|-name|web|", "/usr/bin/kvm", 1, 31, 500}}},
     .found = {"31 web process:31:500 [] no-monitor: it was started without a QMP monitor\n"}},
    {"under ld.so, one after the other",
     {{{30, "/lib/ld-linux.so.2|/bin/sh|", "/lib/ld-linux.so.2", 1, 30, 500}},
      {{30, "/lib/ld-linux.so.2|" WEB, "/lib/ld-linux.so.2", 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "77 /run/web.sock\n"}},
     .found = {"", "30 web process:30:500 [/run/web.sock=77] ok\n"}},
    {"a child forked by a QEMU is no second one",
     {{{30, WEB, QEMU, 1, 30, 500}, {31, WEB, QEMU, 30, 30, 501}},
      {{30, WEB, QEMU, 1, 30, 500}, {31, "/etc/qemu-ifup|tap0|", "/bin/sh", 30, 30, 501}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n",
               "=30 web process:30:500 [/run/web.sock] ok\n"}},
    {"nor is the helper that frees memory",
     {{{31, WEB, QEMU, 1, 30, 501, 0, "cleanup/30"}}},
     .found = {""}},
    {"a daemon in the making is seen when it stays",
     {{{5, "sh|", "/bin/sh", 1, 5, 1},
       {30, WEB "-daemonize|", QEMU, 5, 5, 500},
       {31, WEB "-daemonize|", QEMU, 30, 31, 501}},
      {{5, "sh|", "/bin/sh", 1, 5, 1},
       {30, WEB "-daemonize|", QEMU, 5, 5, 500},
       {32, WEB "-daemonize|", QEMU, 1, 31, 502}},
      {{5, "sh|", "/bin/sh", 1, 5, 1}, {32, WEB "-daemonize|", QEMU, 1, 31, 502}}},
     .found = {"", "32 web process:32:502 [/run/web.sock] ok\n",
               "=32 web process:32:502 [/run/web.sock] ok\n"}},
    {"two QEMUs with the same words",
     {{{30, QEMU "|", QEMU, 1, 30, 500}, {31, QEMU "|", QEMU, 1, 31, 500}}},
     .found = {"30 pid-30 process:30:500 [] no-monitor: it was started without a QMP monitor\n"
               "31 pid-31 process:31:500 [] no-monitor: it was started without a QMP monitor\n"}},
    {"in the order of numbers, not of names",
     {{{100, QEMU "|", QEMU, 1, 1, 500}, {99, QEMU "|", QEMU, 1, 1, 500}}},
     .found =
         {"99 pid-99 process:99:500 [] no-monitor: it was started without a QMP monitor\n"
          "100 pid-100 process:100:500 [] no-monitor: it was started without a QMP monitor\n"}},
    {"a name by the monitor's file",
     {{{30, QEMU "|-qmp|stdio|-qmp|unix:/run/db.qmp.sock,server=on,wait=off|", QEMU, 1, 30, 500}}},
     .found = {"30 db process:30:500 [/run/db.qmp.sock] ok\n"}},
    {"a name by the monitor's folder, if its file only says that it is a monitor",
     {{{30, QMP("/srv/one/monitor"), QEMU, 1, 30, 500},
       {31, QMP("/srv/two/monitor"), QEMU, 1, 31, 500}}},
     .found = {"30 one process:30:500 [/srv/one/monitor] ok\n"
               "31 two process:31:500 [/srv/two/monitor] ok\n"},
     .identities = "one /srv/one/monitor\ntwo /srv/two/monitor\n"},
    {"the pid, if no folder says more",
     {{{30, QMP("/run/qemu/qmp.sock"), QEMU, 1, 30, 500}}},
     .found = {"30 pid-30 process:30:500 [/run/qemu/qmp.sock] ok\n"},
     .identities = "pid-30 /run/qemu/qmp.sock\n"},
    {"the same name and UUID while the monitor waits for its manager",
     {{{30, QEMU "|-qmp|unix:/srv/one/qmp,server=on|", QEMU, 1, 30, 500}}},
     .found = {"30 one process:30:500 [] no-monitor (waits): its only QMP monitor is made to wait "
               "for its manager at '/srv/one/qmp' (wait=on); a QMP monitor of its own, with a name "
               "that begins with 'domstats', would be used\n"},
     .identities = "one /srv/one/qmp\n"},
    {"relative paths in two folders",
     {{{30, QMP("./qmp"), QEMU, 1, 30, 500}, {31, QMP("./qmp"), QEMU, 1, 31, 500}}},
     .links = {{"proc/30/cwd", "/srv/one"}, {"proc/31/cwd", "/srv/two"}},
     .found = {"30 one process:30:500 [/srv/one/./qmp] ok\n"
               "31 two process:31:500 [/srv/two/./qmp] ok\n"},
     .identities = "one /srv/one/qmp\ntwo /srv/two/qmp\n"},
    {"derived names that are alike: the older keeps its own, also when it ends",
     {{{30, QMP("/a/one/qmp"), QEMU, 1, 30, 900}, {31, QMP("/b/one/qmp"), QEMU, 1, 31, 500}},
      {{30, QMP("/a/one/qmp"), QEMU, 1, 30, 900}}},
     .found = {"30 one-30 process:30:900 [/a/one/qmp] ok\n"
               "31 one process:31:500 [/b/one/qmp] ok\n",
               "=30 one-30 process:30:900 [/a/one/qmp] ok\n"}},
    {"a derived name like a given one",
     {{{30, QMP("/a/web/qmp"), QEMU, 1, 30, 100}, {31, WEB, QEMU, 1, 31, 500}}},
     .found = {"30 web-30 process:30:100 [/a/web/qmp] ok\n"
               "31 web process:31:500 [/run/web.sock] ok\n"}},
    {"two of one given name stay both",
     {{{30, WEB, QEMU, 1, 30, 500}, {31, WEB "-S|", QEMU, 1, 31, 600}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"
               "31 web process:31:600 [/run/web.sock] ok\n"},
     .identities = "web /run/web.sock\nweb /run/web.sock:31\n"},
    {"without a monitor",
     {{{30, QEMU "|-name|web|", QEMU, 1, 30, 500}, {31, QEMU "|-name|web|-S|", QEMU, 1, 31, 600}}},
     .found = {"30 web process:30:500 [] no-monitor: it was started without a QMP monitor\n"
               "31 web process:31:600 [] no-monitor: it was started without a QMP monitor\n"},
     .identities = "web web\nweb web:31\n"},
    {"one path in two containers",
     {{{30, WEB, QEMU, 1, 30, 500}, {31, WEB "-S|", QEMU, 1, 31, 600}}},
     .links = {{"proc/30/ns/mnt", "mnt:[2]"},
               {"proc/31/ns/mnt", "mnt:[3]"},
               {"proc/self/ns/mnt", "mnt:[1]"}},
     .files = {{"proc/30/cgroup", "0::/docker/abc\n"}, {"proc/31/cgroup", "0::/\n"}},
     .found = {"30 web process:30:500 [/proc/30/root/run/web.sock] ok\n"
               "31 web process:31:600 [/proc/31/root/run/web.sock] ok\n"},
     .identities = "web cgroup:/docker/abc:/run/web.sock\nweb process:31:600:/run/web.sock\n"},
    {"one path in two containers of one control group",
     {{{30, WEB, QEMU, 1, 30, 500}, {31, WEB "-S|", QEMU, 1, 31, 600}}},
     .links = {{"proc/30/ns/mnt", "mnt:[2]"},
               {"proc/31/ns/mnt", "mnt:[3]"},
               {"proc/self/ns/mnt", "mnt:[1]"}},
     .files = {{"proc/30/cgroup", "1:cpu:/docker/abc\n"},
               {"proc/31/cgroup", "1:cpu:/docker/abc\n"}},
     .found = {"30 web process:30:500 [/proc/30/root/run/web.sock] ok\n"
               "31 web process:31:600 [/proc/31/root/run/web.sock] ok\n"},
     .identities =
         "web cgroup:/docker/abc:/run/web.sock\nweb cgroup:/docker/abc:/run/web.sock:31\n"},
    {"after a chroot",
     {{{30, WEB, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/root", "/srv/jail"}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"},
     .identities = "web /run/web.sock\n"},
    {"a given UUID",
     {{{30, QEMU "|-uuid|6ba7b811-9dad-11d1-80b4-00c04fd430c8|", QEMU, 1, 30, 500},
       {31, QEMU "|-uuid|00000000-0000-0000-0000-000000000000|", QEMU, 1, 31, 500}}},
     .found = {"30 pid-30 process:30:500 [] no-monitor: it was started without a QMP monitor\n"
               "31 pid-31 process:31:500 [] no-monitor: it was started without a QMP monitor\n"},
     .identities = "pid-30 uuid 6ba7b811-9dad-11d1-80b4-00c04fd430c8\npid-31 pid-31\n"},
    {"two monitors in their order",
     {{{30, WEB "-qmp|unix:/run/2.sock,server=on,wait=off|", QEMU, 1, 30, 500}}},
     .found = {"30 web process:30:500 [/run/web.sock /run/2.sock] ok\n"}},
    {"a monitor that nobody can reach",
     {{{30, QEMU "|-qmp|stdio|", QEMU, 1, 30, 500}}},
     .found = {"30 pid-30 process:30:500 [] no-monitor: its only QMP monitor is on stdio\n"}},
    {"two that nobody can reach",
     {{{30, QEMU "|-qmp|stdio|-qmp|pty|", QEMU, 1, 30, 500}}},
     .found = {"30 pid-30 process:30:500 [] no-monitor: none of its 2 QMP monitors can be used: on "
               "stdio; on a pty\n"}},
    {"one for people only",
     {{{30, QEMU "|-monitor|stdio|", QEMU, 1, 30, 500}}},
     .found =
         {"30 pid-30 process:30:500 [] no-monitor: it has a monitor for people (HMP), but none "
          "for QMP\n"}},
    {"in another mount namespace",
     {{{30, WEB, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/ns/mnt", "mnt:[2]"}, {"proc/self/ns/mnt", "mnt:[1]"}},
     .found = {"30 web process:30:500 [/proc/30/root/run/web.sock] ok\n"}},
    {"in the same mount namespace",
     {{{30, WEB, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/ns/mnt", "mnt:[1]"}, {"proc/self/ns/mnt", "mnt:[1]"}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"a relative path",
     {{{30, QEMU "|-qmp|unix:q/web.sock,server=on,wait=off|", QEMU, 1, 30, 500}}},
     .links = {{"proc/30/cwd", "/srv/vm"}},
     .found = {"30 web process:30:500 [/srv/vm/q/web.sock] ok\n"}},
    {"a relative path in another mount namespace",
     {{{30, QEMU "|-qmp|unix:web.sock,server=on,wait=off|", QEMU, 1, 30, 500}}},
     .links = {{"proc/30/cwd", "/srv/vm"},
               {"proc/30/ns/mnt", "mnt:[2]"},
               {"proc/self/ns/mnt", "mnt:[1]"}},
     .found = {"30 web process:30:500 [/proc/30/cwd/web.sock] ok\n"}},
    {"a passed descriptor",
     {{{30, FD, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/unix",
                "Num       RefCount Protocol Flags    Type St Inode Path\n"
                "0000000000000000: 00000002 00000000 00010000 0001 01    76 /run/no.sock\n"
                "0000000000000000: 00000002 00000000 00010000 0001 01    77 /run/fd.sock\n"}},
     .found = {"30 web process:30:500 [/run/fd.sock=77] ok\n"}},
    {"a passed abstract socket",
     {{{30, FD, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "socket:[77]"}},
     .files = {{"proc/30/net/unix",
                "Num       RefCount Protocol Flags    Type St Inode Path\n"
                "0000000000000000: 00000002 00000000 00010000 0001 01    77 @vm\n"}},
     .found = {"30 web process:30:500 [@vm=77] ok\n"}},
    {"a passed descriptor that is a file",
     {{{30, FD, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/7", "/tmp/x"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD}},
     .found = {"30 web process:30:500 [] no-monitor: its only QMP monitor is on descriptor 7 of "
               "process 30, which is no socket that listens\n"}},
    {"a passed descriptor, and no table of sockets",
     {{{30, FD, QEMU, 1, 30, 500}}},
     .found = {"30 web process:30:500 [] no-monitor: its only QMP monitor is on descriptor 7 of "
               "process 30, which cannot be looked up\n"}},
    {"an abstract socket",
     {{{30, ABSTRACT, QEMU, 1, 30, 500}}},
     .found = {"30 vm process:30:500 [@vm] ok\n"}},
    {"an abstract socket of another network namespace",
     {{{30, ABSTRACT, QEMU, 1, 30, 500}}},
     .links = {{"proc/30/ns/net", "net:[2]"}, {"proc/self/ns/net", "net:[1]"}},
     .found = {"30 vm process:30:500 [@vm in the network of 30] ok\n"}},
    {"a monitor at which it listens",
     {{{30, WEB, QEMU, 1, 30, 500, 9}}, {{30, WEB, QEMU, 1, 30, 500, 9}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "75 /run/web.sock\n"}},
     .found = {"30 web process:30:500 [/run/web.sock=75] ok\n",
               "=30 web process:30:500 [/run/web.sock=75] ok\n"}},
    {"one at which it does not listen is looked for again",
     {{{30, WEB, QEMU, 1, 30, 500, 9}}, {{30, WEB, QEMU, 1, 30, 500, 9}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "76 /run/web.sock\n"}},
     .found = {"30 web process:30:500 [] no-monitor: its only QMP monitor is on '/run/web.sock', "
               "on which it does not listen\n",
               "30 web process:30:500 [] no-monitor: its only QMP monitor is on '/run/web.sock', "
               "on which it does not listen\n"}},
    {"the one at which it listens, of two",
     {{{30, WEB "-qmp|unix:/run/2.sock,server=on,wait=off|", QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "75 /run/2.sock\n"}},
     .found = {"30 web process:30:500 [/run/2.sock=75] ok\n"}},
    {"a monitor of libvirt's comes last",
     {{{30,
        QEMU "|-name|web|-chardev|socket,id=charmonitor,path=/a,server=on,wait=off"
             "|-mon|charmonitor,mode=control|-qmp|unix:/b,server=on,wait=off|",
        QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}, {"proc/30/fd/6", "socket:[76]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "75 /a\n" UNIX_LISTENS "76 /b\n"}},
     .found = {"30 web process:30:500 [/b=76 /a=75] ok\n"}},
    {"a monitor that waits for its manager",
     {{{30, QEMU "|-name|web|-qmp|unix:/a,server=on|", QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "75 /a\n"}},
     .found =
         {"30 web process:30:500 [] no-monitor (waits): its only QMP monitor is made to wait for "
          "its manager at '/a' (wait=on); a QMP monitor of its own, with a name that begins "
          "with 'domstats', would be used\n"}},
    {"one that waits beside one that does not",
     {{{30, WEB "-qmp|unix:/a,server=on|", QEMU, 1, 30, 500}}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"while it waits at another socket nobody serves the monitor",
     {{{30, WEB "-serial|unix:/s,server|", QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD UNIX_LISTENS "75 /run/web.sock\n"},
               {"proc/30/task/30/syscall", IN_POLL("0x2")}},
     .found = {"30 web process:30:500 [] no-monitor (waits): it waits for a client at '/s' before "
               "it begins (wait=on)\n"}},
    {"it has begun",
     {{{30, WEB "-serial|unix:/s,server|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/30/syscall", IN_POLL("0x4")}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"it polls three descriptors, and has a virtual CPU: QEMU 11.1 has begun",
     {{{30, WEB "-serial|unix:/s,server|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/30/syscall", IN_POLL("0x3")},
               {"proc/30/task/31/comm", "q"},
               {"proc/30/task/32/comm", "q"},
               {"proc/30/task/33/comm", "q"}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"it polls three descriptors, and has none: a socket for IPv4 and one for IPv6",
     {{{30, WEB "-serial|unix:/s,server|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/30/syscall", IN_POLL("0x3")}, {"proc/30/task/31/comm", "q"}},
     .found = {"30 web process:30:500 [] no-monitor (waits): it waits for a client at '/s' before "
               "it begins (wait=on)\n"}},
    {"it runs",
     {{{30, WEB "-serial|unix:/s,server|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/30/syscall", "running\n"}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"it has no socket at which it would wait",
     {{{30, WEB "-serial|unix:/s,server,nowait|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/30/syscall", IN_POLL("0x2")}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"it has no thread of a virtual CPU yet",
     {{{30, WEB "-object|iothread,id=i|-qmp|unix:/s,server|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/31/comm", "q"},
               {"proc/30/task/32/comm", "q"},
               {"proc/30/task/33/comm", "q"}},
     .found = {"30 web process:30:500 [] no-monitor (waits): it waits for a client at '/s' before "
               "it begins (wait=on)\n"}},
    {"it has one",
     {{{30, WEB "-qmp|unix:/s,server|", QEMU, 1, 30, 500}}},
     .files = {{"proc/30/task/31/comm", "q"},
               {"proc/30/task/32/comm", "q"},
               {"proc/30/task/33/comm", "q"},
               {"proc/30/task/34/comm", "q"}},
     .found = {"30 web process:30:500 [/run/web.sock] ok\n"}},
    {"a monitor that a console shares",
     {{{30,
        QEMU "|-name|web|-chardev|socket,id=c,path=/a,server=on,wait=off,mux=on"
             "|-mon|c,mode=control|-serial|chardev:c|",
        QEMU, 1, 30, 500}}},
     .found =
         {"30 web process:30:500 [] no-monitor (shared): its only QMP monitor is shared with a "
          "serial port, on '/a'; a QMP monitor of its own, with a name that begins with "
          "'domstats', would be used\n"}},
    {"TCP by its words",
     {{{30, QEMU "|-qmp|tcp:[::1]:4444,server=on,wait=off|-qmp|tcp::4445,server=on,wait=off|", QEMU,
        1, 30, 500}}},
     .found = {"30 pid-30 process:30:500 [tcp:[::1]:4444 tcp::4445] ok\n"}},
    {"TCP by its sockets",
     {{{30, TCP("vmhost:0"), QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD},
               {"proc/30/net/tcp", TCP_HEAD TCP_LISTENS("00000000:115C", "75")}},
     .found = {"30 pid-30 process:30:500 [tcp:127.0.0.1:4444=75] ok\n"}},
    {"TCP on which another process listens",
     {{{30, TCP("127.0.0.1:4444"), QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD},
               {"proc/30/net/tcp", TCP_HEAD TCP_LISTENS("0100007F:115C", "76")}},
     .found = {"30 pid-30 process:30:500 [] no-monitor: its only QMP monitor is on "
               "'tcp:127.0.0.1:4444', on which it does not listen\n"}},
    {"TCP that may be two sockets",
     {{{30, TCP("127.0.0.1:0"), QEMU, 1, 30, 500}}},
     .links = {{"proc/30/fd/5", "socket:[75]"}, {"proc/30/fd/6", "socket:[76]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD},
               {"proc/30/net/tcp",
                TCP_HEAD TCP_LISTENS("0100007F:115C", "75") TCP_LISTENS("0100007F:115D", "76")}},
     .found = {"30 pid-30 process:30:500 [] no-monitor: its only QMP monitor is on "
               "'tcp:127.0.0.1:0', which cannot be told apart from its other sockets\n"}},
    {"TCP of another network namespace",
     {{{30, TCP("127.0.0.1:4444"), QEMU, 1, 30, 500}}},
     .links = {{"proc/30/ns/net", "net:[2]"},
               {"proc/self/ns/net", "net:[1]"},
               {"proc/30/fd/5", "socket:[75]"}},
     .files = {{"proc/30/net/unix", UNIX_HEAD},
               {"proc/30/net/tcp", TCP_HEAD TCP_LISTENS("0100007F:115C", "75")}},
     .found = {"30 pid-30 process:30:500 [tcp:127.0.0.1:4444=75 in the network of 30] ok\n"}},
};

static void
make_process(const char *folder, const Process *process)
{
    g_autofree char *exe = g_strdup_printf("proc/%d/exe", process->pid);
    g_autofree char *stat = g_strdup_printf(
        "%d (%s) %c %d 1 %d 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 %u 0 7 0 0 0 0 0 0 0 0 0 0 0 0 0 "
        "17 0 0 0 0 0 0 0 0 0 %u %u 0 0 0\n",
        process->pid, process->comm ? process->comm : "qemu (x)",
        process->state ? process->state : 'S', process->parent, process->session,
        process->start_ticks, process->exec_mark, process->exec_mark + 1);

    source_case_write_words(folder, process->pid, "stat", stat, '\0');
    source_case_write_words(folder, process->pid, "cmdline", process->words ? process->words : "",
                            '|');
    if (process->exe != NULL)
        source_case_make_link(folder, exe, process->exe);
}

static void
make_tree(const char *folder, const AutoRow *row, size_t scan)
{
    testing_remove_folder(g_build_filename(folder, "proc", NULL));
    testing_write_file(folder, "proc/uptime", "1 1\n");
    for (size_t i = 0; i < N_PROCESSES && row->processes[scan][i].pid > 0; i++)
        make_process(folder, &row->processes[scan][i]);
    for (size_t i = 0; i < N_ENTRIES && row->links[i].path != NULL; i++)
        source_case_make_link(folder, row->links[i].path, row->links[i].target);
    for (size_t i = 0; i < N_ENTRIES && row->files[i].path != NULL; i++)
        testing_write_file(folder, row->files[i].path, row->files[i].target);
}

static const char *
name_code(DomstatsReason code)
{
    return code == DOMSTATS_REASON_WAITS    ? "waits"
           : code == DOMSTATS_REASON_SHARED ? "shared"
                                            : "?";
}

static char *
make_auto_text(const GPtrArray *endpoints, const GPtrArray *before)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        g_autofree char *places = source_case_make_places_text(endpoint);

        g_string_append_printf(text, "%s%d %s %s [%s] %s",
                               source_case_is_among(before, endpoint) ? "=" : "", endpoint->pid,
                               endpoint->name, endpoint->key, places,
                               domstats_health_to_string(endpoint->trouble));
        if (endpoint->trouble_code != DOMSTATS_REASON_NONE)
            g_string_append_printf(text, " (%s)", name_code(endpoint->trouble_code));
        if (endpoint->trouble_reason != NULL)
            g_string_append_printf(text, ": %s", endpoint->trouble_reason);
        g_string_append_c(text, '\n');
        if (endpoint->places->len > 0)
            assert_non_null(endpoint->definition);
    }
    return g_string_free(text, FALSE);
}

static char *
make_identities_text(const GPtrArray *endpoints)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        const char *uuid = endpoint->definition->uuid;

        g_string_append_printf(text, "%s %s%s\n", endpoint->name, uuid ? "uuid " : "",
                               uuid ? uuid : endpoint->identity);
    }
    return g_string_free(text, FALSE);
}

static void
finds_processes(const void *data)
{
    const AutoRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(GPtrArray) before = NULL;
    void *source = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    source = qemu_source_auto.open(NULL, root, &(QemuSourceOptions){0}, NULL);
    for (size_t scan = 0; scan < N_SCANS && row->found[scan] != NULL; scan++) {
        g_autofree char *text = NULL;
        GPtrArray *endpoints = NULL;

        make_tree(folder, row, scan);
        endpoints = qemu_source_auto.scan(source, util_deadline_in_ms(1000), NULL);
        assert_non_null(endpoints);
        text = make_auto_text(endpoints, before);
        g_clear_pointer(&before, g_ptr_array_unref);
        before = endpoints;
        testing_assert_same_text(text, row->found[scan]);
    }
    if (row->identities != NULL) {
        g_autofree char *identities = make_identities_text(before);

        testing_assert_same_text(identities, row->identities);
    }
    qemu_source_auto.close(source);
    testing_remove_folder(folder);
}

int
main(void)
{
    return TESTING_RUN_TABLE("auto", auto_rows, finds_processes);
}
