#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/json_file.hpp"
#include "patterns/parallel_layout.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const JsonKind& layout_kind() {
  static const JsonKind layout = {
      .name = "layout", .flag = "layout", .needed = "a layout as docs/layouts.md describes it", .in_folder = ""};
  return layout;
}

constexpr std::uint64_t kMostRanks = 1 << 17;
constexpr std::uint64_t kLargestBatch = std::uint64_t{1} << 30;

/// One member of the file: how it is read, and whether it may be absent.
struct Member {
  std::string name;
  std::function<void(const json& value, const fs::path& path, ParallelLayout& layout)> read;
  bool required = true;
};

Member number(const std::string& name, std::uint64_t ParallelLayout::*target, std::uint64_t most) {
  return {name, [=](const json& value, const fs::path& path, ParallelLayout& layout) {
            layout.*target = whole_number(value, name, {1, most}, path);
          }};
}

[[noreturn]] void refuse(const fs::path& path, const std::string& member, const json& value,
                         const std::string& needed) {
  throw UsageError(fmt::format("{}: \"{}\" is {}: {} is needed", path.string(), member, shown(value), needed));
}

Member text(const std::string& name, std::string ParallelLayout::*target, bool required = true) {
  return {name,
          [=](const json& value, const fs::path& path, ParallelLayout& layout) {
            const auto is_control = [](unsigned char letter) { return letter < ' '; };
            const std::string words = value.is_string() ? value.get<std::string>() : std::string();
            if (words.empty() || std::any_of(words.begin(), words.end(), is_control))
              refuse(path, name, value, "a text of one line that is not empty");
            layout.*target = words;
          },
          required};
}

Member flag(const std::string& name, bool ParallelLayout::*target) {
  return {name, [=](const json& value, const fs::path& path, ParallelLayout& layout) {
            if (!value.is_boolean()) refuse(path, name, value, "true or false");
            value.get_to(layout.*target);
          }};
}

/// One of a few values by their names.
template <typename Value>
Member choice(const std::string& name, Value ParallelLayout::*target, std::vector<Value> values, bool required = true) {
  return {name,
          [=](const json& value, const fs::path& path, ParallelLayout& layout) {
            std::vector<std::string> names;
            for (const Value known : values) names.emplace_back(name_of(known));
            if (!value.is_string()) refuse(path, name, value, "one of " + join(names, ", "));
            const auto found = std::find(names.begin(), names.end(), value.get_ref<const std::string&>());
            if (found == names.end())
              throw UsageError(
                  fmt::format("{}: {}", path.string(), unknown_name(name, printable(value.get<std::string>()), names)));
            layout.*target = values[static_cast<std::size_t>(found - names.begin())];
          },
          required};
}

std::vector<Member> degree_members() {
  return {number("ranks", &ParallelLayout::ranks, kMostRanks),
          number("ranks_per_node", &ParallelLayout::ranks_per_node, kMostRanks),
          number("tensor", &ParallelLayout::tensor, kMostRanks),
          number("context", &ParallelLayout::context, kMostRanks),
          number("pipeline", &ParallelLayout::pipeline, kMostRanks),
          number("virtual_stages", &ParallelLayout::virtual_stages, 10'000),
          number("expert", &ParallelLayout::expert, kMostRanks),
          number("expert_tensor", &ParallelLayout::expert_tensor, kMostRanks),
          number("sequence_length", &ParallelLayout::sequence_length, kLargestBatch),
          number("micro_batch", &ParallelLayout::micro_batch, 1 << 20),
          number("global_batch", &ParallelLayout::global_batch, kLargestBatch)};
}

/// Reads "MEMBER: why" of each member that was not published, so that nobody can misspell one.
void read_assumptions(const json& value, const std::vector<Member>& members, const fs::path& path,
                      ParallelLayout& layout) {
  if (!value.is_array()) refuse(path, "assumptions", value, "a list of texts \"MEMBER: why\"");
  for (const json& entry : value) {
    const std::string line = entry.is_string() ? entry.get<std::string>() : std::string();
    const std::string member = line.substr(0, line.find(": "));
    const bool known =
        std::any_of(members.begin(), members.end(), [&](const Member& candidate) { return candidate.name == member; });
    if (!known || member.size() + 2 >= line.size())
      refuse(path, "assumptions", entry, "a text \"MEMBER: why\" of a member of the layout");
    layout.assumptions.push_back(line);
  }
}

const std::vector<Member>& members() {
  static const std::vector<Member> all = [] {
    std::vector<Member> list = degree_members();
    const std::vector<Member> rest = {
        text("model", &ParallelLayout::model),
        text("order", &ParallelLayout::order, false),
        choice("schedule", &ParallelLayout::schedule,
               {PipelineSchedule::one_forward_one_backward, PipelineSchedule::interleaved, PipelineSchedule::dualpipe,
                PipelineSchedule::dualpipev}),
        flag("sequence_parallel", &ParallelLayout::sequence_parallel),
        flag("full_recompute", &ParallelLayout::full_recompute),
        choice("dispatcher", &ParallelLayout::dispatcher,
               {Dispatcher::flat, Dispatcher::hierarchical, Dispatcher::low_latency, Dispatcher::node_all_gather}),
        choice("dispatch_format", &ParallelLayout::dispatch_format, {TokenFormat::bf16, TokenFormat::fp8}),
        choice("combine_format", &ParallelLayout::combine_format, {TokenFormat::bf16, TokenFormat::logfmt10}),
        choice("context_exchange", &ParallelLayout::context_exchange,
               {ContextExchange::none, ContextExchange::kv_all_gather, ContextExchange::ulysses,
                ContextExchange::v4_two_stage},
               false),
        flag("distributed_optimizer", &ParallelLayout::distributed_optimizer),
        choice("gradient_type", &ParallelLayout::gradient_type, {Datatype::f32, Datatype::bf16}),
        choice("parameter_type", &ParallelLayout::parameter_type, {Datatype::bf16, Datatype::fp8}),
        text("source", &ParallelLayout::source)};
    list.insert(list.end(), rest.begin(), rest.end());
    const std::vector<Member> assumable = list;
    list.push_back({"assumptions", [assumable](const json& value, const fs::path& path, ParallelLayout& layout) {
                      read_assumptions(value, assumable, path, layout);
                    }});
    return list;
  }();
  return all;
}

std::vector<std::string> names_of_members() {
  std::vector<std::string> names;
  for (const Member& member : members()) names.push_back(member.name);
  return names;
}

}  // namespace

ParallelLayout load_layout(const std::string& name_or_path, const std::string& directory) {
  const fs::path path = find_json_file(layout_kind(), name_or_path, directory);
  const json object = read_json_object(layout_kind(), path);
  refuse_unknown_members(object, names_of_members(), path);
  ParallelLayout layout;
  layout.name = path.stem().string();
  layout.file = path.string();
  for (const Member& member : members()) {
    const auto found = object.find(member.name);
    if (found != object.end())
      member.read(*found, path, layout);
    else if (member.required)
      throw UsageError(fmt::format("{}: lacks \"{}\"", path.string(), member.name));
  }
  check_ranks(layout);
  return layout;
}

}  // namespace weft
