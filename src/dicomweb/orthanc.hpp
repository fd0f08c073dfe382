#pragma once
// The instances of an Orthanc, by its list of changes.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dicomweb/feed.hpp"
#include "dicomweb/source.hpp"

namespace mi2::dicomweb {

/// A page of /changes.
struct Changes {
  struct New {
    std::uint64_t sequence = 0;
    std::string id;
  };
  std::vector<New> instances;  ///< NewInstance alone: what Orthanc says of stable studies is lost when it stops
  std::uint64_t last = 0;
  std::string date;  ///< of the last one on the page, digits and a T; empty: it has none
  bool done = false;
};
/// @throws Error{kBadFile}, {kTooLarge}.
Changes parse_changes(std::string_view json);

/// First all instances, then what came since, by a cursor that the catalog keeps. Where an object is, is said by its
/// SOP instance UID: an identifier of Orthanc is a hash of the patient's without a key.
class OrthancFeed : public Feed {
 public:
  /// All outlive it. @param spool  null: nothing is fetched, pieces are only counted.
  OrthancFeed(const ServerSource& source, Known& known, Spool* spool, const SpoolLimits& limits);

  std::optional<Piece> next(Client& client) override;
  [[nodiscard]] std::string_view what() const override { return "objects"; }
  [[nodiscard]] std::size_t total() const override { return 0; }
  [[nodiscard]] std::size_t looked_at() const override { return looked_at_; }

 private:
  /// An instance to fetch.
  struct Wish {
    std::string id;
    std::string object{};        ///< SOP instance UID, if it is known
    std::uint64_t sequence = 0;  ///< of its change; 0: none
  };
  /// Of the list of all.
  struct AllPage {
    std::vector<Wish> wishes;
    std::unordered_set<std::string> ids;
    std::size_t size = 0;   ///< rows
    std::size_t fresh = 0;  ///< that are not on the page before
  };
  enum class Stage : std::uint8_t { kStart, kRetry, kAll, kChanges, kEnd };

  void start(Client& client);
  /// What the catalog keeps of how far it is.
  [[nodiscard]] std::string cursor() const;
  std::optional<Piece> retry(Client& client);
  AllPage read_all(Client& client) const;
  std::optional<Piece> list_all(Client& client);
  std::optional<Piece> list_changes(Client& client);
  Piece piece_of(std::vector<Wish> wishes, std::string cursor);
  Load fetch(Client& client, const std::vector<Wish>& wishes, std::string cursor) const;
  void fetch_one(Client& client, const Wish& wish, Load& load) const;
  [[nodiscard]] std::optional<Wish> again(Client& client, const std::string& locator) const;
  [[nodiscard]] std::string ask(Client& client, const std::string& path) const;
  [[nodiscard]] std::string locator_of(const std::string& object) const {
    return source_.locator + "/instances/" + object;
  }
  /// What objects are refused by that the list of all has, and says nothing usable of.
  [[nodiscard]] std::string nameless() const { return source_.locator + "/changes/0"; }

  const ServerSource& source_;
  Known& known_;
  Spool* spool_;
  const SpoolLimits& limits_;
  Stage stage_ = Stage::kStart;
  std::deque<std::string> refused_;              ///< locators that are tried again
  std::uint64_t since_ = 0;                      ///< the last change that was seen
  std::string date_;                             ///< its date, by which it is known again
  std::uint64_t offset_ = 0;                     ///< in the list of all, of the next page
  std::uint64_t overlap_ = 0;                    ///< rows from there that the page before has too
  bool moved_back_ = false;                      ///< the next page lies before that one
  std::unordered_set<std::string> page_before_;  ///< identifiers on its page before
  std::size_t moves_ = 0;                        ///< how often its rows had moved
  std::atomic<std::size_t> looked_at_{0};
};

}  // namespace mi2::dicomweb
