#pragma once
// Copies of an archive's DICOM objects that name nobody: mi2 index export --what dicom.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "archive/filter/filter.hpp"
#include "base/progress.hpp"
#include "dicom/results/anonymise.hpp"

namespace mi2::archive::release {

struct ReleaseOptions {
  dicom::results::AnonymiseOptions anonymise;  ///< but for the site, which is each object's
  std::optional<filter::Expr> where;           ///< only objects of which this lets an image by
  std::uint64_t max_file_bytes = 1ULL << 30;
  std::uint64_t max_pixels = 0;  ///< as dicom::Options::max_pixels
  base::OnProgress on_progress{};
  /// Hears of each object that is left: its place and why.
  std::function<void(std::string_view why)> on_left{};
};

struct Released {
  std::uint64_t written = 0;
  std::uint64_t kept = 0;    ///< there before, of the same content
  std::uint64_t masked = 0;  ///< of both
  /// Objects by why they are left: "missing", "changed", "no file: dicomweb", "not DICOM", "refused: ultrasound",
  /// "another file is there", or the name of an error's code.
  std::map<std::string, std::uint64_t, std::less<>> left;
  std::optional<Code> first;  ///< of the first that was left
};

/// Copies each live object whose file is still what it was into TO/study/series/object.dcm, by the copies' UIDs. Files
/// appear whole or not at all, and one that is there is never replaced, so that the same call goes on after a kill.
/// @throws Error{kNotFound}, {kUnsupported} if `folder` is no archive of this format; {kBadFile} if nothing can be
///         written to `to`; {kUnsupported} as filter::bind(); what `on_progress` throws.
Released release(const std::filesystem::path& folder, const std::filesystem::path& to, const ReleaseOptions& options);

}  // namespace mi2::archive::release
