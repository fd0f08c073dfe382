#include "dicom/window.hpp"

#include <string>

namespace mi2::dicom {

std::optional<AppliedWindow> read_window(DcmItem& item) {
  const std::optional<double> center = number(item, DCM_WindowCenter);
  const std::optional<double> width = number(item, DCM_WindowWidth);
  if (!center || !width) return std::nullopt;
  const std::string name = text(item, DCM_VOILUTFunction);
  const WindowFunction function = name == "LINEAR_EXACT" ? WindowFunction::kLinearExact
                                  : name == "SIGMOID"    ? WindowFunction::kSigmoid
                                                         : WindowFunction::kLinear;
  if (function == WindowFunction::kLinear ? *width < 1 : *width <= 0) return std::nullopt;
  return AppliedWindow{{*center, *width}, function};
}

}  // namespace mi2::dicom
