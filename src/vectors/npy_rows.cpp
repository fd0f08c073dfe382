#include "vectors/npy_rows.hpp"

#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/tile_text.hpp"
#include "vectors/provenance_json.hpp"

namespace mi2::vectors {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxRowsBytes = 4ULL << 30;

std::string member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

[[noreturn]] void refuse(std::string_view source, std::size_t line) {
  throw Error(Code::kBadFile, fmt::format("{}: line {}: expected an object with path or text", source, line));
}

/// Empty where there is none of that name.
std::string field(const Json& provenance, const char* key, std::string_view source, std::size_t line) {
  const auto found = provenance.find(key);
  if (found == provenance.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  throw Error(Code::kBadFile, fmt::format("{}: line {}: its provenance's '{}' is no string", source, line, key));
}

std::optional<Provenance> provenance_of(const Json& row, std::string_view source, std::size_t line) {
  const auto found = row.find("provenance");
  if (found == row.end()) return std::nullopt;
  if (!found->is_object()) {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: its 'provenance' is no object", source, line));
  }
  const auto text = [&](const char* key) { return field(*found, key, source, line); };
  return Provenance{text("version"), text("weights_sha256"), text("profile"), text("dtype"), text("instructions")};
}

/// 0: none is named.
std::uint64_t count(const Json& object, const char* key, std::string_view source, std::size_t line) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return 0;
  if (found->is_number_unsigned()) return found->get<std::uint64_t>();
  throw Error(Code::kBadFile, fmt::format("{}: line {}: its {} is no whole number", source, line, key));
}

}  // namespace

std::filesystem::path rows_file(const std::filesystem::path& array) { return array.string() + ".rows.jsonl"; }

RowsWriter::RowsWriter(base::ByteSink& sink, const std::optional<Provenance>& provenance)
    : sink_(sink), tail_(provenance_member(provenance)) {}

void RowsWriter::write(InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
                       std::span<const float> embedding, std::span<const std::string> warnings) {
  std::string line = kind == InputKind::kImage ? R"({"path": )" : R"({"text": )";
  line += base::json_string(input);
  if (frame) line += fmt::format(R"(, "frame": {}, "frames": {})", frame->number, frame->frames);
  line += base::tile_member(frame, ", ");
  if (!window_.empty()) line += fmt::format(R"(, "window": {})", base::json_string(window_));
  if (!warnings.empty()) line += fmt::format(R"(, "warnings": {})", base::json_strings(warnings));
  sink_.write(line + tail_ + "}\n");
  ++rows_;
  checksum_.add(embedding);
}

void RowsWriter::finish() {
  sink_.write(fmt::format(R"({{"rows": {}, "checksum": "{:016x}"}})", rows_, checksum_.value()) + "\n");
}

void RowsChecksum::add(std::span<const float> row) {
  // Of the rows so far and one more, so that no more than a row has to be in memory.
  value_ = base::xxh3(std::as_bytes(row)) ^ (value_ * 0x9E3779B97F4A7C15ULL + 1);
}

void each_named_row(std::string_view text, std::string_view source, std::string_view array, std::uint64_t rows,
                    std::uint64_t checksum,
                    const std::function<void(NamedRow row, const std::optional<Provenance>& provenance)>& use) {
  const std::vector<std::string_view> lines = lines_of(text);
  const base::JsonRules rules{.name = source, .fault = Code::kBadFile, .max_values = 4096};
  const Json end = lines.empty() ? Json() : base::parse_json(lines.back(), rules);
  if (lines.size() != rows + 1 || !end.is_object() || end.value("rows", Json()) != rows ||
      member(end, "checksum") != fmt::format("{:016x}", checksum)) {
    throw Error(Code::kBadFile, fmt::format("{}: is of another array than {}; expected one for its rows, --paths, or "
                                            "no such file",
                                            source, array));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const Json row = base::parse_json(lines[r], rules);
    if (!row.is_object() || row.contains("path") == row.contains("text")) refuse(source, r + 1);
    NamedRow named;
    named.is_text = row.contains("text");
    named.is_tile = row.contains("tile");
    const Json& name = named.is_text ? row["text"] : row["path"];
    if (!name.is_string()) refuse(source, r + 1);
    named.name = name.get<std::string>();
    named.frame = count(row, "frame", source, r + 1);
    named.frames = count(row, "frames", source, r + 1);
    use(std::move(named), provenance_of(row, source, r + 1));
  }
}

void parse_rows(VectorTable& table, std::string_view text, std::string_view source) {
  RowsChecksum checksum;
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) checksum.add(table.vectors.row(r));
  std::vector<std::string> names;
  std::vector<std::uint64_t> frames;
  std::optional<Provenance> provenance;
  bool any_frame = false;
  each_named_row(text, source, table.source, table.vectors.rows(), checksum.value(),
                 [&](NamedRow row, const std::optional<Provenance>& found) {
                   if (names.empty()) provenance = found;
                   if (!same_origin(found, provenance)) {
                     throw Error(Code::kBadFile, fmt::format("{}: line {}: is of another model, profile or dtype than "
                                                             "the rows before",
                                                             source, names.size() + 1));
                   }
                   names.push_back(std::move(row.name));
                   any_frame = any_frame || row.frame != 0;
                   frames.push_back(row.frame);
                 });
  table.names = std::move(names);
  if (any_frame) table.frames = std::move(frames);
  table.provenance = std::move(provenance);
}

void read_rows(VectorTable& table, const std::filesystem::path& array) {
  const std::filesystem::path file = rows_file(array);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return;
  parse_rows(table, base::read_text_file(file, kMaxRowsBytes), file.string());
}

}  // namespace mi2::vectors
