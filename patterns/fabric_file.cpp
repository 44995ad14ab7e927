#include "patterns/fabric_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/json_file.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kSlowestDevice = 1e-3;  ///< TFLOP/s
constexpr double kFastestDevice = 1e9;   ///< likewise: beyond any device

/// Which members may stand in a file; those of nodes only together.
constexpr std::array<std::string_view, 8> kFabricMembers = {"latency_ns",      "bandwidth_gbps",      "ranks_per_node",
                                                            "node_latency_ns", "node_bandwidth_gbps", "peak_tflops",
                                                            "source",          "assumptions"};

const JsonKind& fabric_kind() {
  static const JsonKind fabric = {
      .name = "fabric", .flag = "fabric", .needed = "a fabric as docs/fabrics.md describes it", .in_folder = ""};
  return fabric;
}

/// The members of a fabric's file, one by one.
class FabricFile {
 public:
  explicit FabricFile(const fs::path& path) : path_(path), object_(read_json_object(fabric_kind(), path)) {
    refuse_unknown_members(object_, {kFabricMembers.begin(), kFabricMembers.end()}, path_);
  }

  bool has(const char* member) const { return object_.contains(member); }

  Nanoseconds delay(const char* member) const {
    return static_cast<Nanoseconds>(
        whole_number(at(member), member, {0, static_cast<std::uint64_t>(kLongestModelDelay)}, path_));
  }

  int count(const char* member) const {
    return static_cast<int>(whole_number(at(member), member, {1, static_cast<std::uint64_t>(kMostRanksOfNode)}, path_));
  }

  double real(const char* member, double least, double most) const {
    const json& value = at(member);
    const double number = value.is_number() ? value.get<double>() : 0;
    if (!(least <= number && number <= most)) refuse(member, value, fmt::format("a number from {} to {}", least, most));
    return number;
  }

  std::string text(const char* member) const {
    const json& value = at(member);
    const auto is_control = [](unsigned char letter) { return letter < ' '; };
    std::string words = value.is_string() ? value.get<std::string>() : std::string();
    if (words.empty() || std::any_of(words.begin(), words.end(), is_control))
      refuse(member, value, "a text of one line that is not empty");
    return words;
  }

  /// "MEMBER: why" of each member that was not published, so that nobody can misspell one.
  std::vector<std::string> assumptions() const {
    const json& list = at("assumptions");
    if (!list.is_array()) refuse("assumptions", list, "a list of texts \"MEMBER: why\"");
    std::vector<std::string> lines;
    for (const json& entry : list) {
      const std::string line = entry.is_string() ? entry.get<std::string>() : std::string();
      const std::string member = line.substr(0, line.find(": "));
      if (!has(member.c_str()) || member.size() + 2 >= line.size())
        refuse("assumptions", entry, "a text \"MEMBER: why\" of a member of the file");
      lines.push_back(line);
    }
    return lines;
  }

  [[noreturn]] void refuse(const char* member, const json& value, const std::string& needed) const {
    throw UsageError(fmt::format("{}: \"{}\" is {}: {} is needed", path_.string(), member, shown(value), needed));
  }

 private:
  const json& at(const char* member) const { return needed_member(object_, member, path_); }

  const fs::path& path_;
  json object_;
};

void read_nodes(const FabricFile& file, FabricModel& model) {
  if (!file.has("ranks_per_node") && !file.has("node_latency_ns") && !file.has("node_bandwidth_gbps")) return;
  model.ranks_per_node = file.count("ranks_per_node");
  model.node_latency = file.delay("node_latency_ns");
  model.node_bandwidth = file.real("node_bandwidth_gbps", kSlowestPort, kFastestPort);
}

}  // namespace

NamedFabric load_fabric(const std::string& name_or_path, const std::string& directory) {
  const fs::path path = find_json_file(fabric_kind(), name_or_path, directory);
  const FabricFile file(path);
  NamedFabric fabric;
  fabric.name = path.stem().string();
  fabric.model.latency = file.delay("latency_ns");
  fabric.model.bandwidth = file.real("bandwidth_gbps", kSlowestPort, kFastestPort);
  read_nodes(file, fabric.model);
  if (file.has("peak_tflops")) fabric.peak_tflops = file.real("peak_tflops", kSlowestDevice, kFastestDevice);
  fabric.source = file.text("source");
  fabric.assumptions = file.assumptions();
  return fabric;
}

}  // namespace weft
