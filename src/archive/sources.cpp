#include "archive/sources.hpp"

#include <cstddef>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/shared.hpp"

namespace mi2::archive {

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

void require_lasting(const ImageOptions& options) {
  if (options.intensity.scope != Intensity::Scope::kSeries) return;
  throw Error(Code::kUnsupported,
              "intensity series: vectors would change as a series grows; expected a rule of an image");
}

Writer open_for(const std::filesystem::path& folder, const Embedder& embedder) {
  const Space space = space_of(embedder);
  const auto dimensions = static_cast<std::size_t>(embedder.dimensions());
  if (postgres::is_url(folder.native())) {
    std::optional<std::filesystem::path> replica = find_shared(folder.string());
    if (!replica) {
      create_shared(folder.string(), dimensions, space);
      replica = local_folder(folder.string());
    }
    return open_for(*replica, embedder);
  }
  if (!is_archive(folder)) {
    return Writer::create(folder, dimensions, space);
  }
  Writer writer{folder};
  require_same(writer.format().space, space, folder.string(), "the model and its options");
  return writer;
}

}  // namespace mi2::archive
