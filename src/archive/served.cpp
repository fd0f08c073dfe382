#include "archive/served.hpp"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/upkeep.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

std::string key_of(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(key_file(folder), ignored) ? read_key(folder) : std::string();
}

/// Of a folder that was an archive.
Writer open_writer(const fs::path& folder) {
  try {
    return Writer(folder);
  } catch (const Error& error) {
    if (error.code() != Code::kNotFound) throw;
    throw Error(Code::kBadFile, error.what());
  }
}

/// Lets the catalog go, whatever happens.
class Pause {
 public:
  explicit Pause(Reader& reader) : reader_(reader) {}
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() { reader_.pause(); }

 private:
  Reader& reader_;
};

}  // namespace

Served::Served(fs::path folder, unsigned threads)
    : folder_(std::move(folder)),
      format_(read_format(folder_)),
      key_(key_of(folder_)),
      log_key_(key_.empty() ? base::hex(base::random_bytes(32)) : key_),
      pool_(threads) {
  looks_.reader = std::make_unique<Reader>(folder_);
  looks_.reader->pause();
}

std::string Served::query_name(std::string_view query) const { return pseudonym(log_key_, "query", query); }

void Served::refresh(Lane& lane) const {
  try {
    if (lane.reader && lane.reader->resume()) return;
    auto next = std::make_unique<Reader>(folder_);
    if (next->format().id != format_.id) {
      throw Error(Code::kBadFile, fmt::format("{}: expected the archive {}, which it was, got another one",
                                              folder_.string(), format_.id));
    }
    if (lane.reader) next->take_codes(*lane.reader);
    lane.reader = std::move(next);
  } catch (const Error& error) {
    if (lane.reader) lane.reader->pause();
    if (error.code() == Code::kOverloaded) throw;
    throw Error(Code::kBadFile, error.what());  // it was an archive once
  }
}

void Served::use(Lane& lane, const std::function<void(Reader&)>& ask) const {
  const std::lock_guard lock(lane.mutex);
  refresh(lane);
  try {
    const Pause pause(*lane.reader);
    ask(*lane.reader);
    return;
  } catch (const Error& error) {
    if (error.code() != Code::kBadFile) throw;
    // What was erased meanwhile is not what was written. Of the snapshot after that it is no longer a part.
    const std::int64_t before = lane.reader->sequence();
    refresh(lane);
    if (lane.reader->sequence() == before) {
      lane.reader->pause();
      throw;
    }
  }
  const Pause pause(*lane.reader);
  ask(*lane.reader);
}

void Served::search(const std::function<void(Reader&, base::ThreadPool&)>& ask) {
  use(searches_, [&](Reader& reader) { ask(reader, pool_); });
}

void Served::look(const std::function<void(Reader&)>& ask) { use(looks_, ask); }

RemovedStudy Served::remove_study(std::string_view uid, const std::optional<filter::Expr>& visible, bool erase) const {
  filter::Expr chosen;
  chosen.field = "study";
  chosen.op = filter::Op::kEqual;
  chosen.values = {std::string(uid)};
  Choice choice;
  choice.where = visible ? filter::both(std::move(chosen), *visible) : std::move(chosen);
  Writer writer = open_writer(folder_);
  const Removal removal = find_removal(writer.catalog(), choice);
  if (removal.instances.empty()) throw Error(Code::kNotFound, "no study of this identifier");
  RemovedStudy removed;
  removed.images = removal.images;
  removed.clean = remove(writer, removal, erase);
  return removed;
}

}  // namespace mi2::archive
