/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_tls: see daemon_http_tls.h.
 */
#include "daemon_http_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon_limits.h"
#include "domstats/domstats.h"
#include "util/util_fd.h"

static bool
fail(GError **error, const char *what, const char *path, const char *why)
{
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot read %s '%s': %s", what, path,
                why);
    return false;
}

/* A regular file, or what stands for one, of a size that is no accident. */
static bool
read_file(const char *what, const char *path, char **ret_text, GError **error)
{
    g_auto(UtilFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    g_autoptr(GString) text = g_string_new(NULL);
    struct stat about = {0};

    if (fd < 0 || fstat(fd, &about) < 0)
        return fail(error, what, path, g_strerror(errno));
    if (!S_ISREG(about.st_mode))
        return fail(error, what, path, "it is no file");
    for (;;) {
        char piece[4096];
        ssize_t n = read(fd, piece, sizeof(piece));

        if (n < 0)
            return fail(error, what, path, g_strerror(errno));
        if (n == 0)
            break;
        g_string_append_len(text, piece, n);
        if (text->len > DAEMON_LIMIT_TLS_FILE_BYTES)
            return fail(error, what, path, "it is too large");
    }
    *ret_text = g_string_free(g_steal_pointer(&text), FALSE);
    return true;
}

static gnutls_datum_t
datum_of(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned int)strlen(text)};
}

/* Tries what the HTTP library will do, since that does not say what is wrong. */
static bool
check_pair(const DaemonHttpTls *self, const char *cert_path, GError **error)
{
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_datum_t cert = datum_of(self->cert);
    gnutls_datum_t key = datum_of(self->key);
    int result = gnutls_certificate_allocate_credentials(&credentials);

    if (result >= 0)
        result = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (credentials != NULL)
        gnutls_certificate_free_credentials(credentials);
    return result >= 0 || fail(error, "the certificate", cert_path, gnutls_strerror(result));
}

static bool
check_authority(const DaemonHttpTls *self, const char *path, GError **error)
{
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_datum_t authority = datum_of(self->client_ca);
    int result = gnutls_certificate_allocate_credentials(&credentials);

    if (result >= 0)
        result =
            gnutls_certificate_set_x509_trust_mem(credentials, &authority, GNUTLS_X509_FMT_PEM);
    if (credentials != NULL)
        gnutls_certificate_free_credentials(credentials);
    return result > 0 ||
           fail(error, "the authority of clients", path,
                result < 0 ? gnutls_strerror(result) : "there is no certificate in it");
}

bool
daemon_http_tls_read(const char *cert, const char *key, const char *client_ca,
                     DaemonHttpTls *ret_tls, GError **error)
{
    g_auto(DaemonHttpTls) made = {0};

    if (cert != NULL &&
        (!read_file("the certificate", cert, &made.cert, error) ||
         !read_file("the key", key, &made.key, error) || !check_pair(&made, cert, error)))
        return false;
    if (client_ca != NULL &&
        (!read_file("the authority of clients", client_ca, &made.client_ca, error) ||
         !check_authority(&made, client_ca, error)))
        return false;
    *ret_tls = made;
    made = (DaemonHttpTls){0};
    return true;
}

void
daemon_http_tls_clear(DaemonHttpTls *self)
{
    g_clear_pointer(&self->cert, g_free);
    if (self->key != NULL)
        explicit_bzero(self->key, strlen(self->key));
    g_clear_pointer(&self->key, g_free);
    g_clear_pointer(&self->client_ca, g_free);
}

bool
daemon_http_tls_check_client(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned int status = 0;

    return info != NULL && info->tls_session != NULL &&
           gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &status) >= 0 &&
           status == 0;
}
