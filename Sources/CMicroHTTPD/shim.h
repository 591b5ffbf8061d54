#include <microhttpd.h>

// libmicrohttpd starts and tells of itself through variadic functions, which Swift cannot call.

// Serves a listening socket on `threads` threads of its own, with epoll and with connections that can be suspended; over TLS where key and
// certificate (PEM) are given.
static inline struct MHD_Daemon *link_mhd_start(
    int listening_socket, unsigned int threads, unsigned int connection_limit, unsigned int idle_timeout_seconds,
    MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed, void *context, const char *key,
    const char *certificate) {
  unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key},
      {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)certificate},
      {MHD_OPTION_END, 0, NULL}};
  struct MHD_OptionItem pool[] = {{MHD_OPTION_THREAD_POOL_SIZE, threads, NULL}, {MHD_OPTION_END, 0, NULL}};
  if (key) flags |= MHD_USE_TLS;
  return MHD_start_daemon(
      flags, 0, NULL, NULL, handler, context, MHD_OPTION_LISTEN_SOCKET, listening_socket,
      MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_CONNECTION_LIMIT, connection_limit,
      MHD_OPTION_CONNECTION_TIMEOUT, idle_timeout_seconds, MHD_OPTION_ARRAY, key ? tls : none, MHD_OPTION_ARRAY,
      threads > 1 ? pool : none, MHD_OPTION_END);
}

// Macros that Swift does not import.
static const long link_mhd_reader_end = MHD_CONTENT_READER_END_OF_STREAM;
static const long link_mhd_reader_error = MHD_CONTENT_READER_END_WITH_ERROR;
