// The routing trace that Megatron-LM writes with --moe-routing-trace-path: one JSON object a line, one line for each
// step, layer and micro-batch of a rank.
#include <algorithm>
#include <fstream>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/units.hpp"
#include "patterns/replay.hpp"

namespace weft {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestLine = std::size_t{64} << 20;  // some 500,000 tokens
constexpr std::size_t kPiece = std::size_t{1} << 20;

enum class Field { step, layer, rank, num_tokens, topk, mtp_idx, block, top_indices, other };

Field field_named(std::string_view name) {
  static constexpr std::string_view kNames[] = {"step", "layer",   "rank",  "num_tokens",
                                                "topk", "mtp_idx", "block", "top_indices"};
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  return static_cast<Field>(found - std::begin(kNames));
}

/// One line, read value by value into memory that the next line uses again.
struct TraceRecord {
  std::uint64_t numbers[static_cast<std::size_t>(Field::block)] = {};
  std::string block;
  std::vector<std::uint32_t> experts;  ///< of all tokens
  std::uint64_t tokens = 0;            ///< whose experts are listed
  unsigned seen = 0;                   ///< a bit for each Field

  std::uint64_t operator[](Field field) const { return numbers[static_cast<std::size_t>(field)]; }
  bool has(Field field) const { return (seen & 1U << static_cast<unsigned>(field)) != 0; }
};

/// Called by the JSON parser for each value of a line.
class TraceReader final : public nlohmann::json_sax<json> {
 public:
  TraceReader(TraceRecord& record, std::uint64_t top_k, const RecordPlace& place)
      : record_(record), top_k_(top_k), place_(place) {}

  bool null() override { return unexpected("null"); }
  bool boolean(bool value) override { return unexpected(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return unexpected(fmt::format("{}", value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return unexpected(text.substr(0, 40)); }
  bool binary(binary_t& /*value*/) override { return unexpected("binary"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (field_ == Field::top_indices) {
      if (depth_ != 3 || value > std::numeric_limits<std::uint32_t>::max()) return unexpected(fmt::format("{}", value));
      record_.experts.push_back(static_cast<std::uint32_t>(value));
      return true;
    }
    if (field_ == Field::block || field_ == Field::other || depth_ != 1) return unexpected(fmt::format("{}", value));
    record_.numbers[static_cast<std::size_t>(field_)] = value;
    return true;
  }

  bool string(string_t& value) override {
    if (field_ != Field::block || depth_ != 1) return unexpected("a text");
    record_.block = value;
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
    if (depth_ == 0 || (field_ == Field::top_indices ? depth_ > 2 : field_ != Field::other)) unexpected("a list");
    ++depth_;
    width_start_ = record_.experts.size();
    return true;
  }

  bool end_array() override {
    if (field_ == Field::top_indices && depth_ == 3) {
      const std::size_t width = record_.experts.size() - width_start_;
      if (width != top_k_)
        place_.refuse(fmt::format("token {} has {} experts, and top-{} is the model's", record_.tokens, width, top_k_));
      ++record_.tokens;
    }
    --depth_;
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ > 1) return true;  // of what is not read
    field_ = field_named(name);
    if (field_ != Field::other && record_.has(field_)) place_.refuse(fmt::format("\"{}\" comes twice", name));
    record_.seen |= 1U << static_cast<unsigned>(field_);
    name_ = name.substr(0, 40);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& /*error*/) override {
    place_.refuse(fmt::format("is cut or no JSON at byte {}", position));
  }

 private:
  /// A value where none or another kind is needed; what is not read may be anything.
  bool unexpected(std::string_view value) const {
    if (depth_ == 0) place_.refuse(fmt::format("is {} where an object of a routing trace should be", value));
    if (field_ != Field::other)
      place_.refuse(fmt::format("\"{}\" holds {}: {} needed", name_, value,
                                field_ == Field::block         ? "a text is"
                                : field_ == Field::top_indices ? "a list of expert numbers for each token is"
                                                               : "a whole number from 0 is"));
    return true;
  }

  TraceRecord& record_;
  std::uint64_t top_k_;
  const RecordPlace& place_;
  Field field_ = Field::other;
  std::string name_;
  int depth_ = 0;
  std::size_t width_start_ = 0;
};

/// Calls `take` for each line, without its end.
template <typename Take>
void each_line(const std::filesystem::path& path, Take take) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(fmt::format("{}: cannot be read", path.string()));
  std::string text;
  std::size_t begin = 0;
  RecordPlace place{.path = path, .line = 1};
  std::vector<char> piece(kPiece);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.erase(0, std::exchange(begin, 0));
    std::size_t searched = text.size();
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    for (std::size_t end; (end = text.find('\n', searched)) != std::string::npos; ++place.line) {
      take(std::string_view(text).substr(begin, end - begin), place);
      begin = searched = end + 1;
    }
    if (text.size() - begin > kLongestLine)
      place.refuse(
          fmt::format("is longer than {}: a line holds one layer's tokens of one rank", format_bytes(kLongestLine)));
  }
  if (begin < text.size()) take(std::string_view(text).substr(begin), place);
}

void check_record(const TraceRecord& record, std::uint64_t top_k, const RecordPlace& place) {
  static constexpr std::pair<Field, const char*> kNeeded[] = {
      {Field::step, "step"}, {Field::layer, "layer"},
      {Field::rank, "rank"}, {Field::num_tokens, "num_tokens"},
      {Field::topk, "topk"}, {Field::top_indices, "top_indices"}};
  for (const auto& [field, name] : kNeeded)
    if (!record.has(field)) place.refuse(fmt::format("lacks \"{}\"", name));
  if (record[Field::topk] != top_k)
    place.refuse(fmt::format("\"topk\" is {}, and top-{} is the model's: name the traced model with --model",
                             record[Field::topk], top_k));
  if (record[Field::num_tokens] != record.tokens)
    place.refuse(fmt::format("\"num_tokens\" is {}, and \"top_indices\" has {} tokens", record[Field::num_tokens],
                             record.tokens));
}

}  // namespace

void read_trace(const std::filesystem::path& path, const ReplayShape& shape, ReplayIndex& index,
                const Decisions::TokenAction& token) {
  const std::uint64_t top_k = shape.model.top_k;
  TraceRecord record;
  TokenCheck check(shape.model);
  each_line(path, [&](std::string_view line, const RecordPlace& place) {
    record.block = "decoder";
    record.experts.clear();
    record.tokens = 0;
    record.seen = 0;
    record.numbers[static_cast<std::size_t>(Field::mtp_idx)] = 0;
    TraceReader reader(record, top_k, place);
    json::sax_parse(line.begin(), line.end(), &reader);
    check_record(record, top_k, place);
    const RecordKey key{.step = record[Field::step],
                        .block = record.block,
                        .block_index = record[Field::mtp_idx],
                        .layer = record[Field::layer]};
    const bool selected = shape.selects(key.step, key.layer, key.block == "decoder");
    const auto kept = selected ? index.add(key, record[Field::rank], place) : std::nullopt;
    for (std::uint64_t i = 0; i < record.tokens; ++i) {
      const std::span<const std::uint32_t> experts = std::span(record.experts).subspan(i * top_k, top_k);
      check(experts, i, place);
      if (kept) token(kept->first, kept->second, experts);
    }
  });
}

}  // namespace weft
