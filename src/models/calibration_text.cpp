// What a calibration found, for people and for packed files.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "models/calibration.hpp"

#include <mi2/error.hpp>

#include "base/json.hpp"

namespace mi2::models {
namespace {

using Json = nlohmann::ordered_json;  // as it is written

/// A cosine to bf16's vectors below which they are not near any more.
constexpr double kFar = 0.99;

Json to_json(const TowerFit& fit) {
  return {{"before", fit.before}, {"after", fit.after}, {"bf16_layers", fit.wide}, {"layers", fit.layers}};
}

TowerFit tower_of(const nlohmann::json& json) {
  return {json.at("before").get<double>(), json.at("after").get<double>(), json.at("bf16_layers").get<std::size_t>(),
          json.at("layers").get<std::size_t>()};
}

std::string warning_of(std::string_view inputs, const TowerFit& fit) {
  if (fit.after < kFar) {
    return fmt::format("{}: a cosine of {:.4f} to bf16 on the worst of the built-in inputs", inputs, fit.after);
  }
  if (fit.wide == 0) return {};
  return fmt::format(
      "{}: {} of {} layers stay bf16, {:.4f} instead of a cosine of {:.4f} to bf16 on the worst of the built-in inputs",
      inputs, fit.wide, fit.layers, fit.after, fit.before);
}

}  // namespace

std::string warning_of(const Int8Fit& fit) {
  std::string text;
  for (const std::string& part : {warning_of("images", fit.image), warning_of("texts", fit.text)}) {
    if (part.empty()) continue;
    text += (text.empty() ? "this model's weights have outliers that bytes do not hold; " : "; ") + part;
  }
  return text;
}

std::string to_text(const Int8Fit& fit) {
  Json scales = Json::object();
  for (const auto& [layer, how] : fit.sharing) {
    std::string digits;
    for (const std::int8_t e : how.exponents) digits += fmt::format("{:02x}", static_cast<std::uint8_t>(e));
    scales[layer] = {{"norm", how.norm}, {"exponents", digits}};
  }
  return Json{{"image", to_json(fit.image)}, {"text", to_json(fit.text)}, {"bf16", fit.wide}, {"scales", scales}}
      .dump();
}

Int8Fit parse_fit(const std::string& text) {
  const nlohmann::json json = base::parse_json(text, {.name = "mi2.calibration", .fault = Code::kBadFile});
  try {
    Int8Fit fit;
    fit.image = tower_of(json.at("image"));
    fit.text = tower_of(json.at("text"));
    return fit;
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::kBadFile, "mi2.calibration: expected what mi2 pack writes");
  }
}

}  // namespace mi2::models
