// mi2 bench: how fast a model runs on this machine.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "benchmark/benchmark.hpp"
#include "benchmark/probe.hpp"

#include <mi2/dtype.hpp>
#include <mi2/error.hpp>

#include "arguments.hpp"
#include "bench_serve.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report.hpp"

namespace mi2::cli {
namespace {

struct BenchArguments {
  benchmark::BenchmarkOptions options;
  std::string model;
  std::string synthetic;
  bool json = false;
  bool serve = false;
  bool peak = false;
};

constexpr std::string_view kBenchHelp =
    R"(Times forward passes alone: decoding and resizing are not part of it. Every pass's
vectors are checked. --tokens counts the start and end marks. FLOP counts the useful
arithmetic of products, attentions and convolutions.

--serve loads the model, prints a line of JSON about it, then answers requests, a line of
JSON each, until standard input ends:
  {"op": "time", "kind": "image", "batch": 4}   one pass; "profile": true adds its parts
  {"op": "time", "kind": "text", "batch": 4, "tokens": 77}
  {"op": "embed", "kind": "image", "file": "pixels.safetensors"}
  {"op": "embed", "kind": "text", "ids": [[49406, 320, 49407]]}
--peak needs no model: it measures what the machine can do at most.

Examples:
  mi2 bench --synthetic full --dtype bf16
  mi2 bench --model DIR --batch 16 --json > bench.json
  mi2 bench --peak
)";

int print(const std::string& result) {
  const auto output = open_output("-");
  output->write(result);
  output->commit();
  return 0;
}

// On a terminal the bar is drawn between passes. Only where one takes long a thread that sleeps otherwise draws a line
// every one and a half seconds, which costs no pass a measurable part of its time.

benchmark::MachinePeak probe(unsigned threads) {
  Progress bar(0, "");
  return benchmark::probe_machine(threads, [&](const base::Progress& at) { bar.show(at); });
}

benchmark::BenchmarkReport measure(const benchmark::BenchmarkOptions& options) {
  Progress bar(0, "");
  bar.begin("loading the model");
  return benchmark::run_benchmark(options, [&](const base::Progress& at) { bar.show(at); });
}

int bench(const BenchArguments& arguments) {
  benchmark::BenchmarkOptions options = arguments.options;
  if (arguments.peak) {
    const benchmark::MachinePeak peak = probe(options.threads);
    return print(arguments.json ? to_json(peak) : to_text(peak));
  }
  if (arguments.synthetic.empty() == arguments.model.empty()) {
    throw Error(Code::kBadArgument, "bench: expected --model DIR, --synthetic full or --peak");
  }
  if (!arguments.model.empty()) options.model = arguments.model;
  if (arguments.serve) return serve_benchmark(options);
  const benchmark::BenchmarkReport report = measure(options);
  return print(arguments.json ? to_json(report) : to_text(report));
}

}  // namespace

void add_bench(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<BenchArguments>();
  benchmark::BenchmarkOptions& options = arguments->options;
  command.add_option("-m,--model", arguments->model, "Model directory or packed file")->type_name("DIR");
  command.add_option("--synthetic", arguments->synthetic, "Made-up weights in memory: full")
      ->transform(one_of({"full"}));
  options.dtype = DType::kAuto;
  add_dtype(command, options.dtype, true)->default_str("auto");
  add_device(command, options.device);
  command.add_option("--threads", options.threads, "Threads; 0: one per available core")
      ->type_name("N")
      ->transform(whole_number_in(0, 1024))
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Images, and texts, of one pass")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024))
      ->capture_default_str();
  command.add_option("--rounds", options.rounds, "Timed passes")
      ->type_name("N")
      ->transform(whole_number_in(1, 1000))
      ->capture_default_str();
  command.add_option("--tokens", options.tokens, "Length of a text")
      ->type_name("N")
      ->transform(whole_number_in(2, 4096))
      ->capture_default_str();
  command.add_flag("--json", arguments->json, "Print JSON");
  auto* const serve = command.add_flag("--serve", arguments->serve, "Answer requests on standard input");
  command.add_flag("--peak", arguments->peak, "Measure the machine's peak arithmetic and memory bandwidth")
      ->excludes(serve)
      ->excludes("--model")
      ->excludes("--synthetic");
  command.footer(fmt::format("{}\n{}", kBenchHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->options.device);
    session.run = [arguments] { return bench(*arguments); };
  });
}

}  // namespace mi2::cli
