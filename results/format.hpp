#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/record.hpp"

namespace weft {

/// Turns records into text, by one and one in the order of their point numbers.
class Formatter {
 public:
  Formatter() = default;
  Formatter(const Formatter&) = delete;
  Formatter& operator=(const Formatter&) = delete;
  virtual ~Formatter() = default;

  /// What is to be printed for one more record: whole lines, with a header wherever a new group of points begins. A
  /// format may hold records back, as one that shows two of them in one line.
  virtual std::string add(const Record& record) = 0;

  /// What is to be printed after the last record. Called once.
  virtual std::string finish() = 0;
};

/// A value of --format. Conventions: docs/results.md.
struct Format {
  std::string name;
  std::string summary;
  std::function<std::unique_ptr<Formatter>()> make;
};

std::span<const Format> formats();

/// Throws UsageError naming the nearest format.
const Format& find_format(std::string_view name);

/// Each format's own file defines its function.
std::unique_ptr<Formatter> make_table_formatter();
std::unique_ptr<Formatter> make_nccl_formatter();
std::unique_ptr<Formatter> make_osu_formatter();
std::unique_ptr<Formatter> make_imb_formatter();
std::unique_ptr<Formatter> make_json_formatter();
std::unique_ptr<Formatter> make_csv_formatter();

/// Whether the operation moves a block of its own to every peer, so that bytes_per_peer says something.
bool sends_to_every_peer(const Record& record);

/// The message size as OSU and IMB give it: per peer for the all-to-all family, the block of one rank for all_gather,
/// otherwise the whole buffer of a rank.
Bytes peer_benchmark_size(const Record& record);

/// A number in at most `width` characters, with fewer decimals the larger it is: 0.266, 5.27, 1234.6, 12345.
std::string fixed(double value, int width = 8);

/// Whether a peer's format may show the record's figures: those of a failed point are in weft's own formats only.
bool has_figures(const Record& record);

/// "# not measured: 64K ring over shm: refused: reason\n": how formats without a column for it tell of a point that
/// has no figures.
std::string not_measured_line(const Record& record);

/// "# n/a: 64K native over nccl: its log has no mean over the ranks\n": an imported row in a format of such means.
std::string no_mean_line(const Record& record);

/// "all_reduce", "moe dispatch".
std::string operation_title(const Record& record);

/// "f32 sum", "f32"; "? sum" where an imported log did not say the type, empty where there is neither.
std::string type_title(const Record& record);

/// What the tables of one series have in common: "all_reduce, ring over shm, 4 ranks, f32 sum, in place". Without
/// `ranks` for formats that tell them in a line of their own.
std::string series_title(const Record& record, bool ranks);

/// For formats whose tables hold one series of sizes each (one algorithm over one transport). Points of several series
/// come in turns, so the first series of a pattern is printed as it comes, and the others when the pattern ends.
class SeriesFormatter : public Formatter {
 public:
  std::string add(const Record& record) final;
  std::string finish() final;

 protected:
  /// What the records of one table have in common.
  virtual std::string series_of(const Record& record) const = 0;
  virtual std::string header(const Record& first) const = 0;
  virtual std::string row(const Record& record) = 0;
  virtual std::string end_of_series() { return {}; }
  virtual std::string closing() { return {}; }

 private:
  struct Series {
    std::string name;
    std::vector<Record> records;
  };

  std::string end_of_pattern();

  std::string pattern_;
  std::string printed_;  ///< the series that is printed as it comes
  std::vector<Series> held_;
};

}  // namespace weft
