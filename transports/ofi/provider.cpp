#include "transports/ofi/provider.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <strings.h>

#include "core/environment.hpp"
#include "core/system.hpp"
#include "core/text.hpp"

namespace weft::ofi {
namespace {

/// All that serve, the best first; null where there is none.
Info infos(const std::string& name) {
  const Info hints(library().dupinfo(nullptr));
  if (hints == nullptr) return nullptr;
  hints->caps = FI_MSG | FI_TAGGED;
  hints->mode = FI_CONTEXT | FI_CONTEXT2;
  hints->ep_attr->type = FI_EP_RDM;
  hints->domain_attr->threading = FI_THREAD_DOMAIN;
  hints->domain_attr->resource_mgmt = FI_RM_ENABLED;
  hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;
  hints->tx_attr->msg_order = FI_ORDER_SAS;
  hints->rx_attr->msg_order = FI_ORDER_SAS;
  if (!name.empty()) hints->fabric_attr->prov_name = strdup(name.c_str());
  fi_info* found = nullptr;
  if (library().getinfo(FI_VERSION(FI_MAJOR_VERSION, FI_MINOR_VERSION), nullptr, nullptr, 0, hints.get(), &found) != 0)
    return nullptr;
  return Info(found);
}

bool same_letters(const std::string& one, const std::string& other) {  // as libfabric compares
  return strcasecmp(one.c_str(), other.c_str()) == 0;
}

/// libfabric takes filters too ("^tcp" is any but tcp, "tcp,shm" one of these), which name none.
bool goes_by(const std::string& name, const std::string& provider) {
  const std::vector<std::string> layers = split(provider, ';');
  return same_letters(name, provider) ||
         std::any_of(layers.begin(), layers.end(), [&](const std::string& layer) { return same_letters(name, layer); });
}

}  // namespace

std::vector<std::string> providers() {
  std::vector<std::string> names;
  const Info found = infos({});
  for (const fi_info* info = found.get(); info != nullptr; info = info->next)
    if (std::find(names.begin(), names.end(), info->fabric_attr->prov_name) == names.end())
      names.emplace_back(info->fabric_attr->prov_name);
  return names;
}

Info find_provider(const std::string& name) {
  const Info found = infos(name);
  const fi_info* info = found.get();
  while (info != nullptr && !name.empty() && !goes_by(name, info->fabric_attr->prov_name)) info = info->next;
  return Info(info == nullptr ? nullptr : library().dupinfo(info));
}

std::string lacks_provider(const std::string& name) {
  if (find_provider(name) != nullptr) return {};
  const std::vector<std::string> known = providers();
  if (known.empty())
    return fmt::format(
        "libfabric finds no provider of tagged messages between reliable datagram endpoints on host {}{}", host_name(),
        with_variables("FI_"));
  return fmt::format("--ofi-provider {}: libfabric has no such provider of tagged messages on host {} (it has: {}){}",
                     name, host_name(), join(known, ", "), with_variables("FI_"));
}

}  // namespace weft::ofi
