#include "results/run_folder.hpp"

#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/columns.hpp"
#include "results/sample_rows.hpp"
#include "results/summary.hpp"
#include "tests/unit/core/temporary_folder.hpp"
#include "tests/unit/results/sample_records.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

RunInfo some_info() {
  return {{{"seed", 1}}, {{"max_bytes", 64}, {"transports", {"shm", "mpi"}}, {"router", {{"kind", "uniform"}}}}, {}, 7};
}

Record point_of(int number, Bytes bytes, const std::string& status = "ok") {
  Record record = all_reduce_record(bytes);
  record.point = number;
  summarise(five_samples(), 1.5, record);
  record.status = status;
  if (status == "wrong") record.wrong = "7";
  record.reason = status == "ok" ? "" : "a reason, with a comma\nand a second line";
  return record;
}

class RunFolder : public testing::Test {
 protected:
  /// A run with points of 8, 64 and 512 bytes, the second of which has the given status.
  void write_run(const std::string& status = "ok") const {
    RunWriter writer = RunWriter::create(path_, some_info());
    writer.append(point_of(0, 8), five_samples());
    writer.append(point_of(1, 64, status), five_samples());
    writer.append(point_of(2, 512), five_samples());
    writer.finish(0);
  }
  std::string refusal_of_reading() const {
    return message_of<UsageError>([&] { read_run(path_); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "nested/run";
};

TEST_F(RunFolder, WhoWantsTheSameNewFolderGetsAnother) {
  EXPECT_EQ(make_new_folder(path_), path_) << "with its parents";
  EXPECT_EQ(make_new_folder(path_), folder_ / "nested/run-2");
  std::vector<std::filesystem::path> made(8);
  std::vector<std::thread> makers;
  for (std::filesystem::path& mine : made) makers.emplace_back([&] { mine = make_new_folder(path_); });
  for (std::thread& maker : makers) maker.join();
  std::sort(made.begin(), made.end());
  EXPECT_EQ(std::unique(made.begin(), made.end()), made.end()) << "each has its own";
  EXPECT_EQ(made.back(), folder_ / "nested/run-9");
}

TEST_F(RunFolder, NewFoldersStepAsideOfFilesAndNeedAPlace) {
  write_file(folder_ / "taken", "");
  EXPECT_EQ(make_new_folder(folder_ / "taken"), folder_ / "taken-2");
  std::filesystem::create_directory_symlink("gone", folder_ / "runs");
  for (const auto& make : {std::function([&] { make_new_folder(folder_ / "runs/now"); }),
                           std::function([&] { RunWriter::create(folder_ / "runs", {}); })})
    EXPECT_THAT(message_of<UsageError>(make),
                HasSubstr((folder_ / "runs").string() + " is a symbolic link to gone, which is not there"));
  EXPECT_THAT(message_of<UsageError>([&] { make_new_folder(folder_ / "taken/run"); }),
              HasSubstr("a run cannot be written there"));
}

TEST_F(RunFolder, ReadsWhatItWrote) {
  write_run();
  const weft::Run run = read_run(path_);
  ASSERT_EQ(run.records.size(), 3U);
  EXPECT_EQ(run.records[2].bytes_per_rank, 512U);
  EXPECT_EQ(run.records[2].point, 2);
  EXPECT_EQ(run.info["schema"], kSchema);
  EXPECT_EQ(run.info["configuration"], some_info().configuration);
  EXPECT_EQ(run.info["configuration_hash"], configuration_hash(some_info().configuration));
  EXPECT_EQ(run.info["exit_code"], 0);
  EXPECT_EQ(run.info["launch"], 7);
  EXPECT_THAT(run.info["started"].get<std::string>(), MatchesRegex("20..-..-..T..:..:..Z"));
  const std::map<int, Samples> samples = read_samples(path_);
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples.at(1).completion, five_samples().completion);
  EXPECT_EQ(samples.at(1).slowest, five_samples().slowest);
  EXPECT_EQ(samples.at(1).start_skew, std::vector<Nanoseconds>(5, 0));
  EXPECT_EQ(samples.at(1).valid, std::vector<char>(5, 1));
}

TEST_F(RunFolder, NotesAreMembersOfRunJson) {
  RunWriter writer = RunWriter::create(path_, some_info());
  writer.note("clocks", {{"bound_ns", 120}});
  EXPECT_EQ(read_run(path_).info["clocks"]["bound_ns"], 120);
  RunWriter::attach(path_, nullptr).finish(0);
  EXPECT_EQ(read_run(path_).info["clocks"]["bound_ns"], 120);
}

TEST_F(RunFolder, FactsOfATransportAreTheSameWhenItIsContinued) {
  EXPECT_EQ(RunWriter::create(path_, some_info()).add_transport("ofi", {{"provider", "shm"}}), "");
  RunWriter::resume(path_, some_info());
  RunWriter writer = RunWriter::attach(path_, nullptr);
  EXPECT_EQ(writer.add_transport("ofi", {{"provider", "shm"}}), "");
  EXPECT_EQ(writer.add_transport("other", {{"rail", "1"}}), "") << "not opened before";
  EXPECT_THAT(writer.add_transport("ofi", {{"provider", "efa"}}), AllOf(HasSubstr("shm"), HasSubstr("efa")));
  EXPECT_EQ(read_run(path_).info["provenance"]["transports"],
            R"({"ofi": {"provider": "shm"}, "other": {"rail": "1"}})"_json);
}

TEST_F(RunFolder, EachPointIsOnDiskAsSoonAsItEnds) {
  RunWriter writer = RunWriter::create(path_, some_info());
  writer.append(point_of(0, 8), five_samples());
  EXPECT_EQ(read_run(path_).records.size(), 1U);
  EXPECT_EQ(read_samples(path_).at(0).completion.size(), 5U);
  EXPECT_TRUE(read_run(path_).info["ended"].is_null());
}

TEST_F(RunFolder, RefusesAFolderThatHoldsARun) {
  write_run();
  EXPECT_THAT(message_of<UsageError>([&] { RunWriter::create(path_, some_info()); }),
              AllOf(HasSubstr("holds a run already"), HasSubstr("--resume")));
}

TEST_F(RunFolder, RefusesAFolderThatCannotBeWritten) {
  write_file(folder_ / "file", "");
  EXPECT_THAT(message_of<UsageError>([&] { RunWriter::create(folder_ / "file/run", some_info()); }),
              AllOf(HasSubstr("file/run"), HasSubstr("Not a directory")));
  EXPECT_THROW(RunWriter::create("/proc/weft", some_info()), UsageError);
}

TEST_F(RunFolder, NamesWhatIsMissing) {
  EXPECT_THAT(refusal_of_reading(), AllOf(HasSubstr("is no run folder"), HasSubstr("run.json is missing")));
  write_run();
  std::filesystem::remove(path_ / "points.csv");
  EXPECT_THAT(refusal_of_reading(), HasSubstr("points.csv is missing"));
}

TEST_F(RunFolder, RefusesADamagedRunJson) {
  write_run();
  const std::string text = file_text(path_ / "run.json");
  write_file(path_ / "run.json", text.substr(0, text.size() / 2));
  EXPECT_THAT(refusal_of_reading(), AllOf(HasSubstr("run.json"), HasSubstr("cut")));
  write_file(path_ / "run.json", "[]");
  EXPECT_THAT(refusal_of_reading(), HasSubstr("no schema number"));
  write_file(path_ / "run.json", R"({"schema": 99, "configuration": {}})");
  EXPECT_THAT(refusal_of_reading(), HasSubstr("schema 99"));
  write_file(path_ / "run.json", R"({"schema": 2})");
  EXPECT_THAT(refusal_of_reading(), HasSubstr("lacks the configuration"));
}

TEST_F(RunFolder, ResumeKeepsWhatIsMeasured) {
  write_run("refused");
  RunWriter writer = RunWriter::resume(path_, some_info());
  for (const Bytes bytes : {Bytes{8}, Bytes{64}, Bytes{512}})
    EXPECT_TRUE(writer.has(all_reduce_record(bytes))) << bytes;
  EXPECT_FALSE(writer.has(all_reduce_record(4096)));
  writer.append(point_of(3, 4096), five_samples());
  writer.finish(5);
  const weft::Run run = read_run(path_);
  ASSERT_EQ(run.records.size(), 4U);
  EXPECT_EQ(run.records[3].point, 3);
  EXPECT_EQ(run.info["exit_code"], 5);
  EXPECT_EQ(run.info["resumed"].size(), 1U);
}

TEST_F(RunFolder, ResumeMeasuresFailedAndWrongPointsAgain) {
  for (const char* status : {"failed", "wrong"}) {
    std::filesystem::remove_all(path_);
    write_run(status);
    RunWriter writer = RunWriter::resume(path_, some_info());
    EXPECT_FALSE(writer.has(all_reduce_record(64)));
    EXPECT_EQ(writer.kept().size(), 2U);
    EXPECT_EQ(read_samples(path_).count(1), 0U);
    writer.append(point_of(1, 64), five_samples());
    const weft::Run run = read_run(path_);
    ASSERT_EQ(run.records.size(), 3U);
    EXPECT_EQ(run.records[1].bytes_per_rank, 64U) << "rows lie as they were measured and are read by number";
    EXPECT_EQ(read_samples(path_).at(1).completion.size(), 5U);
  }
}

TEST_F(RunFolder, ResumeNamesTheDifference) {
  write_run();
  RunInfo other = some_info();
  other.configuration["max_bytes"] = 128;
  other.configuration["router"]["kind"] = "lognormal";
  EXPECT_THAT(message_of<UsageError>([&] { RunWriter::resume(path_, other); }),
              AllOf(HasSubstr("max_bytes (64 then, 128 now)"), HasSubstr("router.kind")));
  EXPECT_EQ(read_run(path_).records.size(), 3U);
}

TEST_F(RunFolder, ResumeRefusesWhatIsNoRun) {
  EXPECT_THROW(RunWriter::resume(path_, some_info()), UsageError);
  write_run();
  write_file(path_ / "points.csv", "a,b\r\n1,2\r\n");
  EXPECT_THAT(message_of<UsageError>([&] { RunWriter::resume(path_, some_info()); }), HasSubstr("points.csv, line 1"));
}

// A writer can be killed at any byte: every cut of the last two rows, and of the whole header, must resume to a run in
// which each row has all its samples and no other samples are left.
/// Lengths to which a file of rows is cut: within the header one is as another, within the rows before the last the
/// ends of their fields are, and of the last row each counts.
std::vector<std::size_t> cuts_of(const std::string& rows) {
  const std::size_t header = rows.find('\n');
  const std::size_t last = rows.rfind('\n', rows.size() - 2);
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 0; cut <= rows.size(); ++cut) {
    const bool at_an_end = cut > 0 && (rows[cut - 1] == ',' || rows[cut - 1] == '\r' || rows[cut - 1] == '\n');
    const bool counts = cut + 8 > last || (cut + 8 > header ? at_an_end || cut < header + 8 : cut % 64 == 0);
    if (counts) cuts.push_back(cut);
  }
  return cuts;
}

TEST_F(RunFolder, ResumeHealsACutAnywhereInTheRows) {
  write_run("refused");
  const std::string points = file_text(path_ / "points.csv");
  const std::string samples = file_text(path_ / "samples.csv");
  for (const std::size_t cut : cuts_of(points)) {
    write_file(path_ / "points.csv", points.substr(0, cut));
    write_file(path_ / "samples.csv", samples);
    const RunWriter writer = RunWriter::resume(path_, some_info());
    const weft::Run run = read_run(path_);
    EXPECT_EQ(writer.kept().size(), run.records.size());
    EXPECT_TRUE(cut < points.size() || run.records.size() == 3) << run.records.size();
    const std::map<int, Samples> left = read_samples(path_);
    ASSERT_EQ(left.size(), run.records.size()) << "cut at " << cut;
    for (const Record& record : run.records) ASSERT_EQ(left.at(record.point).completion.size(), 5U) << "cut at " << cut;
  }
}

TEST_F(RunFolder, ResumeHealsACutAnywhereInTheSamples) {
  write_run();
  const std::string points = file_text(path_ / "points.csv");
  const std::string samples = file_text(path_ / "samples.csv");
  // Samples are written first, so the row that a cut in them belongs to was never written.
  const std::string rows = points.substr(0, whole_lines(std::string_view(points).substr(0, points.size() - 1)));
  const std::size_t third = samples.find("\n2,0,") + 1;
  for (std::size_t cut = third; cut < samples.size(); ++cut) {
    write_file(path_ / "points.csv", rows);
    write_file(path_ / "samples.csv", samples.substr(0, cut));
    RunWriter writer = RunWriter::resume(path_, some_info());
    writer.append(point_of(2, 512), five_samples());
    ASSERT_EQ(file_text(path_ / "points.csv"), points) << "cut at " << cut;
    ASSERT_EQ(file_text(path_ / "samples.csv"), samples) << "cut at " << cut;
  }
}

TEST_F(RunFolder, DetailsBelongToTheirPoints) {
  {
    RunWriter writer = RunWriter::create(path_, some_info());
    for (const Record& record : {point_of(0, 8), point_of(1, 64, "failed")}) {
      writer.append(record, five_samples());
      writer.add_detail("traffic", record, {{"ranks", 4}});
    }
  }
  RunWriter writer = RunWriter::resume(path_, some_info());
  const Record record = point_of(1, 64);
  writer.append(record, five_samples());
  writer.add_detail("traffic", record, {{"ranks", 5}});
  EXPECT_EQ(nlohmann::json::parse(file_text(path_ / "traffic.json")),
            nlohmann::json::parse(R"({"points": [{"point": 0, "ranks": 4}, {"point": 1, "ranks": 5}]})"));
}

/// Two ranks, three samples: rank 1 starts 40 ns after rank 0 and takes 100 ns longer than its 1000.
Samples samples_of_two_ranks() {
  Samples samples = five_samples();
  samples.completion = {1140, 1140, 1140};
  samples.slowest = {1, 1, 1};
  samples.start_skew = {40, 40, 40};
  samples.valid = {1, 0, 1};
  samples.ranks = {.ranks = 2,
                   .start = {0, 5'000'000'000, 7'000'000'000},
                   .start_off = {0, 40, 0, 40, 0, 40},
                   .duration = {1000, 1100, 1000, 1100, 1000, 1100},
                   .program = {}};
  return samples;
}

constexpr const char* kRankRows =
    "0,0,0,0,1000\r\n0,0,1,40,1140\r\n"
    "0,1,0,5000000000,5000001000\r\n0,1,1,5000000040,5000001140\r\n"
    "0,2,0,7000000000,7000001000\r\n0,2,1,7000000040,7000001140\r\n";

TEST_F(RunFolder, EveryRanksTimesAreAFileOfTheirOwn) {
  RunWriter writer = RunWriter::create(path_, some_info());
  writer.append(point_of(3, 64), five_samples());
  EXPECT_FALSE(std::filesystem::exists(path_ / "rank_samples.csv"));
  Record record = all_reduce_record(8);
  record.point = 0;
  summarise(samples_of_two_ranks(), 1.5, record);
  writer.append(record, samples_of_two_ranks());
  EXPECT_EQ(file_text(path_ / "rank_samples.csv"), csv_line(rank_sample_columns()) + kRankRows);
  const Samples back = read_samples(path_).at(0);
  EXPECT_EQ(back.valid, (std::vector<char>{1, 0, 1}));
  EXPECT_EQ(back.start_skew, (std::vector<Nanoseconds>{40, 40, 40}));
}

TEST_F(RunFolder, ResumeKeepsTheRanksTimesOfKeptPoints) {
  {
    RunWriter writer = RunWriter::create(path_, some_info());
    for (const bool failed : {true, false}) {
      Record record = all_reduce_record(failed ? 8 : 64);
      record.point = failed ? 1 : 0;
      summarise(samples_of_two_ranks(), 1.5, record);
      record.status = failed ? "failed" : "ok";
      writer.append(record, samples_of_two_ranks());
    }
  }
  const std::string all = file_text(path_ / "rank_samples.csv");
  write_file(path_ / "rank_samples.csv", all + "0,2,1,70000");
  const RunWriter writer = RunWriter::resume(path_, some_info());
  EXPECT_EQ(file_text(path_ / "rank_samples.csv"), csv_line(rank_sample_columns()) + kRankRows);
}

TEST_F(RunFolder, ResumeNamesMissingTimesOfTheRanks) {
  {
    RunWriter writer = RunWriter::create(path_, some_info());
    Record record = all_reduce_record(8);
    summarise(samples_of_two_ranks(), 1.5, record);
    writer.append(record, samples_of_two_ranks());
  }
  EXPECT_EQ(lost_file(path_), "");
  std::filesystem::remove(path_ / "rank_samples.csv");
  EXPECT_EQ(lost_file(path_), "rank_samples.csv");
  EXPECT_THAT(message_of<UsageError>([&] { RunWriter::resume(path_, some_info()); }),
              HasSubstr("rank_samples.csv is missing, so the run cannot be continued"));
}

TEST_F(RunFolder, ResumeNamesMissingSamples) {
  write_run();
  std::filesystem::remove(path_ / "samples.csv");
  EXPECT_THAT(message_of<UsageError>([&] { RunWriter::resume(path_, some_info()); }),
              HasSubstr("samples.csv is missing"));
}

TEST_F(RunFolder, FractionsOfNanosecondsKeepTenDigits) {
  RunWriter writer = RunWriter::create(path_, some_info());
  Samples samples = five_samples();
  samples.completion = {1000.0 / 3, 1e9 + 0.5, 12, 13, 14};
  writer.append(point_of(0, 8), samples);
  EXPECT_THAT(file_text(path_ / "samples.csv"), HasSubstr("\r\n0,0,333.3333333,2,0,true\r\n0,1,1000000000,1,"));
}

TEST_F(RunFolder, DamagedSamplesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"0,0,abc,0,0,true", "'abc' is no value for the column completion_ns"},
      {"0,0,nan,0,0,true", "'nan' is no value for the column completion_ns"},
      {"0,0,inf,0,0,true", "'inf' is no value for the column completion_ns"},
      {"0,0,-5,0,0,true", "'-5' is no value for the column completion_ns"},
      {"0,0,,0,0,true", "'' is no value for the column completion_ns"},
      {"0,0,8,-2,0,true", "'-2' is no value for the column slowest_rank"},
      {"0,0,8,0,-1,true", "'-1' is no value for the column start_skew_ns"},
      {"0,0,8,0,0,yes", "'yes' is no value for the column valid"},
      {"-1,0,8,0,0,true", "'-1' is no value for the column point"},
      {"0,x,8,0,0,true", "'x' is no value for the column iteration"},
      {"0,2,8,0,0,true", "iteration 2 of point 0 comes where 0 should be"},
      {"0,0,8,0,0,true\r\n0,0,8,0,0,true", "iteration 0 of point 0 comes twice"},
      {"0,0,8,0,0", "has 5 fields where the header has 6"}};
  write_run();
  for (const auto& [rows, refusal] : hostile) {
    write_file(path_ / "samples.csv", csv_line(sample_columns()) + rows + "\r\n");
    EXPECT_THAT(message_of<UsageError>([&] { read_samples(path_); }),
                AllOf(HasSubstr("samples.csv, line "), HasSubstr(refusal)));
  }
  write_file(path_ / "samples.csv", csv_line(sample_columns()) + "0,0,8,0,0,true\r\n");
  EXPECT_THAT(message_of<UsageError>([&] { read_samples(path_); }),
              HasSubstr("has 1 valid samples of point 0 where points.csv counts 5"));
}

TEST(ConfigurationHash, DependsOnTheContentOnly) {
  EXPECT_EQ(configuration_hash({{"a", 1}, {"b", 2}}), configuration_hash({{"b", 2}, {"a", 1}}));
  EXPECT_NE(configuration_hash({{"a", 1}}), configuration_hash({{"a", 2}}));
  EXPECT_EQ(configuration_hash(nlohmann::json::object()), "08f44b07b5901a25");  // FNV-1a of "{}"
}

}  // namespace
}  // namespace weft
