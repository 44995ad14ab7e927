// A library for LD_PRELOAD beneath any MPI program: it delays one rank inside its collective calls and writes down when
// every call began and ended, through MPI's profiling interface (MPI 4.0, chapter 15). So the same known delay lies
// beneath weft and its peers, and what each of them says can be set against what really happened.
//
//   WEFT_DELAY="rank=1,ns=200000,every=50,bytes=65536,log=/tmp/calls"
//
// On rank `rank` of MPI_COMM_WORLD every `every`-th call that carries `bytes` spins for `ns` before it goes on to MPI.
// `bytes` is what one process contributes, for MPI_Alltoall the block for one peer; 0 is any size. With `barrier_ns`
// the rank comes so much later out of every MPI_Barrier. With `log` each rank writes PATH.RANK at MPI_Finalize: a line
// `call,bytes,start_ns,end_ns,delayed` for each call of that size, times on CLOCK_MONOTONIC, which the processes of one
// host share; the delay lies between start and end.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <mpi.h>

namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Call {
  const char* name;
  std::int64_t bytes;
  std::int64_t start;
  std::int64_t end;
  bool delayed;
};

constexpr std::size_t kMostCalls = std::size_t{1} << 20;

[[noreturn]] void refuse(std::string_view what) {
  std::fprintf(stderr, "WEFT_DELAY: %.*s; as in rank=1,ns=200000,every=50,bytes=65536,log=/tmp/calls\n",
               static_cast<int>(what.size()), what.data());
  std::_Exit(2);
}

class Delay {
 public:
  /// Reads WEFT_DELAY; at the first call, when MPI is up.
  Delay() {
    const char* const text = std::getenv("WEFT_DELAY");
    if (text != nullptr) parse(text);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    if (!log_.empty()) {  // touched now, so that no page is fetched between two timed calls
      calls_.resize(kMostCalls);
      calls_.clear();
    }
  }

  /// Goes on to MPI by `original`, late if it is this call's turn.
  template <typename Original>
  int pass(const char* name, std::int64_t bytes, Original original) {
    if (bytes_ != 0 && bytes != bytes_) return original();
    const std::int64_t start = now_ns();
    const bool delayed = rank_ == late_rank_ && ns_ > 0 && ++count_ % every_ == 0;
    while (delayed && now_ns() - start < ns_) {
    }
    const int result = original();
    if (!log_.empty() && calls_.size() < kMostCalls) calls_.push_back({name, bytes, start, now_ns(), delayed});
    return result;
  }

  /// MPI_Barrier, which the rank leaves late.
  int leave_late(MPI_Comm comm) {
    const int result = PMPI_Barrier(comm);
    const std::int64_t left = now_ns();
    while (rank_ == late_rank_ && now_ns() - left < barrier_ns_) {
    }
    return result;
  }

  void write() const {
    if (log_.empty()) return;
    std::ofstream file(log_ + "." + std::to_string(rank_));
    file << "call,bytes,start_ns,end_ns,delayed\n";
    for (const Call& call : calls_)
      file << call.name << ',' << call.bytes << ',' << call.start << ',' << call.end << ',' << (call.delayed ? 1 : 0)
           << '\n';
  }

 private:
  void parse(std::string_view text) {
    while (!text.empty()) {
      const std::string_view item = text.substr(0, text.find(','));
      text.remove_prefix(item.size() + (item.size() < text.size() ? 1 : 0));
      const std::size_t equals = item.find('=');
      if (equals == std::string_view::npos) refuse("an entry has no '='");
      set(item.substr(0, equals), std::string(item.substr(equals + 1)));
    }
  }

  void set(std::string_view key, const std::string& value) {
    if (key == "log") {
      log_ = value;
      return;
    }
    char* end = nullptr;
    const std::int64_t number = std::strtoll(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0' || number < 0) refuse("a value is no number from 0 on");
    if (key == "rank") {
      late_rank_ = number;
    } else if (key == "ns") {
      ns_ = number;
    } else if (key == "barrier_ns") {
      barrier_ns_ = number;
    } else if (key == "every" && number > 0) {
      every_ = number;
    } else if (key == "bytes") {
      bytes_ = number;
    } else {
      refuse("keys are rank, ns, every (from 1 on), bytes, barrier_ns and log");
    }
  }

  int rank_ = -1;
  std::int64_t late_rank_ = 0;
  std::int64_t ns_ = 0;
  std::int64_t every_ = 1;
  std::int64_t bytes_ = 0;
  std::int64_t barrier_ns_ = 0;
  std::int64_t count_ = 0;
  std::string log_;
  std::vector<Call> calls_;
};

Delay& delay() {
  static Delay one;
  return one;
}

std::int64_t bytes_of(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  return std::int64_t{count} * size;
}

}  // namespace

// The names and parameters are MPI's.
extern "C" {

int MPI_Allreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  return delay().pass("allreduce", bytes_of(count, type),
                      [&] { return PMPI_Allreduce(in, out, count, type, op, comm); });
}

int MPI_Reduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
  return delay().pass("reduce", bytes_of(count, type),
                      [&] { return PMPI_Reduce(in, out, count, type, op, root, comm); });
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  return delay().pass("bcast", bytes_of(count, type), [&] { return PMPI_Bcast(buffer, count, type, root, comm); });
}

int MPI_Alltoall(const void* in, int in_count, MPI_Datatype in_type, void* out, int out_count, MPI_Datatype out_type,
                 MPI_Comm comm) {
  return delay().pass("alltoall", bytes_of(out_count, out_type),
                      [&] { return PMPI_Alltoall(in, in_count, in_type, out, out_count, out_type, comm); });
}

int MPI_Allgather(const void* in, int in_count, MPI_Datatype in_type, void* out, int out_count, MPI_Datatype out_type,
                  MPI_Comm comm) {
  return delay().pass("allgather", bytes_of(out_count, out_type),
                      [&] { return PMPI_Allgather(in, in_count, in_type, out, out_count, out_type, comm); });
}

int MPI_Barrier(MPI_Comm comm) { return delay().leave_late(comm); }

int MPI_Finalize() {
  delay().write();
  return PMPI_Finalize();
}

}  // extern "C"
