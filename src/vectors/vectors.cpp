#include "vectors/vectors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "vectors/npy_rows.hpp"

namespace mi2::vectors {
namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr std::uint64_t kMaxNamesBytes = 1ULL << 30;

/// Where a CSV has what.
struct Columns {
  std::size_t name = 0;
  std::size_t first = 0;  ///< e0
  std::optional<std::array<std::size_t, 4>> provenance;
  std::optional<std::size_t> instructions;  ///< files of mi2 before 0.2 have none
  std::optional<std::size_t> frame;
};

Columns columns_of(const base::Table& table, std::string_view source) {
  Columns columns;
  const auto first = table.find("e0");
  if (!first) throw Error(Code::kBadFile, fmt::format("{}: has no column 'e0', where an embedding starts", source));
  columns.first = *first;
  for (std::size_t i = *first; i < table.header().size(); ++i) {
    if (base::lower_ascii(table.header()[i]) == fmt::format("e{}", i - *first)) continue;
    throw Error(Code::kBadFile, fmt::format("{}: column {} must be 'e{}'", source, i + 1, i - *first));
  }
  // A table of embeddings has its own word for a path or a text; a label table's words do too.
  const auto input = table.find("input");
  columns.name = input ? *input : table.need(base::kPathColumn);
  columns.frame = table.find("frame");
  const auto sha = table.find("weights_sha256");
  const auto profile = table.find("profile");
  const auto dtype = table.find("dtype");
  const auto version = table.find("version");
  columns.instructions = table.find("instructions");
  if (sha && profile && dtype && version) columns.provenance = {*version, *sha, *profile, *dtype};
  return columns;
}

float number_of(const std::string& text, const base::CsvRow& row, std::string_view source) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: an embedding's field is no finite number", source, row.line));
}

/// 0 for a field that names none.
std::uint64_t frame_of(const std::string& text) {
  std::uint64_t frame = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), frame);
  return error == std::errc() && end == text.data() + text.size() ? frame : 0;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

VectorTable parse_csv_vectors(std::string_view bytes, std::string_view source) {
  const base::Table csv = base::Table::parse(bytes, source);
  const Columns columns = columns_of(csv, source);
  VectorTable table;
  table.source = source;
  const std::size_t dimensions = csv.header().size() - columns.first;
  if (dimensions > kMaxDimensions) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} dimensions, the limit is {}", source, dimensions, kMaxDimensions));
  }
  std::vector<float> numbers;
  for (const base::CsvRow& row : csv.rows()) {
    table.names.push_back(row.fields[columns.name]);
    if (columns.frame) table.frames.push_back(frame_of(row.fields[*columns.frame]));
    for (std::size_t i = columns.first; i < row.fields.size(); ++i) {
      numbers.push_back(number_of(row.fields[i], row, source));
    }
    if (!columns.provenance) continue;
    const auto& [version, sha, profile, dtype] = *columns.provenance;
    Provenance found{row.fields[version], row.fields[sha], row.fields[profile], row.fields[dtype]};
    if (columns.instructions) found.instructions = row.fields[*columns.instructions];
    if (table.provenance && (table.provenance->weights_sha256 != found.weights_sha256 ||
                             table.provenance->profile != found.profile || table.provenance->dtype != found.dtype)) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: is of another model, profile or dtype than the rows before",
                                              source, row.line));
    }
    table.provenance = found;
  }
  table.vectors = {std::move(numbers), dimensions};
  return table;
}

VectorTable parse_vectors(std::string_view bytes, std::string_view source) {
  if (bytes.starts_with(kNpyMagic)) return parse_npy(bytes, source);
  if (bytes.starts_with('{')) return parse_jsonl(bytes, source);
  return parse_csv_vectors(bytes, source);
}

VectorTable read_vectors(const std::filesystem::path& path, bool with_rows) {
  const base::MappedFile file(path);
  const auto bytes = file.bytes();
  VectorTable table = parse_vectors({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  file.check();
  if (table.vectors.rows() == 0) throw Error(Code::kBadFile, fmt::format("{}: holds no embedding", path.string()));
  if (with_rows && table.names.empty()) read_rows(table, path);
  return table;
}

void name_rows(VectorTable& table, const std::filesystem::path& names) {
  if (!table.names.empty()) {
    throw Error(Code::kBadArgument, fmt::format("{}: its rows have names already", table.source));
  }
  const std::string text = base::read_text_file(names, kMaxNamesBytes);
  if (base::utf8_prefix(text) != text.size())
    throw Error(Code::kBadFile, fmt::format("{}: is not UTF-8", names.string()));
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.size() != table.vectors.rows()) {
    throw Error(Code::kBadFile, fmt::format("{}: {} lines, {} has {} rows", names.string(), lines.size(), table.source,
                                            table.vectors.rows()));
  }
  table.names.assign(lines.begin(), lines.end());
}

}  // namespace mi2::vectors
