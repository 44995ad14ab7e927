#include <nlohmann/json.hpp>

#include "core/csv.hpp"
#include "results/columns.hpp"
#include "results/format.hpp"

namespace weft {

namespace {

/// One array, complete at finish(): what `json.load` reads.
class JsonFormatter final : public Formatter {
 public:
  std::string add(const Record& record) override {
    const std::string before = any_ ? ",\n" : "[\n";
    any_ = true;
    return before + to_json(record).dump();
  }
  std::string finish() override { return any_ ? "\n]\n" : "[]\n"; }

 private:
  bool any_ = false;
};

/// The lines of points.csv.
class CsvFormatter final : public Formatter {
 public:
  std::string add(const Record& record) override { return header() + csv_line(fields_of(record)); }
  std::string finish() override { return header(); }

 private:
  std::string header() {
    if (begun_) return {};
    begun_ = true;
    return csv_line(column_names());
  }

  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Formatter> make_json_formatter() { return std::make_unique<JsonFormatter>(); }
std::unique_ptr<Formatter> make_csv_formatter() { return std::make_unique<CsvFormatter>(); }

}  // namespace weft
