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
#include "archive/object_filter.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/spool.hpp"

namespace mi2::dicomweb {

/// What the archive knows of a source's objects. From any thread.
class Known {
 public:
  /// @param catalog  of its own, opened to read; null: of an archive that is not there yet. @param slices  as text.
  /// @param left_out  what need not be fetched again either; null: nothing.
  Known(archive::Catalog* catalog, std::string slices, const archive::LeftOut* left_out)
      : catalog_(catalog), slices_(std::move(slices)), left_out_(left_out) {}

  [[nodiscard]] std::uint64_t below(const std::string& locator) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t left_out = left_out_ == nullptr ? 0 : left_out_->below(locator);
    return left_out + (catalog_ == nullptr ? 0 : catalog_->settled_below(locator, slices_));
  }
  [[nodiscard]] bool has(const std::string& locator) {
    const std::lock_guard lock(mutex_);
    if (left_out_ != nullptr && left_out_->has(locator)) return true;
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
  const archive::LeftOut* left_out_;
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
