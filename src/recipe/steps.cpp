#include "recipe/steps.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/quotes.hpp"

namespace mi2::recipe {
namespace {

constexpr std::array kSteps{
    std::pair<std::string_view, Step>{"dicom_series", dicom_series},
    std::pair<std::string_view, Step>{"lidc_tiles", lidc_tiles},
    std::pair<std::string_view, Step>{"pcam_patches", pcam_patches},
    std::pair<std::string_view, Step>{"irma_texts", irma_texts},
    std::pair<std::string_view, Step>{"mimic_age", mimic_age},
    std::pair<std::string_view, Step>{"mimic_sections", mimic_sections},
    std::pair<std::string_view, Step>{"mimic_views", mimic_views},
    std::pair<std::string_view, Step>{"odir_keywords", odir_keywords},
    std::pair<std::string_view, Step>{"upenn_people", upenn_people},
    std::pair<std::string_view, Step>{"years", years},
};

}  // namespace

Step find_step(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& [known, step] : kSteps) {
    if (known == name) return step;
    names.push_back(known);
  }
  throw Error(Code::kBadArgument,
              fmt::format("no step is called {}; expected {}", base::in_quotes(name), fmt::join(names, " or ")));
}

}  // namespace mi2::recipe
