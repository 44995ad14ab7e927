// Expert counts as SGLang's expert distribution recorder has them, as JSON: {"logical_count": [step][layer][expert]}.
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/units.hpp"
#include "patterns/popularity.hpp"
#include "patterns/replay.hpp"
#include "patterns/router.hpp"

namespace weft {

namespace {

using nlohmann::json;

constexpr Bytes kLargestCounts = Bytes{256} << 20;  // the parser holds a text as a whole, which may be all of the file

/// Reads a stream byte by byte, and counts its lines.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  ByteIterator() = default;
  ByteIterator(std::istream& stream, std::uint64_t& line) : at_(stream), line_(&line) {}

  char operator*() const { return *at_; }
  ByteIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  bool operator==(const ByteIterator& other) const { return at_ == other.at_; }

 private:
  std::istreambuf_iterator<char> at_;
  std::uint64_t* line_ = nullptr;
};

/// Called by the JSON parser for each value; a row of counts is one layer in one step.
class CountsReader final : public nlohmann::json_sax<json> {
 public:
  using RowAction = std::function<void(std::uint64_t step, std::uint64_t layer, const std::vector<double>& counts)>;

  CountsReader(std::size_t experts, const RecordPlace& place, RowAction row)
      : experts_(experts), place_(place), row_(std::move(row)) {}

  bool null() override { return unexpected("null"); }
  bool boolean(bool value) override { return unexpected(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return unexpected(fmt::format("{}", value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return unexpected(text.substr(0, 40)); }
  bool string(string_t& /*value*/) override { return unexpected("a text"); }
  bool binary(binary_t& /*value*/) override { return unexpected("binary"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (!inside_ || depth_ != kRow) return unexpected(fmt::format("{}", value));
    if (counts_.size() == experts_) refuse_width("more than");
    counts_.push_back(static_cast<double>(value));
    return true;
  }

  bool start_object(std::size_t /*size*/) override {
    if (depth_ > 0) unexpected("an object");
    ++depth_;
    return true;
  }

  bool end_object() override {
    --depth_;
    return true;
  }

  bool start_array(std::size_t /*size*/) override {
    if (depth_ == 0 || (inside_ && depth_ == kRow)) unexpected("a list");
    ++depth_;
    counts_.clear();
    return true;
  }

  bool end_array() override {
    if (inside_ && depth_ == kRow) {
      if (counts_.size() != experts_) refuse_width("only");
      row_(step_, layer_++, counts_);
    }
    if (inside_ && depth_ == kRow - 1) {
      ++step_;
      layer_ = 0;
    }
    --depth_;
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ > 1) return true;
    inside_ = name == "logical_count";
    if (inside_ && std::exchange(seen_, true)) place_.refuse("\"logical_count\" comes twice");
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& /*error*/) override {
    place_.refuse(fmt::format("is cut or no JSON at byte {} of the file", position));
  }

  bool seen() const { return seen_; }

 private:
  static constexpr int kRow = 4;  // how deep the numbers lie: object, steps, layers, experts

  [[noreturn]] void refuse_width(std::string_view how_many) const {
    place_.refuse(
        fmt::format("step {}, layer {} of \"logical_count\" has {} {} experts, and the model has {}: name the "
                    "recorded model with --model",
                    step_, layer_, how_many, counts_.size(), experts_));
  }

  bool unexpected(std::string_view value) const {
    if (depth_ == 0 || inside_)
      place_.refuse(
          fmt::format("holds {} where {{\"logical_count\": [step][layer][expert]}} with whole numbers from 0 "
                      "is needed",
                      value));
    return true;
  }

  std::size_t experts_;
  const RecordPlace& place_;
  RowAction row_;
  std::vector<double> counts_;
  std::uint64_t step_ = 0;
  std::uint64_t layer_ = 0;
  int depth_ = 0;
  bool inside_ = false;
  bool seen_ = false;
};

/// Of each expert the share of the tokens; empty where there are none.
std::vector<double> shares_of(const std::vector<double>& counts, const Model& model, const RecordPlace& place) {
  const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
  if (sum == 0) return {};
  std::vector<double> shares;
  for (std::size_t expert = 0; expert < counts.size(); ++expert) {
    shares.push_back(counts[expert] / sum * static_cast<double>(model.top_k));
    if (shares.back() > 1 + 1e-9)
      place.refuse(fmt::format("expert {} has {:.0f} of {:.0f} choices, more than one of each token's {}", expert,
                               counts[expert], sum, model.top_k));
  }
  return shares;
}

}  // namespace

void read_expert_counts(const std::filesystem::path& path, const ReplayShape& shape,
                        const Decisions::TokenAction& token) {
  std::error_code failure;
  if (std::filesystem::file_size(path, failure) > kLargestCounts)
    throw UsageError(fmt::format("{}: is larger than {}: counts of fewer steps are needed", path.string(),
                                 format_bytes(kLargestCounts)));
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(fmt::format("{}: cannot be read", path.string()));
  RecordPlace place{.path = path, .line = 1};
  ReplayIndex index(shape);
  CountsReader reader(shape.model.experts, place, [&](std::uint64_t step, std::uint64_t layer, const auto& counts) {
    if (!shape.selects(step, layer)) return;
    const std::vector<double> shares = shares_of(counts, shape.model, place);
    if (shares.empty()) return;  // a layer without experts, or a step without tokens
    const auto kept = index.add({.step = step, .block = "decoder", .block_index = 0, .layer = layer}, 0, place);
    if (!kept) return;
    check_draws(shape.draw, kept->first + 1);
    draw_tokens(Router(popularity_for(shares), shape.model, shape.draw.seed, kept->first), kept->first, shape.draw,
                token);
  });
  json::sax_parse(ByteIterator(file, place.line), ByteIterator(), &reader);
  if (!reader.seen()) place.refuse("ends without \"logical_count\"");
  index.finish(path);
}

}  // namespace weft
