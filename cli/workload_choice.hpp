#pragma once

#include <memory>

#include "cli/open_transport.hpp"

namespace weft::cli {

/// The point's work of this rank on the transport, with the algorithm named in the record where weft chose it: the
/// selected one, else the transport's own where it has one, else the point's. Null with the record refused, saying why;
/// null with no reason where the point is to leave no row. The same choice on every rank. Not collective.
std::unique_ptr<Workload> choose_workload(const Point& point, const OpenTransport& transport, const RunOptions& options,
                                          const World& world, const RankPlaces& places, Record& record);

/// A sentence where --selection was given and says nothing for any point of the plan; else empty.
std::string unused_selection(const std::vector<Point>& plan, const std::vector<std::string>& transports,
                             const RunOptions& options, int ranks, const RankPlaces& places);

}  // namespace weft::cli
