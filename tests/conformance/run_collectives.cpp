#include "tests/conformance/run_collectives.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "collectives/payload.hpp"
#include "collectives/staging.hpp"
#include "tests/allocations.hpp"
#include "tests/conformance/calls.hpp"

namespace weft {

namespace {

constexpr Nanoseconds kTimeoutOfOne = 120'000'000'000;

/// Elements: none, one, odd and fewer than some ranks, more than a cache line each, more than a transport sends at
/// once.
constexpr std::uint64_t kCounts[] = {0, 1, 7, 1023, 40'001};

/// A program does not depend on the type but for the element's size; a library's collective may.
constexpr Datatype kTypes[] = {Datatype::f32, Datatype::bf16, Datatype::u8};
constexpr Datatype kShortest[] = {Datatype::u8};
constexpr Datatype kNativeTypes[] = {Datatype::f32, Datatype::f64,  Datatype::i32,
                                     Datatype::u8,  Datatype::bf16, Datatype::f16};

/// `whose`: a collective, or an algorithm.
template <typename Whose>
std::vector<Call> calls_of(const Whose& whose, int ranks, std::span<const Datatype> types) {
  std::vector<Call> calls;
  for (const std::uint64_t count : kCounts)
    for (const Datatype dtype : types)
      for (Call& call : variants(whose, ranks, count, dtype)) {
        call.op = count == 7 ? ReduceOp::max : ReduceOp::sum;
        calls.push_back(std::move(call));
      }
  return calls;
}

/// One rank's end of a transport, with buffers that are large enough for every call.
class Bench {
 public:
  Bench(World& world, const Transport& transport) : world_(world), counts_allocations_(!transport.library_allocates) {
    TransportOptions options;
    options.oversubscribed = true;
    options.share_devices = true;
    communicator_ = transport.create(world, options);
    const Bytes most = static_cast<Bytes>(world.ranks()) * 40'001 * 8;
    in_ = communicator_->allocate(most);
    out_ = communicator_->allocate(most);
    scratch_ = communicator_->allocate(4 * most + 4096);
    staging_.emplace(*communicator_, most, most);
  }

  bool offers_native(const Call& call) const { return communicator_->refuses_native(call).empty(); }

  /// What is wrong with the call on this rank; empty where nothing is. Twice, so that what a first run leaves behind
  /// shows; the second, as every iteration that is timed, may allocate nothing (in virtual time ranks share a thread).
  std::string run(const Program& original, const Call& call) {
    const Program program = lower(original, *communicator_);
    const Buffers buffers{in_.get(), out_.get(), scratch_.get()};
    Executor executor(program, *communicator_, world_);
    std::uint64_t wrong = 0;
    std::size_t allocated = 0;
    for (const std::uint64_t salt : {1U, 2U}) {
      staging_->write(buffers, [&](const Buffers& host) { fill_payload(call, host, salt); });
      world_.barrier();
      const std::size_t before = allocations();
      executor.run(buffers);
      allocated = allocations() - before;
      staging_->show(buffers, [&](const Buffers& host) { wrong += count_wrong(call, host, salt); });
    }
    if (wrong != 0) return fmt::format("has {} wrong elements", wrong);
    if (allocated != 0 && counts_allocations_ && !communicator_->virtual_time())
      return fmt::format("allocates {} times", allocated);
    return {};
  }

 private:
  World& world_;
  bool counts_allocations_;
  std::unique_ptr<Communicator> communicator_;
  Memory in_, out_, scratch_;
  std::optional<Staging> staging_;
};

/// The ranks' complaints: "rank 1 has 3 wrong elements", empty where there are none.
std::string gathered(World& world, const std::string& complaint) {
  std::string all;
  int rank = 0;
  for (const std::string& one : world.allgather(complaint)) {
    if (!one.empty()) all += fmt::format("{}rank {} {}", all.empty() ? "" : ", ", rank, one);
    ++rank;
  }
  return all;
}

std::span<const Datatype> types_for(const Algorithm& algorithm, const Transport& transport) {
  if (is_slow(transport)) return kShortest;
  return std::span(kTypes).first(algorithm.by_node ? 1 : std::size(kTypes));  // on several nodes one type is enough
}

/// `algorithm` null: of the transport's own collectives.
std::vector<Call> calls_for(const Algorithm* algorithm, const Transport& transport, int ranks) {
  if (algorithm != nullptr) return calls_of(*algorithm, ranks, types_for(*algorithm, transport));
  std::vector<Call> calls;
  for (const Collective collective : all_collectives())
    for (Call& call : calls_of(collective, ranks, kNativeTypes)) calls.push_back(std::move(call));
  return calls;
}

void run_and_check(World& world, const Transport& transport, Bench& bench, const Algorithm* algorithm,
                   std::vector<std::string>& failures) {
  Algorithm native;
  native.name = kNative;
  for (Call& call : calls_for(algorithm, transport, world.ranks())) {
    if (algorithm != nullptr ? !algorithm->refuses(call).empty() : !bench.offers_native(call)) continue;
    call.rank = world.rank();
    native.collective = call.collective;
    const Program program = algorithm != nullptr ? build_program(*algorithm, call) : build_native(call);
    const std::string complaints = gathered(world, bench.run(program, call));
    if (!complaints.empty())
      failures.push_back(fmt::format("{}: {}: {}", transport.name,
                                     describe(algorithm != nullptr ? *algorithm : native, call), complaints));
  }
}

}  // namespace

bool is_slow(const Transport& transport) { return transport.name == "gloo"; }

Algorithms algorithms(bool by_node) {
  Algorithms chosen;
  if (!by_node) chosen.push_back(nullptr);
  for (const Algorithm& algorithm : collectives::registry().entries())
    if (algorithm.by_node == by_node) chosen.push_back(&algorithm);
  return chosen;
}

std::vector<std::string> run_and_check(World& world, const Transport& transport, const Algorithms& algorithms) {
  std::vector<std::string> failures;
  Bench bench(world, transport);
  for (const Algorithm* const algorithm : algorithms) {
    world.set_deadline(kTimeoutOfOne, "conformance of a collective");
    run_and_check(world, transport, bench, algorithm, failures);
  }
  return failures;
}

int check_collectives(World& world, const Transport& transport, const Algorithms& algorithms) {
  const std::vector<std::string> failures = run_and_check(world, transport, algorithms);
  if (world.rank() == 0)
    for (const std::string& failure : failures) fmt::print(stderr, "{}\n", failure);
  return failures.empty() ? 0 : 1;
}

}  // namespace weft
