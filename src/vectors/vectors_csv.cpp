#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "vectors/file_rows.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

float number_of(const std::string& text, const base::CsvRow& row, std::string_view source) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: an embedding's field is no finite number", source, row.line));
}

/// 0 for a field that names none. What is no number is not taken for none: that would be the middle frame.
std::uint64_t frame_of(const std::string& text, const base::CsvRow& row, std::string_view source) {
  if (text.empty()) return 0;
  std::uint64_t frame = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), frame);
  if (error == std::errc() && end == text.data() + text.size()) return frame;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: its frame is no whole number", source, row.line));
}

}  // namespace

bool same_origin(const std::optional<Provenance>& a, const std::optional<Provenance>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->weights_sha256 == b->weights_sha256 && a->profile == b->profile && a->dtype == b->dtype;
}

CsvRows::CsvRows(const base::Table& header, std::string_view source)
    : source_(source), columns_(header.header().size()) {
  const auto first = header.find("e0");
  if (!first) throw Error(Code::kBadFile, fmt::format("{}: has no column 'e0', where an embedding starts", source));
  first_ = *first;
  for (std::size_t i = first_; i < columns_; ++i) {
    if (base::lower_ascii(header.header()[i]) == fmt::format("e{}", i - first_)) continue;
    throw Error(Code::kBadFile, fmt::format("{}: column {} must be 'e{}'", source, i + 1, i - first_));
  }
  if (dimensions() > kMaxDimensions) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: {} dimensions, the limit is {}", source, dimensions(), kMaxDimensions));
  }
  // A table of embeddings has its own word for a path or a text; a label table's words do too.
  const auto input = header.find("input");
  name_ = input ? *input : header.need(base::kPathColumn);
  kind_ = header.find("kind");
  frame_ = header.find("frame");
  level_ = header.find("level");
  weights_ = header.find("weights_sha256");
  profile_ = header.find("profile");
  dtype_ = header.find("dtype");
  version_ = header.find("version");
  instructions_ = header.find("instructions");
  if (!profile_ || !dtype_ || !version_) weights_.reset();
}

NamedRow CsvRows::read(const base::CsvRow& row, std::vector<float>& values,
                       std::optional<Provenance>& provenance) const {
  NamedRow named;
  named.name = row.fields[name_];
  named.is_text = kind_ && row.fields[*kind_] == "text";
  named.is_tile = level_ && !row.fields[*level_].empty();
  if (frame_) named.frame = frame_of(row.fields[*frame_], row, source_);
  for (std::size_t i = first_; i < columns_; ++i) values.push_back(number_of(row.fields[i], row, source_));
  provenance.reset();
  if (!weights_) return named;
  provenance = {row.fields[*version_], row.fields[*weights_], row.fields[*profile_], row.fields[*dtype_]};
  if (instructions_) provenance->instructions = row.fields[*instructions_];
  return named;
}

VectorTable parse_csv_vectors(std::string_view bytes, std::string_view source) {
  const base::Table csv = base::Table::parse(bytes, source);
  const CsvRows columns(csv, source);
  VectorTable table;
  table.source = source;
  const bool frames = csv.find("frame").has_value();
  std::vector<float> numbers;
  for (const base::CsvRow& row : csv.rows()) {
    std::optional<Provenance> found;
    NamedRow named = columns.read(row, numbers, found);
    if (table.names.empty()) table.provenance = found;
    if (!same_origin(found, table.provenance)) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: is of another model, profile or dtype than the rows before",
                                              source, row.line));
    }
    table.names.push_back(std::move(named.name));
    if (frames) table.frames.push_back(named.frame);
  }
  table.vectors = {std::move(numbers), columns.dimensions()};
  return table;
}

}  // namespace mi2::vectors
