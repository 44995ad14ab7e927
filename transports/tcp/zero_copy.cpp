#include "transports/tcp/zero_copy.hpp"

#include <cstring>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace weft::tcp {

void ZeroCopy::enable(int descriptor) {
  const int one = 1;
  enabled_ = setsockopt(descriptor, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one) == 0;
}

bool ZeroCopy::next_range(int descriptor, Range& range) {
  alignas(cmsghdr) std::array<char, 128> control;
  msghdr message = {};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    sock_extended_err error = {};
    std::memcpy(&error, CMSG_DATA(each), sizeof error);
    if (error.ee_origin != SO_EE_ORIGIN_ZEROCOPY) continue;
    if ((error.ee_code & SO_EE_CODE_ZEROCOPY_COPIED) != 0) enabled_ = false;
    range = {error.ee_info, error.ee_data};
    return true;
  }
  return false;
}

}  // namespace weft::tcp
