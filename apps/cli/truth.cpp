#include "truth.hpp"

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/files.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

/// The one spelling of a path; the path as it is where the file system cannot tell.
std::string one_spelling(const fs::path& path) {
  std::error_code error;
  const fs::path one = fs::weakly_canonical(path, error);
  return error ? path.string() : one.string();
}

/// The first of `names` that the header has.
std::size_t column_of(const base::CsvTable& table, const std::string& file,
                      std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = std::find(table.header.begin(), table.header.end(), name);
    if (found == table.header.end()) continue;
    if (std::find(found + 1, table.header.end(), name) != table.header.end()) {
      throw Error(Code::kBadFile, fmt::format("{}: has two columns '{}'", file, name));
    }
    return static_cast<std::size_t>(found - table.header.begin());
  }
  throw Error(Code::kBadFile, fmt::format("{}: has no column '{}'", file, fmt::join(names, "' or '")));
}

}  // namespace

Truth::Truth(const std::string& path, const TruthOptions& options) : name_(path) {
  const base::CsvTable table = base::parse_csv(base::read_text_file(path, base::kMaxCsvBytes), path);
  const std::size_t path_column = column_of(table, path, {"path", "file", "name"});
  const std::size_t label_column = options.column.empty() ? column_of(table, path, {"label", "class_name"})
                                                          : column_of(table, path, {options.column});
  const std::size_t split_column = options.split.empty() ? 0 : column_of(table, path, {"split"});
  const fs::path folder = fs::path(path).parent_path();
  for (const base::CsvRow& row : table.rows) {
    if (!options.split.empty() && row.fields[split_column] != options.split) continue;
    const std::string& spelled = row.fields[path_column];
    if (spelled.empty()) throw Error(Code::kBadFile, fmt::format("{}: line {}: the path is empty", path, row.line));
    const fs::path file = folder / spelled;
    if (!by_path_.emplace(one_spelling(file), rows_.size()).second) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: its file is named before", path, row.line));
    }
    by_path_.emplace(spelled, rows_.size());
    paths_.push_back(file.string());
    rows_.push_back({row.line, row.fields[label_column]});
  }
  if (!rows_.empty()) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: no row{}{}", path, options.split.empty() ? "" : " of split ", options.split));
}

const Truth::Row* Truth::find(const std::string& picture) const {
  auto found = by_path_.find(one_spelling(picture));
  if (found == by_path_.end()) found = by_path_.find(picture);
  return found == by_path_.end() ? nullptr : &rows_[found->second];
}

std::vector<std::optional<std::size_t>> Truth::label_indices(std::span<const std::string> pictures,
                                                             std::span<const std::string> labels) const {
  std::vector<std::optional<std::size_t>> indices;
  bool any = false;
  for (const std::string& picture : pictures) {
    indices.emplace_back();
    const Row* row = find(picture);
    if (row == nullptr) continue;
    const auto label = std::find(labels.begin(), labels.end(), row->label);
    if (label == labels.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: line {}: its label is not one of the {} labels given", name_,
                                                  row->line, labels.size()));
    }
    indices.back() = static_cast<std::size_t>(label - labels.begin());
    any = true;
  }
  if (!any) throw Error(Code::kBadArgument, fmt::format("{}: names none of the {} pictures", name_, pictures.size()));
  return indices;
}

}  // namespace mi2::cli
