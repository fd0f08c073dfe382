#include "report/card_energy.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "energy/account.hpp"

namespace mi2::report {
namespace {

using Json = nlohmann::json;

std::string factor_text(const Json& factor) {
  const std::string unit = factor.at("unit").get<std::string>();
  return fmt::format("{}{}: {}", energy::to_text(energy::range_of(factor)), unit == "1" ? "" : " " + unit,
                     factor.at("source").get<std::string>());
}

/// Adds one account to both tables.
void add_account(const CardEnergy& one, Block& sums, Facts& factors) {
  const Json json = base::parse_json(one.account, {.name = "energy of " + one.of, .fault = Code::kBadFile});
  try {
    sums.rows.push_back({one.of, fmt::format("{:.3g}", json.at("hours").get<double>()),
                         energy::to_text(energy::range_of(json.at("energy_kwh"))),
                         energy::mass_text(energy::range_of(json.at("co2e_kg"))),
                         json.at("method").get<std::string>()});
    for (const auto& [key, factor] : json.at("factors").items()) {
      factors.emplace_back(fmt::format("{}: {}", one.of, key), factor_text(factor));
    }
    for (const Json& missing : json.at("not_included")) {
      factors.emplace_back(one.of + ": not in it", missing.get<std::string>());
    }
  } catch (const Json::exception&) {
    throw Error(Code::kBadFile,
                fmt::format("energy of {}: is no account; expected what mi2 report carbon --format json "
                            "prints",
                            one.of));
  }
}

}  // namespace

std::vector<Block> energy_blocks(const std::vector<CardEnergy>& accounts) {
  if (accounts.empty()) return {paragraph("Not recorded.")};
  Block sums = table({{"of", "hours", "kWh", "CO2e", "method"}});
  Facts factors;
  for (const CardEnergy& one : accounts) add_account(one, sums, factors);
  return {std::move(sums), facts(factors)};
}

}  // namespace mi2::report
