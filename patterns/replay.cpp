#include "patterns/replay.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostCounters = std::uint64_t{1} << 24;  // (from, to) pairs of all routings: 128 MiB
constexpr std::size_t kMostSources = 65'536;

std::string named(const RecordKey& key) {
  return fmt::format("step {}, layer {}{}", key.step, key.layer,
                     key.block == "decoder" ? "" : fmt::format(" of {} {}", key.block, key.block_index));
}

/// The files of a recording, in the order of their names.
std::vector<fs::path> files_of(const std::string& name) {
  std::error_code failure;
  std::vector<fs::path> files;
  if (fs::is_directory(name, failure)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(name, failure))
      if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    if (files.empty())
      throw UsageError(fmt::format("--router replay:{}: holds no file of a routing trace (.jsonl)", name));
    std::sort(files.begin(), files.end());
  } else {
    files.emplace_back(name);
  }
  for (const fs::path& file : files)
    if (!fs::is_regular_file(file, failure))
      throw UsageError(fmt::format("--router replay:{}: {}", file.string(),
                                   fs::exists(file, failure) ? "is no regular file" : "there is no such file"));
  return files;
}

class ReplayedDecisions : public Decisions {
 public:
  ReplayedDecisions(const std::string& name, ReplayShape shape)
      : name_(name), files_(files_of(name)), shape_(std::move(shape)) {
    const std::string end = files_.front().extension().string();
    if (end != ".jsonl" && end != ".csv" && end != ".json")
      throw UsageError(
          fmt::format("--router replay:{}: the name ends neither in .jsonl (routing trace), nor in .csv, "
                      "nor in .json (expert counts)",
                      name));
  }

  std::vector<std::uint64_t> each_token(const TokenAction& token) const override {
    ReplayIndex index(shape_);
    for (const fs::path& file : files_) {
      const std::string end = file.extension().string();
      if (end == ".json") {
        read_expert_counts(file, shape_, token);
        return ranks_in_order(shape_.draw.ranks);
      }
      (end == ".csv" ? read_decision_lines : read_trace)(file, shape_, index, token);
    }
    return index.finish(name_);
  }

 private:
  fs::path name_;
  std::vector<fs::path> files_;
  ReplayShape shape_;
};

}  // namespace

void RecordPlace::refuse(std::string_view what) const {
  throw UsageError(fmt::format("{}, line {}: {}", path.string(), line, what));
}

bool ReplayShape::selects(std::uint64_t step, std::uint64_t layer, bool in_decoder) const {
  return selection.step.value_or(step) == step && selection.layer.value_or(layer) == layer &&
         (in_decoder || !selection.layer);
}

std::size_t ReplayIndex::source_of(std::uint64_t rank, const RecordPlace& place) {
  const auto [found, is_new] = by_rank_.emplace(rank, ranks_.size());
  if (is_new) ranks_.push_back(rank);
  if (ranks_.size() > kMostSources) place.refuse(fmt::format("holds tokens of more than {} ranks", kMostSources));
  return found->second;
}

std::optional<std::size_t> ReplayIndex::new_routing(const RecordKey& key, const RecordPlace& place) {
  if (routings_.size() == shape_.most_routings) {
    if (shape_.wants_first) return {};
    place.refuse(
        fmt::format("here the {}. routing begins, and at most {} are replayed: choose some with --replay-step "
                    "or --replay-layer, or take the first ones with --routings",
                    routings_.size() + 1, shape_.most_routings));
  }
  by_key_[key].push_back(routings_.size());
  routings_.push_back({key, {}});
  return routings_.size() - 1;
}

std::optional<std::pair<std::size_t, std::size_t>> ReplayIndex::add(const RecordKey& key, std::uint64_t rank,
                                                                    const RecordPlace& place) {
  const std::size_t source = source_of(rank, place);
  const auto lacks = [&](std::size_t routing) {
    const std::vector<bool>& sources = routings_[routing].sources;
    return source >= sources.size() || !sources[source];
  };
  std::optional<std::size_t> routing;
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    const auto first = std::find_if(found->second.begin(), found->second.end(), lacks);
    if (first != found->second.end()) routing = *first;
  }
  if (!routing) routing = new_routing(key, place);
  if (!routing) return {};
  std::vector<bool>& sources = routings_[*routing].sources;
  if (sources.size() <= source) sources.resize(source + 1);
  sources[source] = true;
  return std::pair{*routing, source};
}

std::vector<std::uint64_t> ReplayIndex::finish(const std::filesystem::path& path) const {
  if (routings_.empty())
    throw UsageError(fmt::format("{}: holds no decisions{}", path.string(),
                                 shape_.selection.step || shape_.selection.layer
                                     ? " of the step and layer that --replay-step and --replay-layer choose"
                                     : ""));
  for (const Kept& kept : routings_) {
    const auto present = std::count(kept.sources.begin(), kept.sources.end(), true);
    if (static_cast<std::size_t>(present) != ranks_.size())
      throw UsageError(
          fmt::format("{}: {} has the tokens of {} ranks where there are {} in all: it is cut, or lacks "
                      "the files of some ranks; choose a whole step with --replay-step",
                      path.string(), named(kept.key), present, ranks_.size()));
  }
  return ranks_;
}

void TokenCheck::operator()(std::span<const std::uint32_t> experts, std::uint64_t token, const RecordPlace& place) {
  ++looked_at_;
  for (const std::uint32_t expert : experts) {
    if (expert >= model_.experts)
      place.refuse(fmt::format("token {} goes to expert {}, and {} has the experts 0 to {}", token, expert, model_.name,
                               model_.experts - 1));
    if (std::exchange(seen_[expert], looked_at_) == looked_at_)
      place.refuse(fmt::format("token {} goes to expert {} twice", token, expert));
  }
}

std::unique_ptr<Decisions> make_replay(const std::string& file, const Model& model, const Request& request, int ranks) {
  check_tokens(request);
  const auto n = static_cast<std::uint64_t>(ranks);
  const std::uint64_t fits = std::clamp<std::uint64_t>(kMostCounters / (n * n), 1, kMostRoutings);
  const auto wanted = request.routings ? static_cast<std::uint64_t>(drawn_routings(request)) : fits;
  if (wanted > fits)
    throw UsageError(fmt::format("--routings {}: of {} ranks at most {} recorded routings fit", wanted, ranks, fits));
  return std::make_unique<ReplayedDecisions>(
      file, ReplayShape{.model = model,
                        .selection = request.replay,
                        .most_routings = wanted,
                        .wants_first = request.routings.has_value(),
                        .draw = {.tokens = request.tokens, .ranks = n, .top_k = model.top_k, .seed = request.seed}});
}

}  // namespace weft
