#include "embedder/inputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "dicom/dicom.hpp"
#include "embedder/preparer.hpp"
#include "image/source.hpp"
#include "volume/volume.hpp"

namespace mi2::embedder {
namespace {

namespace fs = std::filesystem;

enum class Sniff : std::uint8_t { kImage, kOther, kUnreadable };

Sniff sniff(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Sniff::kUnreadable;
  std::array<char, kSniffBytes> head{};
  file.read(head.data(), head.size());
  const auto got = static_cast<std::size_t>(file.gcount());
  return looks_like_image(std::as_bytes(std::span(head).first(got))) ? Sniff::kImage : Sniff::kOther;
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

}  // namespace

bool looks_like_image(std::span<const std::byte> head) noexcept {
  return image::looks_like_image(head) || dicom::looks_like_dicom(head) || volume::looks_like_volume(head);
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
        fmt::format("{}: no image in this folder ({} other files)", path, found.skipped - skipped);
    found.inputs.push_back({path, Error(Code::kNotFound, message)});
  }
  return found;
}

std::vector<std::byte> read_input(const std::string& path, std::uint64_t max_bytes) {
  return path == "-" ? read_standard_input(max_bytes) : read_image(path, max_bytes);
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

NextItem items_of(std::span<const Input> inputs, std::uint64_t max_bytes, PrepareImage prepare) {
  return [=, prepare = std::move(prepare), next = std::size_t{0}]() mutable -> std::optional<Item> {
    if (next == inputs.size()) return std::nullopt;
    const Input& input = inputs[next++];
    return Item{input.path, std::nullopt, [&input, max_bytes, prepare] {
                  if (input.error) throw Error(*input.error);
                  return Prepared{prepare(read_input(input.path, max_bytes), input.path), std::nullopt};
                }};
  };
}

NextItem frames_of(NextImage images, OpenImage open) {
  return [images = std::move(images), open = std::move(open), name = std::string(), frame = std::uint64_t{0},
          image = std::shared_ptr<const EncodedImage>()]() mutable -> std::optional<Item> {
    std::optional<std::variant<Encoded, Item>> next;
    if (!image) {
      next = images();
      if (!next) return std::nullopt;
      if (Item* item = std::get_if<Item>(&*next)) return std::move(*item);
      name = std::get<Encoded>(*next).name;
    }
    std::uint64_t opened = 0;
    try {
      if (!image) {
        std::vector<std::byte> encoded = std::get<Encoded>(*next).read();
        opened = encoded.size();
        image = std::make_shared<const EncodedImage>(open(std::move(encoded), name));
        frame = 0;
      }
      const std::uint64_t i = frame++;
      Item item{name, image->place(i), [image, i] { return Prepared{image->prepare(i), std::nullopt}; }, opened};
      if (frame == image->size()) image.reset();
      return item;
    } catch (...) {
      // Thrown where the item is prepared, so that the one rule says whose error it is.
      image.reset();
      return Item{name, std::nullopt,
                  [error = std::current_exception()]() -> Prepared { std::rethrow_exception(error); }};
    }
  };
}

NextItem frames_of(std::span<const Input> inputs, std::uint64_t max_bytes, OpenImage open) {
  return frames_of(
      [inputs, max_bytes, next = std::size_t{0}]() mutable -> std::optional<std::variant<Encoded, Item>> {
        if (next == inputs.size()) return std::nullopt;
        const Input& input = inputs[next++];
        return Encoded{input.path, [&input, max_bytes] {
                         if (input.error) throw Error(*input.error);
                         return read_input(input.path, max_bytes);
                       }};
      },
      std::move(open));
}

}  // namespace mi2::embedder
