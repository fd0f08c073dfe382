#pragma once
// `params` of POST /score and POST /invocations.

#include <mi2/image.hpp>

#include "protocols/json.hpp"

namespace mi2::protocols {

struct ScoreParameters {
  bool scaling_factor = true;  ///< get_scaling_factor
  bool provenance = false;     ///< report in the body, too, what the vectors depend on
  ImageOptions images;         ///< with image_standardization_* and mi2's own "profile"
};

/// @param params    null: absent. Members that are not known are passed over, as the hosted model does.
/// @param defaults  what images start from.
/// @throws Error{kBadArgument} naming the parameter.
ScoreParameters read_parameters(Json* params, const ImageOptions& defaults);

}  // namespace mi2::protocols
