#pragma once
// What a series of DICOM slices is of, in the words of the published training texts.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace mi2::recipe {

/// What a series says of itself, as dicom::Description has it.
struct SeriesFacts {
  std::string modality;
  std::string laterality;
  std::string body_part;
  std::string study;   ///< its description
  std::string series;  ///< its description
  std::string contrast;
  std::string image_type;
  std::optional<std::array<double, 6>> orientation;
};

/// A description as the published texts have it: digits and punctuation of ASCII left out, what is left as it is
/// ("Axial T2 FLAIR" is "Axial T FLAIR", "ep2d_diff" "epddiff"), without blanks around it.
std::string cleaned(std::string_view description);

/// The description of the series alone; empty if it has none.
std::string series_text(const SeriesFacts& facts);

/// "mr NA brain head axial no contrast flair tweighted NA BrainTumor  Axial T FLAIR". How the published texts came to
/// the words before the descriptions is not known; here the plane is by the orientation, the contrast by the agent and
/// the descriptions, the weighting by the description.
std::string structured_text(const SeriesFacts& facts);

/// "axial", "coronal" or "sagittal": the plane that an orientation is nearest to.
std::string_view plane_of(const std::array<double, 6>& orientation);

/// Whether it is a localizer by its image type or its description.
bool is_localizer(const SeriesFacts& facts);

}  // namespace mi2::recipe
