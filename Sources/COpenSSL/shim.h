#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// A macro around a variadic function, which Swift cannot call.
static inline EVP_PKEY *link_make_p256_key(void) { return EVP_EC_gen("P-256"); }

// A macro that Swift does not import. RFC 2253, but for the escapes of letters beyond ASCII.
static const unsigned long link_openssl_name_flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
