/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_main: runs a fuzz target over stored inputs, for compilers without libFuzzer.
 *
 * Its arguments are files and folders of files. It knows nothing of the target, which crashes
 * or aborts when what it claims is not true.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives how many inputs @path held; a file that cannot be read ends the program. */
static unsigned int
run_path(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    const char *name = NULL;
    unsigned int n_inputs = 0;
    size_t size = 0;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inside = g_build_filename(path, name, NULL);

        n_inputs += run_path(inside);
    }
    if (folder != NULL)
        return n_inputs;
    if (!g_file_get_contents(path, &bytes, &size, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_FAILURE);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
    return 1;
}

int
main(int argc, char **argv)
{
    unsigned int n_inputs = 0;

    for (int i = 1; i < argc; i++)
        n_inputs += run_path(argv[i]);
    printf("%u inputs\n", n_inputs);
    return n_inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
