#include "archive/object_facts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "dicom/describe.hpp"
#include "dicom/dicom.hpp"
#include "dicom/frame_groups.hpp"
#include "dicom/slide.hpp"
#include "embedder/preparer.hpp"
#include "image/frames.hpp"
#include "volume/volume.hpp"

namespace mi2::archive {
namespace {

/// Which way the plane of an orientation lies; empty: none is named.
std::string plane_of(const std::optional<std::array<double, 6>>& orientation) {
  if (!orientation) return {};
  const std::array<double, 3> normal = image::normal_of(*orientation);
  constexpr double kNearly = 0.8;
  if (std::abs(normal[0]) > kNearly) return "sagittal";
  if (std::abs(normal[1]) > kNearly) return "coronal";
  return std::abs(normal[2]) > kNearly ? "axial" : "oblique";
}

PatientFacts patient_facts(const dicom::Description& said, const SurveyOptions& options, const std::string& key) {
  PatientFacts facts = patient_of(said.identity.patient_id, said.identity.issuer, options, key);
  if (facts.key.empty()) return facts;
  facts.birth_year = said.birth_year;
  facts.sex = said.sex;
  return facts;
}

std::unique_ptr<ObjectFacts> facts_of(dicom::Description said, const SurveyOptions& options, const std::string& key) {
  auto facts = std::make_unique<ObjectFacts>();
  facts->patient = patient_facts(said, options, key);
  StudyFacts& study = facts->study;
  study.uid = said.study;
  study.date = said.study_date;
  study.description = said.study_description;
  study.site = options.site;
  const std::string& accession = said.identity.accession;
  if (options.identifiers != Identifiers::kNone && !accession.empty()) {
    study.accession_hash = pseudonym(key, options.site, accession);
    if (options.identifiers == Identifiers::kKeep) study.accession = dicom::kept_text(accession);
  }
  SeriesFacts& series = facts->series;
  series.uid = said.series;
  series.modality = said.modality;
  series.body_part = said.body_part;
  series.laterality = said.laterality;
  series.protocol = std::move(said.protocol);
  series.description = std::move(said.series_description);
  series.manufacturer = std::move(said.manufacturer);
  series.model = std::move(said.model);
  series.station = std::move(said.station);
  series.software = std::move(said.software);
  series.field_strength = said.field_strength;
  series.kvp = said.kvp;
  series.thickness = said.thickness;
  series.kernel = std::move(said.kernel);
  series.contrast = std::move(said.contrast);
  series.image_type = std::move(said.image_type);
  series.frame_of_reference = said.frame_of_reference;
  InstanceFacts& instance = facts->instance;
  instance.sop_uid = said.sop_instance;
  instance.sop_class = said.sop_class;
  instance.transfer_syntax = said.transfer_syntax;
  return facts;
}

/// How many frames there are to look at, each of which takes memory, through each window that they are seen through: a
/// file of 25 KB may say 200 million.
std::uint64_t frames_in(const image::Source& source, const SurveyOptions& options, std::string_view path, Look& look) {
  const std::uint64_t frames = source.frames();
  if (frames > kMostFrames) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} frames, the limit is {}", path, frames, kMostFrames));
  }
  if (frames > 1) source.check();
  look.windowed = !options.windows.empty() && source.takes_hounsfield();
  if (!options.claim_frames) return frames;
  if (look.windowed) {
    const std::uint64_t windows = options.windows.size();
    options.claim_frames(frames * windows, fmt::format("{}, through each of {} windows", path, windows));
  } else {
    options.claim_frames(frames, path);
  }
  return frames;
}

/// What an object says of itself.
void look_at_header(std::span<const std::byte> bytes, const embedder::Input& input, const SurveyOptions& options,
                    const std::string& key, Look& look) {
  dicom::Description said = dicom::describe(bytes, input.path);
  // Of a server's locators only UIDs are of the object, which are kept anyway: digits in them are no secret.
  look.telling_path = options.identifiers != Identifiers::kKeep && !is_on_server(input.path) &&
                      dicom::holds_secret(input.path, said.identity.secrets);
  look.facts = facts_of(std::move(said), options, key);
  if (look.facts->study.uid.empty() || look.facts->series.uid.empty()) {
    name_missing(*look.facts, base::sha256_hex(bytes));
  }
  look.in_series = true;
}

void look_at_object(std::span<const std::byte> bytes, const embedder::Input& input, const SurveyOptions& options,
                    const std::string& key, Look& look) {
  look_at_header(bytes, input, options, key, look);
  const auto source = embedder::open_source(bytes, input.path, options.image);
  const std::uint64_t frames = frames_in(*source, options, input.path, look);
  const std::vector<image::FrameGroup> groups = dicom::frame_groups(bytes, input.path, frames);
  for (std::uint64_t i = 0; i < frames; ++i) {
    image::FrameInfo info = source->info(i);
    info.group = groups[i];
    if (i == 0) {
      look.facts->series.plane = plane_of(info.orientation);
      look.facts->instance.number = info.instance_number;
    }
    info.series_uid = series_key(*look.facts);
    look.frames.push_back(std::move(info));
  }
}

void look_at_image(std::span<const std::byte> bytes, const embedder::Input& input, const SurveyOptions& options,
                   Look& look) {
  const auto source = embedder::open_source(bytes, input.path, options.image);
  const std::uint64_t frames = frames_in(*source, options, input.path, look);
  look.facts = std::make_unique<ObjectFacts>();
  for (std::uint64_t i = 0; i < frames; ++i) {
    image::FrameInfo info;
    info.index = i;
    look.frames.push_back(std::move(info));
  }
}

Stamp stamp_of_file(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    throw Error(errno == ENOENT ? Code::kNotFound : Code::kBadFile, fmt::format("{}: {}", path, std::strerror(errno)));
  }
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  };
  return {static_cast<std::int64_t>(found.st_size), nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

/// The bytes of an input. Of a file that is one image, only what is looked at is read.
class Contents {
 public:
  Contents(const embedder::Input& input, std::uint64_t max_bytes) {
    if (!input.read) file_.emplace(input.path);
    if (!file_ || volume::looks_like_volume(file_->bytes())) unpacked_ = embedder::read_input(input, max_bytes);
    bytes_ = unpacked_ ? std::span<const std::byte>(*unpacked_) : file_->bytes();
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::optional<base::MappedFile> file_;
  std::optional<std::vector<std::byte>> unpacked_;
  std::span<const std::byte> bytes_;
};

}  // namespace

bool is_on_server(std::string_view locator) noexcept {
  return locator.starts_with("dicomweb:") || locator.starts_with("orthanc:");
}

PatientFacts patient_of(const std::string& identifier, const std::string& issuer, const SurveyOptions& options,
                        const std::string& key) {
  PatientFacts facts;
  if (options.identifiers == Identifiers::kNone || identifier.empty()) return facts;
  facts.key = pseudonym(key, issuer.empty() ? options.site : issuer, identifier);
  if (options.identifiers == Identifiers::kKeep) facts.identifier = dicom::kept_text(identifier);
  return facts;
}

void name_missing(ObjectFacts& facts, const std::string& sha256) {
  if (facts.study.uid.empty()) facts.study.uid = "none:" + sha256.substr(0, 16);
  if (facts.series.uid.empty()) facts.series.uid = "none:" + sha256.substr(0, 16);
}

std::string series_key(const ObjectFacts& facts) {
  return facts.patient.key + ' ' + facts.study.uid + ' ' + facts.series.uid;
}

FrameCount count_frames(const embedder::Input& input, const ImageOptions& options) {
  const Contents contents(input, options.max_file_bytes);
  const auto source = embedder::open_source(contents.bytes(), input.path, options);
  return {source->frames(), image::select_frames(*source, {}, input.path).first};
}

Stamp stamp_of(const embedder::Input& input) {
  if (embedder::in_memory(input)) return {};
  Stamp stamp = stamp_of_file(input.file.empty() ? input.path : input.file);
  const std::optional<std::filesystem::path> voxels = input.read ? std::nullopt : embedder::voxels_beside(input.path);
  if (!voxels) return stamp;
  const Stamp beside = stamp_of_file(voxels->string());
  stamp.size += beside.size;
  stamp.mtime_ns = std::max(stamp.mtime_ns, beside.mtime_ns);
  stamp.ctime_ns = std::max(stamp.ctime_ns, beside.ctime_ns);
  return stamp;
}

Error no_memory_for(std::string_view name) {
  return {Code::kOverloaded, fmt::format("{}: not enough memory to read it", name)};
}

std::uint64_t frames_of(const embedder::Input& input, const ImageOptions& options) {
  if (input.error) return 1;
  try {
    const Contents contents(input, options.max_file_bytes);
    return embedder::open_source(contents.bytes(), input.path, options)->frames();
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
  } catch (const std::bad_alloc&) {
    return 1;
  }
  return 1;
}

bool is_slide(const embedder::Input& input) {
  if (input.read || input.error) return false;
  try {
    const base::MappedFile file(input.path);
    return slide::count_levels({file.bytes(), file.path()}) > 0;
  } catch (const Error&) {  // whoever reads it is told why it cannot be
    return false;
  }
}

Look look_at_slide(const embedder::Input& input, const SurveyOptions& options, const std::string& key, bool with_hash) {
  if (input.read) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected a whole slide in a file of its own, got one in an archive; unpack it, or add "
                            "it without --level, --mpp and --tiles",
                            input.path));
  }
  Look look;
  look.slide = true;
  const base::MappedFile file(input.path);
  if (dicom::looks_like_dicom(file.bytes())) {
    look_at_header(file.bytes(), input, options, key, look);
  } else {
    look.facts = std::make_unique<ObjectFacts>();
  }
  look.facts->instance.locator = input.path;
  look.facts->instance.size = static_cast<std::int64_t>(file.bytes().size());
  if (with_hash) look.sha256 = base::sha256_hex(std::filesystem::path(input.path));
  file.check();
  return look;
}

Look look_at(const embedder::Input& input, const SurveyOptions& options, const std::string& key, bool with_hash) {
  Look look;
  const Contents contents(input, options.image.max_file_bytes);
  const std::span<const std::byte> bytes = contents.bytes();
  if (dicom::looks_like_dicom(bytes)) {
    look_at_object(bytes, input, options, key, look);
  } else {
    look_at_image(bytes, input, options, look);
  }
  look.slide = look.in_series ? look.facts->instance.sop_class == dicom::kSlideClass
                              : slide::count_levels({bytes, input.path}) > 1;
  look.facts->instance.locator = input.path;
  look.facts->instance.size = static_cast<std::int64_t>(bytes.size());
  look.facts->instance.frames = static_cast<std::int64_t>(look.frames.size());
  if (with_hash) look.sha256 = base::sha256_hex(bytes);
  return look;
}

ObjectNames names_of(std::span<const std::byte> object, std::string_view name, const std::string& key,
                     const std::string& site) {
  if (!dicom::looks_like_dicom(object)) return {};
  SurveyOptions as_added;
  as_added.site = site;
  const dicom::Description said = dicom::describe(object, name);
  return {patient_facts(said, as_added, key).key, said.sop_instance, said.sop_class, said.study};
}

}  // namespace mi2::archive
