#include "base/csv.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "base/utf8.hpp"

namespace mi2::base {
namespace {

class Reader {
 public:
  Reader(std::string_view text, std::string_view name, const CsvLimits& limits)
      : rest_(text),
        name_(name),
        max_fields_(limits.fields),
        delimiter_(limits.delimiter),
        short_rows_(limits.short_rows) {}

  /// The next row, empty lines passed over. @param columns  it must have as many fields; 0: any number.
  std::optional<CsvRow> next(std::size_t columns) {
    while (!rest_.empty()) {
      CsvRow row{line_, {}};
      row.fields.reserve(columns);
      std::size_t count = 0;
      bool quoted = false;
      do {
        if (fields_++ == max_fields_) {
          throw Error(Code::kTooLarge, fmt::format("{}: more than {} fields", name_, max_fields_));
        }
        std::string text = field(quoted);
        if (++count <= columns || columns == 0) row.fields.push_back(std::move(text));
      } while (take(delimiter_));
      end_line();
      if (count == 1 && !quoted && row.fields.front().empty()) continue;
      if (short_rows_ && count < columns) {
        row.fields.resize(columns);
      } else if (count != columns && columns != 0) {
        refuse(row.line, fmt::format("{} fields, the header has {}", count, columns));
      }
      return row;
    }
    return std::nullopt;
  }

 private:
  [[noreturn]] void refuse(std::size_t line, std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: {}", name_, line, what));
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void end_line() {
    if (!rest_.empty() && !take('\n')) {
      take('\r');
      take('\n');
    }
    ++line_;
  }

  std::string field(bool& quoted) {
    if (take('"')) {
      quoted = true;
      return quoted_field();
    }
    const std::size_t end = std::min(rest_.find_first_of(ends_), rest_.size());
    const std::string_view text = rest_.substr(0, end);
    if (text.find('"') != std::string_view::npos) refuse(line_, "a quote inside a field that does not start with one");
    rest_.remove_prefix(end);
    return std::string(text);
  }

  std::string quoted_field() {
    const std::size_t start = line_;
    std::string text;
    do {
      const std::size_t end = rest_.find('"');
      if (end == std::string_view::npos) refuse(start, "a quote is not closed");
      line_ +=
          static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      text += rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (rest_.starts_with('"')) text += '"';
    } while (take('"'));
    if (!rest_.empty() && ends_.find(rest_.front()) == std::string_view::npos) {
      refuse(line_, fmt::format("text after a closing quote; expected '{}' or the end of the line", delimiter_));
    }
    return text;
  }

  std::string_view rest_;
  std::string_view name_;
  std::size_t max_fields_;
  char delimiter_;
  bool short_rows_;
  std::string ends_ = {delimiter_, '\r', '\n'};  ///< of a field without quotes
  std::size_t fields_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

CsvTable parse_csv(std::string_view text, std::string_view name, const CsvLimits& limits) {
  if (text.size() > kMaxCsvBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", name, text.size(), kMaxCsvBytes));
  }
  require_text(text, name);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Reader reader(text, name, limits);
  std::optional<CsvRow> header = reader.next(0);
  if (!header) throw Error(Code::kBadFile, fmt::format("{}: is empty; expected a header line", name));
  CsvTable table{std::move(header->fields), {}};
  while (std::optional<CsvRow> row = reader.next(table.header.size())) {
    if (table.rows.size() == limits.rows) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} rows", name, limits.rows));
    }
    table.rows.push_back(std::move(*row));
  }
  return table;
}

std::string csv_field(std::string_view text) {
  std::string clean = replace_invalid_utf8(text);
  if (clean.find_first_of(",\"\r\n") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace mi2::base
