// Recorded decisions as CSV, a line for each token: step,layer,rank,token,expert0,…
#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "core/csv.hpp"
#include "patterns/replay.hpp"

namespace weft {

namespace {

std::vector<std::string> header_of(std::uint64_t top_k) {
  std::vector<std::string> names = {"step", "layer", "rank", "token"};
  for (std::uint64_t i = 0; i < top_k; ++i) names.push_back(fmt::format("expert{}", i));
  return names;
}

template <typename Integer>
Integer number_in(std::string_view field, std::string_view column, const RecordPlace& place) {
  Integer value{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size())
    place.refuse(fmt::format("'{}' is no {}: a whole number from 0 is needed", field.substr(0, 40), column));
  return value;
}

/// The tokens of a rank in one step and layer follow each other, numbered from 0; the next 0 begins another record.
class LineReader {
 public:
  LineReader(const ReplayShape& shape, ReplayIndex& index, const Decisions::TokenAction& token)
      : shape_(shape), index_(index), token_(token), check_(shape.model), experts_(shape.model.top_k) {}

  void take(CsvFields fields, const RecordPlace& place) {
    RecordKey key{.step = number_in<std::uint64_t>(fields[0], "step", place),
                  .block = "decoder",
                  .block_index = 0,
                  .layer = number_in<std::uint64_t>(fields[1], "layer", place)};
    const auto rank = number_in<std::uint64_t>(fields[2], "rank", place);
    const auto number = number_in<std::uint64_t>(fields[3], "token", place);
    if (number == 0)
      kept_ = shape_.selects(key.step, key.layer) ? index_.add(key, rank, place) : std::nullopt;
    else if (number != next_ || key != key_ || rank != rank_)
      place.refuse(next_ == 0 ? fmt::format("token {} comes where token 0 should be", number)
                              : fmt::format("token {} of step {}, layer {}, rank {} comes where its token 0 should be, "
                                            "or token {} of step {}, layer {}, rank {}",
                                            number, key.step, key.layer, rank, next_, key_.step, key_.layer, rank_));
    key_ = std::move(key);
    rank_ = rank;
    next_ = number + 1;
    for (std::size_t i = 0; i < experts_.size(); ++i)
      experts_[i] = number_in<std::uint32_t>(fields[4 + i], "expert", place);
    check_(experts_, number, place);
    if (kept_) token_(kept_->first, kept_->second, experts_);
  }

 private:
  const ReplayShape& shape_;
  ReplayIndex& index_;
  const Decisions::TokenAction& token_;
  TokenCheck check_;
  std::vector<std::uint32_t> experts_;
  std::optional<std::pair<std::size_t, std::size_t>> kept_;  ///< of the record that goes on
  RecordKey key_;
  std::uint64_t rank_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace

void read_decision_lines(const std::filesystem::path& path, const ReplayShape& shape, ReplayIndex& index,
                         const Decisions::TokenAction& token) {
  LineReader reader(shape, index, token);
  read_csv_rows(path, header_of(shape.model.top_k),
                [&](std::size_t line, CsvFields fields) { reader.take(fields, {.path = path, .line = line}); });
}

}  // namespace weft
