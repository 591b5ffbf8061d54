#include <microhttpd.h>

// libmicrohttpd starts and tells of itself through variadic functions, which Swift cannot call.

// Takes over a listening socket, with epoll and with connections that can be suspended, over TLS where key and certificate (PEM) are given. It
// is driven by its caller: MHD_run whenever the epoll descriptor is readable or MHD_get_timeout has passed.
static inline struct MHD_Daemon *link_mhd_start(
    int listening_socket, unsigned int connection_limit, unsigned int idle_timeout_seconds,
    MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed, MHD_NotifyConnectionCallback connected,
    void *context, const char *key, const char *certificate) {
  struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key},
      {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)certificate},
      {MHD_OPTION_END, 0, NULL}};
  return MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (key ? MHD_USE_TLS : 0), 0, NULL, NULL, handler, context,
      MHD_OPTION_LISTEN_SOCKET, listening_socket, MHD_OPTION_NOTIFY_COMPLETED, completed, context,
      MHD_OPTION_NOTIFY_CONNECTION, connected, context,
      MHD_OPTION_CONNECTION_LIMIT, connection_limit, MHD_OPTION_CONNECTION_TIMEOUT, idle_timeout_seconds,
      MHD_OPTION_ARRAY, key ? tls : none, MHD_OPTION_END);
}

static inline int link_mhd_epoll_descriptor(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info ? info->epoll_fd : -1;
}

static inline int link_mhd_connection_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

// POLLRDHUP, which glibc names for C with _GNU_SOURCE alone.
static const short link_poll_peer_gone = 0x2000;

// A macro that Swift does not import.
static const long link_mhd_reader_error = MHD_CONTENT_READER_END_WITH_ERROR;
