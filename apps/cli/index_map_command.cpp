// mi2 index map: what of an archive is alike, as points in the plane.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "archive/map.hpp"
#include "archive/map_legend.hpp"
#include "archive/map_points.hpp"
#include "archive/reader.hpp"
#include "arguments.hpp"
#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "index_command.hpp"
#include "index_map_page.hpp"
#include "index_results.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct MapArguments {
  std::string archive;
  std::string by = "image";
  // What a map is made with. What is not given is the usual for a new map, and right for one that is kept.
  std::optional<std::string> method;
  std::optional<std::size_t> neighbours;
  std::optional<double> min_dist;
  std::optional<std::uint64_t> seed;
  std::string where;
  bool refit = false;
  std::string colour = "modality";
  unsigned threads = 0;
  ResultArguments results;
};

constexpr std::string_view kMapHelp = R"(How it is made:
  Each image (--by series: each series, by the mean of its images) becomes a point. umap places
  near each other what is alike, by the --neighbours nearest of each, found by the archive's exact
  search; pca draws the two directions in which vectors differ most. Distances are Euclidean
  between unit vectors. A map with one --seed is the same for any number of threads.

What is kept:
  The map is kept in ARCHIVE/map and may be deleted. The next run shows the same map, so that it
  does not jump: what was added is placed among its neighbours, what was removed is gone, nothing
  else moves. --refit makes it anew and turns it onto the one before. 'mi2 serve' sends the kept
  map. Other options than a map was made with are reported, and used with --refit alone.
  Of an archive in a database each machine keeps a map of its own, in its replica.
  --where chooses what a new map is made of, and what of a kept one is written.

Formats:
  jsonl  an object per point      csv  after a header line      html  a page with a picture
  bin    12 bytes per point, as mi2 serve sends them; facets are of --colour
  Without --out and --format nothing is written, and the map is kept all the same.

Points that lie together are alike. Distances between groups, their sizes and the axes mean
nothing.

Examples:
  mi2 index map archive/ --out map.html --colour body_part
  mi2 index map archive/ --by series --out map.csv
  mi2 index map archive/ --neighbours 30 --refit
)";

archive::MapOptions options_of(const MapArguments& arguments) {
  archive::MapOptions options;
  options.by = archive::parse_map_by(arguments.by);
  if (arguments.method) options.method = archive::parse_map_method(*arguments.method);
  options.neighbours = arguments.neighbours.value_or(options.neighbours);
  options.min_dist = arguments.min_dist.value_or(options.min_dist);
  options.seed = arguments.seed.value_or(options.seed);
  if (!arguments.where.empty()) options.where = archive::filter::to_text(archive::filter::parse(arguments.where));
  return options;
}

/// What was asked for and the kept map was not made with.
std::vector<std::string> differences(const MapArguments& arguments, const archive::MapOptions& asked,
                                     const archive::MapOptions& kept) {
  std::vector<std::string> found;
  const auto compare = [&](bool given, std::string_view option, const auto& wanted, const auto& has) {
    if (given && wanted != has) found.push_back(fmt::format("{} {}, not {}", option, has, wanted));
  };
  compare(arguments.method.has_value(), "--method", archive::name_of(asked.method), archive::name_of(kept.method));
  compare(arguments.neighbours.has_value(), "--neighbours", asked.neighbours, kept.neighbours);
  compare(arguments.min_dist.has_value(), "--min-dist", asked.min_dist, kept.min_dist);
  compare(arguments.seed.has_value(), "--seed", asked.seed, kept.seed);
  if (!kept.where.empty() && kept.where != asked.where) found.push_back(fmt::format("--where '{}'", kept.where));
  return found;
}

/// The map that is kept. One that is damaged stands in the way of no new one.
std::optional<archive::KeptMap> kept_map(const archive::Reader& archive, const MapArguments& arguments,
                                         archive::MapBy by, Progress& progress) {
  try {
    return archive::read_map(archive.folder(), archive.format(), by);
  } catch (const Error& error) {
    const bool damaged = error.code() == Code::kBadFile || error.code() == Code::kUnsupported;
    if (!arguments.refit || !damaged) throw;
    progress.warn(fmt::format("{}; the new map is not turned onto it", error.what()));
    return std::nullopt;
  }
}

/// The kept map as it is now.
archive::KeptMap brought_up(archive::Reader& archive, archive::KeptMap map, const archive::MapWork& work,
                            base::ThreadPool& pool, Progress& progress) {
  constexpr std::size_t kMany = 5;  // a fifth
  if (map.snapshot == archive.sequence()) return map;
  const archive::BroughtUp done = archive::bring_up_map(archive, map, work, pool);
  progress.hide();
  if (!done.kept) progress.note("another map was kept meanwhile, which stays");
  progress.note(fmt::format("{} points placed among their neighbours, {} gone", done.growth.placed, done.growth.gone));
  std::size_t placed = 0;
  for (const archive::MapPoint& point : map.points) placed += point.placed ? 1 : 0;
  if (placed * kMany > map.points.size()) {
    progress.note(
        fmt::format("{} of {} points came after the map was made; what they form among themselves shows with "
                    "--refit alone",
                    placed, map.points.size()));
  }
  return map;
}

std::string line_of(const archive::MapPoint& point, const archive::ItemFacts& item, std::int64_t snapshot, bool csv) {
  std::string line = csv ? fmt::format("{},", point.row) : R"({"x": )";
  base::append_number(line, point.at.x);
  line += csv ? "," : R"(, "y": )";
  base::append_number(line, point.at.y);
  if (csv) {
    return line + fmt::format(",{},{},{},{},{},{},{}\n", point.placed ? 1 : 0, base::csv_field(item.modality),
                              base::csv_field(item.body_part), base::csv_field(item.study_date),
                              base::csv_field(item.locator), base::csv_field(item.study_uid),
                              base::csv_field(item.series_uid));
  }
  return line +
         fmt::format(R"(, "placed": {}, "snapshot": {}, {}}})", point.placed, snapshot,
                     archive::item_json(item, !item.locator.empty())) +
         '\n';
}

void write_points(archive::Reader& archive, const archive::KeptMap& map, const MapArguments& arguments,
                  const std::string& format, Output& output) {
  std::optional<archive::filter::Expr> where;
  if (!arguments.where.empty()) where = archive::filter::parse(arguments.where);
  const std::vector<archive::MapPoint> points = archive::shown_points(archive, map, where ? &*where : nullptr, nullptr);
  if (format == "html") {
    const archive::MapLegend legend = archive::legend_of(archive, arguments.colour, points, kMostColoured);
    output.write(to_html({map, points, legend, arguments.colour, arguments.where}));
    return;
  }
  if (format == "bin") {
    const std::vector<archive::MapPoint> all = archive::shown_points(archive, map, nullptr, nullptr);
    const archive::MapLegend legend = archive::legend_of(archive, arguments.colour, all, archive::kMostFacets);
    output.write(archive::points_bytes(points, all, legend, map.snapshot));
    return;
  }
  const bool csv = format == "csv";
  if (csv) output.write("item,x,y,placed,modality,body_part,date,path,study,series\n");
  for (const archive::MapPoint& point : points) {
    output.write(line_of(point, archive.item(point.row), map.snapshot, csv));
  }
}

int index_map(const MapArguments& arguments) {
  const std::string format = result_format(arguments.results.format, arguments.results.out,
                                           std::vector<std::string>{"jsonl", "csv", "html", "bin"}, "jsonl");
  check_is_new(arguments.results.out, arguments.results.force);
  const archive::MapOptions options = options_of(arguments);
  catch_interrupts();
  Progress progress("points");
  const archive::MapWork work{shown_on(progress), {}};
  archive::Reader archive(folder_of(arguments.archive));
  base::ThreadPool pool(arguments.threads);
  std::optional<archive::KeptMap> kept = kept_map(archive, arguments, options.by, progress);
  const bool anew = arguments.refit || !kept;
  if (!anew) {
    const std::vector<std::string> other = differences(arguments, options, kept->options);
    if (!other.empty()) {
      progress.warn(fmt::format("the kept map was made with {}; --refit makes one with the options given",
                                fmt::join(other, ", ")));
    }
  }
  const archive::KeptMap map = anew ? archive::make_map(archive, options, kept ? &*kept : nullptr, work, pool)
                                    : brought_up(archive, *std::move(kept), work, pool, progress);
  progress.hide();
  if (!arguments.results.out.empty() || !arguments.results.format.empty()) {
    const auto output = open_output(arguments.results.out);
    write_points(archive, map, arguments, format, *output);
    output->commit();
  }
  progress.note(fmt::format("a map of {} points by {}, {}, made of snapshot {}", map.points.size(),
                            archive::name_of(map.options.by), anew ? "made anew" : "as it was kept", map.fitted));
  return 0;
}

}  // namespace

void add_index_map(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<MapArguments>();
  const archive::MapOptions usual;
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("--by", arguments->by, "What is a point")
      ->type_name("image|series")
      ->transform(one_of({"image", "series"}))
      ->capture_default_str();
  command.add_option("--method", arguments->method, "How points are placed")
      ->type_name("umap|pca")
      ->transform(one_of({"umap", "pca"}))
      ->default_str("umap");
  command
      .add_option("--neighbours", arguments->neighbours,
                  "Images that count as one's surroundings, itself included: few show details, many the whole")
      ->type_name("N")
      ->transform(whole_number_in(archive::kFewestNeighbours, archive::kMostNeighbours))
      ->default_str(std::to_string(usual.neighbours));
  command.add_option("--min-dist", arguments->min_dist, "How close points of equal images come")
      ->type_name("DISTANCE")
      ->check(number_in(0.0, archive::kMostMinDist))
      ->default_str(fmt::format("{}", usual.min_dist));
  command.add_option("--seed", arguments->seed, "Seed of the random numbers")
      ->type_name("N")
      ->transform(any_whole_number())
      ->default_str(std::to_string(usual.seed));
  add_where(command, arguments->where, "What is on a new map, and what of a kept one is written");
  command.add_flag("--refit", arguments->refit, "Make the map anew, with the options given now");
  command.add_option("--colour", arguments->colour, "By what a page colours points, and bin numbers facets")
      ->type_name(fmt::format("{}", fmt::join(archive::kMapColours, "|")))
      ->transform(one_of({archive::kMapColours.begin(), archive::kMapColours.end()}))
      ->capture_default_str();
  add_comparing_threads(command, arguments->threads);
  command
      .add_option("-f,--format", arguments->results.format,
                  "How points are written (default: as FILE's name ends, else jsonl)")
      ->type_name("jsonl|csv|html|bin")
      ->transform(one_of({"jsonl", "csv", "html", "bin"}));
  command.add_option("-o,--out", arguments->results.out, "Write the points to FILE; -: standard output")
      ->type_name("FILE");
  command.add_flag("--force", arguments->results.force, "Replace FILE of --out if it already exists");
  command.footer(fmt::format("{}\n{}\n{}", kMapHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_map(*arguments); }; });
}

}  // namespace mi2::cli
