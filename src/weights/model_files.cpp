#include "weights/model_files.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>
#include "weights/names.hpp"

namespace mi2::weights {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Sorted entries of a folder that `keep` wants; empty if it cannot be read.
template <typename Keep>
std::vector<fs::path> entries(const fs::path& folder, Keep keep) {
  std::vector<fs::path> found;
  std::error_code status;
  for (fs::directory_iterator entry(folder, status), end; !status && entry != end; entry.increment(status)) {
    if (keep(entry->path())) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> folders_in(const fs::path& folder) { return entries(folder, is_folder); }

std::vector<fs::path> files_ending(const fs::path& folder, std::string_view extension) {
  return entries(folder, [&](const fs::path& path) { return path.extension() == extension && is_file(path); });
}

[[noreturn]] void fail_choice(const fs::path& dir, std::string_view what, const std::vector<fs::path>& candidates) {
  std::vector<std::string> names;
  for (const fs::path& path : candidates) names.push_back(in_quotes(path.lexically_relative(dir).string()));
  throw Error(Code::kBadFile, fmt::format("{}: holds several {}: {}", dir.string(), what, fmt::join(names, ", ")));
}

/// config.yaml in `dir`, else in the only folder below that has one.
fs::path find_config(const fs::path& dir) {
  if (is_file(dir / "config.yaml")) return dir / "config.yaml";
  std::vector<fs::path> found;
  for (const fs::path& folder : folders_in(dir)) {
    if (is_file(folder / "config.yaml")) found.push_back(folder / "config.yaml");
  }
  if (found.size() > 1) fail_choice(dir, "models; name one of their folders", found);
  if (found.empty()) {
    throw Error(Code::kNotFound, fmt::format("{}: no config.yaml in it or in a folder below", dir.string()));
  }
  return found.front();
}

/// The one weights file of `folder`; empty if it has none.
fs::path weights_in(const fs::path& folder) {
  for (const std::string_view extension : {".safetensors", ".pt"}) {
    for (const fs::path& place : {folder, folder / "vision_model"}) {
      const std::vector<fs::path> found = files_ending(place, extension);
      if (found.size() == 1) return found.front();
      if (found.empty()) continue;
      const auto usual = std::find(found.begin(), found.end(), place / "model.safetensors");
      if (usual != found.end()) return *usual;
      fail_choice(folder, "weights files and none is model.safetensors", found);
    }
  }
  return {};
}

/// Sets vocab and merges if `folder` has them. @returns whether it does.
bool tokenizer_in(const fs::path& folder, ModelFiles& files) {
  const bool vocab = is_file(folder / "vocab.json");
  const bool merges = is_file(folder / "merges.txt");
  if (vocab != merges) {
    throw Error(Code::kBadFile, fmt::format("{}: has {} but no {}", folder.string(),
                                            vocab ? "vocab.json" : "merges.txt", vocab ? "merges.txt" : "vocab.json"));
  }
  if (!vocab) return false;
  files.vocab = folder / "vocab.json";
  files.merges = folder / "merges.txt";
  return true;
}

void find_tokenizer(const fs::path& folder, ModelFiles& files) {
  if (tokenizer_in(folder, files) || tokenizer_in(folder / "language_model" / "clip_tokenizer_4.16.2", files)) return;
  for (const fs::path& version : folders_in(folder / "language_model")) {
    if (tokenizer_in(version, files)) return;
  }
}

}  // namespace

ModelFiles find_model(const fs::path& path) {
  ModelFiles files;
  if (is_file(path)) {
    files.weights = path;
    files.packed = true;
    return files;
  }
  if (!is_folder(path)) {
    throw Error(Code::kNotFound,
                fmt::format("{}: not found; expected a model's folder or a packed file", path.string()));
  }
  files.config = find_config(path);
  files.root = files.config.parent_path();
  // The config may lie above the versioned folder that holds the rest.
  std::vector<fs::path> places{files.root};
  if (files.root == path) {
    const std::vector<fs::path> below = folders_in(path);
    places.insert(places.end(), below.begin(), below.end());
  }
  for (const fs::path& place : places) {
    if (files.weights.empty()) files.weights = weights_in(place);
    if (!files.vocab) find_tokenizer(place, files);
  }
  if (files.weights.empty()) {
    throw Error(Code::kNotFound, fmt::format("{}: no *.safetensors, vision_model/*.safetensors or vision_model/*.pt",
                                             files.root.string()));
  }
  return files;
}

}  // namespace mi2::weights
