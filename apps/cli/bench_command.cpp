// mi2 bench: how fast a model runs on this machine.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "services/benchmark/benchmark.hpp"

#include <mi2/mi2.hpp>

#include "arguments.hpp"
#include "command.hpp"
#include "output.hpp"
#include "report.hpp"

namespace mi2::cli {
namespace {

struct BenchArguments {
  BenchmarkOptions options;
  std::string model;
  std::string synthetic;
  bool json = false;
};

constexpr std::string_view kHelp = R"(Times forward passes alone: decoding and resizing are not part of it. Every pass's
vectors are checked. --tokens counts the start and end marks. FLOP counts the useful
arithmetic of products, attentions and convolutions.

Examples:
  mi2 bench --synthetic full --dtype bf16
  mi2 bench --model DIR --batch 16 --json > bench.json
)";

int bench(const BenchArguments& arguments) {
  BenchmarkOptions options = arguments.options;
  if (arguments.synthetic.empty() == arguments.model.empty()) {
    throw Error(Code::kBadArgument, "bench: needs --model DIR or --synthetic full, one of the two");
  }
  if (!arguments.model.empty()) options.model = arguments.model;
  const BenchmarkReport report = run_benchmark(options);
  const auto output = open_output("-");
  output->write(arguments.json ? to_json(report) : to_text(report));
  output->commit();
  return 0;
}

}  // namespace

void add_bench(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<BenchArguments>();
  BenchmarkOptions& options = arguments->options;
  command.add_option("--model", arguments->model, "Model directory")->type_name("DIR");
  command.add_option("--synthetic", arguments->synthetic, "Made-up weights in memory: full")
      ->check(CLI::IsMember({"full"}));
  command.add_option("--dtype", options.dtype, "What to compute in")
      ->type_name(fmt::format("{}", fmt::join(kDTypes, "|")))
      ->check(CLI::IsMember(std::vector<std::string>(kDTypes.begin(), kDTypes.end())).description(""))
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads; 0: one per available core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Images, and texts, of one pass")->capture_default_str();
  command.add_option("--rounds", options.rounds, "Timed passes")->capture_default_str();
  command.add_option("--tokens", options.tokens, "Length of a text")->capture_default_str();
  command.add_flag("--json", arguments->json, "Print JSON");
  command.footer(fmt::format("{}\n{}", kHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return bench(*arguments); }; });
}

}  // namespace mi2::cli
