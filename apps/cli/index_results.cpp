#include "index_results.hpp"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/utf8.hpp"
#include "choices.hpp"
#include "output.hpp"

namespace mi2::cli {
namespace {

std::vector<std::string> formats_of_results() { return {"table", "jsonl", "csv"}; }

}  // namespace

void add_result_arguments(CLI::App& command, ResultArguments& arguments, const std::string& more) {
  std::vector<std::string> formats = formats_of_results();
  if (!more.empty()) formats.push_back(more);
  command
      .add_option("-f,--format", arguments.format, "How results are written (default: as FILE's name ends, else table)")
      ->type_name(fmt::format("{}", fmt::join(formats, "|")))
      ->transform(one_of(formats));
  command.add_option("-o,--out", arguments.out, "Write to FILE, not standard output")->type_name("FILE");
  command.add_flag("--force", arguments.force, "Replace FILE of --out if it already exists");
}

void add_comparing_threads(CLI::App& command, unsigned& threads) {
  command.add_option("--threads", threads, "Threads that compare (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
}

std::string check_results(const ResultArguments& arguments) {
  std::string format = result_format(arguments.format, arguments.out, formats_of_results(), "table");
  check_is_new(arguments.out, arguments.force);
  return format;
}

std::string or_dash(const std::string& text) { return text.empty() ? std::string("-") : base::printable(text); }

std::string name_of(const archive::ItemFacts& item) {
  if (item.locator.empty()) return base::printable(item.series_uid.empty() ? item.study_uid : item.series_uid);
  std::string name = base::printable(item.locator);
  if (item.frames > 1 && item.kind == "frame" && !item.tile)
    name += fmt::format(", frame {} of {}", item.frame, item.frames);
  if (item.tile) {
    const TilePlace& tile = item.tile->place;
    name += fmt::format(" at {},{} {}x{}", tile.x, tile.y, tile.width, tile.height);
  }
  if (!item.window.empty()) name += fmt::format(", window {}", item.window);
  return name;
}

}  // namespace mi2::cli
