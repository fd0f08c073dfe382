#pragma once
// The file that an object was added from, and pictures of it for people.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/image.hpp>

#include "archive/catalog.hpp"
#include "archive/zipped.hpp"

namespace mi2::archive {

/// The way of what came as a vector and has no picture.
inline constexpr std::string_view kVectorsWay = "vectors";

/// How an object that is in no file came: "http"; empty for a file. A file's locator is its whole path.
std::string way_of(const std::string& locator);

/// The file that a locator leads into, as into a zip; empty if there is none.
std::string container_of(const std::string& locator);

/// Where the bytes of an object were, and what they were.
struct Original {
  std::string locator, sha256;
  std::optional<std::int64_t> stamp{};  ///< KnownFile's, when it was read; none: the hash decides
};
Original original_of(const ArchivedObject& object);

/// Whether the bytes of an object can still be had, unchanged.
enum class OriginalState : std::uint8_t {
  kThere,
  kNoFile,      ///< it came over a network or as a vector, and no file has it
  kGone,        ///< there is no such file any more, or its zip has none of this name
  kChanged,     ///< the file has other bytes now
  kTooLarge,    ///< for what has to be in memory, or has to be hashed
  kUnreadable,  ///< the system refuses, or its zip is packed in a way not read
};

/// Hands over the bytes of an object's file if they are still those that were added: one of the same size and times is
/// unchanged, as is what is in a zip of the same ones, else its hash decides.
/// @param max_bytes  of what has to be in memory, as volumes and what is in a zip, or has to be hashed; any other file
///                   is mapped.
/// @param use        called at most once. What it made is worth nothing unless kThere is returned.
/// @throws what `use` throws.
OriginalState with_original(const Original& original, std::uint64_t max_bytes,
                            const std::function<void(std::span<const std::byte>)>& use);
/// For many objects. @param zips  keeps the zip of the last one open.
OriginalState with_original(const Original& original, std::uint64_t max_bytes, LastZip& zips,
                            const std::function<void(std::span<const std::byte>)>& use);

struct PictureOptions {
  std::optional<Window> window;  ///< as ImageOptions::window; none: the file's own
  bool invert = false;
  int side = 2048;                  ///< the longer one, 1 to 4096 pixels; a smaller image keeps its size
  std::optional<TileFacts> tile{};  ///< that the frame is, of a whole slide
  std::filesystem::path file{};     ///< of a tile: where the bytes are mapped from
};

/// A frame as a viewer shows it.
struct Picture {
  std::vector<std::byte> png;  ///< grey or RGB, 8 bits
  int columns = 0;             ///< of the frame
  int rows = 0;
  /// By which it is shown, in the units after the modality LUT; none where a window changes nothing (colour, pictures
  /// that are neither DICOM nor a volume) or the file names none and has none of its own.
  std::optional<Window> window;
  std::optional<std::array<double, 2>> spacing;  ///< mm between rows, between columns
};

/// @param frame    from 0.
/// @param options  how the archive's images are read: plane, grey levels without a window, limits.
/// @param name     what errors call it.
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge} as embedder::open_source() and image::Source::read().
Picture picture_of(std::span<const std::byte> bytes, std::uint64_t frame, const ImageOptions& options,
                   const PictureOptions& wanted, std::string_view name);

}  // namespace mi2::archive
