#pragma once

#include <string>

#include "cli/run_options.hpp"
#include "collectives/workload.hpp"
#include "measure/timed_ranks.hpp"
#include "patterns/registry.hpp"
#include "results/record.hpp"
#include "results/samples.hpp"
#include "worlds/world.hpp"

namespace weft::cli {

/// The row of a point before it is measured.
Record describe(const Point& point, const std::string& transport, int ranks);

/// Adds to the row's notes.
void add_note(Record& record, const std::string& key, const std::string& value);

/// Where `ranks` ranks lie otherwise on nodes of the simulated fabric (of so many ranks; 0: it has none) than on those
/// that the traffic is laid out for (0: for none): a clause that says what it does to the traffic, and what would
/// agree.
std::string nodes_that_differ(std::uint64_t laid_out, int fabric, int ranks);

/// Fills in what was measured: times, bandwidths, bubble, status.
void conclude(const Point& point, Samples& samples, Record& record);

/// Bytes that the busiest of the timed ranks sends in one iteration, averaged over the workload's programs. Collective.
Bytes busiest_wire_bytes(World& world, const Workload& workload, const TimedRanks& timed = {});

/// Sets the record's bytes by level: what the programs of the busiest of the timed ranks send in one iteration to ranks
/// of other nodes, and what the busiest one's send inside its node, averaged over the programs. Not of programs that
/// call a transport's own collective, since what that sends is not known. Collective.
void add_bytes_by_level(World& world, const Workload& workload, const Nodes& nodes, const TimedRanks& timed,
                        Record& record);

/// Makes of an iteration's bytes, where they are known, those of one of its messages.
void divide_bytes(Record& record, int messages);

/// Whether the user asked for every algorithm there is, and named none.
bool asks_for_all(const Request& request);

}  // namespace weft::cli
