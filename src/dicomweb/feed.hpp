#pragma once
// What there is to fetch from a server, piece by piece.

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/catalog.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/spool.hpp"

namespace mi2::dicomweb {

/// What the archive knows of a source's objects. From any thread.
class Known {
 public:
  /// @param catalog  of its own, opened to read; null: of an archive that is not there yet. @param slices  as text.
  Known(archive::Catalog* catalog, std::string slices) : catalog_(catalog), slices_(std::move(slices)) {}

  [[nodiscard]] std::uint64_t below(const std::string& locator) {
    const std::lock_guard lock(mutex_);
    return catalog_ == nullptr ? 0 : catalog_->settled_below(locator, slices_);
  }
  [[nodiscard]] bool has(const std::string& locator) {
    const std::lock_guard lock(mutex_);
    return catalog_ != nullptr && catalog_->settled(locator, slices_);
  }
  [[nodiscard]] std::vector<std::string> refused_below(const std::string& locator) {
    const std::lock_guard lock(mutex_);
    return catalog_ == nullptr ? std::vector<std::string>() : catalog_->refused_below(locator);
  }
  [[nodiscard]] std::string cursor(const std::string& url) {
    const std::lock_guard lock(mutex_);
    return catalog_ == nullptr ? std::string() : catalog_->cursor(url);
  }
  /// Whether each slice of a series is wanted, whatever others there are.
  [[nodiscard]] bool all_slices() const { return slices_ == "all"; }

 private:
  archive::Catalog* catalog_;
  std::string slices_;
  std::mutex mutex_;
};

class Feed {
 public:
  /// Fetches into a load; on any thread. @throws RunEnds, Stopped, and what ends a run too.
  using Fetch = std::function<Load(Client& client)>;
  struct Piece {
    Fetch fetch;
    std::size_t count = 0;  ///< of what() that it is about
  };

  Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;

  /// The next piece; nothing after the last. Called by one thread at a time.
  virtual std::optional<Piece> next(Client& client) = 0;
  /// What is counted: "studies".
  [[nodiscard]] virtual std::string_view what() const = 0;
  /// How many there are; 0: nobody knows. And how many have been looked at. From any thread.
  [[nodiscard]] virtual std::size_t total() const = 0;
  [[nodiscard]] virtual std::size_t looked_at() const = 0;
};

}  // namespace mi2::dicomweb
