#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/result_set.hpp"
#include "statistics/quantile.hpp"

namespace weft {

/// What a point took in one column.
struct SideCell {
  double time_us = 0;  ///< Record::time_us(), the median over the launches
  std::optional<Interval>
      interval;  ///< its 95 %, of several launches theirs, or their range; none where it is not known

  /// Whether one of the two is faster beyond their intervals; not where one has none.
  bool apart_from(const SideCell& other) const;
};

/// A transport of a result set.
struct SideColumn {
  std::string name;  ///< the end of the folder's path, and the transport where the set has several
  std::string folder;
  std::string transport;
  std::size_t launches = 0;
};

/// How a cell stands to the others of its row.
enum class SideMark : std::uint8_t {
  none,     ///< slower than the fastest beyond their intervals, or alone in its row, or no cell
  best,     ///< faster than all others beyond their intervals
  tied,     ///< the fastest, and those whose intervals meet its
  unknown,  ///< not told from the fastest, since one of the two has no interval; the fastest where that is all it has
};

/// A point: the same but for transport and set.
struct SideRow {
  Record point;                                ///< what identifies it, from the first column that has it
  std::vector<std::optional<SideCell>> cells;  ///< by column
  std::size_t fastest = 0;                     ///< column with the least time
  std::vector<SideMark> marks;                 ///< by column
};

/// Where of two columns the one that is faster for small sizes is overtaken.
struct Crossover {
  Record point;           ///< of the row below
  std::size_t below = 0;  ///< column that is faster before
  std::size_t above = 0;  ///< and after
  double bytes = 0;       ///< bytes_per_rank, where the straight lines between two measured sizes meet
  Bytes from = 0;         ///< these two sizes
  Bytes to = 0;
};

/// A condition that is not the same in all columns.
struct SideDifference {
  std::string key;                  ///< "host.name", "configuration.fabric.latency_ns", …
  std::vector<std::string> values;  ///< by column, compact JSON
};

/// Several result sets, or the transports of one, beside each other.
struct SideBySide {
  std::vector<SideColumn> columns;
  std::vector<SideRow> rows;  ///< that two columns have at least, of a campaign alone all, by ascending point
  std::vector<Crossover> crossovers;
  std::vector<SideDifference> differences;
  std::vector<std::string> notes;  ///< sentences
};

/// Matches the points of all columns by pattern, operation, algorithm, dtype, op, ranks, in_place and both sizes. Rows
/// that are failed or wrong, or have no time above 0, have no cell. A campaign alone is shown whole, with what only one
/// transport has, since its medians stand nowhere else. Throws UsageError where there is nothing to show: naming the
/// sets and transports without any time, and what differs where no two columns share a point.
SideBySide side_by_side(const std::vector<ResultSet>& sets);

/// Whether two transports of the set share a point, so that side_by_side() has something of it to show.
bool has_sides(const ResultSet& set);

/// Of the rows of one point at all its sizes, ascending: where the decided order of two columns turns round. A size at
/// which the two are not apart decides nothing.
std::vector<Crossover> crossovers_of(const std::vector<const SideRow*>& rows, std::size_t columns);

/// Against which column the ratios are.
enum class SideReference : std::uint8_t { first, best };

/// The time over that of the reference; none where either has none.
std::optional<double> ratio_of(const SideRow& row, std::size_t column, SideReference reference);

/// A way to write it: the value of --side-by-side.
struct SideFormat {
  std::string name;
  std::string (*write)(const SideBySide& sides, SideReference reference);
};
const std::vector<SideFormat>& side_formats();

std::string side_table(const SideBySide& sides, SideReference reference);
std::string side_markdown(const SideBySide& sides, SideReference reference);
std::string side_csv(const SideBySide& sides, SideReference reference);
std::string side_json(const SideBySide& sides, SideReference reference);

}  // namespace weft
