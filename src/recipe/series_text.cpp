#include "recipe/series_text.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "image/source.hpp"

namespace mi2::recipe {
namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// In lower case; all but letters, digits and '+' is one blank, and one stands at each end: " t1 axial post ".
std::string as_words(std::string_view text) {
  std::string words = " ";
  for (const char c : base::lower_ascii(text)) {
    const bool is_part = is_letter(c) || (c >= '0' && c <= '9') || c == '+';
    if (is_part) {
      words += c;
    } else if (words.back() != ' ') {
      words += ' ';
    }
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

bool has_any(std::string_view words, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return words.find(part) != std::string_view::npos; });
}

std::string_view side_of(const SeriesFacts& facts, std::string_view words) {
  const std::string said = base::lower_ascii(facts.laterality);
  if (said == "b" || said == "both" || has_any(words, {" both ", " bilateral ", " bilat "})) return "both";
  if (said == "l" || said == "left" || has_any(words, {" left ", " lt "})) return "left";
  if (said == "r" || said == "right" || has_any(words, {" right ", " rt "})) return "right";
  return "NA";
}

struct Part {
  std::string_view name;
  std::initializer_list<std::string_view> words;
};

/// The first that fits: what is more exact stands above.
std::string_view body_part_in(std::string_view words) {
  static const std::initializer_list<Part> kParts{
      {"chest abdomen pelvis leg", {" runoff ", " run off "}},
      {"chest abdomen pelvis",
       {" chest abd pel", " chest abdomen pel", " chestabdpelvis ", " chestabdomenpelvis ", " cap ", " chest abdpel"}},
      {"c spine", {" c spine", " cspine ", " cervical "}},
      {"t spine", {" t spine", " tspine ", " thoracic spine", " mri thoracic ", " planet spine"}},
      {"l spine", {" l spine", " lspine ", " lumbar "}},
      {"brain head", {" brain", " head", " skull", " cranium", " neuro"}},
      {"knee", {" knee"}},
      {"ankle", {" ankle"}},
      {"foot", {" foot", " feet"}},
      {"upper leg", {" thigh", " femur", " upper leg"}},
      {"lower leg", {" lower leg", " calf", " tibia", " leg ", " lower extremity", " lowerextremity"}},
      {"pelvis", {" pelvis", " hip"}},
      {"abdomen", {" abdomen", " abd ", " liver", " kidney"}},
      {"chest", {" chest", " thorax", " lung"}},
  };
  const auto* const found = std::ranges::find_if(kParts, [&](const Part& part) { return has_any(words, part.words); });
  return found == kParts.end() ? std::string_view() : found->name;
}

std::string_view body_part_of(const SeriesFacts& facts) {
  for (const std::string* text : {&facts.body_part, &facts.series, &facts.study}) {
    const std::string_view found = body_part_in(as_words(*text));
    if (!found.empty()) return found;
  }
  return "NA";
}

bool says_none(std::string_view words) {
  return has_any(words, {" non con", " noncon", " without ", " w o ", " wo ", " no con", " unenhanced ", " pre "}) &&
         !has_any(words, {" w wo ", " w w o ", " w and wo ", " with and without ", " w and w o "});
}

bool says_contrast(std::string_view words) {
  return has_any(words, {" post", " gad", " gd ", " w contrast", " with contrast", " w con", " with con", "c+ ", "+c ",
                         "+gd ", " ce "});
}

bool has_contrast(const SeriesFacts& facts) {
  const std::string series = as_words(facts.series);
  if (says_none(series)) return false;
  if (says_contrast(series)) return true;
  const std::string agent = as_words(facts.contrast);
  if (agent.size() > 2) return !has_any(agent, {" none ", " no ", " without ", " n a ", " na "});
  const std::string study = as_words(facts.study);
  return !says_none(study) && says_contrast(study);
}

std::string_view weighting_of(const SeriesFacts& facts) {
  if (facts.modality != "MR") return "NA";
  const std::string words = as_words(facts.series);
  // "ep2d_perf", and not the "ep2d_diff" that starts like it.
  if (has_any(words, {"perf", " dsc ", " dce ", " pwi ", " cbv", " cbf", " mtt "})) return "perfusion weighted";
  if (has_any(words, {"diff", "dwi", "adc", "dti", "trace"})) return "diffusion weighted";
  if (has_any(words, {"flair"})) return "flair tweighted";
  if (has_any(words, {"t1", "t2", "mprage", "spgr", "bravo"})) return "tweighted";
  return "NA";
}

}  // namespace

std::string cleaned(std::string_view description) {
  std::string text;
  for (const char c : description) {
    if (is_letter(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80) text += c;
  }
  return std::string(base::without_blanks(text));
}

std::string series_text(const SeriesFacts& facts) { return cleaned(facts.series); }

std::string structured_text(const SeriesFacts& facts) {
  const std::string text =
      fmt::format("{} {} {} {} {} contrast {} NA {}  {}", base::lower_ascii(facts.modality),
                  side_of(facts, as_words(facts.series + ' ' + facts.study)), body_part_of(facts),
                  facts.orientation ? plane_of(*facts.orientation) : std::string_view("NA"),
                  has_contrast(facts) ? "yes" : "no", weighting_of(facts), cleaned(facts.study), cleaned(facts.series));
  return std::string(base::without_blanks(text));
}

std::string_view plane_of(const std::array<double, 6>& orientation) {
  const std::array<double, 3> normal = image::normal_of(orientation);
  const double x = std::abs(normal[0]);
  const double y = std::abs(normal[1]);
  const double z = std::abs(normal[2]);
  if (z >= x && z >= y) return "axial";
  return y >= x ? "coronal" : "sagittal";
}

bool is_localizer(const SeriesFacts& facts) {
  return has_any(as_words(facts.image_type), {" localizer ", " scout "}) ||
         has_any(as_words(facts.series), {" localizer", " localiser", " scout", " topogram", " surview", " 3 plane loc",
                                          " 3 pl loc", " plane loc", " loc "});
}

}  // namespace mi2::recipe
