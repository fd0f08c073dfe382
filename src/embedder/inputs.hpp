#pragma once
// From paths to the images to read.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <mi2/encoded_image.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "embedder/pipeline.hpp"

namespace mi2::embedder {

/// One image to read.
struct Input {
  std::string path;            ///< as it is printed: a file's path, or "-" for standard input
  std::optional<Error> error;  ///< set when it is already known that there is nothing to read
};

struct ExpandedPaths {
  std::vector<Input> inputs;
  std::uint64_t skipped = 0;  ///< files inside folders that are not images
};

/// Files and "-" stay as they are; a folder becomes the images below it, sorted by name in each folder, without
/// hidden entries, linked folders, DICOMDIR indexes and whatever does not look like an image. A folder that cannot
/// be read or holds no image becomes an Input with an error.
/// @throws Error{kBadArgument} if "-" is given twice.
ExpandedPaths expand_paths(std::span<const std::string> paths);

/// How many leading bytes looks_like_image() wants to see.
inline constexpr std::size_t kSniffBytes = 4096;

/// Whether a file that starts so is PNG, JPEG, WebP, TIFF, DICOM or a volume.
bool looks_like_image(std::span<const std::byte> head) noexcept;

/// All of standard input.
/// @throws Error{kTooLarge} over `max_bytes`, {kBadFile} when it cannot be read.
std::vector<std::byte> read_standard_input(std::uint64_t max_bytes);

/// All of a file, as read_image(), or with "-" of standard input.
/// @throws as these.
std::vector<std::byte> read_input(const std::string& path, std::uint64_t max_bytes);

/// Encoded bytes to pixels, as Embedder::prepare; called on any thread.
using PrepareImage = std::function<Pixels(std::span<const std::byte> encoded, std::string_view name)>;

/// One item per input, which outlive the items. A file is read where it is prepared.
/// @param max_bytes  of one input.
NextItem items_of(std::span<const Input> inputs, std::uint64_t max_bytes, PrepareImage prepare);

/// Opens a file's bytes, as Embedder::open_image.
using OpenImage = std::function<EncodedImage(std::vector<std::byte> encoded, std::string_view name)>;

/// An encoded image whose selected frames become items.
struct Encoded {
  std::string name;
  std::function<std::vector<std::byte>()> read;  ///< called once, where the first frame is taken
};

/// The next image, or an item that stays as it is, or nothing after the last. What it throws ends the run.
using NextImage = std::function<std::optional<std::variant<Encoded, Item>>()>;

/// One item per selected frame of each image, or one with the error of an image that cannot be opened. The items of an
/// image share its bytes.
NextItem frames_of(NextImage images, OpenImage open);
/// The same of inputs, which outlive the items.
NextItem frames_of(std::span<const Input> inputs, std::uint64_t max_bytes, OpenImage open);

}  // namespace mi2::embedder
