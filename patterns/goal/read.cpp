// The text of Group Operation Assembly Language as LogGOPSim's txt2bin reads it:
//   num_ranks N
//   rank R { LABEL: calc NS [cpu C]
//            LABEL: send BYTESb to RANK [tag T] [cpu C] [nic N]
//            LABEL: recv BYTESb from RANK [tag T] [cpu C] [nic N]
//            LABEL requires LABEL
//            LABEL irequires LABEL }
// An operation needs no label. Here a line may also hold several statements, and a label may be named before it is
// defined.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/goal/schedule.hpp"
#include "patterns/goal/text.hpp"

namespace weft {

namespace {

constexpr std::uint64_t kMostGoalRanks = 1 << 16;
constexpr std::uint64_t kLargestMessage = std::uint64_t{1} << 38;
constexpr std::uint64_t kLongestCalcs = 1'000'000'000'000'000'000;  // ns, of all together: any order ends within int64
constexpr std::uint64_t kMostOperations = std::uint64_t{1} << 24;
constexpr std::uint64_t kMostDependencies = std::uint64_t{1} << 26;
constexpr std::uint64_t kLastTag = UINT32_MAX - 1;  // the last is LogGOPSim's any
constexpr std::uint64_t kLastCpu = UINT16_MAX;

class GoalParser {
 public:
  GoalParser(const std::filesystem::path& file, const GoalShape& shape) : text_(file), shape_(shape) {
    schedule_.file = file;
  }

  GoalSchedule parse() {
    parse_number_of_ranks();
    std::vector<bool> described(schedule_.ranks.size(), false);
    while (text_.token().kind != GoalToken::Kind::end) parse_rank(described);
    const auto missing = std::find(described.begin(), described.end(), false);
    if (missing != described.end())
      text_.refuse(fmt::format("the file ends and rank {} is missing", missing - described.begin()));
    return std::move(schedule_);
  }

 private:
  struct Edge {
    std::uint32_t dependent;
    GoalDependency on;
  };
  struct Forward {  ///< names a label before it is defined
    std::string dependent, on;
    bool only_start;
    std::uint64_t line;
  };

  void keyword(std::string_view word) {
    if (!text_.token().is(word)) text_.expected(fmt::format("'{}'", word));
    text_.advance();
  }

  void sign(char sign) {
    if (!text_.token().is(sign)) text_.expected(fmt::format("'{}'", sign));
    text_.advance();
  }

  std::uint64_t number(std::string_view what, std::uint64_t least, std::uint64_t most) {
    const GoalToken& token = text_.token();
    if (token.kind != GoalToken::Kind::number) text_.expected(what);
    if (token.text == "-1" && (what == "a rank" || what == "a tag"))
      text_.refuse(fmt::format("-1 takes any: weft's receives name their sender and tag, so give {}", what));
    const std::uint64_t value = token.number;
    if (value < least || value > most || token.text == "-")
      text_.refuse(fmt::format("{} is no {}: from {} to {} is needed", token.text, what.substr(2), least, most));
    text_.advance();
    return value;
  }

  std::string label() {
    if (text_.token().kind != GoalToken::Kind::word) text_.expected("a label");
    std::string name = text_.token().text;
    text_.advance();
    return name;
  }

  void parse_number_of_ranks() {
    keyword("num_ranks");
    const std::uint64_t line = text_.token().line;
    const std::uint64_t ranks = number("a number of ranks", 1, kMostGoalRanks);
    if (ranks != static_cast<std::uint64_t>(shape_.ranks))
      RecordPlace{.path = schedule_.file, .line = line}.refuse(fmt::format(
          "it is a schedule of {} ranks, and {} are launched: give --ranks {}", ranks, shape_.ranks, ranks));
    schedule_.ranks.resize(ranks);
  }

  void parse_rank(std::vector<bool>& described) {
    keyword("rank");
    const std::uint64_t line = text_.token().line;
    rank_ = static_cast<std::uint32_t>(number("a rank", 0, schedule_.ranks.size() - 1));
    if (described[rank_])
      RecordPlace{.path = schedule_.file, .line = line}.refuse(fmt::format("rank {} comes a second time", rank_));
    described[rank_] = true;
    sign('{');
    while (!text_.token().is('}')) parse_statement();
    close_rank();
    text_.advance();
  }

  void parse_statement() {
    const GoalToken& token = text_.token();
    if (token.kind != GoalToken::Kind::word)
      text_.expected(fmt::format("an operation or requirement of rank {}, or '}}',", rank_));
    if (token.is("calc") || token.is("send") || token.is("recv")) return parse_operation();
    const std::uint64_t line = token.line;
    std::string name = label();
    if (token.is("requires") || token.is("irequires")) return parse_requirement(std::move(name), line);
    if (!token.is(':')) text_.expected("':', 'requires' or 'irequires'");
    text_.advance();
    const auto [known, is_new] =
        labels_.try_emplace(std::move(name), static_cast<std::uint32_t>(rank().operations.size()));
    if (!is_new)
      RecordPlace{.path = schedule_.file, .line = line}.refuse(fmt::format(
          "label '{}' comes a second time, first in line {}", known->first, rank().operations[known->second].line));
    parse_operation();
  }

  void parse_operation() {
    const GoalToken& token = text_.token();
    GoalOperation operation;
    operation.line = static_cast<std::uint32_t>(token.line);
    if (token.is("calc")) {
      text_.advance();
      operation.size = number("a number of ns", 0, kLongestCalcs - calcs_);
      calcs_ += operation.size;
    } else if (token.is("send") || token.is("recv")) {
      operation.kind = token.is("send") ? GoalKind::send : GoalKind::recv;
      text_.advance();
      parse_message(operation);
    } else {
      text_.expected("'calc', 'send' or 'recv'");
    }
    parse_places(operation);
    if (++operations_ > kMostOperations) text_.refuse(fmt::format("more than {} operations", kMostOperations));
    rank().operations.push_back(operation);
  }

  void parse_message(GoalOperation& operation) {
    operation.size = number("a number of bytes", 0, kLargestMessage);
    keyword("b");
    keyword(operation.kind == GoalKind::send ? "to" : "from");
    operation.peer = static_cast<std::int32_t>(number("a rank", 0, schedule_.ranks.size() - 1));
    if (operation.peer == static_cast<std::int32_t>(rank_))
      schedule_.refuse(operation, fmt::format("rank {} {} itself: a message is between two ranks", rank_,
                                              operation.kind == GoalKind::send ? "sends to" : "receives from"));
  }

  /// The rest of the line. Which NIC is the transport's business.
  void parse_places(GoalOperation& operation) {
    const GoalToken& token = text_.token();
    std::vector<std::string> seen;
    while (token.line == operation.line && (token.is("tag") || token.is("cpu") || token.is("nic"))) {
      std::string what = token.text;
      if (std::find(seen.begin(), seen.end(), what) != seen.end()) text_.refuse(fmt::format("'{}' comes twice", what));
      if (what == "tag" && !operation.is_message()) text_.refuse("a calc has no tag");
      text_.advance();
      if (what == "tag") operation.tag = static_cast<std::uint32_t>(number("a tag", 0, kLastTag));
      if (what == "cpu") operation.cpu = static_cast<std::uint16_t>(number("a cpu", 0, kLastCpu));
      if (what == "nic") number("a nic", 0, kLastCpu);
      seen.push_back(std::move(what));
    }
  }

  void parse_requirement(std::string dependent, std::uint64_t line) {
    const bool only_start = text_.token().is("irequires");
    text_.advance();
    std::string on = label();
    if (++dependencies_ > kMostDependencies) text_.refuse(fmt::format("more than {} requirements", kMostDependencies));
    const auto found_dependent = labels_.find(dependent);
    const auto found_on = labels_.find(on);
    if (found_dependent == labels_.end() || found_on == labels_.end())
      forward_.push_back({std::move(dependent), std::move(on), only_start, line});
    else
      edges_.push_back({found_dependent->second, {found_on->second, only_start}});
  }

  std::uint32_t defined(const std::string& name, std::uint64_t line) const {
    const auto found = labels_.find(name);
    if (found == labels_.end())
      RecordPlace{.path = schedule_.file, .line = line}.refuse(
          fmt::format("label '{}' is not defined in rank {}", name, rank_));
    return found->second;
  }

  /// Sorts the requirements by the operation that has them.
  void close_rank() {
    for (const Forward& named : forward_)
      edges_.push_back({defined(named.dependent, named.line), {defined(named.on, named.line), named.only_start}});
    for (Edge& edge : edges_) {
      const GoalOperation& on = rank().operations[edge.on.operation()];
      if (on.kind == GoalKind::send && on.size <= shape_.eager && shape_.eager > 0)
        edge.on = {edge.on.operation(), true};
    }
    std::sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) {
      return a.dependent != b.dependent ? a.dependent < b.dependent : a.on < b.on;
    });
    // Who requires an end also requires the start: the first of the two is enough.
    const auto end = std::unique(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) {
      return a.dependent == b.dependent && a.on.operation() == b.on.operation();
    });
    edges_.erase(end, edges_.end());
    rank().first.assign(rank().operations.size() + 1, 0);
    for (const Edge& edge : edges_) {
      ++rank().first[edge.dependent + 1];
      rank().dependencies.push_back(edge.on);
    }
    for (std::size_t i = 1; i < rank().first.size(); ++i) rank().first[i] += rank().first[i - 1];
    labels_.clear();
    edges_.clear();
    forward_.clear();
  }

  GoalRank& rank() { return schedule_.ranks[rank_]; }

  GoalText text_;
  const GoalShape& shape_;
  GoalSchedule schedule_;
  std::uint32_t rank_ = 0;
  std::uint64_t calcs_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t dependencies_ = 0;
  std::unordered_map<std::string, std::uint32_t> labels_;  // of the rank
  std::vector<Edge> edges_;
  std::vector<Forward> forward_;
};

}  // namespace

GoalSchedule read_goal(const std::filesystem::path& file, const GoalShape& shape) {
  return GoalParser(file, shape).parse();
}

}  // namespace weft
