// mi2 report: what a run cost, and cards of models.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "energy/account.hpp"
#include "energy/devices.hpp"
#include "energy/regions.hpp"
#include "energy_arguments.hpp"
#include "output.hpp"
#include "report_command.hpp"

namespace mi2::cli {
namespace {

struct CarbonArguments {
  std::optional<double> device_hours;
  EnergyArguments energy;
  std::string watts_source;
  std::string intensity_source;
  std::string format = "table";
  bool list = false;
};

constexpr std::string_view kReportHelp = R"(Examples:
  mi2 report carbon --gpu-hours 7680 --watts 250-400 --carbon-intensity 297.6
  mi2 report model-card models/starter --evaluation report --out card

See 'mi2 report COMMAND --help'.
)";

constexpr std::string_view kCarbonHelp =
    R"(kg = hours x watts / 1000 x PUE x g/kWh / 1000, with every factor and where it comes from. A
factor that is not known exactly is a range LOW-HIGH, and so is then the answer. A device's name
stands for its thermal design power, and of several that it may mean for their range; --list
prints all devices and regions with their sources. mi2 train, evaluate NAME and index add write
the same account of themselves, with what they measured.

Examples:
  mi2 report carbon --gpu-hours 7680 --watts 250-400 --carbon-intensity 297.6
  mi2 report carbon --gpu-hours 96 --watts V100 --region westus2 --pue 1.1-1.3
  mi2 report carbon --gpu-hours 96 --watts 300 --carbon-intensity 297.6 \
      --watts-source "V100-SXM2-32GB, TDP" --intensity-source "West US 2, eGRID" --format json
  mi2 report carbon --list
)";

void print(const std::string& text) {
  const auto output = open_output("-");
  output->write(text);
  output->commit();
}

std::string tables_json() {
  nlohmann::ordered_json json{{"devices", nlohmann::ordered_json::array()},
                              {"regions", nlohmann::ordered_json::array()}};
  for (const energy::DevicePower& device : energy::device_powers()) {
    json["devices"].push_back({{"name", device.name}, {"watts", device.watts}, {"source", device.source}});
  }
  for (const energy::Region& region : energy::regions()) {
    json["regions"].push_back({{"name", region.name},
                               {"place", region.place},
                               {"grams_per_kwh", region.grams_per_kwh},
                               {"year", region.year},
                               {"source", region.source}});
  }
  return json.dump(1) + '\n';
}

std::string tables_text() {
  std::string text = "device            watts  source (thermal design power)\n";
  for (const energy::DevicePower& device : energy::device_powers()) {
    text += fmt::format("{:<16} {:>6}  {}\n", device.name, device.watts, device.source);
  }
  text += "\nregion              g/kWh  place, year, source\n";
  for (const energy::Region& region : energy::regions()) {
    text += fmt::format("{:<16} {:>8.1f}  {}, {}, {}\n", region.name, region.grams_per_kwh, region.place, region.year,
                        region.source);
  }
  return text;
}

int carbon(const CarbonArguments& arguments) {
  const bool json = arguments.format == "json";
  if (arguments.list) {
    print(json ? tables_json() : tables_text());
    return 0;
  }
  if (!arguments.device_hours || arguments.energy.watts.empty()) {
    throw Error(Code::kBadArgument, "report carbon: expected --gpu-hours and --watts, or --list");
  }
  energy::MeterOptions factors = meter_options(arguments.energy);
  if (!arguments.watts_source.empty()) factors.watts->source = arguments.watts_source;
  if (!arguments.intensity_source.empty()) factors.intensity.source = arguments.intensity_source;
  const energy::Range hours{*arguments.device_hours, *arguments.device_hours};
  energy::check_range(hours, "--gpu-hours", 0);
  energy::Account account{"stated", hours.low, {}, factors.overhead, factors.intensity, {}};
  account.terms.push_back(
      energy::product({"device_hours",
                       "device hours",
                       "h",
                       {hours, fmt::format("{}: hours of a device, summed over devices", energy::kStated)}},
                      {"watts", "watts", "W", *factors.watts}));
  energy::check(account);
  print(json ? to_json(account).dump(1) + '\n' : to_text(account));
  return 0;
}

void add_carbon(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<CarbonArguments>();
  command.add_option("--gpu-hours", arguments->device_hours, "Hours, of all devices together")
      ->type_name("H")
      ->check(any_number());
  arguments->energy.of_one_device = true;
  add_energy_arguments(command, arguments->energy);
  command.add_option("--intensity", arguments->energy.intensity, "The same as --carbon-intensity")
      ->type_name("G")
      ->excludes("--carbon-intensity");
  command.add_option("--watts-source", arguments->watts_source, "Where --watts is from")->type_name("TEXT");
  command.add_option("--intensity-source", arguments->intensity_source, "Where --carbon-intensity is from")
      ->type_name("TEXT");
  command.add_flag("--list", arguments->list,
                   "Print the devices and regions that are known, with their sources, and end");
  command.add_option("-f,--format", arguments->format, "How the answer is written")
      ->type_name("table|json")
      ->transform(one_of({"table", "json"}))
      ->capture_default_str();
  command.footer(fmt::format("{}\n{}", kCarbonHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return carbon(*arguments); }; });
}

}  // namespace

void add_report(CLI::App& command, Session& session) {
  command.require_subcommand(1);
  add_carbon(*command.add_subcommand("carbon", "Convert hours of devices into CO2"), session);
  add_model_card(
      *command.add_subcommand("model-card", "Write a model's card: what it is, how well it answers, its uses"),
      session);
  command.footer(fmt::format("{}\n{}", kReportHelp, exit_status_help()));
}

}  // namespace mi2::cli
