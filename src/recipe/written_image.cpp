#include "recipe/written_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "image/png.hpp"

namespace mi2::recipe {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view what, const std::string& why) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, why));
}

bool is_there(const fs::path& path, std::span<const std::byte> bytes) {
  std::error_code fault;
  if (fs::file_size(path, fault) != bytes.size() || fault) return false;
  const base::MappedFile file(path);
  return std::ranges::equal(file.bytes(), bytes);
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  constexpr int kMode = 0666;
  const int descriptor = ::open(path.c_str(), kFlags, kMode);
  if (descriptor < 0) fail(path, "cannot be written", std::strerror(errno));
  const bool written = base::write_all(descriptor, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const int why = errno;
  ::close(descriptor);
  if (!written) fail(path, "cannot be written", std::strerror(why));
}

}  // namespace

std::string folder_name(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  std::string name(text.substr(0, kLongest));
  std::ranges::replace_if(
      name,
      [](char c) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return !plain && c != '-' && c != '_' && c != '.';
      },
      '_');
  if (name.empty()) return "unknown";
  if (name.front() == '.') name.front() = '_';
  return name;
}

ImageWriter::ImageWriter(fs::path folder) : folder_(std::move(folder)) {}

fs::path ImageWriter::write(const fs::path& relative, const image::RasterView& raster) {
  const fs::path path = folder_ / relative;
  const std::vector<std::byte> png = image::encode_png(raster);
  if (is_there(path, png)) return path;
  std::error_code fault;
  fs::create_directories(path.parent_path(), fault);
  if (fault) fail(path.parent_path(), "cannot be made", fault.message());
  if (!unfinished_) unfinished_.emplace(folder_ / ".unfinished", base::Partial::Kind::kFolder);
  const fs::path part = unfinished_->path() / "image.png";
  write_file(part, png);
  fs::rename(part, path, fault);
  if (fault) fail(path, "cannot be written", fault.message());
  return path;
}

void ImageWriter::finish() {
  if (!unfinished_) return;
  unfinished_.reset();
  const int descriptor = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail(folder_, "cannot be flushed", std::strerror(errno));
  const bool flushed = ::syncfs(descriptor) == 0;
  const int why = errno;
  ::close(descriptor);
  if (!flushed) fail(folder_, "cannot be flushed", std::strerror(why));
}

}  // namespace mi2::recipe
