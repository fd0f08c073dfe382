#include "protocols/archives/rights.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "protocols/caller.hpp"

namespace mi2::protocols::archives {
namespace {

using archive::filter::Expr;

/// The parts of an or, or the one expression that is none.
std::vector<Expr> alternatives(const Expr& expr) {
  return expr.kind == archive::filter::Kind::kOr ? expr.parts : std::vector<Expr>{expr};
}

/// What either lets by, each alternative once.
Expr either(const Expr& a, const Expr& b) {
  std::vector<Expr> parts = alternatives(a);
  for (Expr& part : alternatives(b)) {
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(std::move(part));
  }
  if (parts.size() == 1) return std::move(parts.front());
  Expr both;
  both.kind = archive::filter::Kind::kOr;
  both.parts = std::move(parts);
  return both;
}

template <typename Entries>
Right of_archive(const Entries& entries, std::string_view archive) {
  auto right = entries.find(archive);
  if (right == entries.end()) right = entries.find(Rights::kAny);
  return right == entries.end() ? Right{} : right->second;
}

}  // namespace

Error no_archive() { return {Code::kNotFound, "no archive of this name; GET /v1/archives lists them"}; }

void require_kept(const Right& had, const Right& now) {
  if (!now.search) throw no_archive();
  const bool all = std::all_of(kRights.begin(), kRights.end(),
                               [&](const NamedRight& right) { return now.*right.flag || !(had.*right.flag); });
  if (!all || had.rows != now.rows) {
    throw Error(Code::kOverloaded, "the rights of this caller have changed meanwhile; try again");
  }
}

Right joined(const Right& a, const Right& b) {
  if (!a.search || !b.search) return a.search ? a : b;
  if (a.rows.has_value() != b.rows.has_value()) return a.rows ? b : a;
  Right both;
  for (const auto& [name, flag] : kRights) both.*flag = a.rows ? a.*flag && b.*flag : a.*flag || b.*flag;
  if (a.rows) both.rows = either(*a.rows, *b.rows);
  return both;
}

std::string rights_json(const Right& right) {
  std::vector<std::string_view> names;
  for (const auto& [name, flag] : kRights) {
    if (right.*flag) names.push_back(name);
  }
  const std::string_view quote = names.empty() ? "" : "\"";
  return fmt::format(R"([{}{}{}], "restricted": {})", quote, fmt::join(names, R"(", ")"), quote,
                     right.rows.has_value());
}

bool Rights::names_keys() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const auto& entry) { return entry.first != kAny; });
}

bool Rights::lets_anybody_change() const {
  const auto anybody = keys_.find(kAny);
  return anybody != keys_.end() && std::any_of(anybody->second.begin(), anybody->second.end(), [](const auto& entry) {
           return entry.second.add || entry.second.remove || entry.second.push;
         });
}

Right Rights::of(std::string_view caller, std::string_view archive) const {
  if (everyone_) {
    Right right;
    right.search = true;
    right.label = true;
    return right;
  }
  if (is_user(caller)) return of_user(caller, archive);
  auto key = keys_.find(caller);
  if (key == keys_.end()) key = keys_.find(kAny);
  return key == keys_.end() ? Right{} : of_archive(key->second, archive);
}

Right Rights::of_user(std::string_view caller, std::string_view archive) const {
  const Caller asked = parse_caller(caller);
  if (const auto user = users_.find(asked.user); user != users_.end()) return of_archive(user->second, archive);
  Right right;
  bool named = false;
  std::vector<Expr> filters;
  for (const std::string& name : asked.groups) {
    const auto group = groups_.find(name);
    if (group == groups_.end()) continue;
    named = true;
    const Right more = of_archive(group->second, archive);
    if (more.rows && std::find(filters.begin(), filters.end(), *more.rows) == filters.end()) {
      if (filters.size() == kMostFilters) continue;
      filters.push_back(*more.rows);
    }
    right = joined(right, more);
  }
  if (named) return right;
  const auto anybody = users_.find(kAny);
  return anybody == users_.end() ? Right{} : of_archive(anybody->second, archive);
}

}  // namespace mi2::protocols::archives
