// The files lie one behind another after a table of text, as web/pack.mjs writes them: "NAME SIZE GZIP_SIZE TYPE\n" per
// file, and an empty line.

#include "page/page.hpp"

#include <charconv>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include <mi2/error.hpp>

#include "base/inflate.hpp"

extern "C" {
extern const char mi2_page_files[];
extern const char mi2_page_files_end[];
}

namespace mi2::page {
namespace {

using Files = std::map<std::string_view, File>;

/// What is before `end`; `text` goes on behind it.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) throw Error(Code::kInternal, "page: expected a table of files");
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

std::size_t take_size(std::string_view& line) {
  const std::string_view text = take_until(line, ' ');
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(Code::kInternal, "page: expected the size of a file");
  }
  return size;
}

Files read_files() {
  std::string_view rest(mi2_page_files, static_cast<std::size_t>(mi2_page_files_end - mi2_page_files));
  Files files;
  if (rest.empty()) return files;
  std::vector<std::pair<std::string_view, std::size_t>> sizes;
  for (std::string_view line = take_until(rest, '\n'); !line.empty(); line = take_until(rest, '\n')) {
    const std::string_view name = take_until(line, ' ');
    File file;
    file.size = take_size(line);
    sizes.emplace_back(name, take_size(line));
    file.type = line;
    files.emplace(name, file);
  }
  for (const auto& [name, size] : sizes) {
    if (size > rest.size()) throw Error(Code::kInternal, "page: a file ends early");
    files[name].gzip = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  return files;
}

const Files& files() {
  static const Files all = read_files();
  return all;
}

}  // namespace

bool is_built() { return !files().empty(); }

std::optional<File> find(std::string_view name) {
  const auto found = files().find(name);
  return found == files().end() ? std::nullopt : std::optional(found->second);
}

std::string plain(const File& file) { return base::inflate(file.gzip, file.size, "page"); }

}  // namespace mi2::page
