#include "transports/ucx/context.hpp"

#include <algorithm>

#include "transports/ucx/check.hpp"

namespace weft::ucx {

Context::Context(int ranks) {
  ucp_params_t params{};
  params.field_mask = UCP_PARAM_FIELD_FEATURES | UCP_PARAM_FIELD_ESTIMATED_NUM_EPS | UCP_PARAM_FIELD_NAME;
  params.features = UCP_FEATURE_TAG;
  params.estimated_num_eps = static_cast<std::size_t>(ranks);
  params.name = "weft";
  check_opening(ucp_init(&params, nullptr, &context_), "ucp_init");
}

Context::~Context() { ucp_cleanup(context_); }

Memory new_pages(const std::shared_ptr<Context>& context, Bytes bytes, MemoryKind kind) {
  const Memory pages = allocate_pages(bytes, kind);
  ucp_mem_map_params_t params{};
  params.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH;
  params.address = pages.get();
  params.length = std::max<Bytes>(bytes, 1);
  ucp_mem_h mapped = nullptr;
  check(ucp_mem_map(context->get(), &params, &mapped), "ucp_mem_map");
  return {pages.get(), [context, pages, mapped](std::byte*) { ucp_mem_unmap(context->get(), mapped); }};
}

}  // namespace weft::ucx
