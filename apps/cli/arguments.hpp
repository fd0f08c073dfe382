#pragma once
// What the subcommands' command lines have in common.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/device.hpp>
#include <mi2/dtype.hpp>
#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mi2::cli {

/// --model and how images and texts go through it.
struct ModelArguments {
  std::string model;
  EmbedderOptions options;
  std::vector<Device> devices{Device{}};  ///< of a command that takes several
  std::optional<std::size_t> batch;       ///< none: embedder::usual_batch()
  bool series = false;                    ///< DICOM files of one series are one image
};

/// Declares --model (or $MI2_MODEL) alone.
void add_model_path(CLI::App& command, std::string& model);
/// Declares --lora. @returns it.
CLI::Option* add_lora(CLI::App& command, std::filesystem::path& lora);
std::vector<std::string> dtype_names(std::span<const DType> dtypes);
/// Declares --dtype. @param on_devices  whether those that only other devices than the CPU have, and auto, are allowed:
/// which device has which is checked when a model is loaded.
CLI::Option* add_dtype(CLI::App& command, std::optional<DType>& dtype, bool on_devices,
                       const std::string& help = "What to compute in (default: what a packed file holds, else f32)");
/// Declares --profile, or what else an option of the same values is called.
CLI::Option* add_profile(CLI::App& command, const std::string& name, Profile& profile, const std::string& help);
/// Declares --intensity.
void add_intensity(CLI::App& command, Intensity& intensity);
/// Declares --model, --lora, --dtype, --device and those of add_image_arguments(). `arguments` outlives the App.
/// @param several_devices  --device takes a list, for ModelArguments::devices.
void add_model_arguments(CLI::App& command, ModelArguments& arguments, bool several_devices = false);
/// Declares --profile, --threads, --batch, --intensity, --window, --plane, --strict, --max-pixels, --max-file-size.
void add_image_arguments(CLI::App& command, ModelArguments& arguments);

/// Declares --series, of a command that takes folders and has --frames.
void add_series(CLI::App& command, ModelArguments& arguments);
/// Declares --level, --mpp and --tiles. None: not given, so that a slide is an image like any other.
void add_slide(CLI::App& command, std::optional<SlideOptions>& slide);
/// The frames of a command that has --series and slides and was not told which: of a series the middle one, of a slide
/// all tiles. @throws Error{kBadArgument} if both are asked for.
void choose_frames(const ModelArguments& arguments, std::optional<FrameSelection>& frames);
/// Declares --frames, of a command with a row per frame. None: not given.
void add_frames(CLI::App& command, std::optional<FrameSelection>& frames);
/// Declares --frames, of a command that takes one frame per image.
void add_one_frame(CLI::App& command, FrameSelection& frames);

/// An option given any number of times, one value each. Read it with values_of() after parsing: values stay as they
/// were typed ("{}" included).
CLI::Option* add_repeatable(CLI::App& command, const std::string& name, const std::string& help);
/// Any number of positional arguments; read with values_of().
CLI::Option* add_positionals(CLI::App& command, const std::string& name, const std::string& help);
std::vector<std::string> values_of(const CLI::Option* option);

/// The section of a help text about exit statuses.
std::string exit_status_help();

/// The command line without the program's name, with marks on what the parser would read as its own ("[a,b]" is a
/// list to it, "++" ends a subcommand) and on everything after "--"; restore_literals() takes the marks off again.
std::vector<std::string> mark_literals(int argc, const char* const* argv);
/// Of mi2 index add, "--watch 10" becomes "--watch=10": a flag takes no word after it, and 10 would be read as the
/// archive or a source. Unless there is a file or folder of that name, which is what is meant then.
/// @param arguments  as mark_literals() gives them.
void join_watch(std::vector<std::string>& arguments);
/// Lets every option of `app` and its subcommands see values as they were typed.
void restore_literals(CLI::App& app);

}  // namespace mi2::cli
