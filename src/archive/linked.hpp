#pragma once
// Patients who have the same pictures, and so are probably one.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "archive/reader.hpp"
#include "archive/scan/bitmap.hpp"

namespace mi2::archive {

/// A picture of more patients is a phantom or a test pattern.
inline constexpr std::size_t kMostSharing = 3;
/// Whoever would be linked with more is linked with none.
inline constexpr std::size_t kMostLinked = 8;

/// Who has which pictures.
struct Pictures {
  std::function<std::vector<std::string>(Id patient)> shared;  ///< as Catalog::shared_pixels()
  /// As Catalog::each_with_pixels().
  std::function<void(const std::string& sha256, const std::function<bool(std::uint64_t row, Id patient)>& use)> owners;
};

/// The patients that one is linked with by equal pixels, those that these are linked with, and so on; without the one
/// itself. Blank pictures, those that show nothing, and those of more than kMostSharing patients link nobody.
/// @param visible  null: every row; pictures that it does not let by are not there.
std::set<Id> linked_patients(Reader& archive, Id patient, const scan::Bitmap* visible);
/// The same of every row, wherever the catalog is.
std::set<Id> linked_patients(const Pictures& pictures, Id patient);

}  // namespace mi2::archive
