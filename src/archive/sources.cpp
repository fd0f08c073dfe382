#include "archive/sources.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/shared.hpp"
#include "archive/windows.hpp"
#include "base/nearest.hpp"
#include "base/utf8.hpp"

namespace mi2::archive {
namespace {

/// The one of some URLs and paths that was probably meant; empty: none is near.
std::string nearest_url(std::string_view typed, const std::vector<std::string>& urls) {
  constexpr std::size_t kLongest = 512;
  if (typed.size() > kLongest) return {};
  std::size_t least = std::max<std::size_t>(2, typed.size() / 4) + 1;
  std::string near;
  for (const std::string& url : urls) {
    if (url.size() > kLongest) continue;
    const std::size_t cost = base::edit_distance(typed, url);
    if (cost < least) near = url;
    least = std::min(least, cost);
  }
  return near;
}

}  // namespace

std::string whole_path(const std::string& source) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(source, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: {}", source, error.message()));
  std::string path = whole.lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Source source_of(std::span<const std::string> sources) {
  // How many bytes and images a source has does not matter here: only what it is called.
  std::error_code ignored;
  const bool folder = sources.size() == 1 && std::filesystem::is_directory(sources.front(), ignored);
  std::string all;
  for (const std::string& source : sources) {
    if (!all.empty()) all += ' ';
    all += source;
  }
  return {folder ? "folder" : "files", all};
}

std::string find_source(Catalog& catalog, const std::string& source, std::string_view name) {
  std::vector<std::string> urls;
  std::string numbered;
  for (const SourceFacts& one : catalog.sources()) {
    if (one.url == source || fmt::format("{} {}", one.kind, one.url) == source) return one.url;
    if (std::to_string(one.id) == source) numbered = one.url;
    urls.push_back(one.url);
  }
  std::string path = whole_path(source);
  const bool has_path = std::find(urls.begin(), urls.end(), path) != urls.end();
  if (has_path && !numbered.empty() && numbered != path) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: {} is the number of a source and the path of another; expected ./{} for the path",
                            name, source, source));
  }
  if (has_path) return path;
  if (!numbered.empty()) return numbered;
  std::string near = nearest_url(source, urls);
  if (near.empty()) near = nearest_url(path, urls);
  throw Error(Code::kNotFound, fmt::format("{}: no source of this name; {}", name,
                                           near.empty() ? std::string("'mi2 index stats' lists them")
                                                        : fmt::format("did you mean '{}'?", base::printable(near))));
}

void require_lasting(const ImageOptions& options) {
  if (options.intensity.scope != Intensity::Scope::kSeries) return;
  throw Error(Code::kUnsupported,
              "intensity series: vectors would change as a series grows; expected a rule of an image");
}

Writer open_for(const std::filesystem::path& folder, const Embedder& embedder, const std::string& windows) {
  Space space = space_of(embedder);
  if (!windows.empty()) space.windows = windows;
  const auto dimensions = static_cast<std::size_t>(embedder.dimensions());
  if (postgres::is_url(folder.native())) {
    std::optional<std::filesystem::path> replica = find_shared(folder.string());
    if (!replica) {
      create_shared(folder.string(), dimensions, space);
      replica = local_folder(folder.string());
    }
    return open_for(*replica, embedder, windows);
  }
  if (!is_archive(folder)) {
    return Writer::create(folder, dimensions, space);
  }
  Writer writer{folder};
  require_adding(writer.format().space, embedder, windows, folder.string());
  return writer;
}

}  // namespace mi2::archive
