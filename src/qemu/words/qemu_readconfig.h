/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_readconfig: the text of a file of options (-readconfig) -> the words of a command line that
 * mean the same. Pure.
 *
 * Knows the syntax of such a file, and which sections are needed here.
 */
#pragma once

/* The words, NULL-terminated: "-device", "id=a,driver=e1000", ... of the sections that tell the
 * size of the machine, its interfaces, its monitors and what else listens. NULL if QEMU would not
 * accept the text. The caller frees with g_strfreev(). */
char **qemu_readconfig_make_words(const char *text);
