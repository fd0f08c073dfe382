#include "archive/windows.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive {
namespace {

constexpr std::array<std::string_view, 5> kWindowNames{kOwnWindow, "lung", "soft", "bone", "brain"};
constexpr std::string_view kModelAndOptions = "the model and its options";

/// The windows of what is to be added, as Space has them.
/// @param windows  that somebody chose; empty: the archive's several, unless one is in the options.
std::string windows_added(const Space& archive, const ImageOptions& image, std::string_view windows) {
  if (!windows.empty()) return std::string(windows);
  if (image.window) return to_string(*image.window);
  return several_windows(archive).empty() ? std::string(kOwnWindow) : archive.windows;
}

/// The parts between commas; nothing if one of them is no name, or comes twice.
std::vector<std::string> window_names(std::string_view text) {
  std::vector<std::string> names;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view name = text.substr(0, comma);
    if (!is_window(name) || std::find(names.begin(), names.end(), name) != names.end()) return {};
    names.emplace_back(name);
    text.remove_prefix(more ? comma + 1 : text.size());
  }
  return names;
}

/// @param asked  takes the archive's several windows in place of one of them, and without images in place of any.
void require_query_space(const Space& archive, Space asked, bool images, std::string_view name, std::string_view what) {
  const std::vector<std::string> several = several_windows(archive);
  const bool one = std::find(several.begin(), several.end(), asked.windows) != several.end();
  if (one || (!several.empty() && !images)) asked.windows = archive.windows;
  require_same(archive, asked, name, what);
}

}  // namespace

bool is_window(std::string_view name) noexcept {
  return std::find(kWindowNames.begin(), kWindowNames.end(), name) != kWindowNames.end();
}

std::vector<std::string> parse_windows(std::string_view text) {
  std::vector<std::string> names = window_names(text == "auto" ? kOwnWindow : text);
  if (!names.empty()) return names;
  throw Error(Code::kBadArgument,
              fmt::format("windows '{}': expected auto, or some of file, lung, soft, bone and brain, each once", text));
}

std::vector<std::string> several_windows(const Space& space) {
  // "40,400" is one window: its center and width are no names.
  std::vector<std::string> names = window_names(space.windows);
  if (names.size() < 2) names.clear();
  return names;
}

const std::string& usual_window(const std::vector<std::string>& windows) {
  const auto own = std::find(windows.begin(), windows.end(), kOwnWindow);
  return own != windows.end() ? *own : windows.front();
}

ImageOptions through(const ImageOptions& options, std::string_view window) {
  ImageOptions made = options;
  made.window.reset();
  if (!window.empty() && window != kOwnWindow) made.window = parse_window(window);
  return made;
}

ImageOptions asking_options(const Space& space, const ImageOptions& options) {
  const std::vector<std::string> several = several_windows(space);
  return several.empty() || options.window ? options : through(options, usual_window(several));
}

void require_adding(const Space& archive, const Embedder& embedder, std::string_view windows, std::string_view name) {
  Space space = space_of(embedder);
  space.windows = windows_added(archive, embedder.options().image, windows);
  require_same(archive, space, name, kModelAndOptions);
}

void require_windows(const Space& archive, const ImageOptions& image, std::string_view windows, std::string_view name) {
  Space space = archive;
  space.windows = windows_added(archive, image, windows);
  require_same(archive, space, name, kModelAndOptions);
}

void require_one_window(const Space& archive, std::string_view name) {
  if (several_windows(archive).empty()) return;
  throw Error(Code::kUnsupported,
              fmt::format("{}: expected an archive of one window for vectors, got one of {}: a vector does not say "
                          "through which it was seen",
                          name, archive.windows));
}

void require_asking(const Space& archive, const Embedder& embedder, bool images, std::string_view name) {
  require_query_space(archive, space_of(embedder), images, name, kModelAndOptions);
}

ImageOptions asking_through(const Space& archive, const ImageOptions& usual, std::string_view window,
                            std::string_view name) {
  ImageOptions options = through(usual, window);
  Space asked = archive;
  asked.windows = options.window ? to_string(*options.window) : std::string(kOwnWindow);
  require_query_space(archive, std::move(asked), true, name, "what is asked for");
  return options;
}

}  // namespace mi2::archive
