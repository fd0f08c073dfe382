#include "protocols/archives/push.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/cards/card.hpp"
#include "archive/push/push.hpp"
#include "archive/push/tag_fixes.hpp"
#include "archive/reader.hpp"
#include "base/json_text.hpp"
#include "protocols/archives/cards.hpp"
#include "protocols/archives/judgement.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

namespace push = archive::push;
namespace results = dicom::results;

/// Of one push. What was not sent by then is sent by the next one: what was, is there already.
constexpr std::chrono::seconds kLongest{120};

/// A stop that comes when the client leaves, or after a while.
class Limited {
 public:
  Limited(const std::stop_token& client, std::chrono::seconds longest)
      : clock_([this, longest](const std::stop_token& ended) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any wait;
          static_cast<void>(wait.wait_for(lock, ended, longest, [] { return false; }));
          if (!ended.stop_requested()) source_.request_stop();
        }),
        forward_(client, [this] { source_.request_stop(); }) {}

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread clock_;
  std::stop_callback<std::function<void()>> forward_;
};

struct Wanted {
  Destination destination;
  push::As as = push::As::kBoth;
  bool send = false;
};

/// @param members  that the body may have.
Wanted read_wanted(Json& body, std::span<const Destination> destinations, std::span<const std::string> members) {
  constexpr std::array<std::string_view, 3> kAs{"sr", "sc", "both"};
  check_members(body, "body", members);
  if (destinations.empty()) throw Error(Code::kBadArgument, "to: this server sends nowhere; its --push-to says where");
  std::vector<std::string_view> names;
  for (const Destination& one : destinations) names.emplace_back(one.name);
  const std::optional<std::string> to = read_choice(body, "to", names);
  if (!to) throw Error(Code::kBadArgument, fmt::format("to: expected one of {}, got none", fmt::join(names, ", ")));
  Wanted wanted;
  wanted.destination =
      *std::find_if(destinations.begin(), destinations.end(), [&](const Destination& one) { return one.name == *to; });
  if (const auto as = read_choice(body, "as", kAs)) wanted.as = push::parse_as(*as);
  if (const Json* const send = member(body, "send")) {
    if (!send->is_boolean()) refuse_kind(*send, "send", "true or false");
    wanted.send = send->get<bool>();
  }
  return wanted;
}

/// A result of tags. Its method is that of the archive itself: whatever else suggests a value is none of the archive's.
push::TagFix read_fix(Json& one) {
  static const std::vector<std::string> kMembers{"field", "tag",      "suggested", "agreement", "method",
                                                 "item",  "snapshot", "study",     "series"};
  constexpr auto kMostRows = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  check_members(one, "fixes", kMembers);
  const auto text = [&](const char* name) {
    Json* const value = member(one, name);
    return value == nullptr ? std::string() : take_string(*value, name);
  };
  const auto number = [&](const char* name) {
    const std::optional<std::uint64_t> value = read_whole(one, name, 0, kMostRows);
    if (!value) throw Error(Code::kBadArgument, fmt::format("{}: expected a whole number, got none", name));
    return *value;
  };
  push::TagFix fix;
  fix.field = text("field");
  fix.tag = text("tag");
  fix.suggested = text("suggested");
  const std::optional<double> agreement = read_real(one, "agreement", 0, 1);
  if (!agreement) throw Error(Code::kBadArgument, "agreement: expected a number from 0 to 1, got none");
  fix.agreement = *agreement;
  fix.method = text("method");
  fix.row = number("item");
  fix.snapshot = static_cast<std::int64_t>(number("snapshot"));
  fix.study_uid = text("study");
  fix.series_uid = text("series");
  push::check_fix(fix);
  if (push::parse_tag_method(fix.method).neighbours == 0) {
    throw Error(Code::kBadArgument, "method: expected neighbours:K, got another");
  }
  return fix;
}

std::vector<push::TagFix> read_fixes(Json& body) {
  Json* const list = member(body, "fixes");
  if (list == nullptr) throw Error(Code::kBadArgument, "fixes: expected a list, got none");
  Json& array = need_array(*list, "fixes");
  if (array.empty()) throw Error(Code::kBadArgument, "fixes: is empty");
  if (array.size() > kMostShownOf) {
    throw Error(Code::kTooLarge, fmt::format("fixes: expected at most {}, got {}", kMostShownOf, array.size()));
  }
  std::vector<push::TagFix> fixes;
  std::set<std::pair<std::uint64_t, std::string>> seen;
  for (Json& one : array) {
    if (!one.is_object()) refuse_kind(one, "fixes", "objects");
    fixes.push_back(read_fix(one));
    if (!seen.emplace(fixes.back().row, fixes.back().field).second) {
      throw Error(Code::kBadArgument, "fixes: expected each field of an item once");
    }
  }
  return fixes;
}

/// What of an error that may name a file is for those who may not see paths.
std::string_view plain_reason(Code code) {
  if (code == Code::kNotFound) return "no file of it is where the archive has it";
  if (code == Code::kOverloaded) return "the server that has it does not answer in time";
  if (code == Code::kUnsupported) return "its identifier is that of two studies, or its file is of another kind";
  return "its file cannot be read, or is not the one that the archive has";
}

/// Sends objects, and gathers what became of them.
class Pusher {
 public:
  Pusher(const Wanted& wanted, const std::stop_token& client, const std::stop_token& limited, bool paths,
         ArchiveRecord& record)
      : wanted_(wanted), client_(client), limited_(limited), paths_(paths), record_(record) {}

  void use(const results::ResultObject& object) {
    check_client();
    ++record_.parts;
    std::string reason;
    const std::string_view outcome = wanted_.send ? send(object, reason) : "not_sent";
    if (!objects_.empty()) objects_ += ", ";
    objects_ +=
        fmt::format(R"({{"kind": {}, "object": {}, "study": {}, "results": {}, "left_out": {}, "bytes": {}, )"
                    R"("outcome": "{}")",
                    base::json_string(object.kind), base::json_string(object.sop_uid),
                    base::json_string(object.study_uid), object.findings, object.left_out, object.file.size(), outcome);
    objects_ += reason.empty() ? "}" : fmt::format(R"(, "reason": {}}})", base::json_string(reason));
  }

  void leave_out(const std::string& what, const Error& error) {
    check_client();
    if (!left_out_.empty()) left_out_ += ", ";
    // That one is of what was sent, and names no file.
    const bool plain = !paths_ && error.code() != Code::kBadArgument;
    const std::string reason = plain ? std::string(plain_reason(error.code())) : error.what();
    left_out_ += fmt::format(R"({{"what": {}, "code": "{}", "reason": {}}})", base::json_string(what),
                             name_of(error.code()), base::json_string(reason));
  }

  /// @param card  its id; empty: of none.
  [[nodiscard]] std::string answer(const std::string& card, std::size_t of_no_study) const {
    return fmt::format(R"({{{}"to": {}, "send": {}, "sent": {}, "failed": {}, "of_no_study": {}, )"
                       R"("objects": [{}], "left_out": [{}]}})",
                       card.empty() ? "" : fmt::format(R"("card": "{}", )", card),
                       base::json_string(wanted_.destination.name), wanted_.send, record_.found, failed_, of_no_study,
                       objects_, left_out_);
  }

 private:
  void check_client() const {
    if (client_.stop_requested()) throw Error(Code::kInternal, "push: stopped");
  }

  std::string_view send(const results::ResultObject& object, std::string& reason) {
    try {
      const results::Taken taken = receiver().store(object);
      reason = taken.warning;
      ++record_.found;
      return taken.already ? "was_there" : "sent";
    } catch (const Error& error) {
      reason = error.what();
    }
    ++failed_;
    return "failed";
  }

  results::Receiver& receiver() {
    if (gone_) throw Error(*gone_);
    if (limited_.stop_requested()) {
      throw Error(Code::kOverloaded,
                  fmt::format("not sent within {} s; push again: what was sent is there already", kLongest.count()));
    }
    if (!receiver_) {
      try {
        receiver_ = wanted_.destination.open(limited_);
      } catch (const Error& error) {
        gone_ = error;
        throw;
      }
    }
    return *receiver_;
  }

  const Wanted& wanted_;
  const std::stop_token& client_;
  const std::stop_token& limited_;
  bool paths_;
  ArchiveRecord& record_;
  std::unique_ptr<results::Receiver> receiver_;
  std::optional<Error> gone_;  ///< why it cannot be reached
  std::string objects_;
  std::string left_out_;
  std::size_t failed_ = 0;
};

/// Makes objects. @returns how many results are of no study.
using Make = std::function<std::size_t(archive::Reader& reader, const push::Uses& uses)>;

std::string push_now(const Asked& asked, const Wanted& wanted, const std::string& card, const Make& make,
                     const std::stop_token& client, ArchiveRecord& record) {
  const Limited limited(client, kLongest);
  const std::stop_token stop = limited.token();
  Pusher pusher(wanted, client, stop, asked.right.paths, record);
  std::size_t of_no_study = 0;
  // Not through Served: who waits for a PACS keeps nobody from the archive.
  guarded(record, client, [&] {
    archive::Reader reader(asked.served->folder());
    note(record, reader);
    push::Uses uses{[&](const results::ResultObject& object) { pusher.use(object); },
                    [&](const std::string& what, const Error& error) { pusher.leave_out(what, error); }};
    if (wanted.destination.reader) uses.fetch = wanted.destination.reader(stop);
    of_no_study = make(reader, uses);
  });
  return pusher.answer(card, of_no_study);
}

/// A plan without its finish. @param query  what the log has a hash of.
RequestPlan plan_push(const Asked& asked, const Wanted& wanted, const std::string& query) {
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kPush;
  plan.archive = record_of(asked);
  plan.archive->action = wanted.send ? "push" : "push_dry_run";
  plan.archive->to = wanted.destination.name;
  plan.archive->query = asked.served->query_name(query);
  return plan;
}

}  // namespace

RequestPlan push_card(const Service& service, const Asked& asked, std::span<const Destination> destinations,
                      HttpRequest request, const std::string& id) {
  if (asked.right.rows) return refuse_restricted();
  static const std::vector<std::string> kMembers{"to", "as", "send"};
  Json body = json_object(request, service.limits);
  const auto wanted = std::make_shared<const Wanted>(read_wanted(body, destinations, kMembers));
  RequestPlan plan = plan_push(asked, *wanted, id);
  plan.finish = [asked, wanted, id, record = plan.archive, stop = plan.stop->get_token()](const Vectors&) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "push: stopped");
    const archive::cards::Card card = read_kept(asked, id, *record);
    record->k = card.results.size();
    const Make make = [&](archive::Reader& reader, const push::Uses& uses) {
      return push::make_objects(reader, card, wanted->as, uses);
    };
    HttpResponse answer;
    answer.body = push_now(asked, *wanted, card.id, make, stop, *record);
    return answer;
  };
  return plan;
}

RequestPlan push_tags(const Service& service, const Asked& asked, std::span<const Destination> destinations,
                      HttpRequest request) {
  if (asked.right.rows) return refuse_restricted("tags");
  static const std::vector<std::string> kMembers{"to", "send", "fixes"};
  Json body = json_object(request, service.limits);
  const std::string query = body.dump(-1, ' ', true, Json::error_handler_t::replace);
  const auto wanted = std::make_shared<const Wanted>(read_wanted(body, destinations, kMembers));
  const auto fixes = std::make_shared<const std::vector<push::TagFix>>(read_fixes(body));
  RequestPlan plan = plan_push(asked, *wanted, query);
  plan.archive->k = fixes->size();
  plan.finish = [asked, wanted, fixes, record = plan.archive, stop = plan.stop->get_token()](const Vectors&) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "push: stopped");
    const Make make = [&](archive::Reader& reader, const push::Uses& uses) {
      return push::make_tag_objects(reader, *fixes, uses);
    };
    HttpResponse answer;
    answer.body = push_now(asked, *wanted, {}, make, stop, *record);
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
