#include "index_export_dicom.hpp"

#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/version.hpp>

#include "archive/filter/filter.hpp"
#include "archive/release/release.hpp"
#include "arguments.hpp"
#include "base/files.hpp"
#include "choices.hpp"
#include "dicom/results/mask.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

constexpr std::size_t kShortestKey = 32;

std::string read_key(const std::string& path) {
  constexpr std::uint64_t kMostBytes = 4096;
  std::string key = base::read_text_file(path, kMostBytes);
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.size() >= kShortestKey) return key;
  throw Error(Code::kBadArgument, fmt::format("{}: expected a key of at least {} bytes that nobody can guess, as of "
                                              "'openssl rand -hex 32', got {}",
                                              path, kShortestKey, key.size()));
}

/// With the copies the key would go to whom it must be kept from.
void require_outside(const std::string& key, const std::string& to) {
  std::error_code error;
  const std::filesystem::path file = std::filesystem::weakly_canonical(key, error);
  const std::filesystem::path folder = error ? std::filesystem::path() : std::filesystem::weakly_canonical(to, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be looked at: {}", key, error.message()));
  const std::filesystem::path inside = file.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") return;
  throw Error(Code::kBadArgument,
              fmt::format("--key: expected a file outside of {}, which is passed on, got {}", to, key));
}

bool readable_by_others(const std::string& key) {
  std::error_code error;
  const std::filesystem::perms allowed = std::filesystem::status(key, error).permissions();
  constexpr auto kOthers = std::filesystem::perms::group_read | std::filesystem::perms::others_read;
  return !error && (allowed & kOthers) != std::filesystem::perms::none;
}

/// Of a file and of the command line.
std::vector<dicom::results::Mask> read_masks(const DicomExportArguments& arguments) {
  constexpr std::uint64_t kMostBytes = 1U << 20U;
  std::vector<dicom::results::Mask> masks;
  if (!arguments.mask_file.empty()) {
    masks = dicom::results::parse_masks(base::read_text_file(arguments.mask_file, kMostBytes), arguments.mask_file);
  }
  for (const std::string& mask : arguments.masks) masks.push_back(dicom::results::parse_mask(mask));
  if (masks.size() > dicom::results::kMostMasks) {
    throw Error(Code::kBadArgument, fmt::format("--mask: expected at most {} rectangles, with those of --mask-file, "
                                                "got {}",
                                                dicom::results::kMostMasks, masks.size()));
  }
  if (masks.empty() && (arguments.nothing_burned_in || arguments.burned_in == "mask")) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected --mask or --mask-file with it",
                            arguments.nothing_burned_in ? "--nothing-burned-in" : "--burned-in mask"));
  }
  return masks;
}

dicom::results::BurnedIn burned_in_of(const std::string& name) {
  if (name == "allow") return dicom::results::BurnedIn::kAllow;
  return name == "mask" ? dicom::results::BurnedIn::kMask : dicom::results::BurnedIn::kRefuse;
}

void note_done(const archive::release::Released& done, const std::string& to, Progress& progress) {
  progress.note(fmt::format("{}: {} objects written, {} there before{}", to, done.written, done.kept,
                            done.masked > 0 ? fmt::format(", {} of them masked", done.masked) : ""));
  if (done.left.empty()) return;
  std::vector<std::string> parts;
  for (const auto& [reason, objects] : done.left) parts.push_back(fmt::format("{} {}", objects, reason));
  progress.warn(fmt::format("left: {}; --verbose names them", fmt::join(parts, ", ")));
}

}  // namespace

const std::string_view kDicomExportHelp = R"(Copies of DICOM objects:
  --what dicom writes copies of the archive's objects that name nobody to DIR/study/series/object.dcm, by PS3.15's
  Basic Application Level Confidentiality Profile: a copy has technical attributes and its pixels, as they are, and
  nothing else of the file. With the same --key patients' pseudonyms, UIDs and shifts of dates are the same in every
  export; whoever has the key can find out who is who, so keep it. Objects are left, and counted by reason, if their
  file is missing or has changed, or if they are refused: ultrasound, endoscopy, photographs, secondary captures, whole
  slides, pictures of films and screens, and what says that its pixels show a name, unless --burned-in allow. Look at
  the pixels before you pass them on: nothing here does.
  --mask blacks out a rectangle of every frame, X,Y,WIDTH,HEIGHT from the top left in pixels or in percent, as in
  0,0,640,48 and 0%,0%,100%,12.5%; --mask-file has a rectangle per line, of the objects of a modality, manufacturer,
  model, station or size: columns x, y, width, height and any of modality, manufacturer, model, station, rows, columns.
  With --burned-in mask an object whose pixels may show a name is copied if a mask is of it. What is masked is no longer
  compressed. --nothing-burned-in has masked copies say so: only you can know.
  --clean-descriptors keeps those words of descriptions of studies, series and protocols that are in a list of terms,
  as CHEST, AXIAL and CONTRAST are; without it they are left out.
  Status 8: some were left. The same command goes on after a kill; a file that is there is never replaced.

Example:
  (umask 077; openssl rand -hex 32 > key)
  mi2 index export archive/ --what dicom --anonymize basic --key key --to copies/ --shift-dates
  mi2 index export archive/ --what dicom --anonymize basic --key key --to copies/ --where modality=US \
    --burned-in mask --mask 0%,0%,100%,10%
)";

void add_dicom_export_arguments(CLI::App& command, DicomExportArguments& arguments) {
  command.add_option("--anonymize", arguments.anonymize, "Of --what dicom: the profile of PS3.15")
      ->type_name("basic")
      ->transform(one_of({"basic"}));
  command.add_option("--key", arguments.key, "Of --what dicom: a secret, by which copies belong together")
      ->type_name("FILE");
  command.add_flag("--retain-uids", arguments.retain_uids, "Of --what dicom: keep UIDs as they are");
  command.add_flag("--shift-dates", arguments.shift_dates,
                   "Of --what dicom: keep dates, a number of days earlier that is the same for all of a patient");
  command.add_option("--burned-in", arguments.burned_in, "Of --what dicom: objects whose pixels may show names")
      ->type_name("refuse|mask|allow")
      ->transform(one_of({"refuse", "mask", "allow"}))
      ->capture_default_str();
  command.add_option("--mask", arguments.masks, "Of --what dicom: black in every frame; may be given again")
      ->type_name("X,Y,WIDTH,HEIGHT")
      ->take_all()
      ->expected(1);
  command
      .add_option("--mask-file", arguments.mask_file, "Of --what dicom: a table of masks, and of what objects they are")
      ->type_name("CSV");
  command.add_flag("--nothing-burned-in", arguments.nothing_burned_in,
                   "Of --what dicom: masked copies say BurnedInAnnotation NO");
  command.add_flag("--clean-descriptors", arguments.clean_descriptors,
                   "Of --what dicom: keep the words of descriptions that are in a list of terms");
}

void require_none(const DicomExportArguments& arguments) {
  const bool any = !arguments.anonymize.empty() || !arguments.key.empty() || arguments.retain_uids ||
                   arguments.shift_dates || arguments.burned_in != "refuse" || !arguments.masks.empty() ||
                   !arguments.mask_file.empty() || arguments.nothing_burned_in || arguments.clean_descriptors;
  if (!any) return;
  throw Error(Code::kBadArgument,
              "index export: --anonymize, --key, --retain-uids, --shift-dates, --burned-in, --mask, --mask-file, "
              "--nothing-burned-in and --clean-descriptors are of --what dicom");
}

int export_dicom(const std::string& archive, const std::string& where, const DicomExportArguments& arguments) {
  if (arguments.to.empty() || arguments.anonymize.empty() || arguments.key.empty()) {
    throw Error(Code::kBadArgument, "index export --what dicom: expected --anonymize basic, --key FILE and --to DIR");
  }
  require_outside(arguments.key, arguments.to);
  catch_interrupts();
  Progress progress("objects");
  const ImageOptions usual;
  archive::release::ReleaseOptions options;
  options.anonymise.key = read_key(arguments.key);
  if (readable_by_others(arguments.key)) {
    progress.warn(fmt::format("{}: others than its owner can read it; 'chmod 600' keeps it", arguments.key));
  }
  options.anonymise.version = version();
  options.anonymise.retain_uids = arguments.retain_uids;
  options.anonymise.shift_dates = arguments.shift_dates;
  options.anonymise.clean_descriptors = arguments.clean_descriptors;
  options.anonymise.masks = read_masks(arguments);
  options.anonymise.burned_in = burned_in_of(arguments.burned_in);
  options.anonymise.nothing_burned_in = arguments.nothing_burned_in;
  if (!where.empty()) options.where = archive::filter::parse(where);
  options.max_file_bytes = usual.max_file_bytes;
  options.max_pixels = usual.max_pixels;
  options.on_progress = shown_on(progress);
  options.on_left = [&progress](std::string_view why) {
    progress.hide();
    progress.detail(why);
  };
  const archive::release::Released done = archive::release::release(archive, arguments.to, options);
  progress.rest();
  note_done(done, arguments.to, progress);
  if (!done.first) return 0;
  return done.written + done.kept > 0 ? kExitPartial : exit_status_of(*done.first);
}

}  // namespace mi2::cli
