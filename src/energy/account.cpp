#include "energy/account.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

namespace mi2::energy {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kThousand = 1000;

/// Of Wh in kWh, of g in kg.
Range in_thousands(const Range& range) { return {range.low / kThousand, range.high / kThousand}; }

Json factor_json(const Factor& factor, std::string_view unit) {
  return {{"low", factor.value.low}, {"high", factor.value.high}, {"unit", unit}, {"source", factor.source}};
}

/// "7680 device hours x 250 to 400 W"
std::string formula(const Term& term) {
  std::vector<std::string> parts;
  for (const Quantity& quantity : term.factors) {
    parts.push_back(
        fmt::format("{} {}", to_text(quantity.factor.value), quantity.unit == "h" ? quantity.name : quantity.unit));
  }
  return fmt::format("{}", fmt::join(parts, " x "));
}

std::string rounded(const Range& range) {
  return range.low == range.high ? fmt::format("{:.3g}", range.low)
                                 : fmt::format("{:.3g} to {:.3g}", range.low, range.high);
}

}  // namespace

Range Term::kwh() const {
  Range product{1, 1};
  for (const Quantity& quantity : factors) product = product * quantity.factor.value;
  // Hours x watts are Wh; what was measured is in kWh.
  return factors.size() > 1 ? in_thousands(product) : product;
}

Term measured(std::string key, std::string name, double kwh, std::string source) {
  return {{{std::move(key), std::move(name), "kWh", {{kwh, kwh}, std::move(source)}}}};
}

Term product(Quantity hours, Quantity watts) { return {{std::move(hours), std::move(watts)}}; }

Range Account::devices_kwh() const {
  Range sum;
  for (const Term& term : terms) sum = sum + term.kwh();
  return sum;
}

Range Account::kwh() const { return devices_kwh() * overhead.value; }
Range Account::kilograms() const { return in_thousands(kwh() * intensity.value); }

void check(const Account& account) {
  if (std::isfinite(account.kwh().high) && std::isfinite(account.kilograms().high)) return;
  throw Error(Code::kBadArgument, "carbon: the factors are too large together");
}

std::string mass_text(const Range& kilograms) {
  if (kilograms.high < 1) return fmt::format("{} g", rounded(kilograms * kThousand));
  return kilograms.low == kilograms.high ? fmt::format("{:.3f} kg", kilograms.low)
                                         : fmt::format("{:.3f} to {:.3f} kg", kilograms.low, kilograms.high);
}

std::string summary(const Account& account) { return summary_of_json(to_json(account)); }

std::string summary_of_json(const Json& account) {
  return fmt::format("{:.3g} h, {} kWh, {} CO2e ({})", account.at("hours").get<double>(),
                     rounded(range_of(account.at("energy_kwh"))), mass_text(range_of(account.at("co2e_kg"))),
                     account.at("method").get<std::string>());
}

std::string to_text(const Account& account) {
  std::vector<Quantity> quantities;
  std::vector<std::string> formulas;
  for (const Term& term : account.terms) {
    formulas.push_back(formula(term));
    quantities.insert(quantities.end(), term.factors.begin(), term.factors.end());
  }
  quantities.push_back({"pue", "PUE", "", account.overhead});
  quantities.push_back({"intensity", "intensity", "g/kWh", account.intensity});
  const std::string kwh = to_text(account.kwh());
  std::string text = fmt::format("{} CO2e\n", mass_text(account.kilograms()));
  text += fmt::format("  = {} kWh x {} g/kWh\n", kwh, to_text(account.intensity.value));
  const std::string sum = fmt::format("{}", fmt::join(formulas, " + "));
  text += fmt::format("  {} kWh = {} x PUE {}\n", kwh, formulas.size() > 1 ? fmt::format("({})", sum) : sum,
                      to_text(account.overhead.value));
  std::size_t width = 0;
  for (const Quantity& quantity : quantities) width = std::max(width, quantity.name.size());
  for (const Quantity& quantity : quantities) {
    text += fmt::format("  {:<{}}  {}{}: {}\n", quantity.name, width, to_text(quantity.factor.value),
                        quantity.unit.empty() ? "" : " " + quantity.unit, quantity.factor.source);
  }
  for (const std::string& note : account.notes) text += fmt::format("  not in it: {}\n", note);
  return text;
}

Json to_json(const Range& range) { return {{"low", range.low}, {"high", range.high}}; }

Range range_of(const Json& json) { return {json.at("low").get<double>(), json.at("high").get<double>()}; }

Json to_json(const Account& account) {
  Json json{{"method", account.method},
            {"hours", account.hours},
            {"energy_kwh", to_json(account.kwh())},
            {"co2e_kg", to_json(account.kilograms())}};
  Json& factors = json["factors"];
  for (const Term& term : account.terms) {
    for (const Quantity& quantity : term.factors) factors[quantity.key] = factor_json(quantity.factor, quantity.unit);
  }
  factors["pue"] = factor_json(account.overhead, "1");
  factors["intensity"] = factor_json(account.intensity, "g/kWh");
  json["not_included"] = account.notes;
  return json;
}

}  // namespace mi2::energy
