#pragma once
// From paths to the images to read.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <mi2/encoded_image.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "dicom/dicom.hpp"
#include "embedder/pipeline.hpp"

namespace mi2::embedder {

/// All bytes of an image, at most this many. @throws Error{kTooLarge} and what reading throws.
using ReadImage = std::function<std::vector<std::byte>(std::uint64_t max_bytes)>;

/// One image to read.
struct Input {
  std::string path;              ///< as it is printed: a file's path, or "-" for standard input
  std::optional<Error> error{};  ///< set when it is already known that there is nothing to read
  ReadImage read{};              ///< none: by the path
  std::string file{};            ///< with `read`: the file that it is read from
};

/// Whether its bytes come from no file. Its path then names its content, so that another content has another path.
inline bool in_memory(const Input& input) { return input.read && input.file.empty(); }

/// A file in a folder, an archive or a DICOMDIR that is not read, and why: "no image", "empty", "GIF", "DICOM without
/// pixels: structured report", ..
struct Skipped {
  std::string path;
  std::string reason;
};

struct ExpandedPaths {
  std::vector<Input> inputs;
  std::vector<Skipped> skipped;
};

/// What is an image by its content becomes an input, and what is none is skipped; but what is named as an image and has
/// no image's content becomes an input with an error.
class FoundFiles {
 public:
  explicit FoundFiles(ExpandedPaths& found) : found_(found) {}

  /// @param head  its first kSniffBytes bytes.  @param whole  looks at all of it, for an object whose head does not say
  /// enough.
  void add(Input input, std::span<const std::byte> head, const std::function<dicom::ObjectKind()>& whole);
  /// Adds one whose error is set.
  void fail(Input input) { found_.inputs.push_back(std::move(input)); }
  void skip(std::string path, std::string reason) { found_.skipped.push_back({std::move(path), std::move(reason)}); }

 private:
  ExpandedPaths& found_;
};

/// Adds what a file holds that is an archive of images. @returns false if it is none.
using ExpandArchive = std::function<bool(const std::string& path, FoundFiles& found)>;

/// "-" and files stay as they are; a folder becomes the images below it, sorted by name in each folder, without hidden
/// entries and linked folders; a DICOMDIR the files that it lists; an archive its images. A folder that cannot be read
/// becomes an Input with an error, as does one of these without a single image.
/// @throws Error{kBadArgument} if "-" is given twice.
ExpandedPaths expand_paths(std::span<const std::string> paths, const ExpandArchive& archive = {});

/// How many files were skipped for each reason, the most frequent first: "3 no image, 1 GIF".
std::string reasons_of(std::span<const Skipped> skipped);

/// How many leading bytes looks_like_image() wants to see.
inline constexpr std::size_t kSniffBytes = 4096;

/// Whether a file that starts so is an image or a volume that is read.
bool looks_like_image(std::span<const std::byte> head) noexcept;

/// All of standard input.
/// @throws Error{kTooLarge} over `max_bytes`, {kBadFile} when it cannot be read.
std::vector<std::byte> read_standard_input(std::uint64_t max_bytes);

/// All of a file, as read_image(), or with "-" of standard input.
/// @throws as these.
std::vector<std::byte> read_input(const std::string& path, std::uint64_t max_bytes);
/// The same of an input. @throws also its own error.
std::vector<std::byte> read_input(const Input& input, std::uint64_t max_bytes);

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
  std::function<EncodedImage()> open{};          ///< in place of reading and opening it
};

/// The next image, or an item that stays as it is, or nothing after the last. What it throws ends the run.
using NextImage = std::function<std::optional<std::variant<Encoded, Item>>()>;

/// One item per selected frame of each image, or one with the error of an image that cannot be opened. The items of an
/// image share its bytes.
NextItem frames_of(NextImage images, OpenImage open);
/// The same of inputs, which outlive the items.
NextItem frames_of(std::span<const Input> inputs, std::uint64_t max_bytes, OpenImage open);

}  // namespace mi2::embedder
