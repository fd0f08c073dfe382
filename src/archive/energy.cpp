#include "archive/energy.hpp"

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "energy/meter.hpp"

namespace mi2::archive {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKey = "energy";

}  // namespace

std::optional<EnergySpent> read_energy(Catalog& catalog) {
  const std::string text = catalog.meta(kKey);
  if (text.empty()) return std::nullopt;
  const Json json = base::parse_ordered_json(text, {.name = "catalog.sqlite: 'energy'", .fault = Code::kBadFile});
  try {
    return EnergySpent{json.at("runs").get<std::uint64_t>(), json.at("hours").get<double>(),
                       energy::range_of(json.at("energy_kwh")), energy::range_of(json.at("co2e_kg")),
                       json.at("last").dump()};
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

std::optional<energy::Account> keep_energy(Writer& archive, std::int64_t before, energy::EnergyMeter& meter) {
  if (archive.catalog().sequence() == before) return std::nullopt;
  energy::Account account = meter.account();
  add_energy(archive, account);
  return account;
}

std::string to_json(const EnergySpent& spent) {
  return Json{{"runs", spent.runs},
              {"hours", spent.hours},
              {"energy_kwh", energy::to_json(spent.kwh)},
              {"co2e_kg", energy::to_json(spent.kilograms)},
              {"last", Json::parse(spent.last)}}
      .dump();
}

}  // namespace mi2::archive
