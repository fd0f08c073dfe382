#include "vectors/vector_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace mi2::vectors {
namespace {

constexpr std::string_view kMagic = "mi2 vectors 1\n";
constexpr std::size_t kHash = 64;  // hexadecimal digits
constexpr std::size_t kSum = 16;

std::string hash_of(std::string_view text) { return base::sha256_hex(std::as_bytes(std::span(text))); }

std::string_view bytes_of(std::span<const float> vector) {
  return {reinterpret_cast<const char*>(vector.data()), vector.size_bytes()};
}

/// A record's key, its vector, and the checksum of both, in hexadecimal.
std::string record_of(std::string_view key, std::string_view vector) {
  std::string record(key);
  record += vector;
  record += fmt::format("{:016x}", base::xxh3(std::as_bytes(std::span(record))));
  return record;
}

}  // namespace

VectorCache::VectorCache(const std::filesystem::path& folder, std::string_view space, std::size_t dimensions)
    : dimensions_(dimensions) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const std::string name = hash_of(fmt::format("{}\n{}", space, dimensions));
  path_ = folder / fmt::format("{}.vectors", name.substr(0, 16));
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0644);
  if (descriptor_ < 0) fail(std::strerror(errno));
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(Code::kBadArgument, fmt::format("{}: another process is using it", path_.string()));
    }
    read(fmt::format("{}{}\n", kMagic, name));
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

VectorCache::~VectorCache() { ::close(descriptor_); }

void VectorCache::fail(std::string_view what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {}", path_.string(), what));
}

void VectorCache::read(std::string_view header) {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0) fail(std::strerror(errno));
  std::size_t whole = 0;
  if (found.st_size > 0) {
    const base::MappedFile file(path_);
    const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    // A kill while the header was written leaves its start.
    if (!header.starts_with(text.substr(0, header.size()))) fail("is no file of cached vectors");
    const std::size_t record = kHash + dimensions_ * sizeof(float) + kSum;
    for (std::size_t at = header.size(); at + record <= text.size(); at += record) {
      const std::string_view key = text.substr(at, kHash);
      const std::string_view vector = text.substr(at + kHash, dimensions_ * sizeof(float));
      if (record_of(key, vector) != text.substr(at, record)) break;  // what follows a damaged record is not trusted
      places_[std::string(key)] = values_.size();
      values_.resize(values_.size() + dimensions_);
      std::memcpy(values_.data() + values_.size() - dimensions_, vector.data(), vector.size());
      whole = at + record;
    }
    if (whole == 0 && text.size() >= header.size()) whole = header.size();
    file.check();
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0) fail(std::strerror(errno));
  if (whole == 0 && !base::write_all(descriptor_, header)) fail(std::strerror(errno));
}

std::span<const float> VectorCache::find(std::string_view of) const {
  const auto place = places_.find(hash_of(of));
  if (place == places_.end()) return {};
  return std::span(values_).subspan(place->second, dimensions_);
}

void VectorCache::add(std::string_view of, std::span<const float> vector) {
  if (vector.size() != dimensions_) {
    throw Error(Code::kInternal, fmt::format("a vector of {} numbers, expected {}", vector.size(), dimensions_));
  }
  std::string key = hash_of(of);
  if (!base::write_all(descriptor_, record_of(key, bytes_of(vector)))) fail(std::strerror(errno));
  places_[std::move(key)] = values_.size();
  values_.insert(values_.end(), vector.begin(), vector.end());
}

std::string identity_of_file(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return "";
  return fmt::format("{}\n{} {}.{:09}", path.string(), found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

}  // namespace mi2::vectors
