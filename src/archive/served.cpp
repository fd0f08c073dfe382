#include "archive/served.hpp"

#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/follower.hpp"
#include "archive/replica.hpp"
#include "archive/upkeep.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

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
  if (is_replica(folder_)) follower_ = std::make_unique<Follower>(folder_);
}

Served::~Served() = default;

std::string Served::query_name(std::string_view query) const { return pseudonym(log_key_, "query", query); }

std::optional<Following> Served::following() const {
  return follower_ ? std::optional(follower_->now()) : std::nullopt;
}

void Served::on_following(std::function<void(const Following&)> tell) const {
  if (follower_) follower_->on_change(std::move(tell));
}

void Served::require_it(const Format& found) const {
  if (found.id == format_.id) return;
  throw Error(Code::kBadFile,
              fmt::format("{}: expected the archive {}, which it was, got another one", folder_.string(), format_.id));
}

void Served::refresh(Lane& lane) const {
  try {
    if (lane.reader && lane.reader->resume()) return;
    auto next = std::make_unique<Reader>(folder_);
    require_it(next->format());
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

void Served::judge(const std::function<void(Reader&, base::ThreadPool&)>& ask) {
  const std::lock_guard lock(judging_);
  ask_apart(pool_.size(), ask);
}

void Served::watch(const std::function<void(Reader&, base::ThreadPool&)>& ask) const { ask_apart(1, ask); }

void Served::ask_apart(unsigned threads, const std::function<void(Reader&, base::ThreadPool&)>& ask) const {
  base::ThreadPool pool(threads);
  Lane own;
  use(own, [&](Reader& reader) { ask(reader, pool); });
}

void Served::write(const std::function<void(Writer&)>& use) const {
  const std::lock_guard lock(writing_);
  Writer writer = open_writer(folder_);
  require_it(writer.format());
  writer.use_sums(sums_);
  use(writer);
}

RemovedStudy Served::remove_study(std::string_view uid, const std::optional<filter::Expr>& visible, bool erase) const {
  filter::Expr chosen;
  chosen.field = "study";
  chosen.op = filter::Op::kEqual;
  chosen.values = {std::string(uid)};
  Choice choice;
  choice.where = visible ? filter::both(std::move(chosen), *visible) : std::move(chosen);
  RemovedStudy removed;
  write([&](Writer& writer) {
    const Removal removal = find_removal(writer.catalog(), choice);
    if (removal.instances.empty()) throw Error(Code::kNotFound, "no study of this identifier");
    removed.images = removal.images;
    removed.clean = remove(writer, removal, erase);
    if (erase) sums_.clear();
  });
  return removed;
}

}  // namespace mi2::archive
