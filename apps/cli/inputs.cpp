#include "inputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "dicom/dicom.hpp"
#include "image/source.hpp"
#include "texts_json.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlanks = " \t\r\n\f\v";

enum class Sniff : std::uint8_t { kPicture, kOther, kUnreadable };

Sniff sniff(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Sniff::kUnreadable;
  std::array<char, kSniffBytes> head{};
  file.read(head.data(), head.size());
  const auto got = static_cast<std::size_t>(file.gcount());
  return looks_like_picture(std::as_bytes(std::span(head).first(got))) ? Sniff::kPicture : Sniff::kOther;
}

/// The entries of a folder that are not hidden, by name.
std::vector<fs::directory_entry> sorted_entries(const fs::path& folder, std::error_code& error) {
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().native().starts_with('.')) entries.push_back(*it);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path().filename().native() < b.path().filename().native(); });
  return entries;
}

void add_folder(const fs::path& folder, ExpandedPaths& found) {
  std::error_code error;
  const std::vector<fs::directory_entry> entries = sorted_entries(folder, error);
  if (error) {
    found.inputs.push_back({folder.string(), Error(Code::kBadFile, fmt::format("{}: the folder cannot be read: {}",
                                                                               folder.string(), error.message()))});
    return;
  }
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) {
      // A linked folder may lead back up; walking it would never end.
      if (!entry.is_symlink(ignored)) add_folder(entry.path(), found);
      continue;
    }
    // A DICOMDIR is a table of contents in DICOM's clothes.
    const bool candidate = entry.is_regular_file(ignored) && entry.path().filename() != "DICOMDIR";
    if (candidate && sniff(entry.path()) != Sniff::kOther) {
      found.inputs.push_back({entry.path().string(), std::nullopt});
    } else {
      ++found.skipped;
    }
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = trim(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

bool looks_like_picture(std::span<const std::byte> head) noexcept {
  return image::looks_like_image(head) || dicom::looks_like_dicom(head);
}

ExpandedPaths expand_paths(std::span<const std::string> paths) {
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    throw Error(Code::kBadArgument, "-: standard input can be read only once");
  }
  ExpandedPaths found;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path == "-" || !fs::is_directory(path, ignored)) {
      found.inputs.push_back({path, std::nullopt});
      continue;
    }
    const std::size_t before = found.inputs.size();
    const std::uint64_t skipped = found.skipped;
    add_folder(path, found);
    if (found.inputs.size() != before) continue;
    const std::string message =
        fmt::format("{}: no picture in this folder ({} other files)", path, found.skipped - skipped);
    found.inputs.push_back({path, Error(Code::kNotFound, message)});
  }
  return found;
}

std::vector<std::byte> read_standard_input(std::uint64_t max_bytes) {
  std::vector<std::byte> content;
  std::array<std::byte, 65536> block;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(Code::kBadFile, fmt::format("-: cannot read standard input: {}", std::strerror(errno)));
    if (got == 0) return content;
    content.insert(content.end(), block.begin(), block.begin() + got);
    if (content.size() > max_bytes) {
      throw Error(Code::kTooLarge, fmt::format("-: standard input holds more than {} bytes", max_bytes));
    }
  }
}

std::vector<std::string> gather_texts(std::vector<std::string> texts, const std::string& texts_json) {
  base::require_utf8(texts, "text");
  if (texts_json.empty()) return texts;
  std::string json;
  if (texts_json == "-") {
    const std::vector<std::byte> bytes = read_standard_input(kMaxTextsJsonBytes);
    json.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else {
    json = base::read_text_file(texts_json, kMaxTextsJsonBytes);
  }
  std::vector<std::string> more = parse_texts_json(json, texts_json);
  texts.insert(texts.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return texts;
}

std::vector<std::string> split_labels(std::string_view text) { return split(text, ','); }

std::vector<std::string> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  for (base::ListEntry& entry : base::read_list(path)) labels.push_back(std::move(entry.text));
  return labels;
}

}  // namespace mi2::cli
