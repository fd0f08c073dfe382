#include "energy/regions.hpp"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/nearest.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"

namespace mi2::energy {
namespace {

constexpr std::string_view kEmber = "Ember, Global Electricity Review 2025";
constexpr std::string_view kOurWorld = "Our World in Data, after Ember; location-based";
constexpr std::string_view kGrid = "eGRID, as mlco2/impact has it; location-based, without what is bought to offset it";

constexpr std::array kRegions{
    Region{kWorld, "world average", 473, "2024", kEmber},
    Region{"arg", "Argentina", 354.103, "2023", kOurWorld},
    Region{"aus", "Australia", 548.692, "2023", kOurWorld},
    Region{"aut", "Austria", 110.812, "2023", kOurWorld},
    Region{"bel", "Belgium", 138.107, "2023", kOurWorld},
    Region{"bgd", "Bangladesh", 691.411, "2023", kOurWorld},
    Region{"bgr", "Bulgaria", 335.334, "2023", kOurWorld},
    Region{"bih", "Bosnia and Herzegovina", 600, "2023", kOurWorld},
    Region{"bol", "Bolivia", 531.687, "2023", kOurWorld},
    Region{"bra", "Brazil", 98.348, "2023", kOurWorld},
    Region{"can", "Canada", 170.043, "2023", kOurWorld},
    Region{"che", "Switzerland", 34.843, "2023", kOurWorld},
    Region{"chl", "Chile", 291.113, "2023", kOurWorld},
    Region{"chn", "China", 582.317, "2023", kOurWorld},
    Region{"col", "Colombia", 259.511, "2023", kOurWorld},
    Region{"cri", "Costa Rica", 53.378, "2023", kOurWorld},
    Region{"cyp", "Cyprus", 534.323, "2023", kOurWorld},
    Region{"cze", "Czechia", 449.724, "2023", kOurWorld},
    Region{"deu", "Germany", 380.95, "2023", kOurWorld},
    Region{"dnk", "Denmark", 151.65, "2023", kOurWorld},
    Region{"ecu", "Ecuador", 150.224, "2023", kOurWorld},
    Region{"egy", "Egypt", 570.306, "2023", kOurWorld},
    Region{"esp", "Spain", 174.05, "2023", kOurWorld},
    Region{"est", "Estonia", 416.667, "2023", kOurWorld},
    Region{"fin", "Finland", 79.158, "2023", kOurWorld},
    Region{"fra", "France", 56.039, "2023", kOurWorld},
    Region{"gbr", "United Kingdom", 237.589, "2023", kOurWorld},
    Region{"geo", "Georgia", 167.594, "2023", kOurWorld},
    Region{"grc", "Greece", 336.574, "2023", kOurWorld},
    Region{"hrv", "Croatia", 204.962, "2023", kOurWorld},
    Region{"hun", "Hungary", 204.19, "2023", kOurWorld},
    Region{"ind", "India", 713.441, "2023", kOurWorld},
    Region{"irl", "Ireland", 290.805, "2023", kOurWorld},
    Region{"irn", "Iran", 655.125, "2023", kOurWorld},
    Region{"ita", "Italy", 330.718, "2023", kOurWorld},
    Region{"jpn", "Japan", 485.392, "2023", kOurWorld},
    Region{"kaz", "Kazakhstan", 821.391, "2023", kOurWorld},
    Region{"ken", "Kenya", 70.492, "2023", kOurWorld},
    Region{"kor", "South Korea", 430.567, "2023", kOurWorld},
    Region{"kwt", "Kuwait", 649.163, "2023", kOurWorld},
    Region{"ltu", "Lithuania", 160.072, "2023", kOurWorld},
    Region{"lux", "Luxembourg", 105.263, "2023", kOurWorld},
    Region{"lva", "Latvia", 123.2, "2023", kOurWorld},
    Region{"mar", "Morocco", 630.014, "2023", kOurWorld},
    Region{"mda", "Moldova", 643.464, "2023", kOurWorld},
    Region{"mex", "Mexico", 507.245, "2023", kOurWorld},
    Region{"mkd", "North Macedonia", 565.345, "2023", kOurWorld},
    Region{"mlt", "Malta", 459.144, "2023", kOurWorld},
    Region{"mmr", "Myanmar", 398.898, "2023", kOurWorld},
    Region{"mne", "Montenegro", 417.073, "2023", kOurWorld},
    Region{"mng", "Mongolia", 775.309, "2023", kOurWorld},
    Region{"nga", "Nigeria", 523.247, "2023", kOurWorld},
    Region{"nld", "Netherlands", 267.622, "2023", kOurWorld},
    Region{"nor", "Norway", 30.08, "2023", kOurWorld},
    Region{"nzl", "New Zealand", 112.758, "2023", kOurWorld},
    Region{"omn", "Oman", 564.635, "2023", kOurWorld},
    Region{"pak", "Pakistan", 440.608, "2023", kOurWorld},
    Region{"per", "Peru", 266.478, "2023", kOurWorld},
    Region{"phl", "Philippines", 610.688, "2023", kOurWorld},
    Region{"pol", "Poland", 661.926, "2023", kOurWorld},
    Region{"prt", "Portugal", 165.553, "2023", kOurWorld},
    Region{"pry", "Paraguay", 23.755, "2023", kOurWorld},
    Region{"qat", "Qatar", 602.5, "2023", kOurWorld},
    Region{"rou", "Romania", 240.583, "2023", kOurWorld},
    Region{"rus", "Russia", 441.039, "2023", kOurWorld},
    Region{"sgp", "Singapore", 470.783, "2023", kOurWorld},
    Region{"slv", "El Salvador", 271.468, "2023", kOurWorld},
    Region{"srb", "Serbia", 636.062, "2023", kOurWorld},
    Region{"svk", "Slovakia", 116.774, "2023", kOurWorld},
    Region{"svn", "Slovenia", 231.275, "2023", kOurWorld},
    Region{"swe", "Sweden", 40.695, "2023", kOurWorld},
    Region{"tha", "Thailand", 549.583, "2023", kOurWorld},
    Region{"tun", "Tunisia", 563.956, "2023", kOurWorld},
    Region{"tur", "Turkey", 464.586, "2023", kOurWorld},
    Region{"twn", "Taiwan", 642.378, "2023", kOurWorld},
    Region{"ury", "Uruguay", 128.788, "2023", kOurWorld},
    Region{"usa", "United States", 369.473, "2023", kOurWorld},
    Region{"vnm", "Vietnam", 475.449, "2023", kOurWorld},
    Region{"zaf", "South Africa", 707.686, "2023", kOurWorld},
    Region{"us-east-1", "AWS US East, N. Virginia", 367.8, "2019 or before", kGrid},
    Region{"us-east-2", "AWS US East, Ohio", 568.2, "2019 or before", kGrid},
    Region{"us-west-1", "AWS US West, N. California", 240.6, "2019 or before", kGrid},
    Region{"us-west-2", "AWS US West, Oregon", 297.6, "2019 or before", kGrid},
    Region{"centralus", "Azure Central US", 736.6, "2019 or before", kGrid},
    Region{"eastus", "Azure East US", 367.8, "2019 or before", kGrid},
    Region{"eastus2", "Azure East US 2", 367.8, "2019 or before", kGrid},
    Region{"northcentralus", "Azure North Central US", 568.2, "2019 or before", kGrid},
    Region{"southcentralus", "Azure South Central US", 460.4, "2019 or before", kGrid},
    Region{"westus", "Azure West US", 240.6, "2019 or before", kGrid},
    Region{"westus2", "Azure West US 2", 297.6, "2019 or before", kGrid},
    Region{"us-central1", "Google Cloud Iowa", 566.3, "2019 or before", kGrid},
    Region{"us-east1", "Google Cloud South Carolina", 367.8, "2019 or before", kGrid},
    Region{"us-east4", "Google Cloud N. Virginia", 367.8, "2019 or before", kGrid},
    Region{"us-west1", "Google Cloud Oregon", 297.6, "2019 or before", kGrid},
    Region{"us-west2", "Google Cloud Los Angeles", 240.6, "2019 or before", kGrid},
};

}  // namespace

std::span<const Region> regions() { return kRegions; }

const Region& region_named(std::string_view name) {
  const std::string typed = base::lower_ascii(name);
  std::vector<std::string> names;
  for (const Region& region : kRegions) {
    if (typed == region.name || typed == base::lower_ascii(region.place)) return region;
    names.emplace_back(region.name);
    names.emplace_back(region.place);
  }
  const std::string meant = base::nearest(name, names);
  throw Error(Code::kBadArgument,
              fmt::format("no region is called {}{}; mi2 report carbon --list has all", base::in_quotes(name),
                          meant.empty() ? "" : fmt::format("; did you mean '{}'", meant)));
}

}  // namespace mi2::energy
