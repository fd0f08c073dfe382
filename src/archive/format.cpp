#include "archive/format.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/postgres/place.hpp"
#include "archive/scan/codes.hpp"
#include "archive/windows.hpp"
#include "base/files.hpp"
#include "base/json.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxFormatBytes = 1U << 16;

struct Part {
  const char* key;
  std::string Space::*value;
  const char* meaning;
};

constexpr std::array kParts{
    Part{"weights_sha256", &Space::weights_sha256, "weights"},
    Part{"profile", &Space::profile, "profile"},
    Part{"normalisation", &Space::normalisation, "normalisation"},
    Part{"windows", &Space::windows, "windows"},
    Part{"intensity", &Space::intensity, "intensity"},
    Part{"plane", &Space::plane, "plane"},
};

[[noreturn]] void fail(const fs::path& path, const char* what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

std::string text_of(const nlohmann::json& json, const char* key, std::string_view name) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a text '{}', got none", name, key));
  }
  return found->get<std::string>();
}

std::string id_of(const nlohmann::json& json, const char* key, std::string_view name) {
  std::string id = text_of(json, key, name);
  if (id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string::npos) return id;
  throw Error(Code::kBadFile, fmt::format("{}: expected '{}' of 32 hexadecimal digits", name, key));
}

/// What a space calls the profile of options.
std::string profile_of(const ImageOptions& image) {
  std::string text(name_of(image.profile));
  if (image.profile == Profile::kAzure) text += fmt::format(" {} {}", image.azure_size, image.azure_quality);
  return text;
}

}  // namespace

Space space_of(const Embedder& embedder) {
  const ImageOptions& image = embedder.options().image;
  Space space;
  space.weights_sha256 = embedder.provenance().weights_sha256;
  space.profile = profile_of(image);
  space.windows = image.window ? to_string(*image.window) : "file";
  space.intensity = to_string(image.intensity);
  space.plane = image.plane ? name_of(*image.plane) : "usual";
  return space;
}

Space space_of(const std::string& weights_sha256, const std::string& profile) {
  const ImageOptions usual;
  Space space;
  space.weights_sha256 = weights_sha256;
  space.profile = profile;
  if (profile == name_of(Profile::kAzure))
    space.profile += fmt::format(" {} {}", usual.azure_size, usual.azure_quality);
  space.windows = "file";
  space.intensity = to_string(usual.intensity);
  space.plane = "usual";
  return space;
}

ImageOptions options_of(const Space& space, ImageOptions usual) {
  ImageOptions options = std::move(usual);
  const std::size_t blank = std::min(space.profile.find(' '), space.profile.size());
  std::optional<std::string> back;
  try {
    options.profile = parse_profile(space.profile.substr(0, blank));
    if (options.profile == Profile::kAzure) {
      const char* const end = space.profile.data() + space.profile.size();
      const auto size =
          std::from_chars(space.profile.data() + std::min(blank + 1, space.profile.size()), end, options.azure_size);
      std::from_chars(std::min(size.ptr + 1, end), end, options.azure_quality);
    }
    options.window.reset();
    const std::vector<std::string> several = several_windows(space);
    const std::string& window = several.empty() ? space.windows : usual_window(several);
    if (window != kOwnWindow) options.window = parse_window(window);
    options.intensity = parse_intensity(space.intensity);
    options.plane.reset();
    if (space.plane != "usual") options.plane = parse_plane(space.plane);
    back = profile_of(options);
  } catch (const Error&) {
    back.reset();
  }
  if (!back || *back != space.profile) {
    throw Error(Code::kUnsupported, "the archive's images were prepared in a way that this version does not know");
  }
  return options;
}

void require_same(const Space& archive, const Space& found, std::string_view name, std::string_view what) {
  for (const Part& part : kParts) {
    const std::string& wanted = archive.*part.value;
    const std::string& got = found.*part.value;
    if (wanted == got) continue;
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected {} {:.64}, as the archive's vectors have, got {:.64} of {}; vectors of two "
                            "spaces do not compare",
                            name, part.meaning, wanted, got, what));
  }
}

bool are_related(const Format& one, const Format& other) {
  return one.id == other.id || one.reembedded_from == other.id || other.reembedded_from == one.id;
}

Format parse_format(std::string_view text, std::string_view name) {
  const nlohmann::json json = base::parse_json(text, {.name = name, .fault = Code::kBadFile});
  if (!json.is_object()) throw Error(Code::kBadFile, fmt::format("{}: expected an object", name));
  const auto number = json.find("format");
  if (number == json.end() || !number->is_number_integer()) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a number 'format', got none", name));
  }
  if (number->get<std::int64_t>() != kFormat) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected format {}, got {}: written by another version of mi2",
                                                name, kFormat, number->get<std::int64_t>()));
  }
  Format format;
  const auto dimensions = json.find("dims");
  if (dimensions == json.end() || !dimensions->is_number_unsigned() || dimensions->get<std::uint64_t>() == 0 ||
      dimensions->get<std::uint64_t>() > scan::kMaxDimensions) {
    throw Error(Code::kBadFile, fmt::format("{}: expected 'dims' from 1 to {}", name, scan::kMaxDimensions));
  }
  format.dimensions = dimensions->get<std::size_t>();
  format.id = id_of(json, "id", name);
  if (json.contains("reembedded_from")) format.reembedded_from = id_of(json, "reembedded_from", name);
  format.created = text_of(json, "created", name);
  const auto space = json.find("space");
  if (space == json.end() || !space->is_object()) {
    throw Error(Code::kBadFile, fmt::format("{}: expected an object 'space'", name));
  }
  for (const Part& part : kParts) format.space.*part.value = text_of(*space, part.key, name);
  return format;
}

std::string to_json(const Format& format) {
  Json space;
  for (const Part& part : kParts) space[part.key] = format.space.*part.value;
  Json json{{"format", kFormat},
            {"dims", format.dimensions},
            {"id", format.id},
            {"created", format.created},
            {"space", space}};
  if (!format.reembedded_from.empty()) json["reembedded_from"] = format.reembedded_from;
  return json.dump(2) + '\n';
}

void refuse_url(const fs::path& folder) {
  if (!postgres::is_url(folder.native())) return;
  throw Error(Code::kBadArgument,
              "archive: expected a folder, got the URL of a database; 'mi2 index backup URL FOLDER' makes one of it");
}

Format read_format(const fs::path& folder) {
  refuse_url(folder);
  const fs::path file = format_file(folder);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    throw Error(Code::kNotFound, fmt::format("{}: no archive: it has no archive.json", folder.string()));
  }
  return parse_format(base::read_text_file(file, kMaxFormatBytes), file.string());
}

std::string id_bytes(const Format& format) {
  std::string bytes;
  for (std::size_t i = 0; i < 16; ++i) {
    bytes += static_cast<char>(std::stoi(format.id.substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

fs::path format_file(const fs::path& folder) { return folder / "archive.json"; }
fs::path catalog_file(const fs::path& folder) { return folder / "catalog.sqlite"; }
fs::path key_file(const fs::path& folder) { return folder / "key"; }
fs::path lock_file(const fs::path& folder) { return folder / "lock"; }
fs::path replica_file(const fs::path& folder) { return folder / "shared.json"; }

fs::path segment_file(const fs::path& folder, std::uint64_t number) {
  return folder / "vectors" / fmt::format("{:06}.f32", number);
}

fs::path codes_file(const fs::path& folder, std::uint64_t number) {
  return folder / "codes" / fmt::format("{:06}.q8", number);
}

std::string now_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

void require_local(const fs::path& folder) {
  struct Network {
    std::uint64_t type;
    const char* name;
  };
  constexpr std::array kNetwork{Network{0x6969, "NFS"}, Network{0x517B, "SMB"}, Network{0xFE534D42, "SMB"},
                                Network{0xFF534D42, "CIFS"}, Network{0x5346414F, "AFS"}};
  struct statfs found {};
  if (::statfs(folder.c_str(), &found) != 0) fail(folder, "cannot be looked at");
  const auto type = static_cast<std::uint64_t>(found.f_type) & 0xFFFFFFFFU;
  for (const Network& network : kNetwork) {
    if (network.type != type) continue;
    throw Error(Code::kUnsupported,
                fmt::format("{}: on {}; expected a local file system: an archive's locks do not hold over a network",
                            folder.string(), network.name));
  }
}

WriterLock::WriterLock(const fs::path& folder, std::chrono::milliseconds patience)
    : descriptor_(::open(lock_file(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  constexpr std::chrono::milliseconds kStep(10);
  if (descriptor_ < 0) fail(lock_file(folder), "cannot be opened");
  const auto end = std::chrono::steady_clock::now() + patience;
  int reason = 0;
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    reason = errno;
    if (reason != EWOULDBLOCK || std::chrono::steady_clock::now() >= end) break;
    reason = 0;
    std::this_thread::sleep_for(kStep);
  }
  if (reason == 0) return;
  ::close(descriptor_);
  if (reason == EWOULDBLOCK) {
    throw Error(Code::kOverloaded, fmt::format("{}: another process writes to this archive", folder.string()));
  }
  errno = reason;
  fail(lock_file(folder), "cannot be locked");
}

WriterLock::~WriterLock() { ::close(descriptor_); }

}  // namespace mi2::archive
