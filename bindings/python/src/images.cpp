#include "images.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <mi2/error.hpp>
#include <mi2/frames.hpp>
#include <mi2/image.hpp>

#include "bindings.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "embedder/preparer.hpp"
#include "image/source.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

using Samples = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Decoded = std::tuple<std::string, Samples, nb::bytes>;
using Prepare = std::function<embedder::Prepared()>;

/// What any thread may read and drop, locked or not.
template <typename Held>
std::shared_ptr<const Held> shared(Held held) {
  return {new Held(std::move(held)), [](const Held* last) {
            const nb::gil_scoped_acquire locked;
            delete last;
          }};
}

std::span<const std::byte> bytes_of(const nb::bytes& encoded) {
  return {static_cast<const std::byte*>(encoded.data()), encoded.size()};
}

Prepare of_bytes(const Embedder& embedder, nb::bytes encoded, std::string name) {
  const std::span bytes = bytes_of(encoded);
  return [&embedder, bytes, held = shared(std::move(encoded)), name = std::move(name)] {
    return embedder::Prepared{embedder.prepare(bytes, name), std::nullopt};
  };
}

Prepare of_samples(const Embedder& embedder, Decoded decoded, std::string name) {
  const auto held = shared(std::move(decoded));
  const auto& [mode, samples, palette] = *held;
  if (samples.ndim() < 2) {
    throw Error(Code::kBadArgument, fmt::format("{}: samples need [height, width] or [height, width, channels]", name));
  }
  ImageView view;
  view.mode = mode;
  view.height = samples.shape(0);
  view.width = samples.shape(1);
  view.samples = {static_cast<const std::byte*>(samples.data()), samples.nbytes()};
  view.palette = {static_cast<const std::uint8_t*>(palette.data()), palette.size()};
  return [&embedder, held, view, name = std::move(name)] {
    return embedder::Prepared{embedder.prepare(view, name), std::nullopt};
  };
}

Prepare prepare_of(const Embedder& embedder, const nb::object& source, const std::string& name) {
  if (nb::isinstance<nb::str>(source)) {
    return [&embedder, path = nb::cast<std::filesystem::path>(source)] {
      return embedder::Prepared{embedder.prepare_file(path), std::nullopt};
    };
  }
  if (nb::isinstance<nb::bytes>(source)) return of_bytes(embedder, nb::cast<nb::bytes>(source), name);
  if (nb::isinstance<nb::tuple>(source)) return of_samples(embedder, nb::cast<Decoded>(source), name);
  return [error = error_of(source)]() -> embedder::Prepared { throw Error(error); };
}

using Source = std::variant<embedder::Encoded, embedder::Item>;

/// A source whose image is one item.
Source item_of(const Embedder& embedder, const nb::object& source, const std::string& name) {
  return embedder::Item{name, std::nullopt, prepare_of(embedder, source, name)};
}

/// A source whose selected frames are items. A decoded image is one frame.
Source frames_of(const Embedder& embedder, const nb::object& source, const std::string& name,
                 const FrameSelection& frames) {
  if (nb::isinstance<nb::str>(source)) {
    auto path = nb::cast<std::filesystem::path>(source);
    return embedder::Encoded{path.string(), [path, most = embedder.options().image.max_file_bytes] {
                               return embedder::read_image(path, most);
                             }};
  }
  if (nb::isinstance<nb::bytes>(source)) {
    auto encoded = nb::cast<nb::bytes>(source);
    const std::span bytes = bytes_of(encoded);
    return embedder::Encoded{name, [bytes, held = shared(std::move(encoded))] {
                               return std::vector<std::byte>(bytes.begin(), bytes.end());
                             }};
  }
  if (!nb::isinstance<nb::tuple>(source)) return item_of(embedder, source, name);
  Prepare prepare = prepare_of(embedder, source, name);
  return embedder::Item{name, FramePlace{}, [prepare = std::move(prepare), name, frames] {
                          if (frames.kind == FrameSelection::Kind::kNumber)
                            image::check_frame(frames.value - 1, 1, name);
                          return prepare();
                        }};
}

/// The images of a Python iterator. Knows which of them each row is of.
class Images {
 public:
  Images(const Embedder& embedder, const nb::object& images, const std::optional<std::string>& frames)
      : embedder_(embedder), images_(images), options_(embedder.options().image) {
    if (!frames) {
      items_ = [this]() -> std::optional<embedder::Item> {
        std::optional<Source> next = take(false);
        if (!next) return std::nullopt;
        return std::get<embedder::Item>(std::move(*next));
      };
      return;
    }
    options_.frames = parse_frames(*frames);
    items_ = embedder::frames_of([this] { return take(true); },
                                 [this](std::vector<std::byte> encoded, std::string_view name) {
                                   return embedder_.open_image(std::move(encoded), name, options_);
                                 });
  }

  std::optional<embedder::Item> next() {
    std::optional<embedder::Item> item = items_();
    if (item) image_of_.push_back(taken_ - 1);
    return item;
  }

  /// The position of the image that a row is of, asked row by row in the order of next().
  std::uint64_t image_of_row() {
    const std::uint64_t image = image_of_.front();
    image_of_.pop_front();
    return image;
  }

 private:
  std::optional<Source> take(bool frames) {
    const nb::gil_scoped_acquire locked;
    const nb::object entry = nb::steal(PyIter_Next(images_.ptr()));
    if (!entry.is_valid()) {
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      return std::nullopt;
    }
    ++taken_;
    const auto [name, source] = nb::cast<std::pair<std::string, nb::object>>(entry);
    return frames ? frames_of(embedder_, source, name, options_.frames) : item_of(embedder_, source, name);
  }

  const Embedder& embedder_;
  const nb::object& images_;
  ImageOptions options_;
  embedder::NextItem items_;
  std::uint64_t taken_ = 0;
  std::deque<std::uint64_t> image_of_;
};

}  // namespace

void warn(const std::string& message) {
  if (PyErr_WarnEx(PyExc_UserWarning, message.c_str(), 1) != 0) throw nb::python_error();
}

void embed_items(const Run& run, const embedder::NextItem& next,
                 const std::function<std::uint64_t(const embedder::Embedded&)>& on_row) {
  embedder::PipelineOptions options;
  options.batch = run.batch != 0 ? run.batch : embedder::usual_batch(run.embedder.options().device);
  options.threads = run.embedder.options().threads;
  options.tokens = run.tokens != nullptr;
  const nb::gil_scoped_release unlocked;
  embedder::embed_all(run.embedder, next, options, [&](std::span<const embedder::Embedded> done) {
    const nb::gil_scoped_acquire locked;
    for (const embedder::Embedded& item : done) {
      const std::uint64_t position = on_row(item);
      if (item.error == nullptr) {
        run.rows.append(item.image);
        if (run.tokens != nullptr) run.tokens->append(item.tokens);
        for (const std::string& warning : item.warnings) warn(fmt::format("{}: {}", item.name, warning));
      } else if (run.on_error.is_none()) {
        throw Error(*item.error);
      } else {
        run.rows.append_missing();
        if (run.tokens != nullptr) run.tokens->append_missing();
        run.on_error(position, error_object(*item.error));
      }
    }
    run.advance(done.size());
  });
}

std::vector<RowPlace> embed_images(const Embedder& embedder, const nb::object& images, std::size_t batch, Rows& rows,
                                   Rows* tokens, const std::optional<std::string>& frames, const nb::object& on_error,
                                   const nb::callable& advance) {
  Images source(embedder, images, frames);
  std::vector<RowPlace> places;
  const auto next = [&] { return source.next(); };
  embed_items({embedder, batch, rows, tokens, on_error, advance}, next, [&](const embedder::Embedded& item) {
    places.emplace_back(source.image_of_row(), item.frame ? item.frame->number : 0);
    return places.back().first;
  });
  return places;
}

}  // namespace mi2::python
