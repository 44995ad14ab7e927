#pragma once

#include "collectives/program.hpp"
#include "core/call.hpp"

/// What the algorithms share: where a call's data lies, and room in scratch.
namespace weft::collectives {

/// Where the call's input lies: all of `in`, or its place in `out` where the call is in place (core/call.hpp).
Region input_of(const Call& call);

/// All of `out`.
Region output_of(const Call& call);

/// Takes `bytes` more of the program's scratch, at a multiple of 64.
Region reserve(Program& program, Bytes bytes);

/// The input at a place that writing `out` does not touch: itself, or in place a copy in scratch.
Region input_apart(const Call& call, Program& program, Lane& lane);

/// A region of equal blocks, one per rank; indices are taken modulo their number.
class Blocks {
 public:
  Blocks(Region whole, int number) : whole_(whole), number_(number), bytes_(whole.bytes / static_cast<Bytes>(number)) {}

  Region operator[](int index) const { return run(((index % number_) + number_) % number_, 1); }
  /// Blocks first … first + length - 1, which must not pass the end.
  Region run(int first, int length) const {
    return whole_.part(static_cast<Bytes>(first) * bytes_, static_cast<Bytes>(length) * bytes_);
  }

 private:
  Region whole_;
  int number_;
  Bytes bytes_;
};

/// For all_to_all and all_to_allv: the regions of a buffer that holds what goes to (or comes from) each peer, in rank
/// order.
std::vector<Region> regions_to_peers(const Call& call, Region input);
std::vector<Region> regions_from_peers(const Call& call);

/// For Algorithm::refuses of those that can do any call.
inline std::string refuses_nothing(const Call&) { return {}; }

/// The smallest k with 2^k >= n.
int log2_ceil(int n);

/// Whom a rank sends to and receives from.
struct Pair {
  int to;
  int from;
};
/// Round 1 … n - 1 of a pairwise exchange: rank XOR round both ways where n is a power of two, else rank +- round.
Pair pair_of_round(const Call& call, int round);

/// How algorithms for powers of two serve any number of ranks (Rabenseifner 2004): of the first 2 x extra ranks each
/// even one hands its part to the odd one beside it and stands aside, and is given the result at the end. The others
/// are renumbered 0 … size - 1, size the largest power of two.
class Fold {
 public:
  explicit Fold(const Call& call);

  int size() const { return size_; }
  int rounds() const { return rounds_; }                  ///< log2 of size
  int more_rounds() const { return extra_ > 0 ? 2 : 0; }  ///< of folding, with all bytes each
  bool stands_aside() const { return aside_; }            ///< this rank waits for the result of rank + 1
  bool stands_in() const { return stands_in_; }           ///< this rank works for rank - 1 too
  int index() const { return index_; }                    ///< this rank's new number; -1 where it stands aside
  int rank_of(int index) const { return index < extra_ ? 2 * index + 1 : index + extra_; }
  /// The blocks of all ranks for which the new numbers of the aligned run of `length` (a power of two) around `index`
  /// stand.
  Region blocks(const Blocks& all, int index, int length) const;

 private:
  int first_block(int index) const { return index < extra_ ? 2 * index : index + extra_; }

  int size_ = 1;
  int rounds_ = 0;
  int extra_ = 0;
  bool aside_ = false;
  bool stands_in_ = false;
  int index_ = -1;
};

}  // namespace weft::collectives
