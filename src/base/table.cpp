#include "base/table.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/files.hpp"
#include "base/utf8.hpp"

namespace mi2::base {
namespace {

constexpr std::uint64_t kMaxListBytes = 256ULL << 20;

/// The first columns, for a message.
std::string some_columns(const std::vector<std::string>& header) {
  constexpr std::size_t kShown = 8;
  const auto shown = static_cast<std::ptrdiff_t>(std::min(kShown, header.size()));
  const std::string list = printable(fmt::format("{}", fmt::join(header.begin(), header.begin() + shown, ", ")));
  return header.size() > kShown ? list + ", .." : list;
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

void require_text(std::string_view bytes, std::string_view name) {
  if (const std::size_t good = utf8_prefix(bytes); good != bytes.size()) {
    throw Error(Code::kBadFile, fmt::format("{}: byte {} is not UTF-8", name, good + 1));
  }
  if (const std::size_t zero = bytes.find('\0'); zero != std::string_view::npos) {
    throw Error(Code::kBadFile, fmt::format("{}: byte {} is zero, expected text", name, zero + 1));
  }
}

Table Table::parse(std::string_view text, std::string_view name, const CsvLimits& limits) {
  return of(parse_csv(text, name, limits), name);
}

Table Table::of(CsvTable csv, std::string_view name) {
  Table table;
  table.name_ = name;
  table.table_ = std::move(csv);
  // By number: a header may come from a client, and messages reach logs.
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < table.header().size(); ++i) {
    if (table.header()[i].empty()) continue;
    const auto [earlier, is_new] = seen.emplace(lower_ascii(table.header()[i]), i);
    if (is_new) continue;
    throw Error(Code::kBadFile,
                fmt::format("{}: column {} is a duplicate of column {}", name, i + 1, earlier->second + 1));
  }
  return table;
}

Table Table::read(const std::filesystem::path& path) {
  return parse(read_text_file(path, kMaxCsvBytes), path.string());
}

std::optional<std::size_t> Table::find(std::span<const std::string_view> names) const {
  for (const std::string_view name : names) {
    const std::string wanted = lower_ascii(name);
    const auto found = std::find_if(header().begin(), header().end(),
                                    [&](const std::string& column) { return lower_ascii(column) == wanted; });
    if (found != header().end()) return static_cast<std::size_t>(found - header().begin());
  }
  return std::nullopt;
}

std::size_t Table::need(std::span<const std::string_view> names) const {
  if (const auto found = find(names)) return *found;
  throw Error(Code::kBadFile, fmt::format("{}: no column '{}'; its columns are: {}", name_, fmt::join(names, "' or '"),
                                          some_columns(header())));
}

std::size_t Table::need(std::string_view chosen, std::span<const std::string_view> names) const {
  return chosen.empty() ? need(names) : need(std::span(&chosen, 1));
}

std::vector<ListEntry> read_list(const std::filesystem::path& path) {
  const std::string content = read_text_file(path, kMaxListBytes);
  require_text(content, path.string());
  std::string_view rest = without_byte_order_mark(content);
  std::vector<ListEntry> entries;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = without_blanks(rest.substr(0, end), " \t\r\n\f\v");
    if (!text.empty()) entries.push_back({line, std::string(text)});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (entries.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: is empty; expected one entry per line", path.string()));
  }
  return entries;
}

}  // namespace mi2::base
