#include "dicom/window.hpp"

#include <string>

namespace mi2::dicom {

std::optional<AppliedWindow> read_window(const Item& item, image::Warnings& warnings) {
  const bool has_center = present(item, tags::kWindowCenter);
  const bool has_width = present(item, tags::kWindowWidth);
  if (!has_center && !has_width) return std::nullopt;
  const std::optional<double> center = number(item, tags::kWindowCenter);
  const std::optional<double> width = number(item, tags::kWindowWidth);
  if (!center || !width || *width <= 0) {
    image::add_warning(warnings,
                       "window_ignored: expected WindowCenter and a WindowWidth above 0, got none that are numbers");
    return std::nullopt;
  }
  const std::string name = text(item, tags::kVoiFunction);
  WindowFunction function = name == "LINEAR_EXACT" ? WindowFunction::kLinearExact
                            : name == "SIGMOID"    ? WindowFunction::kSigmoid
                                                   : WindowFunction::kLinear;
  // C.11.2.1.2 has no meaning for these; writers of small slopes mean the width itself.
  if (function == WindowFunction::kLinear && *width < 1) function = WindowFunction::kLinearExact;
  return AppliedWindow{{*center, *width}, function};
}

}  // namespace mi2::dicom
