#pragma once
// A copy of an image object that names nobody, by PS3.15's Basic Application Level Confidentiality Profile.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"
#include "dicom/results/mask.hpp"
#include "dicom/results/unshown.hpp"

namespace mi2::dicom::results {

/// What becomes of objects whose pixels may name somebody.
enum class BurnedIn : std::uint8_t {
  kRefuse,
  kMask,  ///< they are copied if a mask is of them, and what is shown can be in a part of the picture
  kAllow
};

struct AnonymiseOptions {
  std::string key;           ///< that pseudonyms, UIDs and shifts of dates are made with: the same key, the same copies
  std::string site;          ///< who issued patients' identifiers, where an object does not say
  std::string version;       ///< of the program
  bool retain_uids = false;  ///< PS3.15's Retain UIDs Option
  bool shift_dates = false;  ///< the Modified Dates Option: whole days back, the same for all of a patient
  bool clean_descriptors = false;  ///< the Clean Descriptors Option: words of descriptions that say nothing of anybody
  std::vector<Mask> masks;         ///< of all objects that they are of, whether those may show a name or not
  BurnedIn burned_in = BurnedIn::kRefuse;
  bool nothing_burned_in =
      false;  ///< the Clean Pixel Data Option: somebody knows that no writing is left where masks were
};

/// A copy: what is before the pixels, the pixels as they are in the object but for what is no picture among them, and
/// what is behind them.
struct Anonymous {
  std::string_view refused;  ///< why there is none; of a fixed list that names nobody. Empty: there is one
  std::string study_uid, series_uid, sop_uid;  ///< of the copy
  std::string head;
  Bytes pixels;             ///< a view of the object, or of `masked`
  std::vector<Part> blank;  ///< of the pixels: zeros in the copy
  std::string tail;
  std::shared_ptr<const std::vector<std::byte>> masked;  ///< all frames with black parts; none: nothing is masked

  /// Views of this and of the object.
  [[nodiscard]] std::vector<Bytes> parts() const;
};

/// The copy is built anew from the attributes of basic_profile(), of sequences too, in explicit VR little endian or as
/// the pixels are encapsulated. Nothing else of the file is read: no preamble, meta information, private or unknown
/// attribute, overlay, curve, icon, nor anything behind the pixels. Comments in compressed frames become zeros. What is
/// kept as text is left out where it holds a word of what was left out; an object whose pixels hold one is refused.
/// What is masked is decoded, and not compressed in the copy.
/// @param object  outlives the copy.  @param max_pixels  as Options::max_pixels.
/// @throws Error{kBadFile} no DICOM object or broken, {kUnsupported} its transfer syntax is not read, {kTooLarge}.
Anonymous anonymise(std::span<const std::byte> object, const AnonymiseOptions& options, std::uint64_t max_pixels,
                    std::string_view name);

}  // namespace mi2::dicom::results
