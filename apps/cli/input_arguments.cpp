#include "input_arguments.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "base/blanks.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "embedder/inputs.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxListBytes = 1ULL << 30;

std::vector<std::string> paths_of_table(const fs::path& file) {
  const base::Table table = base::Table::read(file);
  const std::size_t column = table.need(base::kPathColumn);
  std::vector<std::string> paths;
  for (const base::CsvRow& row : table.rows()) {
    if (row.fields[column].empty()) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: its path is empty", file.string(), row.line));
    }
    paths.push_back((file.parent_path() / row.fields[column]).string());
  }
  return paths;
}

std::vector<std::string> paths_of_list(std::string_view text) {
  text = base::without_byte_order_mark(text);
  const char end = text.find('\0') == std::string_view::npos ? '\n' : '\0';
  std::vector<std::string> paths;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find(end));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (end == '\n' && line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) paths.emplace_back(line);
  }
  return paths;
}

std::string read_list_of_paths(const std::string& file) {
  if (file != "-") return base::read_text_file(file, kMaxListBytes);
  const std::vector<std::byte> bytes = embedder::read_standard_input(kMaxListBytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void add_input_arguments(CLI::App& command, InputArguments& arguments) {
  command.add_option("--files-from", arguments.files_from, "A file that lists paths, or a *.csv with a path column")
      ->type_name("FILE");
  command.add_flag("--resume", arguments.resume, "Go on where an earlier run stopped (the default with --out)");
  command.add_flag("--restart", arguments.restart, "Throw away what an earlier run left");
  command.add_flag("--force", arguments.force, "Replace FILE of --out if it already exists");
  arguments.paths = add_positionals(command, "PATH", "Files, folders, or - for standard input");
}

std::vector<std::string> gather_paths(const InputArguments& arguments) {
  std::vector<std::string> paths = values_of(arguments.paths);
  if (arguments.files_from.empty()) return paths;
  if (arguments.files_from == "-" && std::ranges::find(paths, "-") != paths.end()) {
    throw Error(Code::kBadArgument, "-: standard input can be read only once");
  }
  const bool table = base::lower_ascii(fs::path(arguments.files_from).extension().string()) == ".csv";
  const std::vector<std::string> listed =
      table ? paths_of_table(arguments.files_from) : paths_of_list(read_list_of_paths(arguments.files_from));
  if (listed.empty()) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected one path per line, got none", arguments.files_from));
  }
  if (std::ranges::find(listed, "-") != listed.end()) {
    throw Error(Code::kBadArgument, fmt::format("{}: - is no file; expected paths", arguments.files_from));
  }
  paths.insert(paths.end(), listed.begin(), listed.end());
  return paths;
}

void explain_paths(const std::vector<std::string>& paths, std::string_view texts, Progress& progress) {
  std::error_code ignored;
  for (const std::string& path : paths) {
    if (path == "-" || fs::exists(path, ignored)) continue;
    if (path.find("://") != std::string::npos) {
      progress.warn("an address is not a file; to read from one: curl -s ADDRESS | mi2 .. -");
      return;
    }
    const bool wild = path.find_first_of("*?") != std::string::npos;
    const bool words = path.find(' ') != std::string::npos && path.find('/') == std::string::npos;
    if (wild || (!words && fs::path(path).has_extension())) continue;
    if (!words && path.find('/') != std::string::npos) continue;
    progress.warn(fmt::format("what is no file was taken for one; a text goes into {}", texts));
    return;
  }
}

void explain_texts(const std::vector<std::string>& texts, std::string_view files, Progress& progress) {
  constexpr std::size_t kLongestPath = 4096;
  std::error_code ignored;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty() || texts[i].size() > kLongestPath || !fs::is_regular_file(texts[i], ignored)) continue;
    progress.warn(
        fmt::format("text {} is the name of a file, and was taken as it is; a file goes into {}", i + 1, files));
    return;
  }
}

}  // namespace mi2::cli
