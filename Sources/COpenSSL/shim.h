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
