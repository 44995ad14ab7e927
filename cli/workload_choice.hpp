#pragma once

#include <memory>

#include "cli/open_transport.hpp"

namespace weft::cli {

/// The point's work of this rank on the transport, with the algorithm named in the record where weft chose it: the
/// selected one, else the transport's own where it has one, else the point's. Null with the record refused, saying why;
/// null with no reason where the point is to leave no row. The same choice on every rank. Not collective.
std::unique_ptr<Workload> choose_workload(const Point& point, const OpenTransport& transport, const RunOptions& options,
                                          const World& world, const RankPlaces& places, Record& record);

}  // namespace weft::cli
