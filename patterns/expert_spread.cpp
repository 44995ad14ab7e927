#include "patterns/expert_spread.hpp"

#include "patterns/distinct_destinations.hpp"
#include "patterns/router.hpp"

namespace weft {

namespace {

/// Counts the distinct destinations of tokens.
class DestinationCounter {
 public:
  DestinationCounter(std::uint64_t experts_each, std::uint64_t destinations)
      : experts_each_(experts_each), last_token_(destinations, ~std::uint64_t{0}) {}

  void add(std::uint64_t token, const std::vector<std::uint32_t>& experts) {
    for (const std::uint32_t expert : experts) {
      std::uint64_t& last = last_token_[expert / experts_each_];
      if (last != token) ++distinct_;
      last = token;
    }
  }

  std::uint64_t distinct() const { return distinct_; }

 private:
  std::uint64_t experts_each_;
  std::vector<std::uint64_t> last_token_;  ///< that came to each destination
  std::uint64_t distinct_ = 0;
};

}  // namespace

std::vector<double> expected_destinations(const Model& model, const std::vector<std::uint64_t>& numbers,
                                          std::uint64_t tokens) {
  std::vector<double> means;
  if (model.top_groups == model.groups) {
    for (const std::uint64_t number : numbers) means.push_back(expected_distinct(model.experts, model.top_k, number));
    return means;
  }
  std::vector<DestinationCounter> counters;
  for (const std::uint64_t number : numbers) counters.emplace_back(model.experts / number, number);
  const Router router(model, {}, 1, 0);
  Router::Random random = router.stream(0);
  std::vector<std::uint32_t> chosen(model.top_k);
  for (std::uint64_t token = 0; token < tokens; ++token) {
    router.draw(random, chosen);
    for (DestinationCounter& counter : counters) counter.add(token, chosen);
  }
  for (const DestinationCounter& counter : counters)
    means.push_back(static_cast<double>(counter.distinct()) / static_cast<double>(tokens));
  return means;
}

}  // namespace weft
