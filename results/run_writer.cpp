#include <algorithm>
#include <fstream>
#include <functional>
#include <system_error>

#include <fmt/format.h>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/columns.hpp"
#include "results/details.hpp"
#include "results/difference.hpp"
#include "results/durable_file.hpp"
#include "results/provenance.hpp"
#include "results/run_folder.hpp"
#include "results/sample_rows.hpp"

namespace weft {

namespace {

/// Cuts what a killed writer left of its last line; a file without even a header gets one. Throws UsageError where
/// whole lines would go with it.
void heal(const std::filesystem::path& path, const std::vector<std::string>& header) {
  std::string text = std::filesystem::exists(path) ? read_text(path) : std::string();
  const std::size_t whole = whole_lines(text);
  if (whole == text.size() && whole > 0) return;
  if (text.find("\r\n", whole) != std::string::npos) read_csv(path);  // no cut, but a quote astray: says where
  text.resize(whole);
  replace_file(path, whole == 0 ? csv_line(header) : text);
}

/// The same for files of numbers, which may be large: looks at their end only.
void heal_numbers(const std::filesystem::path& path, const std::vector<std::string>& header) {
  constexpr std::uintmax_t kLongestLine = 1 << 16;
  const std::uintmax_t size = std::filesystem::file_size(path);
  const std::uintmax_t skipped = size - std::min(size, kLongestLine);
  std::string tail(static_cast<std::size_t>(size - skipped), '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(skipped)).read(tail.data(), static_cast<std::streamsize>(tail.size()));
  const std::uintmax_t whole = tail.rfind('\n') == std::string::npos ? 0 : skipped + tail.rfind('\n') + 1;
  if (whole == 0 && skipped > 0) read_csv_rows(path, header, [](std::size_t, CsvFields) {});  // no cut: says what it is
  if (whole == 0)
    replace_file(path, csv_line(header));
  else if (whole < size)
    cut_file(path, whole);
}

/// Drops the rows of all points but these.
void keep_points(const std::filesystem::path& path, const std::vector<std::string>& header,
                 const std::set<std::string, std::less<>>& numbers) {
  FileReplacement kept(path);
  kept.write(csv_line(header));
  read_csv_rows(path, header, [&](std::size_t /*line*/, CsvFields fields) {
    if (numbers.contains(fields.front())) kept.write(csv_line({fields.begin(), fields.end()}));
  });
  kept.commit();
}

/// The symbolic link to nothing on the way to the folder, of which the system says only that it exists; empty where
/// there is none.
std::filesystem::path dangling_link_in(const std::filesystem::path& folder) {
  std::filesystem::path way;
  std::error_code ignored;
  for (const std::filesystem::path& part : folder) {
    way /= part;
    if (std::filesystem::is_symlink(way, ignored) && !std::filesystem::exists(way, ignored)) return way;
  }
  return {};
}

[[noreturn]] void refuse_folder(const std::filesystem::path& folder, const std::error_code& error) {
  const std::filesystem::path link = dangling_link_in(folder);
  std::error_code ignored;
  const std::string why = link.empty() ? error.message()
                                       : fmt::format("{} is a symbolic link to {}, which is not there", link.string(),
                                                     std::filesystem::read_symlink(link, ignored).string());
  throw UsageError(
      fmt::format("{}: a run cannot be written there ({}); name a folder that can be written", folder.string(), why));
}

bool is_measured(const Record& record) { return record.status == "ok" || record.status == "refused"; }

}  // namespace

std::filesystem::path make_new_folder(const std::filesystem::path& wanted) {
  std::error_code error;
  if (wanted.has_parent_path()) std::filesystem::create_directories(wanted.parent_path(), error);
  std::filesystem::path folder = wanted;
  for (int number = 2; !error; ++number) {
    if (std::filesystem::create_directory(folder, error)) return folder;  // false, without an error: it is there
    if (error == std::errc::file_exists) error.clear();                   // and is no folder
    folder = fmt::format("{}-{}", wanted.string(), number);
  }
  refuse_folder(wanted, error);
}

RunWriter RunWriter::create(const std::filesystem::path& folder, const RunInfo& info) {
  RunWriter writer(folder);
  std::error_code ignored;
  for (const char* name : {"run.json", "points.csv"})
    if (std::filesystem::exists(folder / name, ignored))
      throw UsageError(fmt::format("{} holds a run already: name another folder, or continue that run with --resume {}",
                                   folder.string(), folder.string()));
  writer.info_ = {{"schema", kSchema},
                  {"provenance", info.provenance},
                  {"configuration", info.configuration},
                  {"configuration_hash", configuration_hash(info.configuration)},
                  {"topology", info.topology},
                  {"launch", info.launch},
                  {"started", utc_now()},
                  {"ended", nullptr},
                  {"exit_code", nullptr},
                  {"resumed", nlohmann::json::array()}};
  try {
    std::filesystem::create_directories(folder);
    replace_file(folder / "points.csv", csv_line(column_names()));
    replace_file(folder / "samples.csv", csv_line(sample_columns()));
    writer.write_info();  // last: a folder with a run.json has all three
    writer.open_files();
  } catch (const std::system_error& error) {
    refuse_folder(folder, error.code());
  }
  return writer;
}

RunWriter RunWriter::resume(const std::filesystem::path& folder, const RunInfo& info) {
  RunWriter writer(folder);
  writer.info_ = read_run_info(folder);
  if (writer.info_["configuration"] != info.configuration)
    throw UsageError(
        fmt::format("{} was measured with another configuration: {}; give the same flags, or another --out",
                    folder.string(), describe(differences(writer.info_["configuration"], info.configuration))));
  if (const std::string lost = lost_file(folder); !lost.empty())
    throw UsageError(fmt::format("{}: {} is missing, so the run cannot be continued; measure into another --out",
                                 folder.string(), lost));
  try {
    writer.heal_files();
    writer.keep_measured();
    writer.drop_other_details();
    writer.info_["resumed"].push_back({{"at", utc_now()}, {"provenance", info.provenance}});
    writer.info_["ended"] = nullptr;
    writer.info_["exit_code"] = nullptr;
    writer.write_info();
    writer.open_files();
  } catch (const std::system_error& error) {
    throw UsageError(
        fmt::format("{}: the run cannot be continued there ({})", folder.string(), error.code().message()));
  }
  return writer;
}

RunWriter RunWriter::attach(const std::filesystem::path& folder, const nlohmann::json& topology) {
  RunWriter writer(folder);
  writer.info_ = read_run_info(folder);
  writer.heal_files();
  writer.load_rows();
  if (!topology.is_null()) writer.info_["topology"] = topology;
  writer.write_info();
  writer.open_files();
  return writer;
}

void RunWriter::discard(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const char* name : {"run.json", "points.csv", "samples.csv", "rank_samples.csv"})
    std::filesystem::remove(folder / name, ignored);
  std::filesystem::remove(folder, ignored);  // only where it is empty
}

void RunWriter::heal_files() const {
  heal(folder_ / "points.csv", column_names());
  heal_numbers(folder_ / "samples.csv", sample_columns());
  if (std::filesystem::exists(folder_ / "rank_samples.csv"))
    heal_numbers(folder_ / "rank_samples.csv", rank_sample_columns());
}

void RunWriter::load_rows() {
  for (Record& record : records_of(read_csv(folder_ / "points.csv"))) {
    keys_.insert(record.key());
    kept_.push_back(std::move(record));
  }
}

// Drops the rows that are to be measured again, and what belongs to them.
void RunWriter::keep_measured() {
  std::set<std::string, std::less<>> numbers;
  std::string rows = csv_line(column_names());
  load_rows();
  std::erase_if(kept_, [](const Record& record) { return !is_measured(record); });
  keys_.clear();
  for (const Record& record : kept_) {
    rows += csv_line(fields_of(record));
    numbers.insert(std::to_string(record.point));
    keys_.insert(record.key());
  }
  read_csv_rows(folder_ / "samples.csv", sample_columns(), [](std::size_t, CsvFields) {});  // damaged: nothing is cut
  // Rows before samples: iterations whose row is gone are dropped by the next attempt, should this one be killed here.
  replace_file(folder_ / "points.csv", rows);
  keep_points(folder_ / "samples.csv", sample_columns(), numbers);
  if (std::filesystem::exists(folder_ / "rank_samples.csv"))
    keep_points(folder_ / "rank_samples.csv", rank_sample_columns(), numbers);
}

void RunWriter::drop_other_details() const {
  const auto is_kept = [this](const nlohmann::json& detail) {
    return detail.is_object() && std::any_of(kept_.begin(), kept_.end(), [&](const Record& record) {
             return detail.value("point", -1) == record.point;
           });
  };
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() != ".json" || entry.path().filename() == "run.json") continue;
    const nlohmann::json file = nlohmann::json::parse(read_text(entry.path()), nullptr, false);
    if (file.is_discarded() || (file.is_object() && file.contains("points") && !file["points"].is_array()))
      throw UsageError(
          fmt::format("{}: is damaged, and the run would add to it: bring it back, or measure into another --out",
                      entry.path().string()));
    if (!file.is_object() || !file.contains("points")) continue;
    nlohmann::json points = nlohmann::json::array();
    std::copy_if(file["points"].begin(), file["points"].end(), std::back_inserter(points), is_kept);
    replace_file(entry.path(), nlohmann::json{{"points", points}}.dump() + "\n");
  }
}

void RunWriter::open_files() {
  points_ = open_to_append(folder_ / "points.csv");
  samples_ = open_to_append(folder_ / "samples.csv");
}

void RunWriter::write_info() const { replace_file(folder_ / "run.json", info_.dump(2) + "\n"); }

void RunWriter::append(const Record& record, const Samples& samples) {
  // Samples first: a row that is on disk has all its samples.
  append_durably(samples_.get(), folder_ / "samples.csv", sample_lines(record.point, samples));
  if (rank_sample_count(samples.ranks) > 0) write_rank_samples(record, samples.ranks);
  append_durably(points_.get(), folder_ / "points.csv", csv_line(fields_of(record)));
}

void RunWriter::write_rank_samples(const Record& record, const RankTimes& times) {
  const std::filesystem::path path = folder_ / "rank_samples.csv";
  if (rank_samples_ == nullptr) {
    if (!std::filesystem::exists(path)) replace_file(path, csv_line(rank_sample_columns()));
    rank_samples_ = open_to_append(path);
    name_detail(path.filename().string());
  }
  // In pieces of bounded size: thousands of ranks times thousands of samples are gigabytes of text.
  constexpr std::size_t kRowsAtOnce = 100'000;
  const std::size_t step = std::max<std::size_t>(1, kRowsAtOnce / static_cast<std::size_t>(times.ranks));
  const std::size_t samples = rank_sample_count(times);
  for (std::size_t first = 0; first < samples; first += step)
    append_durably(rank_samples_.get(), path,
                   rank_sample_lines(record.point, times, first, std::min(samples, first + step)));
}

void RunWriter::note(const std::string& key, nlohmann::json value) {
  info_[key] = std::move(value);
  write_info();
}

std::string RunWriter::add_transport(const std::string& name, const nlohmann::json& facts) {
  nlohmann::json& known = info_["provenance"]["transports"][name];
  if (!known.is_null() && known != facts)
    return fmt::format("{}: was measured over {} with {}, and now it has {}: the points of both are not one run",
                       folder_.string(), name, known.dump(), facts.dump());
  known = facts;
  write_info();
  return {};
}

void RunWriter::add_detail(const std::string& file, const Record& record, nlohmann::json detail) {
  const std::filesystem::path path = folder_ / (file + ".json");
  if (!details_.contains(file)) {
    details_[file] = {{"points", nlohmann::json::array()}};
    with_details(path, [&](nlohmann::json& points) { details_[file]["points"] = std::move(points); });
  }
  detail["point"] = record.point;
  details_[file]["points"].push_back(std::move(detail));
  write_details(file);
}

void RunWriter::replace_details(const std::string& file, nlohmann::json details) {
  details_[file] = {{"points", std::move(details)}};
  write_details(file);
}

void RunWriter::write_details(const std::string& file) {
  const std::string name = file + ".json";
  replace_file(folder_ / name, details_[file].dump() + "\n");
  name_detail(name);
}

void RunWriter::name_detail(const std::string& name) {
  nlohmann::json& names = info_["details"];
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(name);
  write_info();
}

void RunWriter::finish(int exit_code) {
  info_["ended"] = utc_now();
  info_["exit_code"] = exit_code;
  write_info();
}

}  // namespace weft
