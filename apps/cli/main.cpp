// mi2: the program. Parses the command line, runs one subcommand, and maps every error to an exit status.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "arguments.hpp"
#include "base/utf8.hpp"
#include "command.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "mistakes.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "torch_program.hpp"

namespace mi2::cli {
namespace {

constexpr std::array kCommands{
    Command{"embed", "Turn images and texts into vectors", add_embed},
    Command{"classify", "Score images against labels, without training", add_classify},
    Command{"heatmap", "Show where in an image a text or an image is", add_heatmap},
    Command{"batch", "Answer a CSV or JSON lines file of images and texts", add_batch},
    Command{"tokenize", "Show the token ids of texts", add_tokenize},
    Command{"inspect", "Show what a model folder or a weights file holds", add_inspect},
    Command{"pack", "Write a model as one file that opens at once", add_pack},
    Command{"package", "Write a model as a folder for MLflow or Azure ML", add_package},
    Command{"train", "Train or fine-tune a model", add_train},
    Command{"serve", "Serve models over HTTP", add_serve},
    Command{"bench", "Measure latency and throughput", add_bench},
    Command{"fidelity", "Compare the dtypes: vectors, accuracy, time, memory", add_fidelity},
    Command{"adapter", "Train and use small classifiers on embeddings", add_adapter},
    Command{"knn", "Classify embeddings by their nearest neighbours", add_knn},
    Command{"evaluate", "Evaluate a model's answers, as a report", add_evaluate},
    Command{"dataset", "Turn a published dataset on disk into a manifest", add_dataset},
    Command{"report", "State what a run cost, or write a model card", add_report},
#ifdef MI2_WITH_ARCHIVE
    Command{"index", "Keep archives of images, and search them", add_index},
    Command{"listen", "Receive images of DICOM's network into an archive", add_listen},
#endif
    Command{"help", "Explain a command, as its --help does", add_help},
    Command{"man", "Print a manual page", add_man},
    Command{"completion", "Print what makes a shell complete commands and options", add_completion},
};

constexpr std::string_view kExamples = R"(Examples:
  mi2 embed --model DIR scan.dcm photo.png > vectors.jsonl
  mi2 embed --model DIR --text "chest x-ray, normal" --format csv
  mi2 classify --model DIR --labels "chest x-ray,brain MRI" images/
  mi2 heatmap --model DIR scan.dcm --text "pleural effusion" --out map.png
  mi2 batch --model DIR studies.csv vectors.csv
  mi2 tokenize --model DIR "pleural effusion"
  mi2 inspect DIR
  mi2 pack --model DIR --dtype bf16 model.bf16.mi2
  mi2 package mlflow --model DIR out/mlflow
  mi2 train CONFIG.yaml
  mi2 serve --model DIR
  mi2 bench --synthetic full --dtype bf16
  mi2 fidelity --model DIR images/
  mi2 adapter train --embeddings vectors.jsonl --labels labels.csv --out lesions
  mi2 knn --train vectors.jsonl --labels labels.csv new.jsonl
  mi2 evaluate --predictions p.csv --labels l.csv --out report
  mi2 dataset prepare isic2019 --root /data/isic --out isic
  mi2 index add --model DIR archive/ studies/
  mi2 index search --model DIR archive/ --text "pleural effusion"

See 'mi2 help COMMAND'. Where --model is required, MI2_MODEL in the environment can replace it.
)";

/// Gives descriptors 0 to 2 a holder if the caller closed them: otherwise a file opened later would take the place of
/// standard output and receive what is printed. The holders are opened the wrong way round, so using them fails.
void hold_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY) < 0) return;
  }
}

/// Prints what --help and --version ask for, or what is wrong with the command line.
int finish_parse(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  if (app.exit(error, out, err) == 0) {
    const auto output = open_output("-");
    output->write(out.str());
    output->commit();
    return 0;
  }
  throw Error(Code::kBadArgument, explain(app, error));
}

/// Declares on each command what all have in common.
void add_verbosity(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({})) {
    if (!command->get_subcommands({}).empty()) {
      add_verbosity(*command);
      continue;
    }
    CLI::Option* const quiet = command->add_flag_callback(
        "-q,--quiet", [] { set_verbosity(Verbosity::kQuiet); }, "No progress and no notes: warnings and errors only");
    command
        ->add_flag_callback(
            "-v,--verbose", [] { set_verbosity(Verbosity::kVerbose); },
            "Also report what was loaded, and how long it took")
        ->excludes(quiet);
  }
}

int run(int argc, const char* const* argv) {
  Session session;
  CLI::App app("Embeddings of medical images and texts with MedImageInsight.", "mi2");
  app.get_formatter()->column_width(34);
  app.set_version_flag("-V,--version", fmt::format("mi2 {}", version()), "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(0, 1);
  app.footer(fmt::format("{}\n{}", kExamples, exit_status_help()));
  for (const Command& row : kCommands) {
    row.add(*app.add_subcommand(row.name, row.summary), session);
  }
  add_verbosity(app);
  restore_literals(app);
  try {
    std::vector<std::string> arguments = mark_literals(argc, argv);
    join_watch(arguments);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return finish_parse(app, error);
  }
  if (!session.run) {
    std::vector<std::string_view> names;
    for (const Command& row : kCommands) names.emplace_back(row.name);
    throw Error(Code::kBadArgument, fmt::format("expected a command: {} (try --help)", fmt::join(names, ", ")));
  }
  if (session.needs_torch) need_torch(argc, argv);
  const Waiting working("working");  // where a command has nothing better to say
  return session.run();
}

int fail(Code code, std::string_view message) {
  const std::string line = fmt::format("mi2: error: {}\n", base::printable(message));
  std::fwrite(line.data(), 1, line.size(), stderr);
  return exit_status_of(code);
}

int guarded_run(int argc, const char* const* argv) {
  try {
    start_torch();
    return run(argc, argv);
  } catch (const Interrupted& interrupted) {
    end_by_signal(interrupted.signal);
  } catch (const Error& error) {
    return fail(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(Code::kTooLarge, "not enough memory; a smaller --batch or fewer --threads need less");
  } catch (const std::exception& error) {
    return fail(Code::kInternal, error.what());
  }
}

}  // namespace
}  // namespace mi2::cli

int main(int argc, char** argv) {
  mi2::cli::hold_standard_descriptors();
  // A closed pipe is an error of a write, reported as any other; the signal would end the program without a word.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file over the system's limit
  return mi2::cli::guarded_run(argc, argv);
}
