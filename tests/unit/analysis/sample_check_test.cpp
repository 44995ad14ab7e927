#include "analysis/sample_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/analysis/result_sets.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SampleCheck : public testing::Test {
 protected:
  SampleCheck() { write_small_run(path_); }

  /// What is said once the rows were changed and the samples were not.
  std::string refusal(const std::function<void(std::vector<Record>&)>& change) const {
    weft::Run run = read_run(path_);
    change(run.records);
    return message_of<UsageError>([&] { check_samples(run); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "run";
};

TEST_F(SampleCheck, AcceptsWhatWeftWrote) {
  EXPECT_EQ(refusal([](auto&) {}), "");
}

TEST_F(SampleCheck, RowsThatDoNotAgreeAreRefused) {
  EXPECT_THAT(
      refusal([](auto& rows) { rows[1].time_us_median *= 1.0001; }),
      AllOf(HasSubstr("samples.csv: point 1: the median of its samples is 10 us where points.csv says 10.001")));
  EXPECT_THAT(refusal([](auto& rows) { rows[1].time_us_min -= 1; }), HasSubstr("the minimum of its samples is 8 us"));
  EXPECT_THAT(refusal([](auto& rows) { rows[1].time_us_mean += 1; }), HasSubstr("the mean of its samples is 10 us"));
  EXPECT_THAT(refusal([](auto& rows) { rows[2].iterations = 6; }),
              HasSubstr("point 2: there are 5 valid samples where points.csv counts 6 iterations"));
}

TEST_F(SampleCheck, SamplesAndRowsBelongTogether) {
  EXPECT_THAT(refusal([](auto& rows) { rows.pop_back(); }), HasSubstr("samples of point 2, which points.csv does not"));
  EXPECT_THAT(refusal([](auto& rows) { rows[0].point = 9; }), HasSubstr("point 9: there are 0 valid samples"));
  EXPECT_THAT(refusal([](auto& rows) {
                rows[0].iterations = 0;
                rows[0].status = "failed";
              }),
              HasSubstr("point 0: there are 5 valid samples where points.csv counts 0"));
}

TEST_F(SampleCheck, OnlyAnImportedRunMayHaveNoSamples) {
  EXPECT_TRUE(check_samples(read_run(path_)));
  const std::string text = file_text(path_ / "samples.csv");
  write_file(path_ / "samples.csv", text.substr(0, text.find('\n') + 1));
  weft::Run run = read_run(path_);
  EXPECT_THAT(message_of<UsageError>([&] { check_samples(run); }), HasSubstr("there are 0 valid samples"));
  run.info["provenance"]["imported"] = {{"tool", "another"}};
  EXPECT_FALSE(check_samples(run));
}

}  // namespace
}  // namespace weft
