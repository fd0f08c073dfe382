#pragma once
// What people state of the energy of a command that takes long.

#include <string>

#include "energy/meter.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace mi2::cli {

/// As they were typed; empty: not stated.
struct EnergyArguments {
  bool of_one_device = false;  ///< --watts, and of the machine otherwise
  std::string watts;
  std::string overhead;
  std::string intensity;
  std::string region;
};

/// Declares --watts, --pue, --carbon-intensity and --region. `arguments` outlives the App.
void add_energy_arguments(CLI::App& command, EnergyArguments& arguments);

/// How a command is metered. @throws Error{kBadArgument} naming the option.
energy::MeterOptions meter_options(const EnergyArguments& arguments);

}  // namespace mi2::cli
