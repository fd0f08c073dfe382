#include "dimse/ingest.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <new>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "archive/archive.hpp"
#include "archive/energy.hpp"
#include "archive/relevance.hpp"
#include "archive/shared.hpp"
#include "archive/windows.hpp"
#include "base/files.hpp"
#include "dicom/dicom.hpp"

namespace mi2::dimse {
namespace {

/// Another process writes to the archive.
constexpr auto kBusy = std::chrono::seconds(5);
constexpr auto kTrouble = std::chrono::seconds(60);

/// Thrown between two batches; deliberately no std::exception, so that no image's guard takes it for its own.
struct Stopped {};

void pause(std::chrono::seconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
}

/// That a received file cannot be read: it must not keep others from the archive.
class Unreadable : public Error {
 public:
  using Error::Error;
};

template <typename Read>
auto reading(const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    throw Unreadable(error.code(), error.what());
  }
}

/// The bytes of a received file. That it cannot be read is a fault of the disk, not of the object.
std::vector<std::byte> read_received(const std::string& file, std::uint64_t most) {
  try {
    return embedder::read_input(file, most);
  } catch (const Error& error) {
    if (error.code() != Code::kBadFile && error.code() != Code::kNotFound) throw;
    throw Error(Code::kOverloaded, error.what());
  }
}

}  // namespace

void find_object(const Spooled& object, const std::string& locator, embedder::FoundFiles& found) {
  const std::string file = object.file.string();
  embedder::Input input{locator, std::nullopt, [file](std::uint64_t most) { return read_received(file, most); }, file};
  const base::MappedFile mapped(file);
  const std::span<const std::byte> bytes = mapped.bytes();
  found.add(std::move(input), bytes.first(std::min(bytes.size(), embedder::kSniffBytes)),
            [bytes] { return dicom::kind_of(bytes, true); });
}

/// An object and what it is called in the archive.
struct Ingest::Placed {
  Spooled* object = nullptr;
  std::string locator;
  bool first = true;  ///< none before it has the same locator: it is added
  std::string why{};  ///< its file cannot be read; empty: it can
};

/// Locators of what was not added.
struct Ingest::Refused {
  std::unordered_set<std::string> no_pixels;
  std::unordered_set<std::string> content;  ///< for a fault of its own
  std::unordered_set<std::string> held;     ///< for none

  /// @param name  a locator, of a frame with what follows it.
  void note(std::string_view name, const Error& error) {
    auto& names = error.code() == Code::kOverloaded ? held : content;
    names.emplace(name);
    names.emplace(name.substr(0, name.rfind(", frame ")));
  }
};

Ingest::Ingest(Spool& spool, const Embedder& embedder, IngestOptions options, IngestEvents events)
    : spool_(spool), embedder_(embedder), options_(std::move(options)), events_(std::move(events)) {
  if (!options_.keep.empty()) kept_.emplace(options_.keep);
}

void Ingest::run(const std::stop_token& stop) {
  std::string said;  // of the trouble before
  while (!stop.stop_requested()) {
    std::vector<Spooled> due = spool_.wait(options_.patience, stop);
    if (due.empty()) return;
    std::optional<Error> trouble;
    try {
      const std::size_t count = due.size();
      const Pass done = pass(due, stop);
      // Of what cannot be read nobody needs to hear each minute.
      if (done.held < count || done.held != held_) events_.on_pass(done);
      if (done.held > 0) held_ = done.held;
      said.clear();
      put_back(std::move(due));
      continue;
    } catch (const Stopped&) {
      return;
    } catch (const std::bad_alloc&) {
      trouble.emplace(Code::kTooLarge, "not enough memory; a smaller --batch needs less");
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      trouble = error;
    }
    const std::chrono::seconds time = trouble->code() == Code::kOverloaded ? kBusy : kTrouble;
    if (said != trouble->what()) events_.on_trouble(*trouble, time);
    said = trouble->what();
    put_back(std::move(due));
    pause(time, stop);
  }
}

void Ingest::put_back(std::vector<Spooled> due) {
  std::erase_if(due, [this](const Spooled& object) {
    if (object.file.empty()) return true;
    std::error_code error;
    if (std::filesystem::exists(object.file, error) || error) return false;
    spool_.remove(object);  // somebody else has: it takes no room
    return true;
  });
  spool_.put_back(std::move(due));
}

std::string Ingest::locator_of(const Spooled& object, archive::Catalog& catalog) const {
  if (kept_) return reading([&] { return kept_->place_of(object).string(); });
  std::string usual = fmt::format("dimse:{}/{}", object.peer, object.sop_uid);
  const std::optional<archive::KnownFile> known = catalog.file(usual);
  if (!known) return usual;
  // Another object with the identifier of one that the peer has sent before: that one is kept.
  constexpr std::size_t kDigits = 16;
  const std::string hash = reading([&] { return content_hash(object.file); });
  return known->sha256 == hash ? usual : fmt::format("{}#{}", usual, hash.substr(0, kDigits));
}

std::vector<Ingest::Placed> Ingest::place(std::vector<Spooled>& due, archive::Catalog& catalog) {
  std::vector<Placed> placed;
  std::unordered_map<std::string, const Spooled*> first_of;
  const auto same = [](const Spooled& a, const Spooled& b) {
    return reading([&] { return content_hash(a.file) == content_hash(b.file); });
  };
  for (Spooled& object : due) {
    try {
      Placed one{&object, locator_of(object, catalog)};
      const auto [before, fresh] = first_of.try_emplace(one.locator, &object);
      if (!fresh) {
        // The same object twice before anybody looked. If it is another one, its turn comes when the first is known.
        if (!same(*before->second, object)) continue;
        one.first = false;
      }
      placed.push_back(std::move(one));
    } catch (const Unreadable& error) {
      placed.push_back({&object, {}, true, error.what()});
    }
  }
  return placed;
}

embedder::ExpandedPaths Ingest::inputs_of(std::vector<Placed>& placed) {
  embedder::ExpandedPaths paths;
  embedder::FoundFiles found(paths);
  for (Placed& one : placed) {
    if (!one.first || !one.why.empty()) continue;
    try {
      reading([&] { find_object(*one.object, one.locator, found); });
    } catch (const Unreadable& error) {
      one.why = error.what();
    }
  }
  return paths;
}

void Ingest::settle(const std::vector<Placed>& placed, const Refused& refused, archive::Catalog& catalog,
                    Pass& result) {
  std::unordered_set<std::string> seen;  // SOP instance UIDs
  for (const Placed& one : placed) {
    if (!one.why.empty()) {
      hold(*one.object, one.why, result);
      continue;
    }
    if (refused.held.contains(one.locator)) {
      hold(*one.object, "there is not enough memory, or their files cannot be read", result);
      continue;
    }
    const bool repeats = !seen.insert(one.object->sop_uid).second;
    const bool faulty = refused.content.contains(one.locator);
    // One that repeats an object of this pass, which could not be embedded, may be in nobody's list: it is the next.
    if (repeats && !faulty && !refused.no_pixels.contains(one.locator) && !catalog.file(one.locator)) continue;
    try {
      finish(one, faulty, result);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      hold(*one.object, error.what(), result);  // a disk is full, or a folder is not what it was
    }
  }
}

void Ingest::hold(Spooled& object, std::string_view why, Pass& result) {
  object.later = true;
  std::error_code unknown;
  if (!std::filesystem::exists(object.file, unknown) && !unknown) return;  // put_back() forgets it
  if (result.held++ == 0) result.held_why = why;
}

void Ingest::finish(const Placed& placed, bool refused, Pass& result) {
  if (!kept_ && refused && placed.first) {
    result.dropped += spool_.set_aside(*placed.object);
    ++result.set_aside;
  } else {
    if (kept_ && placed.first) kept_->put(*placed.object, placed.locator);
    spool_.remove(*placed.object);
  }
  placed.object->file.clear();
}

Pass Ingest::pass(std::vector<Spooled>& due, const std::stop_token& stop) {
  Pass result;
  energy::EnergyMeter meter(options_.energy);
  const auto begin = std::chrono::steady_clock::now();
  archive::Writer writer(archive::local_folder(options_.archive));
  // Another one may have taken its place since.
  archive::require_adding(writer.format().space, embedder_, options_.windows, writer.folder().string());
  const std::int64_t sequence = writer.catalog().sequence();
  std::vector<Placed> placed = place(due, writer.catalog());
  const embedder::ExpandedPaths paths = inputs_of(placed);
  result.skipped = embedder::reasons_of(paths.skipped);
  archive::AddOptions options = options_.add;
  options.on_progress = [&stop](const base::Progress&) {
    if (stop.stop_requested()) throw Stopped{};
  };
  options.survey.on_progress = options.on_progress;
  options.most_frames = archive::kMostSentFrames;
  Refused refused;
  for (const embedder::Skipped& one : paths.skipped) refused.no_pixels.insert(one.path);
  std::uint64_t for_now = 0;  // refusals that are none
  options.on_refused = [&](std::string_view name, const Error& error) {
    refused.note(name, error);
    if (error.code() == Code::kOverloaded) {
      ++for_now;
    } else {
      ++result.reasons[std::string(name_of(error.code()))];
    }
  };
  try {
    result.added = archive::add(writer, embedder_, paths, {"dimse", "dimse:" + options_.title}, options);
  } catch (const Stopped&) {
    static_cast<void>(archive::keep_energy(writer, sequence, meter));
    throw;
  }
  result.added.refused -= for_now;
  archive::calibrate(writer, embedder_);
  settle(placed, refused, writer.catalog(), result);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.energy = archive::keep_energy(writer, sequence, meter);
  return result;
}

}  // namespace mi2::dimse
