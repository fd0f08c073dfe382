#pragma once
// Pictures of an archive as duplicates are looked for among them, in little memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "archive/cases.hpp"
#include "archive/catalog.hpp"
#include "archive/scan/bitmap.hpp"

namespace mi2::archive {

/// Where a picture is in its study: two pictures of one study in two places are not copies.
struct DupPlace {
  std::int64_t frame = 0;
  std::optional<double> position;
  std::optional<std::int64_t> number;
  std::uint32_t look = 0;  ///< a number of its kernel and contrast

  friend bool operator==(const DupPlace&, const DupPlace&) = default;
};

struct DupPicture {
  std::uint64_t row = 0;
  std::array<std::uint64_t, 2> sha256{};
  std::uint64_t dhash = 0;
  bool plain = false;         ///< it has no dhash
  std::uint8_t window = 0;    ///< a number of the one that it was seen through, of several; 0: there is one
  std::uint64_t picture = 0;  ///< as RowFacts
  std::uint32_t crc = 0;
  std::uint32_t reference = 0;  ///< a number of its frame of reference; 0: none
  Id instance = 0, study = 0, patient = 0;
  DupPlace place;
};

struct DupPictures {
  std::vector<DupPicture> all;  ///< by hash, then by row
  std::size_t images = 0;       ///< of which these are: an image has a row for each of several windows
  std::size_t blank = 0;        ///< images that are left out
  std::size_t plain = 0;        ///< images none of whose rows has a dhash
};

/// @param allowed  null: all. @throws Error{kTooLarge} for more than `most` rows, before they take memory.
DupPictures read_dup_pictures(Catalog& catalog, const scan::Bitmap* allowed, const MostCases& most = {});

/// One row for each image, the first of `rows`.
std::vector<const DupPicture*> one_each(std::vector<const DupPicture*> rows);

/// Those of equal pixels, as parts of DupPictures::all.
std::vector<std::span<const DupPicture>> by_pixels(std::span<const DupPicture> pictures);

/// Which places a cluster has of what has several.
class DupPlaces {
 public:
  void add(const DupPicture& picture);
  /// Whether there would be two places of one study, frame of reference or object.
  [[nodiscard]] bool clash(const DupPlaces& other) const;
  /// Of one that does not clash.
  void merge(const DupPlaces& other);
  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

 private:
  struct Held {
    DupPlace place;
    bool several = false;
  };
  std::map<std::uint64_t, Held> held_;
};

/// The same of two pictures.
bool clash(const DupPicture& a, const DupPicture& b);

}  // namespace mi2::archive
