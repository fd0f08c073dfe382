// Who is let in, and what an operator is told of what they do with archives: in the log, the metrics and the audit
// list.

#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "protocols/archive_routes.hpp"
#include "protocols/caller.hpp"
#include "server/handler.hpp"

namespace mi2::server {
namespace {

/// What names a caller in the log: the first digits of a digest name a key to whoever has the keys, and a user to
/// whoever knows the names. They give nobody a key.
std::string short_name(std::string_view caller) {
  if (!protocols::is_user(caller)) return std::string(protocols::short_digest(caller));
  const std::string user = protocols::parse_caller(caller).user;
  return std::string(protocols::short_digest(base::sha256_hex(std::as_bytes(std::span(user)))));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// An id that a client wrote, if it can be one of a card.
std::string card_of(std::string_view text) {
  if (text.ends_with(".html")) text.remove_suffix(5);
  return protocols::is_sha256(text) ? std::string(text) : std::string();
}

}  // namespace

void Handler::use_audit(std::shared_ptr<audit::Trail> trail) {
  trail_ = std::move(trail);
  if (trail_) scribe_ = std::make_unique<asio::thread_pool>(1);
}

std::optional<protocols::HttpResponse> Handler::admit(Call& call, bool open) const {
  protocols::Caller who;
  if (const Refusal refusal = users_.read(call.request, call.peer, who); refusal.status != 0) {
    return refuse(call, refusal.status, refusal.code, refusal.message);
  }
  std::optional<std::string> caller = keys_.caller(call.request);
  if (!who.user.empty()) {
    // Which one a right was meant for, nobody could tell.
    if (keys_.size() > 0 && caller) {
      return refuse(call, 400, "key_and_user", "expected a key, or a user that the proxy names, got both");
    }
    caller = protocols::to_text(who);
  } else if (users_.asked() && keys_.size() == 0) {
    caller.reset();
  }
  if (!open && !caller) return refuse_key(call);
  call.caller = std::move(caller).value_or(std::string());
  call.request.caller = call.caller;
  return std::nullopt;
}

protocols::HttpResponse Handler::refuse_key(const Call& call) const {
  if (keys_.size() == 0) return refuse(call, 401, "unauthorized", "expected a user, as a proxy in front names them");
  protocols::HttpResponse answer =
      refuse(call, 401, "unauthorized", "expected a key: Authorization: Bearer KEY, or api-key: KEY");
  answer.headers.emplace_back("www-authenticate", "Bearer");
  return answer;
}

protocols::HttpResponse Handler::refuse_unaudited(const Call& call) const {
  return refuse(call, 503, "audit_unavailable", "the audit list cannot be written; the server's log says why");
}

/// Who searched what and when: of the query only what says that two are the same.
void Handler::note(const Call& call, const protocols::ArchiveRecord& record, std::string_view outcome, double took) {
  if (record.snapshot >= 0) metrics_.archive(record.archive, record.rows, record.snapshot);
  if (!record.fault.empty()) {
    log_.error(
        "archive_fault",
        {{"archive", record.archive}, {"request_id", call.ids.request}, {"error", without_paths(record.fault, {})}});
  }
  if (record.action.empty()) return;
  metrics_.asked(record.archive, record.action, outcome, took);
  log_.info("archive_" + record.action, {{"request_id", call.ids.request},
                                         {"archive", record.archive},
                                         {protocols::is_user(call.caller) ? "user" : "key", short_name(call.caller)},
                                         {"to", record.to},
                                         {"query", record.query},
                                         {"parts", std::to_string(record.parts)},
                                         {"k", std::to_string(record.k)},
                                         {"found", std::to_string(record.found)},
                                         {"searched", std::to_string(record.searched)},
                                         {"exact", record.exact ? "true" : "false"},
                                         {"snapshot", std::to_string(record.snapshot)},
                                         {"outcome", outcome},
                                         {"seconds", fmt::format("{:.4f}", took)}});
}

bool Handler::is_audited(const Call& call) const {
  if (!trail_ || call.route() == nullptr || protocols::archive_event(call.route()->name).empty()) return false;
  // Of archives that are not there nothing is written down: their names are a client's.
  const auto archives = models_.snapshot()->service.archives;
  return archives && !call.match.parameters.empty() && archives->serves(call.match.parameters.front());
}

audit::Entry Handler::entry_of(const Call& call) const {
  audit::Entry entry;
  const protocols::ArchiveRecord* const record = call.archive.get();
  const bool named = record != nullptr && !record->action.empty();
  entry.event = named ? record->action : std::string(protocols::archive_event(call.route()->name));
  entry.archive = call.match.parameters.front();
  const protocols::Caller caller = protocols::parse_caller(call.caller);
  entry.user = caller.user;
  entry.key = protocols::short_digest(caller.key);
  entry.request_id = call.ids.request;
  if (call.match.parameters.size() > 1) {
    const std::string_view path = call.route()->path;
    const std::string& what = call.match.parameters.at(1);
    if (path.find("{item}") != std::string_view::npos && is_number(what)) entry.item = std::stoull(what);
    if (path.find("{card}") != std::string_view::npos) entry.card = card_of(what);
    if (path.find("{study}") != std::string_view::npos) {
      entry.study = models_.snapshot()->service.archives->study_name(entry.archive, what);
    }
  }
  if (record == nullptr) return entry;
  entry.query = entry.study == record->query ? std::string() : record->query;
  entry.to = record->to;
  if (named) entry.found = record->found;
  if (record->searched > 0) entry.searched = record->searched;
  if (record->snapshot >= 0) entry.snapshot = record->snapshot;
  return entry;
}

std::optional<audit::Entry> Handler::change_of(const Call& call, const protocols::RequestPlan& plan) const {
  if (!plan.changes || !is_audited(call)) return std::nullopt;
  audit::Entry entry = entry_of(call);
  entry.outcome = "begun";
  entry.found.reset();
  return entry;
}

void Handler::begin(const audit::Entry& change) const {
  try {
    trail_->append(change, audit::Durable::kNow);
  } catch (const Error& error) {
    throw AuditRefused(error.what());
  }
}

asio::awaitable<void> Handler::account(Call& call, protocols::HttpResponse& answer) {
  if (!is_audited(call)) co_return;
  audit::Entry entry = entry_of(call);
  entry.outcome = call.disconnected ? "disconnected" : answer.outcome;
  entry.status = call.disconnected ? 0 : answer.status;
  const audit::Durable durable = call.begun ? audit::Durable::kNow : audit::Durable::kSoon;
  auto write = [&]() -> std::string {
    try {
      trail_->append(entry, durable);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  const std::string fault = co_await on_pool(*scribe_, write);
  if (fault.empty()) co_return;
  tell_unaudited(call, fault);
  // What was changed is so; the list has that it was begun.
  if (!call.begun) answer = refuse_unaudited(call);
}

void Handler::tell_unaudited(const Call& call, std::string_view fault) const {
  log_.error("audit_failed", {{"request_id", call.ids.request}, {"error", without_paths(fault, {})}});
}

}  // namespace mi2::server
