#pragma once
// Readings of the chest CT of LIDC-IDRI: what each radiologist marked, as XML files have it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::recipe {

/// The greater, the more it counts where two lie in one place.
enum class LesionKind : std::uint8_t {
  kNone,
  kNonNodule,    ///< 3 mm or more, but no nodule
  kSmallNodule,  ///< under 3 mm: no characteristics, or no outline
  kNodule,       ///< 3 mm or more
};

/// What a reader drew on one slice: an outline, or one point of a lesion without.
struct Outline {
  std::string slice;                          ///< SOPInstanceUID
  bool inclusion = true;                      ///< false: a hole
  std::vector<std::array<double, 2>> points;  ///< x, y in pixels
};

struct Lesion {
  LesionKind kind = LesionKind::kNone;
  std::size_t reader = 0;  ///< from 0; who that is differs from file to file
  int malignancy = 0;      ///< 1 to 5; 0: not rated
  std::vector<Outline> outlines;
};

struct LidcReading {
  std::string study;   ///< StudyInstanceUID; may be empty
  std::string series;  ///< SeriesInstanceUID; may be empty
  std::size_t readers = 0;
  std::vector<Lesion> lesions;
};

struct LidcFile {
  enum class Kind : std::uint8_t { kReading, kRadiograph, kOther } kind = Kind::kOther;
  LidcReading reading;  ///< of a kReading
};

inline constexpr std::size_t kMaxLidcBytes = 32U << 20;
inline constexpr std::size_t kMaxLidcReaders = 64;

/// @throws as parse_xml; Error{kBadFile} for a reading whose slices or points are none.
LidcFile parse_lidc(std::string_view xml, std::string_view name);

}  // namespace mi2::recipe
