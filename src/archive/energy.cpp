#include "archive/energy.hpp"

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

namespace mi2::archive {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKey = "energy";

Json range_json(const energy::Range& range) { return {{"low", range.low}, {"high", range.high}}; }

energy::Range range_of(const Json& json) { return {json.at("low").get<double>(), json.at("high").get<double>()}; }

}  // namespace

std::optional<EnergySpent> read_energy(Catalog& catalog) {
  const std::string text = catalog.meta(kKey);
  if (text.empty()) return std::nullopt;
  try {
    const Json json = Json::parse(text);
    return EnergySpent{json.at("runs").get<std::uint64_t>(), json.at("hours").get<double>(),
                       range_of(json.at("energy_kwh")), range_of(json.at("co2e_kg")), json.at("last").dump()};
  } catch (const Json::exception&) {
    throw Error(Code::kBadFile, "catalog.sqlite: 'energy' is no account of energy; expected what mi2 index add keeps");
  }
}

void add_energy(Writer& archive, const energy::Account& account) {
  Catalog& catalog = archive.catalog();
  Catalog::Transaction all(catalog, true);
  EnergySpent spent = read_energy(catalog).value_or(EnergySpent{});
  ++spent.runs;
  spent.hours += account.hours;
  spent.kwh = spent.kwh + account.kwh();
  spent.kilograms = spent.kilograms + account.kilograms();
  spent.last = energy::to_json(account).dump();
  catalog.set_meta(kKey, to_json(spent));
  all.commit();
}

std::string to_json(const EnergySpent& spent) {
  return Json{{"runs", spent.runs},
              {"hours", spent.hours},
              {"energy_kwh", range_json(spent.kwh)},
              {"co2e_kg", range_json(spent.kilograms)},
              {"last", Json::parse(spent.last)}}
      .dump();
}

}  // namespace mi2::archive
