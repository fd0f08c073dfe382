#pragma once
// What an archive has more than once.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

enum class DupLevel : std::uint8_t {
  kObject,     ///< files of one object, by its identifier or its bytes
  kPixels,     ///< objects of other identifiers with the same samples
  kReencoded,  ///< pictures that were encoded with losses, resized or windowed, and show the same
};
/// @throws Error{kBadArgument} for anything but "object", "pixels" and "reencoded".
DupLevel parse_dup_level(std::string_view name);
std::string_view name_of(DupLevel level) noexcept;

struct DupOptions {
  DupLevel level = DupLevel::kPixels;
  std::optional<filter::Expr> where;  ///< only these images are compared
  std::size_t most = 0;               ///< rows of images to compare; 0: any number
  base::OnProgress on_progress;
  std::stop_token stop;
};

struct DupMember {
  std::optional<std::uint64_t> row;  ///< nothing: a file of which the archive has no vector
  std::string path;                  ///< of kObject
  /// Why it is in the group: "first", "pixels" (the samples of another member), "reencoded"; of kObject "copy" (equal
  /// bytes), "conflict" (other bytes under the same identifier), "file" (equal bytes, another identifier or none).
  std::string why;
  // As compared with the first; of kObject nothing.
  std::optional<double> cosine{};
  std::optional<int> bits{};  ///< of the 64 of the difference hashes that differ; nothing if one of them has none
};

struct DupGroup {
  std::vector<DupMember> members;  ///< the lowest row first
  std::size_t patients = 0;        ///< different ones, of those that are known
};

struct DupAnswer {
  std::vector<DupGroup> groups;  ///< by their first rows
  std::size_t compared = 0;      ///< images; of kObject files that repeat an object
  std::size_t blank = 0;         ///< images of a single value, of which none is a duplicate
  std::size_t plain = 0;         ///< of kReencoded: images that show nothing by which they could be compared
  std::size_t unhashed = 0;      ///< images that were added before there were hashes
  std::int64_t snapshot = 0;
};

/// Above this cosine, and with difference hashes of which at most kNearBits bits differ, two pictures are the same,
/// encoded again.
inline constexpr double kSameCosine = 0.999;
inline constexpr std::size_t kMostPairs = std::size_t{1} << 24;

/// Groups are clusters: of kPixels of equal hashes; of kReencoded of the nearest pairs first, where no cluster has two
/// places of one study or of one frame of reference: neighbouring slices are as near as copies. A place is the
/// position, the number of the instance, the frame, the kernel and the contrast.
/// @throws Error{kBadFile} for damage; {kTooLarge} for more than `most`, or than kMostPairs pairs of kReencoded;
///         {kInternal} if stopped.
DupAnswer find_dups(Reader& archive, const DupOptions& options);

}  // namespace mi2::archive
