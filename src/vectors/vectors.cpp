#include "vectors/vectors.hpp"

#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "vectors/file_rows.hpp"
#include "vectors/npy_rows.hpp"

namespace mi2::vectors {
namespace {

constexpr std::uint64_t kMaxNamesBytes = 1ULL << 30;

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
  base::require_text(text, names.string());
  const std::vector<std::string_view> lines = lines_of(base::without_byte_order_mark(text));
  if (lines.size() != table.vectors.rows()) {
    throw Error(Code::kBadFile, fmt::format("{}: {} lines, {} has {} rows", names.string(), lines.size(), table.source,
                                            table.vectors.rows()));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) throw Error(Code::kBadFile, fmt::format("{}: line {} is empty", names.string(), i + 1));
  }
  table.names.assign(lines.begin(), lines.end());
}

}  // namespace mi2::vectors
