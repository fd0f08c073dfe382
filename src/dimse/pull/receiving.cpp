#include "dimse/pull/receiving.hpp"

#include <chrono>
#include <exception>
#include <stop_token>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dimse {
namespace {

namespace fs = std::filesystem;

/// Apart from what mi2 listen has in the same folder: that belongs to whoever sent it, and is kept by a kill.
fs::path place_of(const fs::path& archive) {
  fs::path folder = archive / "spool";
  std::error_code error;
  fs::create_directory(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) {
    throw Error(Code::kBadFile, fmt::format("{}: the folder cannot be made: {}", folder.string(), error.message()));
  }
  base::remove_dead_in(folder);
  return folder / "moved";
}

}  // namespace

Receiving::Receiving(const fs::path& archive, std::uint64_t most_bytes, ListenerOptions options)
    : folder_(place_of(archive), base::Partial::Kind::kFolder),
      spool_(folder_.path() / "spool", most_bytes),
      listener_(
          [this, &options] {
            options.wanted = [this](std::string_view study, std::string_view series) { return wants(study, series); };
            if (options.known) {
              options.known = [this, known = std::move(options.known)](std::string_view object) {
                if (!expecting() || !known(object)) return false;
                note_known(object);
                return true;
              };
            }
            return std::move(options);
          }(),
          spool_, [](const AssociationRecord&) {}),
      thread_([this](const std::stop_token& stop) {
        try {
          listener_.run(stop);
        } catch (const std::exception&) {
          ended_ = true;
        }
      }) {}

void Receiving::expect(std::string study, std::string series) {
  if (ended_) throw Error(Code::kTooLarge, "not enough memory to receive");
  const std::lock_guard lock(mutex_);
  study_ = std::move(study);
  series_ = std::move(series);
  known_.clear();
}

bool Receiving::wants(std::string_view study, std::string_view series) {
  const std::lock_guard lock(mutex_);
  return !study_.empty() && study == study_ && (series_.empty() || series == series_);
}

bool Receiving::expecting() {
  const std::lock_guard lock(mutex_);
  return !study_.empty();
}

void Receiving::note_known(std::string_view object) {
  const std::lock_guard lock(mutex_);
  known_.emplace_back(object);
}

std::uint64_t Receiving::arrived() const {
  const std::lock_guard lock(mutex_);
  return spool_.size() + known_.size();
}

std::vector<std::string> Receiving::take_known() {
  const std::lock_guard lock(mutex_);
  return std::exchange(known_, {});
}

std::vector<Spooled> Receiving::take() {
  if (spool_.size() == 0) return {};
  // Something waits, and all of it is due.
  return spool_.wait({.quiet = std::chrono::seconds(0), .many = 1}, {});
}

}  // namespace mi2::dimse
