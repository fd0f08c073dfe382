#include "protocols/parameters.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

namespace mi2::protocols {
namespace {

[[noreturn]] void bad(const char* key, std::string_view needed) {
  throw Error(Code::kBadArgument, fmt::format("params.{}: expected {}", key, needed));
}

/// Clients send flags as booleans or as Python's or JSON's spelling of them.
bool flag(Json& params, const char* key, bool otherwise) {
  Json* value = member(params, key);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  if (*value == "true" || *value == "True") return true;
  if (*value == "false" || *value == "False") return false;
  bad(key, "true or false");
}

/// A whole number, which clients also send as 75.0 or "75".
int whole_number(Json& params, const char* key, int otherwise, int least, int most) {
  Json* value = member(params, key);
  if (value == nullptr) return otherwise;
  double number = std::nan("");
  if (value->is_number()) {
    number = value->get<double>();
  } else if (value->is_string()) {
    const std::string& text = value->get_ref<const std::string&>();
    int digits = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), digits);
    if (result.ec == std::errc{} && result.ptr == text.data() + text.size()) number = digits;
  }
  if (!(number >= least && number <= most) || number != std::floor(number)) {
    bad(key, fmt::format("a whole number from {} to {}", least, most));
  }
  return static_cast<int>(number);
}

/// As parse_frames(), or a frame's number as a number.
FrameSelection frame_selection(Json& params, const FrameSelection& otherwise) {
  constexpr std::string_view kForms = R"("middle", "all", "first", N, "every:K" or "center:K")";
  Json* value = member(params, "frames");
  if (value == nullptr) return otherwise;
  if (value->is_number_unsigned() && *value != 0U) {
    return {FrameSelection::Kind::kNumber, value->get<std::uint64_t>()};
  }
  if (!value->is_string()) bad("frames", kForms);
  try {
    return parse_frames(value->get_ref<const std::string&>());
  } catch (const Error&) {
    bad("frames", kForms);
  }
}

}  // namespace

ScoreParameters read_parameters(Json* params, const ImageOptions& defaults) {
  ScoreParameters result;
  result.images = defaults;
  if (params == nullptr) return result;
  need_object(*params, "params");
  constexpr int kMaxSize = 4096;
  result.scaling_factor = flag(*params, "get_scaling_factor", true);
  result.provenance = flag(*params, "provenance", false);
  result.images.azure_quality =
      whole_number(*params, "image_standardization_jpeg_compression_ratio", defaults.azure_quality, 1, 100);
  result.images.azure_size =
      whole_number(*params, "image_standardization_image_size", defaults.azure_size, 1, kMaxSize);
  result.images.frames = frame_selection(*params, defaults.frames);
  if (Json* profile = member(*params, "profile")) {
    if (*profile != "raw" && *profile != "azure") bad("profile", "\"raw\" or \"azure\"");
    result.images.profile = parse_profile(profile->get_ref<const std::string&>());
  }
  return result;
}

}  // namespace mi2::protocols
