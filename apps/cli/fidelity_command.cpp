// mi2 fidelity: what each dtype does to the vectors, and what it costs.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/thread_pool.hpp"
#include "benchmark/fidelity/fidelity.hpp"
#include "benchmark/fidelity/images.hpp"
#include "vectors/label_table.hpp"

#include <mi2/dtype.hpp>
#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "inputs.hpp"
#include "interrupt.hpp"
#include "label_arguments.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report.hpp"

namespace mi2::cli {
namespace {

struct FidelityArguments {
  ModelArguments model;
  LabelArguments labels;
  vectors::LabelOptions truth_options;
  const CLI::Option* paths = nullptr;
  std::string synthetic;
  std::string dtypes;
  std::string truth;
  std::string format = "table";
  std::string out;
  bool force = false;
};

constexpr std::string_view kFidelityHelp =
    R"(What is measured, for each dtype in a separate process, one after the other:
  cosine of every image's and text's vector with f32's, minimum and mean; share of images
  with the same nearest label as in f32; share of images whose nearest label is correct
  (--truth); median time per forward pass; time to load; memory that loading added, and
  the peak that all passes added.

Images:
  PATHs as 'mi2 embed' reads them; without any, those that --truth lists; without that,
  16 generated patterns. All prepared images are in memory at once.

Labels:
  As for 'mi2 classify'. Without labels 16 built-in texts are embedded, and there is no
  agreement and no accuracy.

Truth:
  A CSV with a header line. Column path, file, image, name, filename or input: the
  image, from the table's folder; label, class_name, class or labels (or
  --truth-column): one of the labels, letter by letter. With PATHs, an image has the
  label of the row that names the same file, else of the row whose path and its own
  have the longest common end.
  --split S takes only rows whose column split is S.

Formats:
  table     for people
  json      one object; cosines and shares from 0 to 1, times in seconds
  markdown  for documentation

Examples:
  mi2 fidelity --model DIR images/
  mi2 fidelity --model DIR --labels-file labels.txt --truth manifest.csv --split test
  mi2 fidelity --synthetic full --dtypes bf16 --format markdown --out full.md
)";

/// What was read of the command line, checked.
struct Job {
  fidelity::FidelityOptions options;
  std::vector<embedder::Input> inputs;
  std::vector<embedder::Skipped> skipped;
  std::vector<std::optional<std::size_t>> label_of;  ///< each input; empty: no --truth
};

/// Where the model is; MI2_MODEL stands in for --model, but not against --synthetic.
std::optional<std::filesystem::path> model_of(const FidelityArguments& arguments) {
  const std::string& model = arguments.model.model;
  if (!model.empty() && !arguments.synthetic.empty()) {
    throw Error(Code::kBadArgument, "fidelity: --model DIR or --synthetic full, one of the two");
  }
  if (!arguments.synthetic.empty() && !arguments.model.options.lora.empty()) {
    throw Error(Code::kBadArgument, "fidelity: --lora is for the model of a folder; expected --model DIR with it");
  }
  if (!arguments.synthetic.empty()) return std::nullopt;
  if (!model.empty()) return model;
  const char* variable = std::getenv("MI2_MODEL");
  if (variable != nullptr && *variable != '\0') return variable;
  throw Error(Code::kBadArgument, "fidelity: expected --model DIR or --synthetic full");
}

/// "bf16,int8"
std::vector<DType> dtypes_of(const std::string& text) {
  std::vector<DType> dtypes;
  try {
    for (const std::string& name : split_labels(text)) dtypes.push_back(parse_dtype(name));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("--dtypes: {}", error.what()));
  }
  return dtypes;
}

fidelity::FidelityOptions options_of(const FidelityArguments& arguments) {
  fidelity::FidelityOptions options;
  options.model = model_of(arguments);
  options.embedder = arguments.model.options;
  options.batch = arguments.model.batch.value_or(embedder::usual_batch(options.embedder.device));
  options.every_dtype = arguments.dtypes.empty();
  if (!options.every_dtype) options.dtypes = dtypes_of(arguments.dtypes);
  if (std::ranges::count(options.dtypes, DType::kAuto) > 0) {
    throw Error(Code::kBadArgument, "--dtypes: expected dtypes to compare, got auto");
  }
  if (options.dtypes.empty() && !options.every_dtype) throw Error(Code::kBadArgument, "--dtypes: names none");
  options.labels = gather_labels(arguments.labels);
  std::vector<std::string> templates = gather_templates(arguments.labels);
  if (options.labels.empty()) {
    if (!arguments.truth.empty()) throw Error(Code::kBadArgument, "--truth: expected --labels or --labels-file");
    if (!templates.empty()) throw Error(Code::kBadArgument, "--template: expected --labels or --labels-file");
  }
  if (!templates.empty()) options.templates = std::move(templates);
  check(options);
  check_device(options.embedder.device);
  return options;
}

/// The index in `labels` of each input's label, where the table has it.
std::vector<std::optional<std::size_t>> known_labels(const std::vector<embedder::Input>& inputs,
                                                     const vectors::LabelTable& table,
                                                     const std::vector<std::string>& labels) {
  std::vector<std::string> paths;
  for (const embedder::Input& input : inputs) paths.push_back(input.path);
  const vectors::Join joined = vectors::join(paths, "the images", table);
  std::vector<std::optional<std::size_t>> known;
  for (const std::optional<std::size_t>& row : joined.row_of) {
    known.emplace_back();
    if (!row) continue;
    const auto label = std::find(labels.begin(), labels.end(), table.rows[*row].label);
    if (label == labels.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: line {}: its label is not one of the {} labels given",
                                                  table.source, table.rows[*row].line, labels.size()));
    }
    known.back() = static_cast<std::size_t>(label - labels.begin());
  }
  return known;
}

Job job_of(const FidelityArguments& arguments) {
  Job job;
  job.options = options_of(arguments);
  std::optional<vectors::LabelTable> table;
  if (!arguments.truth.empty()) table = vectors::read_path_table(arguments.truth, arguments.truth_options);
  const std::vector<std::string> paths = values_of(arguments.paths);
  if (!paths.empty()) {
    const Waiting waiting("looking for images");
    embedder::ExpandedPaths expanded = embedder::expand_paths(paths);
    job.inputs = std::move(expanded.inputs);
    job.skipped = std::move(expanded.skipped);
  } else if (table) {
    for (const vectors::LabelRow& row : table->rows) {
      job.inputs.push_back({(table->folder / row.name).string(), std::nullopt});
    }
  }
  if (table) job.label_of = known_labels(job.inputs, *table, job.options.labels);
  return job;
}

/// Every image that can be read, with what is known of it; the others are reported.
fidelity::FidelityInput prepare_all(const Job& job, const fidelity::ImagePreparer& preparer, Report& report,
                                    Progress& progress) {
  fidelity::FidelityInput ready;
  embedder::PipelineOptions options;
  options.threads = job.options.embedder.threads;
  options.batch = std::size_t{8} * (options.threads != 0 ? options.threads : base::available_cores());
  std::size_t next = 0;
  const auto prepare = [&](std::span<const std::byte> encoded, std::string_view name) {
    return preparer.prepare(encoded, name);
  };
  throw_if_interrupted();
  // Its threads end with it: the measurement forks, and must find none.
  embedder::prepare_all(embedder::items_of(job.inputs, job.options.embedder.image.max_file_bytes, prepare), options,
                        [&](std::span<embedder::Ready> batch) {
                          for (embedder::Ready& item : batch) {
                            const std::size_t number = next++;
                            if (item.error) {
                              report.bad(item.name, *item.error);
                              continue;
                            }
                            ready.images.push_back(std::move(*item.prepared.image));
                            if (!job.label_of.empty()) ready.label_of.push_back(job.label_of[number]);
                            report.good();
                          }
                          progress.advance(batch.size());
                          throw_if_interrupted();
                        });
  return ready;
}

std::string written(const fidelity::FidelityReport& report, const std::string& format) {
  return format == "json" ? to_json(report) : format == "markdown" ? to_markdown(report) : to_text(report);
}

fidelity::FidelityReport measure_apart(const Job& job, const fidelity::FidelityInput& ready, Progress& progress) {
  const Still still;  // it forks
  return fidelity::measure_fidelity(job.options, ready, [&](const base::Progress& at) {
    throw_if_interrupted();
    progress.show(at);
  });
}

int fidelity(const FidelityArguments& arguments) {
  check_is_new(arguments.out, arguments.force);
  const Job job = job_of(arguments);
  const auto output = open_output(arguments.out);
  const fidelity::ImagePreparer preparer(job.options.model, job.options.embedder);
  Progress progress(job.inputs.size(), "images to prepare");
  Report report(progress);
  note_skipped(job.skipped, progress);
  fidelity::FidelityInput ready = prepare_all(job, preparer, report, progress);
  progress.rest();
  if (job.inputs.empty()) ready.images = preparer.generated(fidelity::kGeneratedImages);
  if (report.all_failed()) return report.exit_status();
  const fidelity::FidelityReport result = measure_apart(job, ready, progress);
  progress.hide();
  report.summarize();
  output->write(written(result, arguments.format));
  output->commit();
  return report.exit_status();
}

}  // namespace

void add_fidelity(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<FidelityArguments>();
  command.add_option("-m,--model", arguments->model.model, "The model's folder (or $MI2_MODEL)")->type_name("DIR");
  add_lora(command, arguments->model.options.lora);
  command.add_option("--synthetic", arguments->synthetic, "Made-up weights in memory, in place of a model")
      ->type_name("full")
      ->transform(one_of({"full"}));
  command
      .add_option("--dtypes", arguments->dtypes,
                  fmt::format("What to compare with f32 (default: {}; on a GPU bf16,f16)",
                              fmt::join(dtype_names(supported_dtypes()), ",")))
      ->type_name("A,B");
  add_device(command, arguments->model.options.device);
  add_image_arguments(command, arguments->model);
  add_label_arguments(command, arguments->labels);
  CLI::Option* const truth =
      command.add_option("--truth", arguments->truth, "A CSV that lists images and their labels")->type_name("FILE");
  command.add_option("--truth-column", arguments->truth_options.label_column, "Its column with the label")
      ->type_name("NAME")
      ->needs(truth);
  command.add_option("--split", arguments->truth_options.split, "Only rows of this split")
      ->type_name("NAME")
      ->needs(truth);
  command.add_option("-f,--format", arguments->format, "How the result is written")
      ->type_name("table|json|markdown")
      ->transform(one_of({"table", "json", "markdown"}))
      ->capture_default_str();
  command.add_option("-o,--out", arguments->out, "Write to FILE, not standard output")->type_name("FILE");
  command.add_flag("--force", arguments->force, "Replace FILE of --out if it already exists");
  arguments->paths = add_positionals(command, "PATH", "Files, folders, or - for standard input");
  command.footer(fmt::format("{}\n{}", kFidelityHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return fidelity(*arguments); };
  });
}

}  // namespace mi2::cli
