#pragma once

#include <optional>
#include <string>

#include "results/run_folder.hpp"
#include "results/summary.hpp"
#include "tests/unit/core/temporary_folder.hpp"
#include "tests/unit/results/sample_records.hpp"

namespace weft {

/// What a run of one host says about itself.
inline RunInfo plain_run_info() {
  return {{{"host", {{"name", "node1"}, {"cpu", "a cpu"}, {"kernel", "6.1"}, {"memory_bytes", 8'000'000'000}}},
           {"libraries", {{"mpi", "Open MPI 4.1.4"}, {"fmt", "9.1.0"}}},
           {"environment", {{"OMPI_MCA_btl", "vader"}}},
           {"weft", {{"version", "1.0.0"}}}},
          {{"patterns", {"all_reduce"}}, {"max_bytes", 512}, {"cache", "rotate"}, {"ranks", 4}},
          nullptr};
}

/// Writes a run with points of 8, 64 and 512 bytes; without an exit code it was killed.
inline void write_small_run(const std::filesystem::path& folder, std::optional<int> exit_code = 0) {
  RunWriter writer = RunWriter::create(folder, plain_run_info());
  int point = 0;
  for (const Bytes bytes : {Bytes{8}, Bytes{64}, Bytes{512}}) {
    Record record = all_reduce_record(bytes);
    record.point = point++;
    summarise(five_samples(), 1.5, record);
    writer.append(record, five_samples());
  }
  if (exit_code) writer.finish(*exit_code);
}

}  // namespace weft
