#include "transports/tcp/vigil.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace weft::tcp {

bool link_is_silent(int descriptor) {
  tcp_info info = {};
  socklen_t length = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
  return info.tcpi_retransmits > 1 && info.tcpi_last_ack_recv > kSilence / 1'000'000;
}

}  // namespace weft::tcp
