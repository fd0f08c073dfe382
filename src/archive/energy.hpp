#pragma once
// What adding to an archive has cost, kept in it.

#include <cstdint>
#include <optional>
#include <string>

#include "archive/archive.hpp"
#include "archive/catalog.hpp"
#include "energy/account.hpp"

namespace mi2::energy {
class EnergyMeter;
}  // namespace mi2::energy

namespace mi2::archive {

/// Of all runs that added something and came to their end, or were stopped; one that was killed is not in it.
struct EnergySpent {
  std::uint64_t runs = 0;
  double hours = 0;
  energy::Range kwh;
  energy::Range kilograms;  ///< of CO2e
  std::string last;         ///< the account of the last run, as energy::to_json() has it
};

/// @returns nothing for an archive that keeps none. @throws Error{kBadFile} for one whose catalog holds something else.
std::optional<EnergySpent> read_energy(Catalog& catalog);

/// Adds a run's account to what the archive keeps.
void add_energy(Writer& archive, const energy::Account& account);
/// The same of what a meter has counted, if the archive has changed since. @param before  Catalog::sequence() then.
/// @returns the account; nothing if nothing came of the run.
std::optional<energy::Account> keep_energy(Writer& archive, std::int64_t before, energy::EnergyMeter& meter);

/// An object: "runs", "hours", "energy_kwh", "co2e_kg" and "last".
std::string to_json(const EnergySpent& spent);

}  // namespace mi2::archive
