#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/csv.hpp"
#include "results/record.hpp"

namespace weft {

enum class ColumnKind { text, number, flag };

/// One column of points.csv, and all that is known about it.
struct Column {
  std::string name;
  std::string unit;  ///< "us", "GB/s", "B", or empty
  ColumnKind kind = ColumnKind::text;
  /// The field's text: numbers in shortest form with up to 10 significant digits, whatever the locale; flags as true
  /// and false; empty where the value does not apply.
  std::function<std::string(const Record&)> write;
  /// Sets the member from a field's text; an empty field leaves its default. False where the text is no such value.
  std::function<bool(Record&, std::string_view)> read;
};

/// Every column in the order of points.csv. Never renamed within a schema version; new ones come at the end.
std::span<const Column> columns();

std::vector<std::string> column_names();

/// The fields of one row.
std::vector<std::string> fields_of(const Record& record);

/// The records of a table that has exactly these columns, or none of those that came later in this schema. Throws
/// UsageError naming file, line and column.
std::vector<Record> records_of(const CsvTable& table);

/// One object with the columns as members: numbers, strings and booleans; null where a value does not apply.
nlohmann::json to_json(const Record& record);

}  // namespace weft
