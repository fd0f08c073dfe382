#include "protocols/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
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

/// A whole number, which clients also send as 75.0 or "75". As the hosted model takes them, 0 means that none is given.
int whole_number(Json& params, const char* key, int otherwise, int most) {
  Json* value = member(params, key);
  if (value == nullptr) return otherwise;
  double number = std::nan("");
  if (value->is_number()) {
    number = value->get<double>();
  } else if (value->is_string()) {
    const std::string& text = value->get_ref<const std::string&>();
    int digits = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), digits);
    const bool whole = result.ec == std::errc{} && result.ptr == text.data() + text.size();
    if (whole && !text.starts_with('-')) number = digits;
  }
  if (!(number >= 0 && number <= most) || number != std::floor(number)) {
    bad(key, fmt::format("a whole number from 0 to {}", most));
  }
  return number == 0 ? otherwise : static_cast<int>(number);
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
  constexpr int kBestQuality = 100;  // what libjpeg makes of anything above
  result.scaling_factor = flag(*params, "get_scaling_factor", true);
  result.provenance = flag(*params, "provenance", false);
  const int quality = whole_number(*params, "image_standardization_jpeg_compression_ratio", defaults.azure_quality,
                                   std::numeric_limits<int>::max());
  result.images.azure_quality = std::min(quality, kBestQuality);
  result.images.azure_size = whole_number(*params, "image_standardization_image_size", defaults.azure_size, kMaxSize);
  result.images.frames = frame_selection(*params, defaults.frames);
  if (Json* profile = member(*params, "profile")) {
    constexpr std::array kNames = {"raw", "azure", "toolkit", "mcp"};
    if (std::find(kNames.begin(), kNames.end(), *profile) == kNames.end()) {
      bad("profile", "\"raw\", \"azure\", \"toolkit\" or \"mcp\"");
    }
    result.images.profile = parse_profile(profile->get_ref<const std::string&>());
  }
  return result;
}

}  // namespace mi2::protocols
