#pragma once
// Filters of objects that no archive has yet, and what they have left out.

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "archive/filter/filter.hpp"
#include "archive/survey.hpp"

namespace mi2::archive {

/// @throws Error{kBadArgument} for a field of which nothing is known before an object is added, with the reason.
void require_of_objects(const filter::Expr& where);

/// Whether a filter lets an object by, as it would if the archive had it already, with these facts.
/// @param path  its locator.
bool lets_by(const filter::Expr& where, const ObjectFacts& facts, const std::string& path);

/// Objects of a server that were left out: who asks again, as a run that goes on, need not fetch them again. Of one
/// run; from any thread.
class LeftOut {
 public:
  void add(const std::string& locator, const ObjectFacts& facts);
  [[nodiscard]] bool has(const std::string& locator) const;
  /// How many there are below a locator.
  [[nodiscard]] std::uint64_t below(const std::string& locator) const;
  /// How many there are of a study, and of a series of it ("": of all).
  [[nodiscard]] std::uint64_t of(const std::string& study, const std::string& series) const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> locators_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;  ///< by study, and by study and series
};

}  // namespace mi2::archive
