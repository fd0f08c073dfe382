#include "archive/map_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/catalog.hpp"
#include "archive/filter/filter.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/little_endian.hpp"
#include "base/partial.hpp"
#include "base/waiting_lock.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic = "MI2-MAP\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHashAt = 24;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kPointBytes = 16;
constexpr std::uint32_t kMostText = 1U << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;
constexpr std::array kAll{MapBy::kImage, MapBy::kSeries};

fs::path map_folder(const fs::path& folder) { return folder / "map"; }

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}; 'mi2 index map --refit' makes the map anew", name, what));
}

/// For whoever keeps a map, or erases from one.
base::WaitingLock map_lock(const fs::path& folder) { return {map_folder(folder) / "lock", O_RDWR | O_CREAT}; }

std::string head_of(const KeptMap& map, const Format& format) {
  const MapOptions& options = map.options;
  return Json{{"archive", format.id},
              {"by", name_of(options.by)},
              {"method", name_of(options.method)},
              {"neighbours", options.neighbours},
              {"min_dist", options.min_dist},
              {"seed", options.seed},
              {"where", options.where},
              {"fitted", map.fitted},
              {"snapshot", map.snapshot}}
      .dump();
}

/// Reads the members of the JSON text.
class Head {
 public:
  Head(const nlohmann::json& json, std::string_view name) : json_(json), name_(name) {
    if (!json.is_object()) refuse(name, "expected an object in the map's text");
  }

  [[nodiscard]] std::string text(const char* key) const {
    const nlohmann::json& value = at(key);
    if (!value.is_string()) wrong(key, "a text");
    return value.get<std::string>();
  }
  [[nodiscard]] std::uint64_t count(const char* key, std::uint64_t low, std::uint64_t high) const {
    const nlohmann::json& value = at(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < low || value.get<std::uint64_t>() > high) {
      wrong(key, fmt::format("a whole number from {} to {}", low, high));
    }
    return value.get<std::uint64_t>();
  }
  [[nodiscard]] double number(const char* key, double low, double high) const {
    const nlohmann::json& value = at(key);
    if (!value.is_number()) wrong(key, "a number");
    const auto number = value.get<double>();
    if (!(number >= low && number <= high)) wrong(key, fmt::format("a number from {} to {}", low, high));
    return number;
  }
  /// @param parse  of a word.
  template <typename Parse>
  [[nodiscard]] auto word(const char* key, const Parse& parse) const {
    try {
      return parse(text(key));
    } catch (const Error& error) {
      if (error.code() == Code::kBadFile) throw;
      wrong(key, "a word that is known");
    }
  }

 private:
  [[nodiscard]] const nlohmann::json& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) wrong(key, "one");
    return *found;
  }
  [[noreturn]] void wrong(const char* key, std::string_view what) const {
    refuse(name_, fmt::format("'{}' of the map's text: expected {}", key, what));
  }

  const nlohmann::json& json_;
  std::string_view name_;
};

KeptMap read_head(std::string_view text, const Format& format, MapBy by, std::string_view name) {
  nlohmann::json json;
  try {
    json = base::parse_json(text, {.name = name, .fault = Code::kBadFile});
  } catch (const Error&) {
    refuse(name, "the map's text is no JSON");
  }
  const Head head(json, name);
  if (head.text("archive") != format.id) refuse(name, "expected the map of this archive, got that of another");
  KeptMap map;
  MapOptions& options = map.options;
  options.by = head.word("by", parse_map_by);
  if (options.by != by)
    refuse(name, fmt::format("expected a map by {}, got one by {}", name_of(by), name_of(options.by)));
  options.method = head.word("method", parse_map_method);
  options.neighbours = static_cast<std::size_t>(head.count("neighbours", kFewestNeighbours, kMostNeighbours));
  options.min_dist = head.number("min_dist", 0, kMostMinDist);
  options.seed = head.count("seed", 0, ~std::uint64_t{0});
  options.where = head.word(
      "where", [](const std::string& where) { return where.empty() ? where : filter::to_text(filter::parse(where)); });
  constexpr auto kLatest = static_cast<std::uint64_t>(INT64_MAX);
  map.snapshot = static_cast<std::int64_t>(head.count("snapshot", 0, kLatest));
  map.fitted = static_cast<std::int64_t>(head.count("fitted", 0, static_cast<std::uint64_t>(map.snapshot)));
  return map;
}

float read_float(std::span<const std::byte> bytes, std::size_t at) {
  return std::bit_cast<float>(base::read_little_endian<std::uint32_t>(bytes, at));
}

std::vector<MapPoint> read_points(std::span<const std::byte> bytes, std::string_view name) {
  std::vector<MapPoint> points;
  points.reserve(bytes.size() / kPointBytes);
  for (std::size_t at = 0; at < bytes.size(); at += kPointBytes) {
    const auto flags = base::read_little_endian<std::uint32_t>(bytes, at + 12);
    MapPoint point;
    point.row = base::read_little_endian<std::uint32_t>(bytes, at);
    point.at = {read_float(bytes, at + 4), read_float(bytes, at + 8)};
    point.placed = flags == 1;
    if (flags > 1 || !std::isfinite(point.at.x) || !std::isfinite(point.at.y) ||
        (!points.empty() && point.row <= points.back().row)) {
      refuse(name, fmt::format("point {} makes no sense", points.size()));
    }
    points.push_back(point);
  }
  return points;
}

/// In place of the one before. @pre  map_lock().
void write_map(const fs::path& folder, const Format& format, const KeptMap& map) {
  base::AtomicFile file(map_file(folder, map.options.by));
  file.write(map_bytes(map, format));
  file.commit();
}

/// Whether a filter names something of the archive.
bool names_things(const std::string& where) {
  if (where.empty()) return false;
  const filter::Expr expr = filter::parse(where);
  constexpr std::array<std::string_view, 4> kNames{"study", "series", "image", "path"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) { return filter::uses(expr, name); });
}

/// What stays of a map when rows are erased; nothing: the file goes.
std::optional<KeptMap> without(KeptMap map, const std::set<std::uint64_t>& rows) {
  std::erase_if(map.points, [&](const MapPoint& point) { return rows.contains(point.row); });
  if (map.points.empty() || names_things(map.options.where)) return std::nullopt;
  return map;
}

/// Keeps it without the points of rows that are gone. @pre  map_lock(): an erasure that comes later finds the file,
/// and one that came before is known to the catalog.
void write_living(const fs::path& folder, const Format& format, KeptMap map) {
  std::vector<std::uint64_t> live;  // in order, as the catalog hands them out
  bool erased = false;              // since the map was made
  Catalog catalog(folder, Catalog::Access::kRead);
  catalog.each_row(nullptr, [&](const RowFacts& row) {
    const bool gone = row.kind == RowFacts::Kind::kGone;
    if (!row.deleted && !gone) live.push_back(row.row);
    erased = erased || (gone && row.removed > map.snapshot);
  });
  if (erased && names_things(map.options.where)) {
    throw Error(Code::kOverloaded,
                "map: images were erased while it was made, and its filter may name them; try again");
  }
  std::erase_if(map.points, [&](const MapPoint& point) {
    return !std::binary_search(live.begin(), live.end(), std::uint64_t{point.row});
  });
  write_map(folder, format, map);
}

/// Whether a map did not grow from the one that is kept now, or that one has grown further.
bool overtaken(const fs::path& folder, const Format& format, const KeptMap& map) {
  std::optional<KeptMap> kept;
  try {
    kept = read_map(folder, format, map.options.by);
  } catch (const Error&) {
    return false;  // it is damaged: any map is better
  }
  return kept && (kept->options != map.options || kept->fitted != map.fitted || kept->snapshot > map.snapshot);
}

}  // namespace

std::string_view name_of(MapBy by) noexcept { return by == MapBy::kImage ? "image" : "series"; }

MapBy parse_map_by(std::string_view name) {
  if (name == "image") return MapBy::kImage;
  if (name == "series") return MapBy::kSeries;
  throw Error(Code::kBadArgument, fmt::format("by: expected image or series, got '{}'", name));
}

std::string_view name_of(MapMethod method) noexcept { return method == MapMethod::kUmap ? "umap" : "pca"; }

MapMethod parse_map_method(std::string_view name) {
  if (name == "umap") return MapMethod::kUmap;
  if (name == "pca") return MapMethod::kPca;
  throw Error(Code::kBadArgument, fmt::format("method: expected umap or pca, got '{}'", name));
}

fs::path map_file(const fs::path& folder, MapBy by) { return map_folder(folder) / fmt::format("{}.bin", name_of(by)); }

std::string map_bytes(const KeptMap& map, const Format& format) {
  const std::string head = head_of(map, format);
  std::string bytes(kMagic);
  base::append_little_endian(bytes, kVersion);
  base::append_little_endian(bytes, static_cast<std::uint32_t>(head.size()));
  base::append_little_endian(bytes, static_cast<std::uint64_t>(map.points.size()));
  std::string body = head;
  body.reserve(head.size() + map.points.size() * kPointBytes);
  for (const MapPoint& point : map.points) {
    base::append_little_endian(body, point.row);
    base::append_little_endian(body, std::bit_cast<std::uint32_t>(point.at.x));
    base::append_little_endian(body, std::bit_cast<std::uint32_t>(point.at.y));
    base::append_little_endian(body, std::uint32_t{point.placed});
  }
  base::append_little_endian(bytes, base::xxh3(std::as_bytes(std::span(body))));
  return bytes + body;
}

KeptMap parse_map(std::span<const std::byte> bytes, const Format& format, MapBy by, std::string_view name) {
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    refuse(name, "expected a map");
  }
  const auto version = base::read_little_endian<std::uint32_t>(bytes, 8);
  if (version != kVersion) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected a map of version {}, got {}: written by another version of mi2", name,
                            kVersion, version));
  }
  const auto head = base::read_little_endian<std::uint32_t>(bytes, 12);
  const auto count = base::read_little_endian<std::uint64_t>(bytes, 16);
  const std::span<const std::byte> body = bytes.subspan(kHeaderBytes);
  if (head > kMostText || head > body.size() || (body.size() - head) % kPointBytes != 0 ||
      (body.size() - head) / kPointBytes != count) {
    refuse(name, "the map is not as long as it says");
  }
  if (base::xxh3(body) != base::read_little_endian<std::uint64_t>(bytes, kHashAt)) {
    refuse(name, "the map is damaged: its checksum is another");
  }
  std::string text(head, '\0');
  if (head > 0) std::memcpy(text.data(), body.data(), head);
  KeptMap map = read_head(text, format, by, name);
  map.points = read_points(body.subspan(head), name);
  return map;
}

std::optional<KeptMap> read_map(const fs::path& folder, const Format& format, MapBy by) {
  const fs::path file = map_file(folder, by);
  std::vector<std::byte> bytes;
  try {
    bytes = base::read_file(file, kMostBytes);
  } catch (const Error& error) {
    if (error.code() == Code::kNotFound) return std::nullopt;
    throw;
  }
  return parse_map(bytes, format, by, file.string());
}

void prepare_to_keep_map(const fs::path& folder) {
  const fs::path maps = map_folder(folder);
  std::error_code error;
  fs::create_directory(maps, error);
  if (error) {
    throw Error(Code::kBadFile, fmt::format("{}: the folder cannot be made: {}", maps.string(), error.message()));
  }
  const base::WaitingLock lock = map_lock(folder);
}

void keep_map(const fs::path& folder, const Format& format, KeptMap map) {
  prepare_to_keep_map(folder);
  const base::WaitingLock lock = map_lock(folder);
  write_living(folder, format, std::move(map));
}

bool keep_grown_map(const fs::path& folder, const Format& format, KeptMap map) {
  prepare_to_keep_map(folder);
  const base::WaitingLock lock = map_lock(folder);
  if (overtaken(folder, format, map)) return false;
  write_living(folder, format, std::move(map));
  return true;
}

void forget_in_maps(const fs::path& folder, const Format& format, std::span<const std::uint64_t> rows) {
  std::error_code ignored;
  if (!fs::is_directory(map_folder(folder), ignored)) return;
  const base::WaitingLock lock = map_lock(folder);
  base::remove_dead_in(map_folder(folder));
  const std::set<std::uint64_t> erased(rows.begin(), rows.end());
  for (const MapBy by : kAll) {
    std::optional<KeptMap> map;
    try {
      map = read_map(folder, format, by);
      if (!map) continue;
      map = without(*std::move(map), erased);
    } catch (const Error&) {
      map.reset();  // whatever is in it
    }
    if (map) {
      write_map(folder, format, *map);
      continue;
    }
    std::error_code error;
    fs::remove(map_file(folder, by), error);
    if (error) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: cannot be removed: {}", map_file(folder, by).string(), error.message()));
    }
  }
}

}  // namespace mi2::archive
