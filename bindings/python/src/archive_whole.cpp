// What is asked of an archive as a whole: duplicates, its map, another archive, its room, and what was refused.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <mi2/error.hpp>

#include "archive.hpp"
#include "archive/archive.hpp"
#include "archive/compact.hpp"
#include "archive/dups.hpp"
#include "archive/filter/filter.hpp"
#include "archive/judgement_answers.hpp"
#include "archive/map.hpp"
#include "archive/overlap.hpp"
#include "archive/reader.hpp"
#include "archive/refused.hpp"
#include "archive/served.hpp"
#include "base/json_text.hpp"
#include "base/thread_pool.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

std::string dups(const std::filesystem::path& folder, const std::string& level, const std::optional<std::string>& where,
                 const nb::callable& on_progress) {
  archive::DupOptions options;
  options.level = archive::parse_dup_level(level);
  options.where = parsed(where);
  options.on_progress = told_to(on_progress);
  const nb::gil_scoped_release unlocked;
  archive::Reader reader(folder);
  const archive::DupAnswer answer = archive::find_dups(reader, options);
  return archive::dups_json(reader, answer, options.level, {});
}

/// What a map is made with; nothing: the usual for a new one, and right for one that is kept.
struct MapWish {
  std::optional<std::string> method;
  std::optional<std::size_t> neighbours;
  std::optional<double> min_dist;
  std::optional<std::uint64_t> seed;
  std::optional<archive::filter::Expr> where;
};

archive::MapOptions wished(const MapWish& wish, archive::MapOptions options) {
  if (wish.method) options.method = archive::parse_map_method(*wish.method);
  if (wish.neighbours) options.neighbours = *wish.neighbours;
  if (wish.min_dist) options.min_dist = *wish.min_dist;
  if (wish.seed) options.seed = *wish.seed;
  return options;
}

std::string options_json(const archive::MapOptions& options) {
  return fmt::format(R"("by": "{}", "method": "{}", "neighbours": {}, "min_dist": {}, "seed": {}, "where": {})",
                     archive::name_of(options.by), archive::name_of(options.method), options.neighbours,
                     options.min_dist, options.seed, base::json_string(options.where));
}

/// A map that was made with something else is none that was asked for.
void require_made_with(const MapWish& wish, const archive::MapOptions& kept) {
  const std::string where = wish.where ? archive::filter::to_text(*wish.where) : std::string();
  const bool of_another_part = wish.where && !kept.where.empty() && kept.where != where;
  if (wished(wish, kept) == kept && !of_another_part) return;
  throw Error(Code::kBadArgument,
              fmt::format("map: expected what the kept map was made with ({}), or refit=True", options_json(kept)));
}

/// The map that is kept. One that is damaged stands in the way of no new one.
std::optional<archive::KeptMap> kept_map(const archive::Reader& reader, archive::MapBy by, bool refit) {
  try {
    return archive::read_map(reader.folder(), reader.format(), by);
  } catch (const Error& error) {
    if (!refit || (error.code() != Code::kBadFile && error.code() != Code::kUnsupported)) throw;
    return std::nullopt;
  }
}

archive::KeptMap map_of(archive::Reader& reader, archive::MapBy by, const MapWish& wish, bool refit,
                        const archive::MapWork& work, unsigned threads) {
  base::ThreadPool pool(threads);
  std::optional<archive::KeptMap> kept = kept_map(reader, by, refit);
  if (kept && !refit) {
    require_made_with(wish, kept->options);
    static_cast<void>(archive::bring_up_map(reader, *kept, work, pool));
    return *std::move(kept);
  }
  archive::MapOptions options;
  options.by = by;
  options = wished(wish, std::move(options));
  if (wish.where) options.where = archive::filter::to_text(*wish.where);
  return archive::make_map(reader, options, kept ? &*kept : nullptr, work, pool);
}

template <typename Number>
nb::bytes bytes_of(const std::vector<Number>& numbers) {
  return nb::bytes(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number));
}

using Map = std::tuple<std::string, nb::bytes, nb::bytes, nb::bytes>;

/// @returns (an object: what the map was made with; of each point: x and y, float32; its row, uint32; 1 if it was
///          placed afterwards, else 0, uint8), all as bytes.
Map map(const std::filesystem::path& folder, const std::string& by, const std::optional<std::string>& method,
        const std::optional<std::size_t>& neighbours, const std::optional<double>& min_dist,
        const std::optional<std::uint64_t>& seed, const std::optional<std::string>& where, bool refit, unsigned threads,
        const nb::callable& on_progress) {
  const archive::MapBy points_of = archive::parse_map_by(by);
  const MapWish wish{method, neighbours, min_dist, seed, parsed(where)};
  const archive::MapWork work{told_to(on_progress), {}};
  std::string text;
  std::vector<float> places;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> placed;
  {
    const nb::gil_scoped_release unlocked;
    archive::Reader reader(folder);
    const archive::KeptMap made = map_of(reader, points_of, wish, refit, work, threads);
    const archive::filter::Expr* const chosen = wish.where ? &*wish.where : nullptr;
    for (const archive::MapPoint& point : archive::shown_points(reader, made, chosen, nullptr)) {
      places.push_back(point.at.x);
      places.push_back(point.at.y);
      rows.push_back(point.row);
      placed.push_back(point.placed ? 1 : 0);
    }
    text =
        fmt::format(R"({{{}, "fitted": {}, "snapshot": {}}})", options_json(made.options), made.fitted, made.snapshot);
  }
  return {std::move(text), bytes_of(places), bytes_of(rows), bytes_of(placed)};
}

std::string overlap(const std::filesystem::path& folder, const std::filesystem::path& other, std::size_t k,
                    std::size_t sample, std::uint64_t seed, unsigned threads, const nb::callable& on_progress) {
  archive::OverlapOptions options;
  options.k = k;
  options.sample = sample;
  options.seed = seed;
  options.on_progress = told_to(on_progress);
  const nb::gil_scoped_release unlocked;
  archive::Reader first(folder);
  archive::Reader second(other);
  base::ThreadPool pool(threads);
  const archive::Overlap found = archive::compare_neighbours(first, second, options, pool);
  return fmt::format("{{{}}}", archive::overlap_json(first, second, found));
}

std::string compact(const std::filesystem::path& folder, const nb::callable& on_progress) {
  const nb::gil_scoped_release unlocked;
  archive::Writer writer{folder};
  const archive::DiskUse before = archive::disk_use(folder);
  const archive::Compacted done = archive::compact(writer, told_to(on_progress));
  return fmt::format(R"({{"rows": {}, "erased": {}, "clean": {}, "before": {}, "after": {}}})", done.rows, done.erased,
                     done.clean, archive::disk_use_json(before), archive::disk_use_json(archive::disk_use(folder)));
}

std::string refused(archive::Served& served, std::size_t most) {
  std::string text;
  served.look([&](archive::Reader& reader) { text = archive::refused_json(reader, most, true); });
  return text;
}

}  // namespace

void bind_archive_whole(nb::module_& module) {
  using Unlocked = nb::call_guard<nb::gil_scoped_release>;
  module.def("archive_dups", &dups, "folder"_a, nb::kw_only(), "level"_a, "where"_a.none(), "on_progress"_a);
  module.def("archive_map", &map, "folder"_a, nb::kw_only(), "by"_a, "method"_a.none(), "neighbours"_a.none(),
             "min_dist"_a.none(), "seed"_a.none(), "where"_a.none(), "refit"_a, "threads"_a, "on_progress"_a,
             "(an object; of each point x and y as float32, its row as uint32, and whether it was placed as uint8).");
  module.def("archive_overlap", &overlap, "folder"_a, "other"_a, nb::kw_only(), "k"_a, "sample"_a, "seed"_a,
             "threads"_a, "on_progress"_a);
  module.def("archive_compact", &compact, "folder"_a, "on_progress"_a,
             "An object: rows, those erased for it, whether nothing of them is left, and bytes before and after.");
  module.def("archive_refused", &refused, "archive"_a, "most"_a, Unlocked());
}

}  // namespace mi2::python
