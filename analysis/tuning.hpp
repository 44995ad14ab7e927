#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/curves.hpp"

namespace weft {

/// Where an operation is done: what one selection of algorithms is for.
struct TuningPlace {
  std::string operation;
  std::string transport;
  int ranks = 0;
  int hosts = 1;  ///< that the ranks are on; of a simulated fabric its nodes

  bool operator==(const TuningPlace&) const = default;
};

/// From so many bytes per rank on, this algorithm.
struct SelectionRule {
  Bytes from = 0;
  std::string algorithm;
};

/// The algorithms of one operation by ascending size; the first serves smaller sizes too.
struct Selection {
  TuningPlace place;
  std::vector<SelectionRule> rules;
};

/// The algorithm for so many bytes per rank; empty where no selection is for this place.
std::string selected_algorithm(const std::vector<Selection>& selections, const TuningPlace& place, Bytes bytes);

/// What is run where nobody names an algorithm, and no selection does.
struct OwnChoice {
  std::string algorithm;  ///< "native"; over a transport that has none what weft chooses
  double time_us = 0;
};

/// What was measured at one size.
struct TunedSize {
  Bytes bytes = 0;
  std::string algorithm;         ///< taken
  double time_us = 0;            ///< of it
  bool sure = false;             ///< no other's interval meets its
  std::optional<OwnChoice> own;  ///< where it is known and was measured
};

/// All sizes of one place.
struct Tuning {
  TuningPlace place;
  std::vector<TunedSize> sizes;  ///< by ascending bytes
};

/// A curve, and what its run says of the place.
struct PlacedCurve {
  Curve curve;
  int hosts = 1;                          ///< that its ranks were on
  std::map<Bytes, std::string> weft_own;  ///< what weft chooses where the transport has no own, as far as it is known
};

/// The fastest algorithm of each collective at each size; what other patterns do is in no list that could be selected
/// from, and left out. Where its interval meets that of the transport's own, that is
/// kept, or else the one taken at the size before: what cannot be told apart is no reason to change. Operations of
/// which one algorithm only was measured are left out. Throws UsageError where an operation was measured with several
/// element types, reductions or places of the input, or an algorithm twice at one size: one selection cannot be right
/// for all.
std::vector<Tuning> tune(const std::vector<PlacedCurve>& measured);

/// The sizes at which the algorithm changes.
Selection selection_of(const Tuning& tuning);

}  // namespace weft
