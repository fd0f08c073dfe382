#include "arguments.hpp"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/numbers.hpp"
#include "ops/cpu/precision.hpp"

#include "choices.hpp"
#include "devices.hpp"
#include "exit_status.hpp"
#include "parsed_option.hpp"

namespace mi2::cli {
namespace {

/// Starts a marked argument: a control character that no sensible argument starts with.
constexpr char kMark = '\x1D';

bool has_own_meaning(std::string_view argument) {
  return argument == "++" || argument.starts_with(kMark) ||
         (argument.size() >= 2 && argument.front() == '[' && argument.back() == ']');
}

std::string unmarked(std::string& value) {
  if (value.starts_with(kMark)) value.erase(0, 1);
  return {};
}

void restore_in(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 0) option->transform(CLI::Validator(unmarked, "", ""));
  }
  for (CLI::App* command : app.get_subcommands({})) restore_in(*command);
}

}  // namespace

void add_model_path(CLI::App& command, std::string& model) {
  command.add_option("-m,--model", model, "The model's folder (config.yaml and weights), or a file of mi2 pack")
      ->type_name("DIR|FILE")
      ->required()
      ->envname("MI2_MODEL");
}

CLI::Option* add_lora(CLI::App& command, std::filesystem::path& lora) {
  return command
      .add_option("--lora", lora, "A LoRA file of mi2 train, for the model whose folder it was trained beside")
      ->type_name("FILE");
}

void add_model_arguments(CLI::App& command, ModelArguments& arguments, bool several_devices) {
  EmbedderOptions& options = arguments.options;
  add_model_path(command, arguments.model);
  add_lora(command, options.lora);
  add_dtype(
      command, options.dtype, true,
      "f32: the reference's numbers; bf16: half the memory, faster; int8: a third of it, faster still, nearly the "
      "same vectors; bf16x3: f32 on bf16 units; auto: the fastest here with f32's numbers (default: what a packed "
      "file holds, else f32)");
  if (several_devices) {
    add_devices(command, arguments.devices);
  } else {
    add_device(command, options.device);
  }
  add_image_arguments(command, arguments);
}

namespace {

/// By mi2's name, whatever it was called; unchanged if it is none.
std::string spelled_dtype(std::string_view name) {
  try {
    return std::string(mi2::name_of(parse_dtype(name)));
  } catch (const Error&) {
    return std::string(name);
  }
}

}  // namespace

std::vector<std::string> dtype_names(std::span<const DType> dtypes) {
  std::vector<std::string> names;
  for (const DType dtype : dtypes) names.emplace_back(name_of(dtype));
  return names;
}

CLI::Option* add_dtype(CLI::App& command, std::optional<DType>& dtype, bool on_devices, const std::string& help) {
  std::vector<std::string> shown = dtype_names(ops::kPrecisions);
  const std::vector<std::string> allowed = on_devices ? dtype_names(kDTypes) : shown;
  if (on_devices) shown.emplace_back(name_of(DType::kAuto));
  return add_parsed(command, "--dtype", dtype, parse_dtype, help)
      ->type_name(fmt::format("{}", fmt::join(shown, "|")))
      ->transform(one_of(allowed, spelled_dtype));
}

CLI::Option* add_profile(CLI::App& command, const std::string& name, Profile& profile, const std::string& help) {
  return add_parsed(command, name, profile, parse_profile, help)
      ->type_name("raw|azure|toolkit|mcp")
      ->transform(one_of({"raw", "azure", "toolkit", "mcp"}))
      ->default_str(std::string(name_of(profile)));
}

void add_intensity(CLI::App& command, Intensity& intensity) {
  add_parsed(
      command, "--intensity", intensity, parse_intensity,
      "Grey to 8 bits: auto (16-bit and float by percentiles 1 and 99, 8-bit DICOM as stored), percentile:LOW,HIGH, "
      "minmax or window:CENTER,WIDTH; series:RULE or image:RULE says whose samples count (default: of a volume all, "
      "else "
      "the image's)")
      ->type_name("RULE")
      ->default_str(to_string(intensity));
}

void add_frames(CLI::App& command, std::optional<FrameSelection>& frames) {
  add_parsed(
      command, "--frames", frames, parse_frames,
      "One row per selected frame of a multi-frame DICOM, volume or TIFF, with its number: middle, all, first, a "
      "number from "
      "1, every:K or center:K (default: the middle one of DICOM and volumes, TIFF's first page, without a number)")
      ->type_name("SELECTION");
}

void add_one_frame(CLI::App& command, FrameSelection& frames) {
  add_parsed(command, "--frames", frames, parse_frames,
             "The frame of multi-frame DICOM, volumes and TIFF: middle, first or a number from 1; exactly one")
      ->type_name("SELECTION")
      ->default_str(to_string(frames));
}

void add_slide(CLI::App& command, std::optional<SlideOptions>& slide) {
  const auto chosen = [&slide]() -> SlideOptions& { return slide ? *slide : slide.emplace(); };
  const auto parsed = [&command](const std::string& name, auto set, const std::string& help) {
    const auto read = [set](const std::string& text) {
      try {
        set(text);
      } catch (const Error& error) {
        throw Error(error.code(), fmt::format("--{}", error.what()));
      }
    };
    return command.add_option_function<std::string>(name, read, help);
  };
  parsed(
      "--level", [chosen](const std::string& text) { chosen().level = parse_level(text); },
      "Whole slides: tiles of the model's size in pixels of this level, 0 the finest")
      ->type_name("N");
  parsed(
      "--mpp", [chosen](const std::string& text) { chosen().mpp = parse_mpp(text); },
      "Whole slides: tiles of the model's size at this many um per pixel, from the nearest level as fine (default "
      "with --tiles alone: 0.5)")
      ->type_name("UM");
  parsed(
      "--tiles", [chosen](const std::string& text) { chosen().tiles = parse_tiles(text); },
      "Whole slides: their tiles with tissue, or all of them. One of these three makes a slide's tiles its frames")
      ->type_name("tissue|all");
}

void choose_frames(const ModelArguments& arguments, std::optional<FrameSelection>& frames) {
  const bool slide = arguments.options.image.slide.has_value();
  if (slide && arguments.series) {
    throw Error(Code::kBadArgument,
                "--series: is of slices; --level, --mpp and --tiles join a slide's files themselves");
  }
  if (frames) return;
  if (arguments.series) frames.emplace();
  if (slide) frames = FrameSelection{FrameSelection::Kind::kAll, 0};
}

void add_image_arguments(CLI::App& command, ModelArguments& arguments) {
  constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();
  EmbedderOptions& options = arguments.options;
  add_profile(
      command, "--profile", options.image.profile,
      "raw: resize only; azure: as the hosted model prepares images; toolkit, mcp: as the published clients do");
  command.add_option("-t,--threads", options.threads, "Threads to compute with (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  command.add_option("-b,--batch", arguments.batch, "Images computed together, 1 to 1024 (default: 4; on a GPU 32)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  add_intensity(command, options.image.intensity);
  add_parsed(command, "--window", options.image.window, parse_window,
             "Window of DICOM, instead of the file's own, and of volumes; lung, soft, bone and brain are for CT alone")
      ->type_name("CENTER,WIDTH|NAME");
  add_parsed(command, "--plane", options.image.plane, parse_plane,
             "Slices of volumes: axial, coronal or sagittal (default: axial; of a single slice its own plane)")
      ->type_name("axial|coronal|sagittal");
  command.add_flag("--strict", options.image.strict, "Refuse images that would be read with a warning");
  command.add_option("--max-pixels", options.image.max_pixels, "Refuse images with more pixels")
      ->type_name("N")
      ->transform(whole_number_in(1, kAny))
      ->capture_default_str();
  command
      .add_option("--max-file-size", options.image.max_file_bytes, "Refuse files larger than this; 64M, 1G also work")
      ->type_name("BYTES")
      ->transform(byte_count())
      ->capture_default_str();
}

void add_series(CLI::App& command, ModelArguments& arguments) {
  command.add_flag("--series", arguments.series,
                   "DICOM files of one series are one image of many frames, in the order of their positions; --frames "
                   "selects among those (default: the middle one)");
}

CLI::Option* add_repeatable(CLI::App& command, const std::string& name, const std::string& help) {
  return command
      .add_option(
          name, [](const CLI::results_t&) { return true; }, help)
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args(false);
}

CLI::Option* add_positionals(CLI::App& command, const std::string& name, const std::string& help) {
  return command
      .add_option(
          name, [](const CLI::results_t&) { return true; }, help)
      ->expected(0, CLI::detail::expected_max_vector_size)
      ->allow_extra_args();
}

std::vector<std::string> values_of(const CLI::Option* option) { return option->results(); }

std::string exit_status_help() {
  std::string text = "Exit status:\n   0  done\n";
  for (const Code code :
       {Code::kBadArgument, Code::kBadFile, Code::kUnsupported, Code::kTooLarge, Code::kOverloaded, Code::kNotFound}) {
    std::string name(name_of(code));
    for (char& c : name) c = c == '_' ? ' ' : c;
    text += fmt::format("  {:>2}  {}\n", exit_status_of(code), name);
  }
  text += fmt::format("  {:>2}  some inputs failed; every good one is in the result\n", kExitPartial);
  text += fmt::format("  {:>2}  internal error\n", exit_status_of(Code::kInternal));
  return text;
}

std::vector<std::string> mark_literals(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  bool options_end = false;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (!options_end && argument == "--") {
      options_end = true;
    } else if (options_end || has_own_meaning(argument)) {
      arguments.push_back(kMark + argument);
    } else if (argument.size() > 3 && argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      // "--text=" is an empty text; the parser would take the next argument for it.
      argument.pop_back();
      arguments.push_back(std::move(argument));
      arguments.emplace_back();
    } else {
      arguments.push_back(std::move(argument));
    }
  }
  return arguments;
}

void join_watch(std::vector<std::string>& arguments) {
  constexpr std::string_view kWatch = "--watch";
  if (arguments.size() < 2 || arguments[0] != "index" || arguments[1] != "add") return;
  for (std::size_t i = 2; i + 1 < arguments.size(); ++i) {
    const std::string& next = arguments[i + 1];
    std::error_code ignored;
    if (arguments[i] != kWatch || !base::parse_finite(next) || std::filesystem::exists(next, ignored)) continue;
    arguments[i] = fmt::format("{}={}", kWatch, next);
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

void restore_literals(CLI::App& app) { restore_in(app); }

}  // namespace mi2::cli
