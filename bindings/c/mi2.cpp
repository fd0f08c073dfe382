// The C API: thin shells over the C++ API. guarded() is the one place where exceptions become statuses.

#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/mi2.h>
#include <mi2/mi2.hpp>

#include "embedder/preparer.hpp"

struct mi2_embedder {
  mi2::Embedder embedder;
  std::string device = mi2::to_string(embedder.options().device);
};

struct mi2_frames {
  mi2::EncodedImage image;
};

struct mi2_classifier {
  mi2::Classifier classifier;
};

namespace {

using mi2::Code;
using mi2::Error;

thread_local std::string last_error;

mi2_status status_of(Code code) noexcept {
  switch (code) {
    case Code::kBadArgument:
      return MI2_BAD_ARGUMENT;
    case Code::kBadFile:
      return MI2_BAD_FILE;
    case Code::kUnsupported:
      return MI2_UNSUPPORTED;
    case Code::kTooLarge:
      return MI2_TOO_LARGE;
    case Code::kOverloaded:
      return MI2_OVERLOADED;
    case Code::kNotFound:
      return MI2_NOT_FOUND;
    case Code::kInternal:
      return MI2_INTERNAL;
  }
  return MI2_INTERNAL;
}

mi2_status failed(mi2_status status, const char* message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    last_error.clear();  // no memory for the message
  }
  return status;
}

template <typename Work>
mi2_status guarded(const Work& work) noexcept {
  try {
    work();
    return MI2_OK;
  } catch (const Error& error) {
    return failed(status_of(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return failed(MI2_TOO_LARGE, "out of memory");
  } catch (const std::exception& error) {
    return failed(MI2_INTERNAL, error.what());
  } catch (...) {
    return failed(MI2_INTERNAL, "unknown exception");
  }
}

template <typename T>
T& needed(T* pointer, std::string_view name) {
  if (pointer == nullptr) throw Error(Code::kBadArgument, fmt::format("{}: expected a pointer, got NULL", name));
  return *pointer;
}

/// An array of the caller's, which may be NULL if it is empty.
template <typename T>
std::span<T> array(T* first, std::size_t count, std::string_view name) {
  if (count == 0) return {};
  return {&needed(first, name), count};
}

std::vector<std::string> strings(const char* const* first, std::size_t count, std::string_view name) {
  std::vector<std::string> result;
  for (const char* const item : array(first, count, name)) {
    result.emplace_back(&needed(item, fmt::format("{}[{}]", name, result.size())));
  }
  return result;
}

/// The caller's options as this library knows them: those of an older header are shorter and the rest is zero.
/// @param type  what C calls them.
template <typename Options>
Options known(const Options* options, std::string_view type) {
  Options result{};
  if (options == nullptr) return result;
  constexpr std::size_t kFirst = sizeof options->size + sizeof(const char*);  // the size and one option
  if (options->size < kFirst || options->size > sizeof result) {
    throw Error(Code::kBadArgument, fmt::format("options.size: expected {} (sizeof({})) or that of an older "
                                                "header, got {}",
                                                sizeof result, type, options->size));
  }
  std::memcpy(&result, options, options->size);
  return result;
}

/// Sets `to` from one of the caller's texts, unless it is NULL.
template <typename T, typename Parse>
void read(const char* text, T& to, const Parse& parse) {
  if (text == nullptr) return;
  try {
    to = parse(text);
  } catch (const Error& error) {  // whose message begins with the option's name
    throw Error(error.code(), fmt::format("options.{}", error.what()));
  }
}

mi2::EmbedderOptions embedder_options(const mi2_options& from) {
  mi2::EmbedderOptions to;
  mi2::ImageOptions& image = to.image;
  read(from.dtype, to.dtype, mi2::parse_dtype);
  read(from.device, to.device, mi2::parse_device);
  to.threads = from.threads;
  read(from.profile, image.profile, mi2::parse_profile);
  if (from.azure_size != 0) image.azure_size = from.azure_size;
  if (from.azure_quality != 0) image.azure_quality = from.azure_quality;
  read(from.intensity, image.intensity, mi2::parse_intensity);
  read(from.window, image.window, mi2::parse_window);
  if (from.max_pixels != 0) image.max_pixels = from.max_pixels;
  if (from.max_file_bytes != 0) image.max_file_bytes = from.max_file_bytes;
  read(from.frames, image.frames, mi2::parse_frames);
  read(from.plane, image.plane, mi2::parse_plane);
  image.strict = from.strict != 0;
  if (from.lora != nullptr) to.lora = from.lora;
  return to;
}

/// Where the vectors go.
struct Out {
  float* vectors;
  std::size_t capacity;
};

/// Before anything slow: whether `count` vectors fit.
void check(const mi2_embedder& handle, std::size_t count, const Out& out) {
  const auto dimensions = static_cast<std::size_t>(handle.embedder.dimensions());
  if (out.capacity / dimensions < count) {
    throw Error(Code::kBadArgument,
                fmt::format("capacity: expected {} x {} floats, got {}", count, dimensions, out.capacity));
  }
  if (count > 0) needed(out.vectors, "vectors");
}

void copy(const mi2::EmbeddingMatrix& rows, float* to) { std::ranges::copy(rows.numbers(), to); }

/// @param prepare  the model's pixels of input i.
template <typename Prepare>
void embed_images(const mi2_embedder& handle, std::size_t count, const Out& out, const Prepare& prepare) {
  std::vector<mi2::Pixels> pixels;
  for (std::size_t i = 0; i < count; ++i) pixels.push_back(prepare(i));
  copy(handle.embedder.embed_images(pixels), out.vectors);
}

std::string name_of_image(std::size_t index) { return fmt::format("image {}", index + 1); }

std::span<const std::byte> bytes_of(const mi2_bytes& image, std::string_view name) {
  return array(static_cast<const std::byte*>(image.data), image.size, name);
}

/// @param read  the encoded image.     @param select  as mi2_frames_open() has it.
template <typename Read>
mi2_frames* open_frames(const mi2_embedder& handle, std::string_view name, const char* select, const Read& read) {
  mi2::ImageOptions options = handle.embedder.options().image;
  options.frames = mi2::parse_frames(select == nullptr ? "all" : select);
  return new mi2_frames{handle.embedder.open_image(read(), name, options)};
}

mi2::ImageOptions slide_options(const mi2_embedder& handle, const mi2_slide_options& from) {
  mi2::ImageOptions to = handle.embedder.options().image;
  mi2::SlideOptions& slide = to.slide.emplace();
  read(from.level, slide.level, mi2::parse_level);
  read(from.mpp, slide.mpp, mi2::parse_mpp);
  read(from.tiles, slide.tiles, mi2::parse_tiles);
  to.frames.kind = mi2::FrameSelection::Kind::kAll;
  read(from.select, to.frames, mi2::parse_frames);
  if (!slide.level || !slide.mpp) return to;
  throw Error(Code::kBadArgument, "options: expected level or mpp, since either says what the other does; got both");
}

/// Those from `first` on, of the selected ones.
void check_selected(const mi2::EncodedImage& image, std::uint64_t first, std::size_t count) {
  if (first <= image.size() && count <= image.size() - first) return;
  throw Error(Code::kBadArgument, fmt::format("first, count: expected frames among {} selected ones, got {} from {}",
                                              image.size(), count, first));
}

}  // namespace

const char* mi2_status_name(mi2_status status) {
  if (status == MI2_OK) return "ok";
  if (status < MI2_BAD_ARGUMENT || status > MI2_INTERNAL) return "unknown";
  for (const Code code :
       {Code::kBadArgument, Code::kBadFile, Code::kUnsupported, Code::kTooLarge, Code::kOverloaded, Code::kNotFound}) {
    if (status_of(code) == status) return name_of(code).data();  // a literal
  }
  return name_of(Code::kInternal).data();
}

const char* mi2_last_error(void) { return last_error.c_str(); }

const char* mi2_version(void) { return mi2::version().data(); }  // a literal

mi2_status mi2_open(const char* model, const mi2_options* options, mi2_embedder** embedder) {
  return guarded([&] {
    needed(embedder, "embedder") = nullptr;
    *embedder =
        new mi2_embedder{mi2::Embedder::open(&needed(model, "model"), embedder_options(known(options, "mi2_options")))};
  });
}

void mi2_close(mi2_embedder* embedder) { delete embedder; }

size_t mi2_dimensions(const mi2_embedder* embedder) {
  return embedder == nullptr ? 0 : static_cast<size_t>(embedder->embedder.dimensions());
}

const char* mi2_device(const mi2_embedder* embedder) { return embedder == nullptr ? "" : embedder->device.c_str(); }

float mi2_logit_scale(const mi2_embedder* embedder) {
  return embedder == nullptr ? 0.0F : embedder->embedder.logit_scale();
}

mi2_status mi2_embed_files(const mi2_embedder* embedder, const char* const* paths, size_t count, float* vectors,
                           size_t capacity) {
  return guarded([&] {
    const Out out{vectors, capacity};
    check(needed(embedder, "embedder"), count, out);
    const std::vector<std::string> names = strings(paths, count, "paths");
    embed_images(*embedder, count, out, [&](std::size_t i) { return embedder->embedder.prepare_file(names[i]); });
  });
}

mi2_status mi2_embed_encoded(const mi2_embedder* embedder, const mi2_bytes* images, size_t count, float* vectors,
                             size_t capacity) {
  return guarded([&] {
    const Out out{vectors, capacity};
    check(needed(embedder, "embedder"), count, out);
    const std::span<const mi2_bytes> items = array(images, count, "images");
    embed_images(*embedder, count, out, [&](std::size_t i) {
      const std::string name = name_of_image(i);
      return embedder->embedder.prepare(bytes_of(items[i], name), name);
    });
  });
}

mi2_status mi2_frames_open(const mi2_embedder* embedder, const mi2_bytes* image, const char* select,
                           mi2_frames** frames) {
  return guarded([&] {
    needed(frames, "frames") = nullptr;
    const std::string name = name_of_image(0);
    const std::span<const std::byte> bytes = bytes_of(needed(image, "image"), name);
    *frames = open_frames(needed(embedder, "embedder"), name, select,
                          [&] { return std::vector<std::byte>(bytes.begin(), bytes.end()); });
  });
}

mi2_status mi2_frames_open_file(const mi2_embedder* embedder, const char* path, const char* select,
                                mi2_frames** frames) {
  return guarded([&] {
    needed(frames, "frames") = nullptr;
    const std::uint64_t most = needed(embedder, "embedder").embedder.options().image.max_file_bytes;
    *frames =
        open_frames(*embedder, &needed(path, "path"), select, [&] { return mi2::embedder::read_image(path, most); });
  });
}

mi2_status mi2_slide_open(const mi2_embedder* embedder, const char* const* paths, size_t count,
                          const mi2_slide_options* options, mi2_frames** frames) {
  return guarded([&] {
    needed(frames, "frames") = nullptr;
    const mi2::ImageOptions chosen = slide_options(needed(embedder, "embedder"), known(options, "mi2_slide_options"));
    const std::vector<std::string> names = strings(paths, count, "paths");
    if (names.empty()) throw Error(Code::kBadArgument, "paths: expected the files of a slide, got none");
    const std::vector<std::filesystem::path> files(names.begin(), names.end());
    *frames = new mi2_frames{embedder->embedder.open_slide(files, names.front(), chosen)};
  });
}

mi2_status mi2_tiles(const mi2_frames* frames, uint64_t first, size_t count, mi2_tile* tiles) {
  return guarded([&] {
    const mi2::EncodedImage& image = needed(frames, "frames").image;
    check_selected(image, first, count);
    const std::span<mi2_tile> to = array(tiles, count, "tiles");
    for (std::size_t i = 0; i < count; ++i) {
      const std::optional<mi2::TilePlace> place = image.place(first + i).tile;
      if (!place) throw Error(Code::kBadArgument, "frames: expected those of mi2_slide_open(), got those of an image");
      to[i] = {place->x, place->y, place->width, place->height, place->level, place->mpp};
    }
  });
}

void mi2_frames_close(mi2_frames* frames) { delete frames; }

uint64_t mi2_frames_count(const mi2_frames* frames) { return frames == nullptr ? 0 : frames->image.size(); }

mi2_status mi2_embed_frames(const mi2_embedder* embedder, const mi2_frames* frames, uint64_t first, size_t count,
                            float* vectors, size_t capacity, uint64_t* numbers) {
  return guarded([&] {
    const Out out{vectors, capacity};
    check(needed(embedder, "embedder"), count, out);
    const mi2::EncodedImage& image = needed(frames, "frames").image;
    check_selected(image, first, count);
    if (numbers != nullptr) {
      for (std::size_t i = 0; i < count; ++i) numbers[i] = image.place(first + i).number;
    }
    embed_images(*embedder, count, out, [&](std::size_t i) { return image.prepare(first + i); });
  });
}

mi2_status mi2_embed_pixels(const mi2_embedder* embedder, const mi2_image* images, size_t count, float* vectors,
                            size_t capacity) {
  return guarded([&] {
    const Out out{vectors, capacity};
    check(needed(embedder, "embedder"), count, out);
    const std::span<const mi2_image> items = array(images, count, "images");
    embed_images(*embedder, count, out, [&](std::size_t i) {
      const mi2_image& item = items[i];
      const std::string name = name_of_image(i);
      mi2::ImageView view;
      view.mode = &needed(item.mode, name + " mode");
      view.width = item.width;
      view.height = item.height;
      view.samples = array(static_cast<const std::byte*>(item.samples), item.size, name + " samples");
      view.palette = array(item.palette, item.palette_size, name + " palette");
      return embedder->embedder.prepare(view, name);
    });
  });
}

mi2_status mi2_embed_texts(const mi2_embedder* embedder, const char* const* texts, size_t count, float* vectors,
                           size_t capacity, uint8_t* truncated) {
  return guarded([&] {
    const Out out{vectors, capacity};
    check(needed(embedder, "embedder"), count, out);
    const mi2::TextEmbeddings found = embedder->embedder.embed_texts(strings(texts, count, "texts"));
    copy(found.vectors, out.vectors);
    if (truncated != nullptr) std::ranges::copy(found.truncated, truncated);
  });
}

mi2_status mi2_classifier_open(const mi2_embedder* embedder, const char* const* labels, size_t count,
                               const char* const* templates, size_t template_count, int multilabel,
                               mi2_classifier** classifier) {
  return guarded([&] {
    needed(classifier, "classifier") = nullptr;
    mi2::ClassifierOptions options;
    if (template_count > 0) options.templates = strings(templates, template_count, "templates");
    options.multilabel = multilabel != 0;
    *classifier = new mi2_classifier{
        mi2::Classifier(needed(embedder, "embedder").embedder, strings(labels, count, "labels"), options)};
  });
}

void mi2_classifier_close(mi2_classifier* classifier) { delete classifier; }

mi2_status mi2_classify(const mi2_classifier* classifier, const float* vector, size_t dimensions, double* scores) {
  return guarded([&] {
    const mi2::Classifier& zero_shot = needed(classifier, "classifier").classifier;
    const std::span<const float> numbers = array(vector, dimensions, "vector");
    needed(scores, "scores");
    const std::vector<std::string>& labels = zero_shot.labels();
    for (const mi2::LabelScore& item : zero_shot.classify(numbers)) {
      scores[std::find(labels.begin(), labels.end(), item.label) - labels.begin()] = item.score;
    }
  });
}
