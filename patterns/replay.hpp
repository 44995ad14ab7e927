#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/draw.hpp"

namespace weft {

/// Recorded routing decisions. By the end of the name: .jsonl is a routing trace of Megatron (or a folder of one such
/// file per rank), .csv the same decisions as lines, .json the expert counts of SGLang (docs/results.md has all three).
/// A file is read as often as each_token is called, with the memory of a line of it. Throws UsageError where the name
/// ends otherwise or is no regular file.
std::unique_ptr<Decisions> make_replay(const std::string& file, const Model& model, const Request& request, int ranks);

/// A line of a recording, for messages.
struct RecordPlace {
  const std::filesystem::path& path;
  std::uint64_t line = 0;  ///< from 1

  /// Throws the UsageError "PATH, line N: what".
  [[noreturn]] void refuse(std::string_view what) const;
};

/// What is asked of a recording, and what its lines must agree with.
struct ReplayShape {
  Model model;
  ReplaySelection selection;
  std::size_t most_routings = 1;
  bool wants_first = false;  ///< whether the first most_routings were asked for; else more of them are an error
  DrawShape draw;            ///< of tokens that are drawn by recorded counts

  /// Whether this part of the recording is replayed. Layers outside the decoder (MTP) are where no layer is named.
  bool selects(std::uint64_t step, std::uint64_t layer, bool in_decoder = true) const;
};

/// Which layer's decisions in which step a record holds.
struct RecordKey {
  std::uint64_t step = 0;
  std::string block;  ///< "decoder", "mtp"
  std::uint64_t block_index = 0;
  std::uint64_t layer = 0;

  auto parts() const { return std::tie(step, block, block_index, layer); }
  bool operator==(const RecordKey& other) const { return parts() == other.parts(); }
  bool operator<(const RecordKey& other) const { return parts() < other.parts(); }
};

/// Gives numbers to the routings and sources of a recording as they come. A source's second record of one step and
/// layer is of another micro-batch, and so of another routing.
class ReplayIndex {
 public:
  explicit ReplayIndex(const ReplayShape& shape) : shape_(shape) {}

  /// The routing that the record belongs to, and the source; none where enough routings are kept. Throws UsageError
  /// where they are too many.
  std::optional<std::pair<std::size_t, std::size_t>> add(const RecordKey& key, std::uint64_t rank,
                                                         const RecordPlace& place);

  /// The rank number of each source. Throws UsageError where nothing was selected, or a routing lacks the tokens of
  /// some ranks.
  std::vector<std::uint64_t> finish(const std::filesystem::path& path) const;

 private:
  struct Kept {
    RecordKey key;
    std::vector<bool> sources;  ///< those that it has
  };
  std::size_t source_of(std::uint64_t rank, const RecordPlace& place);
  std::optional<std::size_t> new_routing(const RecordKey& key, const RecordPlace& place);

  const ReplayShape& shape_;
  std::vector<Kept> routings_;
  std::map<RecordKey, std::vector<std::size_t>> by_key_;
  std::vector<std::uint64_t> ranks_;
  std::unordered_map<std::uint64_t, std::size_t> by_rank_;
};

/// Looks at one token's experts.
class TokenCheck {
 public:
  explicit TokenCheck(const Model& model) : model_(model), seen_(model.experts) {}

  /// Throws UsageError where the model has no such expert, or one comes twice.
  void operator()(std::span<const std::uint32_t> experts, std::uint64_t token, const RecordPlace& place);

 private:
  const Model& model_;
  std::vector<std::uint64_t> seen_;  ///< the last of the looked at tokens that chose each expert, from 1
  std::uint64_t looked_at_ = 0;
};

/// The readers: each calls `token` for the selected tokens of one file, in one pass.
void read_trace(const std::filesystem::path& path, const ReplayShape& shape, ReplayIndex& index,
                const Decisions::TokenAction& token);
void read_decision_lines(const std::filesystem::path& path, const ReplayShape& shape, ReplayIndex& index,
                         const Decisions::TokenAction& token);
void read_expert_counts(const std::filesystem::path& path, const ReplayShape& shape,
                        const Decisions::TokenAction& token);

}  // namespace weft
