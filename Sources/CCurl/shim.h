#include <curl/curl.h>

// libcurl's options and infos are variadic, which Swift cannot call: one wrapper for each kind of argument.

static inline CURLcode link_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode link_curl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode link_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode link_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

typedef size_t (*link_curl_data_function)(char *data, size_t size, size_t count, void *context);

static inline CURLcode link_curl_set_data_function(CURL *easy, CURLoption option, link_curl_data_function value) {
  return curl_easy_setopt(easy, option, value);
}

// http and https alone; the option is named otherwise before libcurl 7.85.
static inline CURLcode link_curl_set_web_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static inline CURLcode link_curl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode link_curl_get_time(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode link_curl_get_pointer(CURL *easy, CURLINFO info, char **value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode link_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

// Macros that Swift does not import.
static const long link_curl_ssl_1_2 = CURL_SSLVERSION_TLSv1_2;
static const long link_curl_http_1_1 = CURL_HTTP_VERSION_1_1;
static const size_t link_curl_read_abort = CURL_READFUNC_ABORT;
static const long link_curl_global_all = CURL_GLOBAL_ALL;

static inline int link_curl_has_tls(void) {
  return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SSL) != 0;
}
