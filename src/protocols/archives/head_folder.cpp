#include "protocols/archives/head_folder.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/partial.hpp"
#include "base/waiting_lock.hpp"

namespace mi2::protocols::archives {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdDigits = 32;
constexpr std::string_view kHeadEnd = ".head";

[[noreturn]] void fail(const fs::path& path, std::string_view what, const std::error_code& error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, error.message()));
}

/// For whoever writes to it.
base::WaitingLock folder_lock(const fs::path& folder) { return {folder, O_RDONLY | O_DIRECTORY}; }

fs::path head_file(const fs::path& folder, std::string_view id) { return folder / fmt::format("{}{}", id, kHeadEnd); }

/// The names of files that are of some head.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.size() > kIdDigits && name[kIdDigits] == '.' && is_head_id(std::string_view(name).substr(0, kIdDigits))) {
      names.push_back(std::move(name));
    }
  }
  if (error) fail(folder, "cannot be read", error);
  return names;
}

std::vector<std::string> ids_in(const std::vector<std::string>& names) {
  std::vector<std::string> ids;
  for (const std::string& name : names) {
    if (name.ends_with(kHeadEnd) && name.size() == kIdDigits + kHeadEnd.size())
      ids.push_back(name.substr(0, kIdDigits));
  }
  return ids;
}

void remove_file(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) fail(file, "cannot be removed", error);
}

/// Under the lock: what is of no head.
void remove_left(const fs::path& folder, const std::vector<std::string>& names, const std::vector<std::string>& ids) {
  for (const std::string& name : names) {
    if (std::find(ids.begin(), ids.end(), name.substr(0, kIdDigits)) == ids.end()) remove_file(folder / name);
  }
}

std::string fresh_id() {
  std::random_device random;
  std::string id;
  while (id.size() < kIdDigits) id += fmt::format("{:08x}", static_cast<std::uint32_t>(random()));
  return id;
}

}  // namespace

bool keep_head(const fs::path& folder, Head& head, const adapter::Adapter& adapter) {
  head.id = fresh_id();
  const std::string text = to_json(head);
  if (text.size() > kMaxHeadBytes) {
    throw Error(Code::kTooLarge, fmt::format("head: expected at most {} bytes, got {}", kMaxHeadBytes, text.size()));
  }
  const base::WaitingLock lock = folder_lock(folder);
  const std::vector<std::string> names = names_in(folder);
  const std::vector<std::string> ids = ids_in(names);
  remove_left(folder, names, ids);
  base::remove_dead_in(folder);
  if (ids.size() >= kMostHeads) return false;
  adapter.save(adapter_of_head(folder, head.id));
  base::AtomicFile file(head_file(folder, head.id));
  file.write(std::string_view(text));
  file.commit();
  return true;
}

std::vector<Head> kept_heads(const fs::path& folder) {
  std::vector<Head> heads;
  for (const std::string& id : ids_in(names_in(folder))) {
    try {
      heads.push_back(read_head(folder, id));
    } catch (const Error&) {
      continue;  // removed meanwhile, or damaged: whoever asks for it is told
    }
  }
  std::sort(heads.begin(), heads.end(),
            [](const Head& a, const Head& b) { return std::tie(b.made_at, b.id) < std::tie(a.made_at, a.id); });
  return heads;
}

Head read_head(const fs::path& folder, std::string_view id) {
  const fs::path file = head_file(folder, id);
  Head head = parse_head(base::read_text_file(file, kMaxHeadBytes), file.string());
  if (head.id != id) throw Error(Code::kBadFile, fmt::format("{}: is another head", file.string()));
  return head;
}

fs::path adapter_of_head(const fs::path& folder, std::string_view id) { return folder / id; }

void remove_head(const fs::path& folder, std::string_view id) {
  const base::WaitingLock lock = folder_lock(folder);
  const fs::path file = head_file(folder, id);
  std::error_code error;
  if (!fs::exists(file, error)) throw Error(Code::kNotFound, fmt::format("{}: not found", file.string()));
  remove_file(file);
  base::sync_folder(folder);
  const std::vector<std::string> names = names_in(folder);
  remove_left(folder, names, ids_in(names));
}

}  // namespace mi2::protocols::archives
