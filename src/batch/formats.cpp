#include "batch/formats.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
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
  void read_header(base::RecordReader&) override {}

  [[nodiscard]] Row read(std::string record, protocols::RowReader& reader, std::uint64_t number) const override {
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
  explicit CsvTables(ModelKind kind) : embeds_(kind == ModelKind::kEmbedding) {}

  [[nodiscard]] base::RecordRule rule() const noexcept override { return base::RecordRule::kCsv; }

  void read_header(base::RecordReader& reader) override {
    const std::optional<base::Record> header = reader.next();
    const std::string name = reader.path().string();
    const base::Table table = base::Table::parse(header ? header->text + '\n' : std::string(), name);
    sides_ = protocols::side_columns(table, false);
    header_ = header->text + '\n';
  }

  [[nodiscard]] Row read(std::string record, protocols::RowReader& reader, std::uint64_t number) const override {
    base::CsvTable table = base::parse_csv(header_ + record, fmt::format("row {}", number));
    if (table.rows.size() != 1) throw Error(Code::kBadFile, fmt::format("row {}: not one record of CSV", number));
    const auto side = [&](const std::optional<std::size_t>& at) {
      return at ? std::move(table.rows.front().fields[*at]) : std::string{};
    };
    return reader.row(side(sides_.image), side(sides_.text), number);
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
    line.remove_prefix(std::min(line.find(','), line.size()));
    return line.starts_with(empty_columns());
  }

 private:
  /// Only a row that failed has neither an image's vector nor a text's.
  [[nodiscard]] std::string_view empty_columns() const { return embeds_ ? ",,,," : ",,"; }

  bool embeds_;
  protocols::SideColumns sides_;
  std::string header_;
};

}  // namespace

std::unique_ptr<RowFormat> make_format(Format format, ModelKind kind) {
  if (format == Format::kCsv) return std::make_unique<CsvTables>(kind);
  return std::make_unique<JsonLines>();
}

}  // namespace mi2::batch
