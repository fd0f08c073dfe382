// mi2 report: what a run cost.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "output.hpp"
#include "report/carbon.hpp"

namespace mi2::cli {
namespace {

struct CarbonArguments {
  report::CarbonOptions options;
  std::string watts;
  std::string intensity = "473";
  std::string overhead = "1";
  std::string watts_source;
  std::string intensity_source;
  std::string format = "table";
};

constexpr std::string_view kReportHelp = R"(Examples:
  mi2 report carbon --gpu-hours 7680 --watts 250-400 --intensity 297.6

See 'mi2 report COMMAND --help'.
)";

constexpr std::string_view kCarbonHelp =
    R"(kg = hours x watts / 1000 x PUE x g/kWh / 1000, with every factor and where it comes from. A
factor that is not known exactly is a range LOW-HIGH, and so is then the answer.

Examples:
  mi2 report carbon --gpu-hours 7680 --watts 250-400 --intensity 297.6
  mi2 report carbon --gpu-hours 96 --watts 300 --intensity 297.6 --pue 1.1-1.3 \
      --watts-source "V100-SXM2-32GB, TDP" --intensity-source "West US 2, eGRID" --format json
)";

int carbon(CarbonArguments& arguments) {
  report::CarbonOptions& options = arguments.options;
  options.watts = report::parse_range(arguments.watts, "--watts");
  options.grams_per_kwh = report::parse_range(arguments.intensity, "--intensity");
  options.overhead = report::parse_range(arguments.overhead, "--pue");
  const report::Carbon found = report::carbon(options);
  const auto output = open_output("-");
  output->write(arguments.format == "json" ? report::to_json(options, found) : report::to_text(options, found));
  output->commit();
  return 0;
}

void add_carbon(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<CarbonArguments>();
  command.add_option("--gpu-hours", arguments->options.device_hours, "Hours, of all devices together")
      ->type_name("H")
      ->required();
  command.add_option("--watts", arguments->watts, "Of one device: a number or LOW-HIGH")->type_name("W")->required();
  command.add_option("--intensity", arguments->intensity, "Grams of CO2e per kWh: a number or LOW-HIGH")
      ->type_name("G")
      ->capture_default_str();
  command.add_option("--pue", arguments->overhead, "What the building takes per kWh of its devices")
      ->type_name("X")
      ->capture_default_str();
  command.add_option("--watts-source", arguments->watts_source, "Where --watts is from")->type_name("TEXT");
  command.add_option("--intensity-source", arguments->intensity_source, "Where --intensity is from")->type_name("TEXT");
  command.add_option("-f,--format", arguments->format, "How the answer is written")
      ->type_name("table|json")
      ->transform(one_of({"table", "json"}))
      ->capture_default_str();
  command.footer(fmt::format("{}\n{}", kCarbonHelp, exit_status_help()));
  const CLI::App* const app = &command;
  command.callback([arguments, app, &session] {
    const auto stated = [&](const char* name) { return app->get_option(name)->count() > 0; };
    report::CarbonOptions& options = arguments->options;
    options.hours_source = "stated by the user: hours of a device, summed over devices";
    options.watts_source = arguments->watts_source.empty() ? "stated by the user" : arguments->watts_source;
    options.overhead_source =
        stated("--pue") ? "stated by the user" : "not stated: 1, the devices alone, without the building";
    options.intensity_source = !arguments->intensity_source.empty() ? arguments->intensity_source
                               : stated("--intensity")
                                   ? "stated by the user"
                                   : "not stated: world average of 2024, Ember, Global Electricity Review 2025";
    session.run = [arguments] { return carbon(*arguments); };
  });
}

}  // namespace

void add_report(CLI::App& command, Session& session) {
  command.require_subcommand(1);
  add_carbon(*command.add_subcommand("carbon", "Say what hours of devices come to in CO2"), session);
  command.footer(fmt::format("{}\n{}", kReportHelp, exit_status_help()));
}

}  // namespace mi2::cli
