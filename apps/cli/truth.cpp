#include "truth.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

/// The one spelling of a path; the path as it is where the file system cannot tell.
std::string one_spelling(const fs::path& path) {
  std::error_code error;
  const fs::path one = fs::weakly_canonical(path, error);
  return error ? path.string() : one.string();
}

}  // namespace

Truth::Truth(const std::string& path, const TruthOptions& options) : name_(path) {
  const base::Table table = base::Table::read(path);
  const std::size_t path_column = table.need(base::kPathColumn);
  const std::size_t label_column = table.need(options.column, base::kLabelColumn);
  const std::size_t split_column = options.split.empty() ? 0 : table.need(base::kSplitColumn);
  const fs::path folder = fs::path(path).parent_path();
  for (const base::CsvRow& row : table.rows()) {
    if (!options.split.empty() && row.fields[split_column] != options.split) continue;
    const std::string& spelled = row.fields[path_column];
    if (spelled.empty() || row.fields[label_column].empty())
      throw Error(Code::kBadFile, fmt::format("{}: line {}: its path or label is empty", path, row.line));
    const fs::path file = folder / spelled;
    if (!by_path_.emplace(one_spelling(file), rows_.size()).second) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: its path is a duplicate", path, row.line));
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
