// mi2 pack: a model as one file that is mapped and ready.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "export/pack.hpp"

#include <mi2/dtype.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct PackArguments {
  std::string model;
  std::string out;
  exporting::PackOptions options;
  std::optional<DType> dtype;
  std::string calibrate;
};

constexpr std::string_view kPackHelp =
    R"(OUT is one file with everything: weights in the form the engine computes in, config,
tokenizer. Give it wherever a command takes --model. It opens in a fraction of a second
and its memory is shared by all processes that open it. It holds one dtype; --dtype may
then be left out.

  f32     the reference's numbers
  bf16    half the size; faster where the processor multiplies bfloat16
  int8    under a third of the size; what is sensitive stays bf16, which is measured on
          built-in inputs and those of --calibrate; a warning says when that is much
  bf16x3  f32's numbers but for 2^-16, faster than f32 where the processor multiplies
          bfloat16; needs such a processor

With --lora FILE, what mi2 train has changed of the model is in the packed file too.

Every part has a checksum, which is verified when the file is opened. A file works on
every processor, but for bf16x3. A later mi2 may ask for the model to be packed again.

Examples:
  mi2 pack --model DIR --dtype bf16 model.bf16.mi2
  mi2 embed --model model.bf16.mi2 scan.dcm
  mi2 inspect model.bf16.mi2
)";

int pack(const PackArguments& arguments) {
  catch_interrupts();
  Progress bar(0, "");
  bar.begin("reading the model");
  exporting::PackOptions options = arguments.options;
  options.dtype = arguments.dtype.value();
  options.calibrate = arguments.calibrate;
  options.on_progress = [&](const base::Progress& at) {
    bar.show(at);
    throw_if_interrupted();
  };
  const exporting::PackReport report = exporting::pack_model(arguments.model, arguments.out, options);
  bar.note(fmt::format("{}: {:.1f} MB, {} blocks, {}", arguments.out, static_cast<double>(report.bytes) / 1e6,
                       report.blocks, name_of(options.dtype)));
  if (!report.warning.empty()) bar.note(fmt::format("warning: {}", report.warning));
  return 0;
}

}  // namespace

void add_pack(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<PackArguments>();
  exporting::PackOptions& options = arguments->options;
  add_model_path(command, arguments->model);
  add_lora(command, options.lora);
  add_dtype(command, arguments->dtype, false, "What the model computes in, see below")->required();
  command.add_option("--threads", options.threads, "Threads to pack with (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  command
      .add_option("--calibrate", arguments->calibrate,
                  "int8: images like yours (a file or a folder, up to 32), to see ranges besides the built-in inputs'")
      ->type_name("DIR");
  command.add_flag("--force", options.overwrite, "Replace OUT if it already exists");
  command.add_option("OUT", arguments->out, "The file to write; it appears when it is whole")
      ->type_name("")
      ->required();
  command.footer(fmt::format("{}\n{}", kPackHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return pack(*arguments); }; });
}

}  // namespace mi2::cli
