#pragma once
// An archive that many threads ask for a long time, while it is written to: each asks the newest snapshot.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "archive/filter/filter.hpp"
#include "archive/format.hpp"
#include "archive/reader.hpp"
#include "archive/series_sums.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

class Follower;
class Writer;
struct Following;

/// What was taken out of an archive.
struct RemovedStudy {
  std::uint64_t images = 0;
  bool clean = true;  ///< false: erased, but another process keeps the catalog's log
};

/// Every function may be called from any thread. Between two calls nothing of the catalog is held, so that its log can
/// be emptied. One search runs at a time, on all threads of the team; what only asks the catalog does not wait for it.
class Served {
 public:
  /// @param threads  of a search; 0: one per available core.
  /// A replica follows its database from now on.
  /// @throws as Reader: the folder must be an archive now.
  explicit Served(std::filesystem::path folder, unsigned threads = 0);
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served();

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] const Format& format() const noexcept { return format_; }
  /// By which identifiers become pseudonyms; empty: the archive has none.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  /// What says in a log that two queries are the same, and nothing else of them.
  [[nodiscard]] std::string query_name(std::string_view query) const;

  /// How a replica stands to its database; nothing: it is none.
  [[nodiscard]] std::optional<Following> following() const;
  /// As Follower::on_change(); of what is no replica nothing is heard.
  void on_following(std::function<void(const Following&)> tell) const;

  /// Calls `ask` with the newest snapshot and a team to search it with.
  /// @throws what `ask` throws, tried again if the archive has changed meanwhile; Error{kBadFile} if it cannot be
  ///         read, or is another one now; {kOverloaded}.
  void search(const std::function<void(Reader&, base::ThreadPool&)>& ask);
  /// The same for what asks the catalog alone.
  void look(const std::function<void(Reader&)>& ask);
  /// The same for what takes minutes: searches go on beside it, and what it needed is freed after it. One runs at a
  /// time; the catalog's log stays until it ends, or lets the reader pause.
  void judge(const std::function<void(Reader&, base::ThreadPool&)>& ask);
  /// The same for what nobody waits for: on the calling thread alone, beside what is judged.
  void watch(const std::function<void(Reader&, base::ThreadPool&)>& ask) const;

  /// Calls `use` with the archive opened to write; who else wants to write here waits for it.
  /// @throws what `use` throws; Error{kOverloaded} while another process writes; {kBadFile}.
  void write(const std::function<void(Writer&)>& use) const;
  /// Takes a study out. @param visible  only of these rows.
  /// @throws Error{kNotFound} without such a study; {kOverloaded} while another process writes; {kBadFile}.
  RemovedStudy remove_study(std::string_view uid, const std::optional<filter::Expr>& visible, bool erase) const;

 private:
  struct Lane {
    std::mutex mutex;
    std::unique_ptr<Reader> reader;
  };
  /// @throws Error{kBadFile} unless it is of this archive.
  void require_it(const Format& found) const;
  void refresh(Lane& lane) const;
  void use(Lane& lane, const std::function<void(Reader&)>& ask) const;
  void ask_apart(unsigned threads, const std::function<void(Reader&, base::ThreadPool&)>& ask) const;

  std::filesystem::path folder_;
  Format format_;
  std::string key_;
  std::string log_key_;
  Lane searches_;
  Lane looks_;
  base::ThreadPool pool_;  ///< used under the mutex of searches_
  std::mutex judging_;
  mutable std::mutex writing_;
  mutable SeriesSums sums_;             ///< used under writing_
  std::unique_ptr<Follower> follower_;  ///< of a replica
};

}  // namespace mi2::archive
