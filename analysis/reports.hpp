#pragma once

#include <functional>
#include <span>
#include <string>

#include "analysis/compare.hpp"

namespace weft {

/// A form in which a comparison is written: a file and a line in reports().
struct Report {
  std::string name;  ///< the flag is --name
  std::string summary;
  std::function<std::string(const Comparison&)> write;
};

/// json, markdown and junit.
std::span<const Report> reports();

/// A line per point, the worst first, then what differs, the notes and the verdict in a sentence.
std::string comparison_table(const Comparison& comparison);

/// One object; its members are documented in docs/comparing.md.
std::string comparison_json(const Comparison& comparison);

/// For a pull request: the sentence, what changed, and the rest in a section that unfolds.
std::string comparison_markdown(const Comparison& comparison);

/// JUnit's XML: a test case per point. Failures are regressed, missing and wrong data; skipped are inconclusive,
/// incomparable and new.
std::string comparison_junit(const Comparison& comparison);

/// The point in a few words: "all_reduce 64K ring over shm, 8 ranks, f32 sum".
std::string title_of(const PointComparison& point);

/// "1.052 [1.031, 1.070]"; empty where there are no figures.
std::string ratio_text(const PointComparison& point);

/// "0.0031", "< 0.0001"; empty where there are no figures.
std::string p_text(const PointComparison& point);

/// "2.1 %"; empty where there are no figures.
std::string mde_text(const PointComparison& point);

/// "12.3 us"; empty for 0.
std::string time_text(double microseconds);

}  // namespace weft
