#include "dicomweb/orthanc.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "dicomweb/qido.hpp"
#include "dicomweb/receive.hpp"

namespace mi2::dicomweb {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kPage = 100;
/// Rows of the list of all that pages share: what is deleted meanwhile moves those behind it.
constexpr std::uint64_t kOverlap = 10;
constexpr const char* kJson = "application/json";
constexpr std::size_t kLongestDate = 32;

Json parse(std::string_view text) {
  base::JsonRules rules;
  rules.name = "the answer";
  rules.fault = Code::kBadFile;
  return base::parse_json(base::replace_invalid_utf8(text), rules);
}

[[noreturn]] void refuse_form(std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("the answer is not Orthanc's: expected {}", what));
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) refuse_form(fmt::format("a number at '{}'", key));
  return found->get<std::uint64_t>();
}

/// Five groups of eight hexadecimal digits: it becomes a part of a path.
bool is_id(std::string_view text) {
  constexpr std::size_t kLength = 44;
  if (text.size() != kLength) return false;
  for (std::size_t i = 0; i < kLength; ++i) {
    const char c = text[i];
    const bool right = i % 9 == 8 ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!right) return false;
  }
  return true;
}

std::string object_of(const Json& instance) {
  const auto tags = instance.find("MainDicomTags");
  if (tags == instance.end() || !tags->is_object()) return {};
  std::string uid = text_at(*tags, "SOPInstanceUID");
  return is_uid(uid) ? uid : std::string();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Changes parse_changes(std::string_view json) {
  const Json page = parse(json);
  if (!page.is_object()) refuse_form("an object");
  const auto list = page.find("Changes");
  if (list == page.end() || !list->is_array()) refuse_form("an array at 'Changes'");
  Changes changes;
  changes.last = number_at(page, "Last");
  const auto done = page.find("Done");
  changes.done = done != page.end() && done->is_boolean() && done->get<bool>();
  for (const Json& one : *list) {
    if (!one.is_object()) refuse_form("objects in 'Changes'");
    changes.date = text_at(one, "Date").substr(0, kLongestDate);
    if (changes.date.find_first_not_of("0123456789T") != std::string::npos) changes.date.clear();
    if (text_at(one, "ChangeType") != "NewInstance") continue;
    Changes::New instance{number_at(one, "Seq"), text_at(one, "ID")};
    if (!is_id(instance.id)) refuse_form("an identifier at 'ID'");
    changes.instances.push_back(std::move(instance));
  }
  return changes;
}

OrthancFeed::OrthancFeed(const ServerSource& source, Known& known, Spool* spool, const SpoolLimits& limits)
    : source_(source), known_(known), spool_(spool), limits_(limits) {}

std::string OrthancFeed::ask(Client& client, const std::string& path) const {
  return client.ask({source_.path + path, kJson}, kMostJson);
}

std::optional<Feed::Piece> OrthancFeed::next(Client& client) {
  try {
    if (stage_ == Stage::kStart) start(client);
    std::optional<Piece> piece;
    if (stage_ == Stage::kRetry) piece = retry(client);
    if (!piece && stage_ == Stage::kAll) piece = list_all(client);
    if (!piece && stage_ == Stage::kChanges) piece = list_changes(client);
    return piece;
  } catch (const RunEnds&) {
    throw;
  } catch (const Error& error) {
    throw ServerFault(error.code(), source_.locator, error.what());
  }
}

std::string OrthancFeed::cursor() const {
  return date_.empty() ? fmt::format("{}", since_) : fmt::format("{} {}", since_, date_);
}

/// Where to begin. A sequence that ends before where it was last time, or has another change there, is another one.
void OrthancFeed::start(Client& client) {
  const std::string kept = known_.cursor(source_.locator);
  const std::size_t blank = std::min(kept.find(' '), kept.size());
  const std::optional<std::uint64_t> number = number_of(std::string_view(kept).substr(0, blank));
  // Before the list of all: what comes meanwhile is among the changes.
  const Changes newest = parse_changes(ask(client, "/changes?last"));
  bool same = number && *number <= newest.last;
  if (same && *number > 0) {
    const Changes there = parse_changes(ask(client, fmt::format("/changes?since={}&limit=1", *number - 1)));
    if (there.last == *number) {
      same = blank == kept.size() || there.date == kept.substr(blank + 1);
    } else {
      // One that is not there any more went with its object: that says nothing. Where all before it are gone too,
      // somebody may have emptied the list, with changes that were not seen.
      same = parse_changes(ask(client, "/changes?since=0&limit=1")).last <= *number;
    }
  }
  if (same) {
    since_ = *number;
    date_ = kept.substr(std::min(blank + 1, kept.size()));
    for (const std::string& locator : known_.refused_below(source_.locator)) {
      // Of what has neither a name nor a change nothing tells where it is: it stays refused.
      if (locator != nameless()) refused_.push_back(locator);
    }
    stage_ = Stage::kRetry;
  } else {
    since_ = newest.last;
    date_ = newest.date;
    stage_ = Stage::kAll;
  }
}

/// An instance that could not be got, if it is still there.
std::optional<OrthancFeed::Wish> OrthancFeed::again(Client& client, const std::string& locator) const {
  const std::string_view rest = std::string_view(locator).substr(source_.locator.size());
  constexpr std::string_view kChange = "/changes/";
  constexpr std::string_view kInstance = "/instances/";
  if (rest.starts_with(kChange)) {
    const std::optional<std::uint64_t> sequence = number_of(rest.substr(kChange.size()));
    if (!sequence || *sequence == 0) return std::nullopt;
    const Changes page = parse_changes(ask(client, fmt::format("/changes?since={}&limit=1", *sequence - 1)));
    if (page.instances.empty() || page.instances.front().sequence != *sequence) return std::nullopt;
    return Wish{page.instances.front().id, "", *sequence};
  }
  if (!rest.starts_with(kInstance)) return std::nullopt;
  const std::string_view name = rest.substr(kInstance.size());
  const std::string object(name.substr(0, name.find(',')));  // of one of its frames the whole
  if (!is_uid(object)) return std::nullopt;
  const Json found = parse(client.ask({source_.path + "/tools/lookup", kJson, object}, kMostJson));
  if (!found.is_array()) refuse_form("an array of what was looked up");
  for (const Json& one : found) {
    if (!one.is_object() || text_at(one, "Type") != "Instance" || !is_id(text_at(one, "ID"))) continue;
    return Wish{text_at(one, "ID"), object};
  }
  return std::nullopt;
}

std::optional<Feed::Piece> OrthancFeed::retry(Client& client) {
  std::vector<Wish> wishes;
  std::vector<std::string> visited;
  while (!refused_.empty() && visited.size() < kPage) {
    std::string locator = std::move(refused_.front());
    refused_.pop_front();
    std::optional<Wish> wish;
    try {
      wish = again(client, locator);
    } catch (const RunEnds&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      // What is new does not wait for what is old: that stays refused, and so does the rest until the next run.
      refused_.clear();
      break;
    }
    visited.push_back(std::move(locator));
    const auto same = [&](const Wish& other) { return other.id == wish->id; };
    if (wish && std::none_of(wishes.begin(), wishes.end(), same)) wishes.push_back(*wish);
  }
  if (visited.empty()) {
    stage_ = Stage::kChanges;
    return std::nullopt;
  }
  const std::size_t count = wishes.size();
  return Piece{[this, wishes = std::move(wishes), visited = std::move(visited)](Client& on) {
                 Load load = fetch(on, wishes, "");
                 load.visited = visited;
                 return load;
               },
               count};
}

OrthancFeed::AllPage OrthancFeed::read_all(Client& client) const {
  const Json rows = parse(ask(client, fmt::format("/instances?expand&since={}&limit={}", offset_, kPage)));
  if (!rows.is_array()) refuse_form("an array of instances");
  AllPage page;
  page.size = rows.size();
  for (const Json& one : rows) {
    if (!one.is_object() || !is_id(text_at(one, "ID"))) refuse_form("instances with an identifier");
    Wish wish{text_at(one, "ID"), object_of(one)};
    if (!page.ids.insert(wish.id).second || page_before_.contains(wish.id)) continue;
    ++page.fresh;
    if (wish.object.empty() || !known_.has(locator_of(wish.object))) page.wishes.push_back(std::move(wish));
  }
  return page;
}

std::optional<Feed::Piece> OrthancFeed::list_all(Client& client) {
  constexpr std::size_t kMostMoves = 100;
  for (;;) {
    AllPage page = read_all(client);
    // Deleted instances have moved the rows further than pages overlap: those between would not be seen.
    if (overlap_ > 0 && page.fresh == page.ids.size()) {
      if (++moves_ > kMostMoves) refuse_form("instances in an order that lasts");
      offset_ -= std::min(offset_, kPage - kOverlap);
      overlap_ = std::min(overlap_, offset_);
      moved_back_ = true;
      continue;
    }
    // A page may be short for another reason than that the list ends: something between may allow fewer rows at once.
    if (page.fresh == 0 && page.size <= overlap_) {
      stage_ = Stage::kChanges;
      // Only now: a run that ends before goes through all again, and passes over what there is.
      return piece_of({}, cursor());
    }
    // A page that takes no notice of where it begins would come for ever.
    if (page.fresh == 0 && !moved_back_) refuse_form("instances that come to an end");
    moved_back_ = false;
    looked_at_ += page.fresh;
    page_before_ = std::move(page.ids);
    overlap_ = std::min<std::uint64_t>(kOverlap, page.size / 2);
    offset_ += page.size - overlap_;
    if (!page.wishes.empty()) return piece_of(std::move(page.wishes), "");
  }
}

std::optional<Feed::Piece> OrthancFeed::list_changes(Client& client) {
  const std::uint64_t begun = since_;
  while (stage_ == Stage::kChanges) {
    Changes page = parse_changes(ask(client, fmt::format("/changes?since={}&limit={}", since_, kPage)));
    // With nothing new, what is last is not behind where we are.
    if (page.done) {
      stage_ = Stage::kEnd;
    } else if (page.last <= since_) {
      refuse_form("changes that come to an end");
    }
    if (page.last > since_) date_ = page.date;
    since_ = std::max(since_, page.last);
    std::vector<Wish> wishes;
    for (Changes::New& one : page.instances) wishes.push_back({std::move(one.id), "", one.sequence});
    looked_at_ += wishes.size();
    if (!wishes.empty()) return piece_of(std::move(wishes), cursor());
  }
  if (since_ == begun) return std::nullopt;
  return piece_of({}, cursor());
}

Feed::Piece OrthancFeed::piece_of(std::vector<Wish> wishes, std::string cursor) {
  const std::size_t count = wishes.size();
  return {[this, wishes = std::move(wishes), cursor = std::move(cursor)](Client& client) {
            return fetch(client, wishes, cursor);
          },
          count};
}

Load OrthancFeed::fetch(Client& client, const std::vector<Wish>& wishes, std::string cursor) const {
  Load load = spool_->begin();
  load.cursor = std::move(cursor);
  for (const Wish& wish : wishes) fetch_one(client, wish, load);
  return load;
}

void OrthancFeed::fetch_one(Client& client, const Wish& wish, Load& load) const {
  std::string object = wish.object;
  std::string locator = !object.empty()      ? locator_of(object)
                        : wish.sequence == 0 ? nameless()
                                             : fmt::format("{}/changes/{}", source_.locator, wish.sequence);
  try {
    if (object.empty()) {
      object = object_of(parse(ask(client, "/instances/" + wish.id)));
      if (object.empty()) throw Error(Code::kBadFile, "the server says nothing of its SOP instance UID");
      locator = locator_of(object);
      if (known_.has(locator)) return;
    }
    ObjectParts parts(
        load, limits_, {"", "", object}, [this](const ObjectParts::Uids& uids) { return locator_of(uids.object); },
        locator);
    receive(client, {source_.path + "/instances/" + wish.id + "/file", "*/*"}, load, limits_, parts);
    if (parts.bad()) throw Error(*parts.bad());
  } catch (const RunEnds&) {
    throw;
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    // Deleted meanwhile: there is nothing to try again.
    if (error.code() == Code::kNotFound) return;
    load.refuse(locator, error);
  }
}

}  // namespace mi2::dicomweb
