#include "energy_arguments.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace mi2::cli {

void add_energy_arguments(CLI::App& command, EnergyArguments& arguments) {
  command
      .add_option("--watts", arguments.watts,
                  fmt::format("Watts of {}: a number, LOW-HIGH, or a device's name, as mi2 report carbon lists them{}",
                              arguments.of_one_device ? "one device" : "this machine under this load",
                              arguments.of_one_device ? "" : ", 8xNAME for eight"))
      ->type_name("W");
  command.add_option("--pue", arguments.overhead, "What the building takes per kWh of its devices (default: 1)")
      ->type_name("X");
  // Commands that read images have another --intensity.
  command
      .add_option("--carbon-intensity", arguments.intensity,
                  "Grams of CO2e per kWh: a number or LOW-HIGH (default: the region's)")
      ->type_name("G");
  command
      .add_option("--region", arguments.region,
                  "Whose electricity: a country or a cloud's region, as mi2 report carbon lists them (default: world)")
      ->type_name("NAME");
}

energy::MeterOptions meter_options(const EnergyArguments& arguments) {
  energy::MeterOptions options;
  if (!arguments.watts.empty()) options.watts = energy::watts_of(arguments.watts, "--watts", arguments.of_one_device);
  options.overhead = energy::overhead_of(arguments.overhead, "--pue");
  options.intensity = energy::intensity_of(arguments.intensity, arguments.region, "--carbon-intensity");
  return options;
}

}  // namespace mi2::cli
