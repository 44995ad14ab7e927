#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "results/durable_file.hpp"
#include "results/record.hpp"
#include "results/samples.hpp"

namespace weft {

/// The version of run.json and of the columns of the CSV files.
inline constexpr int kSchema = 2;

/// What a run says about itself beside its points.
struct RunInfo {
  nlohmann::json provenance;     ///< results/provenance.hpp
  nlohmann::json configuration;  ///< all that decides which points there are and how they are measured
  nlohmann::json topology;       ///< core/topology.hpp
  int launch = 0;                ///< the number of the launch in its campaign
};

/// FNV-1a, 64 bit, in hexadecimal, of the configuration with its keys sorted.
std::string configuration_hash(const nlohmann::json& configuration);

/// run.json of a run folder. Throws UsageError as read_run.
nlohmann::json read_run_info(const std::filesystem::path& folder);

/// A run folder as it is on disk.
struct Run {
  std::filesystem::path folder;
  nlohmann::json info;  ///< run.json: schema, provenance, configuration, configuration_hash, topology, started, ended
  std::vector<Record> records;  ///< by point number; the file has them in the order in which they were measured
};

/// Throws UsageError with one sentence: not a run folder (naming what is missing), another schema, a damaged file
/// (naming the line), a value that cannot be, a point that comes twice.
Run read_run(const std::filesystem::path& folder);

/// The first file that a run has no more: run.json, points.csv, samples.csv, or one that run.json names in `details`.
/// Empty where all are there, and where run.json does not tell.
std::string lost_file(const std::filesystem::path& folder);

/// The samples of points by their number: `completion`, `slowest`, `start_skew` and `valid` are filled, nothing else.
/// Throws UsageError as read_run, and where a point has not as many valid samples as its row says; points without any
/// (imports) are absent, and those of a killed run may have samples and no row.
std::map<int, Samples> read_samples(const std::filesystem::path& folder);

/// Makes a folder that was not there, with parents: the wanted one, or the first of wanted-2, wanted-3, ... that nobody
/// else has made, and gives its path. Of several that want the same at once, each gets another. Throws UsageError where
/// it cannot be made.
std::filesystem::path make_new_folder(const std::filesystem::path& wanted);

/// Writes a run folder. One process, one thread; not collective. Where the disk refuses later than in the constructor,
/// the functions throw std::system_error naming the file.
class RunWriter {
 public:
  /// Makes the folder, with parents. Throws UsageError where it cannot be written or holds a run already.
  static RunWriter create(const std::filesystem::path& folder, const RunInfo& info);

  /// Continues a run: cuts lines that a killed run left unfinished, drops failed and wrong points so that they are
  /// measured again, and keeps ok and refused ones. Throws UsageError where the folder is no run, has lost a file, or
  /// its configuration is another one, naming what differs.
  static RunWriter resume(const std::filesystem::path& folder, const RunInfo& info);

  /// Joins a run that create or resume has prepared, in the process that measures: keeps every whole row, and writes
  /// the topology, which is known only there, where it is not null. Throws UsageError as read_run.
  static RunWriter attach(const std::filesystem::path& folder, const nlohmann::json& topology);

  /// Takes back a run without points that create has begun: its files, and the folder where nothing else is in it.
  static void discard(const std::filesystem::path& folder);

  /// Whether the resumed run holds the point already: compares Record::key().
  bool has(const Record& record) const { return keys_.contains(record.key()); }

  /// The rows that the resumed run holds.
  const std::vector<Record>& kept() const { return kept_; }

  /// Puts samples, then the row, on disk before it returns. The caller has given the record its number.
  void append(const Record& record, const Samples& samples);

  /// Sets a member of run.json, which is replaced on disk before it returns: "clocks", "noise".
  void note(const std::string& key, nlohmann::json value);

  /// Adds facts of a transport ("ofi": {"provider": …}) to the provenance of this run, under "transports". run.json is
  /// replaced on disk before it returns. Empty, or why the run cannot be continued: it was measured with others.
  [[nodiscard]] std::string add_transport(const std::string& name, const nlohmann::json& facts);

  /// Adds one object to {"points": [...]} in FILE.json beside the CSV files ("traffic", "pipeline"), with the member
  /// "point" set to the record's number. The file is replaced as a whole, so that it is valid at any time; run.json
  /// names it in `details`.
  void add_detail(const std::string& file, const Record& record, nlohmann::json detail);

  /// Puts these in the place of all that was added to FILE.json: what is known only when all points are.
  void replace_details(const std::string& file, nlohmann::json details);

  /// Completes run.json.
  void finish(int exit_code);

  const std::filesystem::path& folder() const { return folder_; }

 private:
  explicit RunWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void open_files();
  void write_info() const;
  void write_details(const std::string& file);
  void name_detail(const std::string& name);
  void write_rank_samples(const Record& record, const RankTimes& times);
  void heal_files() const;
  void load_rows();
  void keep_measured();
  void drop_other_details() const;

  std::filesystem::path folder_;
  nlohmann::json info_;
  File points_;
  File samples_;
  File rank_samples_;  ///< null until there are any
  std::map<std::string, nlohmann::json> details_;
  std::vector<Record> kept_;
  std::set<std::string> keys_;
};

}  // namespace weft
