#include "transports/ofi/endpoint.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <rdma/fi_cm.h>

#include "core/error.hpp"
#include "transports/ofi/check.hpp"

namespace weft::ofi {

Domain::Domain(Info info) : info_(std::move(info)) {
  fid_fabric* fabric = nullptr;
  check_opening(library().fabric(info_->fabric_attr, &fabric, nullptr), "fi_fabric");
  fabric_.reset(fabric);
  fid_domain* domain = nullptr;
  check_opening(fi_domain(fabric, info_.get(), &domain, nullptr), "fi_domain");
  domain_.reset(domain);
}

void Domain::learn(std::byte* begin, Bytes bytes) {
  if (!registers()) return;
  fid_mr* region = nullptr;
  check(fi_mr_reg(get(), begin, bytes, FI_SEND | FI_RECV, 0, next_key_++, 0, &region, nullptr), "fi_mr_reg");
  regions_.emplace(begin, region);
}

void Domain::forget(std::byte* begin) { regions_.erase(begin); }

void* Domain::descriptor(const std::byte* data) const {
  if (regions_.empty()) return nullptr;
  return fi_mr_desc(std::prev(regions_.upper_bound(data))->second.get());
}

Memory new_pages(const std::shared_ptr<Domain>& domain, Bytes bytes, MemoryKind kind) {
  const Memory pages = allocate_pages(bytes, kind);
  domain->learn(pages.get(), std::max<Bytes>(bytes, 1));
  return {pages.get(), [domain, pages](std::byte* begin) { domain->forget(begin); }};
}

Endpoint::Endpoint(std::shared_ptr<Domain> domain, int ranks) : domain_(std::move(domain)) {
  fi_info* const info = domain_->mutable_info();
  fi_av_attr av{};
  av.type = info->domain_attr->av_type;
  av.count = static_cast<std::size_t>(ranks);
  fid_av* addresses = nullptr;
  check_opening(fi_av_open(domain_->get(), &av, &addresses, nullptr), "fi_av_open");
  addresses_.reset(addresses);

  fi_cq_attr cq{};
  cq.size = info->tx_attr->size + info->rx_attr->size;
  cq.format = FI_CQ_FORMAT_CONTEXT;
  cq.wait_obj = FI_WAIT_NONE;
  fid_cq* completions = nullptr;
  check_opening(fi_cq_open(domain_->get(), &cq, &completions, nullptr), "fi_cq_open");
  completions_.reset(completions);

  fid_ep* endpoint = nullptr;
  check_opening(fi_endpoint(domain_->get(), info, &endpoint, nullptr), "fi_endpoint");
  endpoint_.reset(endpoint);
  check_opening(fi_ep_bind(endpoint, &addresses->fid, 0), "fi_ep_bind");
  check_opening(fi_ep_bind(endpoint, &completions->fid, FI_SEND | FI_RECV), "fi_ep_bind");
  check_opening(fi_enable(endpoint), "fi_enable");
}

std::string Endpoint::address() const {
  std::size_t length = 0;
  fi_getname(&endpoint_->fid, nullptr, &length);  // fails, and says how long it is
  std::string name(length, '\0');
  check(fi_getname(&endpoint_->fid, name.data(), &length), "fi_getname");
  name.resize(length);
  return name;
}

fi_addr_t Endpoint::learn(const std::string& address) {
  fi_addr_t found = FI_ADDR_UNSPEC;
  const int count = fi_av_insert(addresses_.get(), address.data(), 1, &found, 0, nullptr);
  check(count, "fi_av_insert");
  if (count != 1) throw TransportError("ofi: fi_av_insert: the provider does not take a rank's address");
  return found;
}

}  // namespace weft::ofi
