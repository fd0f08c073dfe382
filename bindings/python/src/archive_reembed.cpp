// An archive's objects into another one, with another model.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <mi2/embedder.hpp>

#include "archive.hpp"
#include "archive/archive.hpp"
#include "archive/reembed.hpp"
#include "archive_writing.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "bindings.hpp"
#include "embedder/pipeline.hpp"
#include "images.hpp"
#include "zip/images/expand.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

std::string reembedded_json(const archive::Reembedded& done) {
  std::string left;
  for (const auto& [why, objects] : done.left) {
    left += fmt::format("{}{}: {}", left.empty() ? "" : ", ", base::json_string(why), objects);
  }
  return fmt::format(R"({{"images": {}, "kept": {}, "removed": {}, "clean": {}, "left": {{{}}}}})", done.images,
                     done.kept, done.removed, done.clean, left);
}

/// @param thumbnail  the longer side; nothing: as the archive has them.
/// @param on_left  called with a text about each object, or frame of it, that cannot be embedded again; may be None.
std::string reembed(const std::filesystem::path& folder, const std::filesystem::path& to, const Embedder& embedder,
                    unsigned threads, const std::optional<int>& thumbnail, std::size_t batch, const nb::object& on_left,
                    const nb::callable& on_progress) {
  archive::ReembedOptions options;
  options.add.survey.image = embedder.options().image;
  options.add.survey.threads = threads;
  options.add.batch = batch != 0 ? batch : embedder::usual_batch(embedder.options().device);
  options.add.on_progress = told_to(on_progress);
  options.add.on_warnings = [](std::string_view name, std::span<const std::string> warnings) {
    const nb::gil_scoped_acquire locked;
    for (const std::string& warning : warnings) warn(base::printable(fmt::format("{}: {}", name, warning)));
  };
  options.archive = zip::images::expand;
  options.on_left = [&on_left](std::string_view why) {
    const nb::gil_scoped_acquire locked;
    const std::string text = base::replace_invalid_utf8(why);
    if (!on_left.is_none()) on_left(nb::str(text.data(), text.size()));
  };
  const nb::gil_scoped_release unlocked;
  archive::require_reembedded(folder, to);
  options.add.thumbnail = thumbnail.value_or(archive::usual_thumbnail(folder));
  archive::Reembedded done;
  write_metered([&] { return archive::open_reembedded(folder, to, embedder, windows_for(folder, embedder)); }, embedder,
                [&](archive::Writer& made) { done = archive::reembed(folder, made, embedder, options); });
  return reembedded_json(done);
}

}  // namespace

void bind_archive_reembed(nb::module_& module) {
  module.def("archive_reembed", &reembed, "folder"_a, "to"_a, "embedder"_a, nb::kw_only(), "threads"_a,
             "thumbnail"_a.none(), "batch"_a, "on_left"_a.none(), "on_progress"_a,
             "An object: images, those that were there, those erased, and how many objects were left by why.");
}

}  // namespace mi2::python
