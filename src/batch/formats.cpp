#include "batch/formats.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/table.hpp"
#include "protocols/answers.hpp"
#include "protocols/json.hpp"
#include "protocols/rows.hpp"

namespace mi2::batch {
namespace {

using protocols::ModelKind;
using protocols::Row;
using protocols::Table;
using protocols::Vectors;

class JsonLines final : public RowFormat {
 public:
  [[nodiscard]] base::RecordRule rule() const noexcept override { return base::RecordRule::kLine; }
  [[nodiscard]] Header read_header(base::RecordReader&) const override { return {}; }

  [[nodiscard]] Row read(const Header&, std::string record, protocols::RowReader& reader,
                         std::uint64_t number) const override {
    constexpr std::size_t kMostValues = 64;
    try {
      protocols::Json row = protocols::parse_json(std::move(record), kMostValues);
      return reader.record(row, number);
    } catch (const Error& error) {
      const std::string_view message = error.what();
      if (message.starts_with("row ")) throw;
      throw Error(error.code(), fmt::format("row {}: {}", number, message));
    }
  }

  [[nodiscard]] std::string line(const Table& table, const Row& row, const Vectors& vectors,
                                 std::uint64_t) const override {
    std::string text;
    protocols::append_row(text, table, row, vectors);
    return text + '\n';
  }

  /// A member of an embedding's object; a list of scores has no place.
  void add_warnings(std::string& line, std::span<const std::string> warnings) const override {
    constexpr std::string_view kEnd = "}\n";
    if (!line.ends_with(kEnd)) return;
    line.resize(line.size() - kEnd.size());
    line += fmt::format(R"(,"warnings":{}}})", base::json_strings(warnings)) + '\n';
  }

  [[nodiscard]] std::string error_line(const Error& error, std::uint64_t) const override {
    return fmt::format("{}\"code\":\"{}\",\"message\":{}}}}}\n", kErrorStart, name_of(error.code()),
                       protocols::json_string(error.what()));
  }

  [[nodiscard]] bool is_error(std::string_view line) const override { return line.starts_with(kErrorStart); }

 private:
  static constexpr std::string_view kErrorStart = R"({"error":{)";
};

/// [[..]] as a field of CSV, or an empty one.
std::string vector_field(const EmbeddingMatrix& vectors, const std::optional<std::size_t>& at) {
  if (!at) return {};
  std::string text = "\"[";
  protocols::append_vector(text, vectors.row(*at));
  return text + "]\"";
}

/// What follows a line's first field and its comma.
std::string_view after_field(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ',' && !quoted) return line.substr(i + 1);
  }
  return {};
}

/// Text as a quoted field on one line.
std::string quoted_field(std::string_view text) {
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c == '\n' || c == '\r' ? ' ' : c;
  }
  return field + '"';
}

class CsvTables final : public RowFormat {
 public:
  CsvTables(ModelKind kind, bool named) : embeds_(kind == ModelKind::kEmbedding), named_(named) {}

  [[nodiscard]] base::RecordRule rule() const noexcept override { return base::RecordRule::kCsv; }

  [[nodiscard]] Header read_header(base::RecordReader& reader) const override {
    const std::optional<base::Record> header = reader.next();
    const std::string name = reader.path().string();
    const base::Table table = base::Table::parse(header ? header->text + '\n' : std::string(), name);
    return {{}, protocols::side_columns(table), header->text + '\n'};
  }

  [[nodiscard]] Row read(const Header& header, std::string record, protocols::RowReader& reader,
                         std::uint64_t number) const override {
    base::CsvTable table = base::parse_csv(header.line + record, fmt::format("row {}", number));
    if (table.rows.size() != 1) throw Error(Code::kBadFile, fmt::format("row {}: not one record of CSV", number));
    const auto side = [&](const std::optional<std::size_t>& at) {
      return at ? std::move(table.rows.front().fields[*at]) : std::string{};
    };
    return reader.row(side(header.sides.image), side(header.sides.text), number);
  }

  [[nodiscard]] std::string line(const Table& table, const Row& row, const Vectors& vectors,
                                 std::uint64_t number) const override {
    std::string text = std::to_string(number);
    if (!embeds_) {
      std::string scores;
      protocols::append_row(scores, table, row, vectors);
      return text + ',' + quoted_field(scores) + ",\n";
    }
    text += ',';
    text += vector_field(vectors.images, row.image);
    text += ',';
    text += vector_field(vectors.texts, row.text);
    text += ',';
    if (table.parameters.scaling_factor) base::append_number(text, table.model->logit_scale);
    return text + ",\n";
  }

  [[nodiscard]] std::string error_line(const Error& error, std::uint64_t number) const override {
    return fmt::format("{}{}{}\n", number, empty_columns(), quoted_field(error.what()));
  }

  [[nodiscard]] bool is_error(std::string_view line) const override {
    if (named_) line = after_field(line);
    line.remove_prefix(std::min(line.find(','), line.size()));
    return line.starts_with(empty_columns());
  }

 private:
  /// Only a row that failed has neither an image's vector nor a text's.
  [[nodiscard]] std::string_view empty_columns() const { return embeds_ ? ",,,," : ",,"; }

  bool embeds_;
  bool named_;
};

}  // namespace

std::string file_field(const std::string& file) { return file.empty() ? file : quoted_field(file) + ','; }

std::unique_ptr<RowFormat> make_format(Format format, ModelKind kind, bool named) {
  if (format == Format::kCsv) return std::make_unique<CsvTables>(kind, named);
  return std::make_unique<JsonLines>();
}

}  // namespace mi2::batch
