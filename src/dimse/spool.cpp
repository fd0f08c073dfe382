#include "dimse/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "dicom/names.hpp"

namespace mi2::dimse {
namespace {

namespace fs = std::filesystem;

/// Below the spool: what is being received.
constexpr const char* kIncoming = "incoming";
/// Below the spool: what nobody could embed.
constexpr const char* kRefused = "refused";
constexpr const char* kLock = "lock";
constexpr std::string_view kEnding = ".dcm";
constexpr std::size_t kDigits = 12;  ///< of a number, or more

[[noreturn]] void fail(const fs::path& path, std::string_view what, const std::error_code& error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, error.message()));
}

std::error_code last_error() { return {errno, std::generic_category()}; }

/// "000000000012_MODALITY_1.2.3.dcm", in the order in which they came.
std::string name_of(std::uint64_t number, const Spooled& object) {
  return fmt::format("{:0{}}_{}_{}{}", number, kDigits, object.peer, object.sop_uid, kEnding);
}

/// A name and its number; nothing for what is none of ours.
std::optional<std::pair<std::uint64_t, Spooled>> parse_name(std::string_view name) {
  if (!name.ends_with(kEnding)) return std::nullopt;
  name.remove_suffix(kEnding.size());
  const std::size_t first = name.find('_');
  const std::size_t second = first == std::string_view::npos ? first : name.find('_', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + first, number);
  Spooled object;
  object.peer = name.substr(first + 1, second - first - 1);
  object.sop_uid = name.substr(second + 1);
  if (error != std::errc() || end != name.data() + first || object.peer.empty() || !dicom::is_uid(object.sop_uid)) {
    return std::nullopt;
  }
  return std::pair{number, std::move(object)};
}

/// Whether a name may be that of an object that is being received.
bool is_number(std::string_view name) {
  return name.size() >= kDigits && name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Calls `use` with each entry of a folder, until one of them is not so. @throws Error{kBadFile}.
template <typename Use>
bool every_entry(const fs::path& folder, const Use& use) {
  std::error_code error;
  bool all = true;
  for (fs::directory_iterator it(folder, error), end; !error && all && it != end; it.increment(error)) all = use(*it);
  if (error) fail(folder, "the folder cannot be read", error);
  return all;
}

/// Whether a spool has such an entry. Links are none: what they lead to is somebody's.
bool is_of_spool(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code unknown;
  const fs::file_status status = entry.symlink_status(unknown);
  if (name == kLock) return fs::is_regular_file(status);
  if (name == kRefused) return fs::is_directory(status);
  if (name != kIncoming) return parse_name(name).has_value();
  return fs::is_directory(status) && every_entry(entry.path(), [](const fs::directory_entry& one) {
           return is_number(one.path().filename().string());
         });
}

}  // namespace

void require_spool(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || every_entry(folder, is_of_spool)) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: expected a spool or an empty folder, got one with other files in it", folder.string()));
}

Spool::Spool(fs::path folder, std::uint64_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {
  std::error_code error;
  fs::create_directories(folder_ / kIncoming, error);
  // Only its owner may look into it: objects have names in them.
  if (!error) fs::permissions(folder_, fs::perms::owner_all, error);
  if (error) fail(folder_, "the folder cannot be made", error);
  base::sync_folder(folder_);
  base::sync_folder(folder_.parent_path());
  const fs::path lock = folder_ / kLock;
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) fail(lock, "cannot be opened", last_error());
  try {
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) fail(lock, "cannot be locked", last_error());
      throw Error(Code::kOverloaded, fmt::format("{}: another process receives into this spool", folder_.string()));
    }
    find_left();
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

Spool::~Spool() { ::close(lock_); }

void Spool::remove_half_received() const {
  std::error_code error;
  std::vector<fs::path> half;
  static_cast<void>(every_entry(folder_ / kIncoming, [&half](const fs::directory_entry& one) {
    std::error_code unknown;
    if (is_number(one.path().filename().string()) && fs::is_regular_file(one.symlink_status(unknown))) {
      half.push_back(one.path());
    }
    return true;
  }));
  for (const fs::path& file : half) {
    fs::remove(file, error);
    if (error) fail(folder_ / kIncoming, "cannot be emptied", error);
  }
}

void Spool::find_left() {
  remove_half_received();
  std::error_code error;
  Group left;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    auto found = parse_name(it->path().filename().string());
    if (!found) continue;
    auto& [number, object] = *found;
    number_ = std::max(number_, number);
    object.file = it->path();
    // What is no file, or cannot be asked, is handed on all the same: whoever reads it says so.
    std::error_code unknown;
    const std::uintmax_t size = it->file_size(unknown);
    if (!unknown) object.size = size;
    bytes_ += object.size;
    left.objects.push_back(std::move(object));
  }
  if (error) fail(folder_, "the folder cannot be read", error);
  waiting_ = left.objects.size();
  // Due at once: nobody knows for how long nothing came of their studies.
  left.last = Clock::time_point::min();
  if (waiting_ > 0) groups_.emplace(std::string(), std::move(left));
  find_refused();
}

void Spool::find_refused() {
  const fs::path folder = folder_ / kRefused;
  std::error_code error;
  if (!fs::exists(folder, error)) return;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto found = parse_name(it->path().filename().string());
    std::error_code ignored;
    if (!found || !it->is_regular_file(ignored)) continue;
    // A number is used once, or one of them could take another one's place.
    number_ = std::max(number_, found->first);
    const std::uintmax_t size = it->file_size(ignored);
    if (ignored) continue;
    refused_.emplace(it->path(), size);
    refused_bytes_ += size;
  }
  if (error) fail(folder, "the folder cannot be read", error);
}

std::size_t Spool::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_ + later_.size();
}

std::vector<Spooled> Spool::wait(const Patience& patience, const std::stop_token& stop) {
  constexpr auto kLongest = std::chrono::hours(1);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const Clock::time_point now = Clock::now();
    const bool all = waiting_ >= patience.many || bytes_ >= most_bytes_ / 2;
    Clock::time_point next = now + kLongest;
    std::vector<Spooled> due;
    for (auto group = groups_.begin(); group != groups_.end();) {
      // In this order: the last one's time may be the clock's first.
      if (!all && group->second.last > now - patience.quiet) {
        next = std::min(next, group->second.last + patience.quiet);
        ++group;
        continue;
      }
      std::move(group->second.objects.begin(), group->second.objects.end(), std::back_inserter(due));
      group = groups_.erase(group);
    }
    waiting_ -= due.size();
    std::erase_if(later_, [&](Later& one) {
      if (one.due > now) {
        next = std::min(next, one.due);
        return false;
      }
      due.push_back(std::move(one.object));
      return true;
    });
    if (!due.empty()) {
      std::sort(due.begin(), due.end(), [](const Spooled& a, const Spooled& b) { return a.file < b.file; });
      return due;
    }
    changed_.wait_until(lock, stop, next, [this, seen = arrivals_] { return arrivals_ != seen; });
  }
  return {};
}

void Spool::put_back(std::vector<Spooled> objects) {
  const std::lock_guard lock(mutex_);
  for (Spooled& object : objects) {
    if (std::exchange(object.later, false)) {
      later_.push_back({Clock::now() + kLater, std::move(object)});
      continue;
    }
    ++waiting_;
    const auto [group, fresh] = groups_.try_emplace(object.study);
    if (fresh) group->second.last = Clock::time_point::min();
    group->second.objects.push_back(std::move(object));
  }
}

std::size_t Spool::set_aside(const Spooled& object) {
  const fs::path folder = folder_ / kRefused;
  const fs::path place = folder / object.file.filename();
  std::error_code error;
  fs::create_directory(folder, error);
  if (!error) fs::rename(object.file, place, error);
  if (error) fail(folder_, "a refused object cannot be set aside", error);
  release(object.size);
  refused_.insert_or_assign(place, object.size);
  refused_bytes_ += object.size;
  std::size_t gone = 0;
  for (; refused_bytes_ > most_bytes_ / 4 && !refused_.empty(); ++gone) {
    const auto oldest = refused_.begin();
    fs::remove(oldest->first, error);
    if (error) break;  // the object is in its place all the same
    refused_bytes_ -= oldest->second;
    refused_.erase(oldest);
  }
  return gone;
}

void Spool::remove(const Spooled& object) {
  std::error_code error;
  fs::remove(object.file, error);
  if (error) fail(folder_, "a spooled object cannot be removed", error);
  release(object.size);
}

bool Spool::claim(std::uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  if (bytes > most_bytes_ || bytes_ > most_bytes_ - bytes) return false;
  bytes_ += bytes;
  return true;
}

void Spool::release(std::uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  bytes_ -= std::min(bytes, bytes_);
}

std::uint64_t Spool::next_number() noexcept {
  const std::lock_guard lock(mutex_);
  return ++number_;
}

void Spool::add(Spooled object) {
  {
    const std::lock_guard lock(mutex_);
    Group& group = groups_[object.study];
    group.last = Clock::now();
    group.objects.push_back(std::move(object));
    ++waiting_;
    ++arrivals_;
  }
  changed_.notify_all();
}

Incoming::Incoming(Spool& spool)
    : spool_(spool),
      number_(spool.next_number()),
      file_(spool.folder_ / kIncoming / fmt::format("{:0{}}", number_, kDigits)),
      descriptor_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail(spool.folder_, "nothing can be received", last_error());
}

Incoming::~Incoming() {
  ::close(descriptor_);
  if (kept_) return;
  ::unlink(file_.c_str());
  spool_.release(size_);
}

bool Incoming::write(std::span<const std::byte> bytes) noexcept {
  if (!spool_.claim(bytes.size())) return false;
  size_ += bytes.size();
  return base::write_all(descriptor_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void Incoming::keep(Spooled object) {
  object.file = spool_.folder_ / name_of(number_, object);
  object.size = size_;
  base::put_in_place(descriptor_, file_, object.file);
  kept_ = true;
  spool_.add(std::move(object));
}

}  // namespace mi2::dimse
