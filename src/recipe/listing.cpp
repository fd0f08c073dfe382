#include "recipe/listing.hpp"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/inflate.hpp"
#include "recipe/paths.hpp"

namespace mi2::recipe {
namespace {

namespace fs = std::filesystem;

constexpr int kMostFolders = 64;  // inside each other
constexpr std::size_t kReportEach = 4096;

class Walk {
 public:
  Walk(std::vector<Listing::File>& files, const base::OnProgress& progress) : files_(files), progress_(progress) {}

  void folder(const fs::path& path, const std::string& prefix, int depth) {
    if (depth > kMostFolders) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: more than {} folders inside each other", path.string(), kMostFolders));
    }
    // A link to a folder that was walked leads in a circle, or to files that are there already.
    std::error_code failed;
    if (!seen_.insert(fs::canonical(path, failed).native()).second) return;
    fs::directory_iterator entries(path, failed);
    if (failed) throw Error(Code::kBadFile, fmt::format("{}: {}", path.string(), failed.message()));
    for (const fs::directory_entry& entry : entries) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.') || name == "__MACOSX") continue;
      if (entry.is_directory(failed)) {
        folder(entry.path(), prefix + name + '/', depth + 1);
      } else if (entry.is_regular_file(failed)) {
        if (files_.size() == Listing::kMostFiles) {
          throw Error(Code::kTooLarge, fmt::format("{}: more than {} files", path.string(), Listing::kMostFiles));
        }
        const std::uintmax_t bytes = entry.file_size(failed);
        files_.push_back({prefix + name, failed ? 0 : bytes});
        if (progress_ && files_.size() % kReportEach == 0) progress_({"listing files", files_.size(), 0});
      }
    }
  }

 private:
  std::vector<Listing::File>& files_;
  const base::OnProgress& progress_;
  std::set<std::string> seen_;
};

}  // namespace

Listing::Listing(fs::path root, const base::OnProgress& progress) {
  std::error_code failed;
  if (!fs::is_directory(root, failed)) {
    throw Error(Code::kNotFound, fmt::format("{}: expected the dataset's folder", root.string()));
  }
  root_ = fs::absolute(root).lexically_normal();
  Walk(files_, progress).folder(root_, "", 0);
  std::ranges::sort(files_, {}, &File::path);
}

std::optional<std::string> Listing::find(std::span<const std::string> names) const {
  for (const std::string& name : names) {
    for (const std::string& wanted : {name, name + ".gz"}) {
      const File* best = nullptr;
      const File* rival = nullptr;
      for (const File& file : files_) {
        if (!ends_in(file.path, wanted)) continue;
        if (best == nullptr || depth_of(file.path) < depth_of(best->path)) {
          best = &file;
          rival = nullptr;
        } else if (depth_of(file.path) == depth_of(best->path)) {
          rival = &file;
        }
      }
      if (rival != nullptr) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: both {} and {} are there; expected one", root_.string(), best->path, rival->path));
      }
      if (best != nullptr) return best->path;
    }
  }
  return std::nullopt;
}

std::string Listing::text(const std::string& path, std::uint64_t max_bytes) const {
  std::string text = base::read_text_file(whole(path), max_bytes);
  return path.ends_with(".gz") ? base::inflate(text, max_bytes, path) : text;
}

std::string Listing::sha256() const {
  std::string all;
  for (const File& file : files_) all += fmt::format("{}\n{}\n", file.path, file.bytes);
  return base::sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace mi2::recipe
