#include "vectors/path_index.hpp"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"

namespace mi2::vectors {
namespace {

namespace fs = std::filesystem;

std::string plain(std::string_view path) { return fs::path(path).lexically_normal().generic_string(); }

/// Calls `visit` with the path and each of its ends that starts at a folder or the name, longest first, until it
/// returns true.
template <typename Visit>
void each_end(std::string_view path, const Visit& visit) {
  while (!path.empty()) {
    if (visit(path)) return;
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

std::string folder_key(const fs::path& folder) {
  std::error_code error;
  const fs::path whole = fs::absolute(folder.empty() ? fs::path(".") : folder, error);
  if (error) return folder.lexically_normal().string();
  const fs::path found = fs::weakly_canonical(whole, error);
  return error ? whole.lexically_normal().string() : found.string();
}

}  // namespace

std::string FileKeys::of(const fs::path& path) {
  const std::string name = path.filename().string();
  const bool is_file = !name.empty() && name != "." && name != "..";
  if (!is_file || path.native().size() > 2 * kMaxPathBytes || path.native().find('\0') != std::string::npos) return {};
  const fs::path folder = path.parent_path();
  const auto [known, is_new] = folders_.try_emplace(folder.string());
  if (is_new) known->second = folder_key(folder);
  return (fs::path(known->second) / name).string();
}

PathIndex::PathIndex(const LabelTable& labels) : labels_(labels) {
  for (const LabelRow& row : labels.rows) paths_.push_back(plain(row.name));
  for (std::size_t r = 0; r < paths_.size(); ++r) {
    if (const auto [row, is_new] = whole_.emplace(paths_[r], r); !is_new) refuse_duplicate(r, row->second);
    std::string key = labels.is_of_files ? keys_.of(labels.folder / labels.rows[r].name) : std::string();
    if (!key.empty()) {
      if (const auto [row, is_new] = files_.emplace(std::move(key), r); !is_new) refuse_duplicate(r, row->second);
    }
    each_end(paths_[r], [&](std::string_view end) {
      const auto [rows, is_new] = ends_.emplace(end, Rows{r});
      if (!is_new && rows->second.second == kNone) rows->second.second = r;
      return false;
    });
  }
}

void PathIndex::refuse_duplicate(std::size_t row, std::size_t earlier) const {
  throw Error(Code::kBadFile, fmt::format("{}: line {}: its path is a duplicate of line {}'s", labels_.source,
                                          labels_.rows[row].line, labels_.rows[earlier].line));
}

std::optional<std::size_t> PathIndex::same_file(const std::string& path) {
  if (!labels_.is_of_files || path.size() > kMaxPathBytes) return std::nullopt;
  const auto found = files_.find(keys_.of(path));
  return found == files_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> PathIndex::longest_end(const std::string& name) const {
  if (name.size() > kMaxPathBytes) return std::nullopt;
  const std::string path = plain(name);
  std::optional<std::size_t> found;
  each_end(path, [&](std::string_view end) {
    const auto row = whole_.find(end);
    if (row != whole_.end()) found = row->second;
    return found.has_value();
  });
  if (found) return found;
  const auto rows = ends_.find(path);
  if (rows == ends_.end()) return std::nullopt;
  const auto& [first, second] = rows->second;
  if (second == kNone) return first;
  throw Error(Code::kBadArgument,
              fmt::format("{}: lines {} and {} both end in '{}'; expected a longer path", labels_.source,
                          labels_.rows[first].line, labels_.rows[second].line, base::printable(path)));
}

}  // namespace mi2::vectors
