#include "protocols/archives/cards.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/provenance.hpp>

#include "archive/cards/card.hpp"
#include "archive/cards/card_html.hpp"
#include "archive/cards/folder.hpp"
#include "archive/cards/make.hpp"
#include "archive/cards/replay.hpp"
#include "archive/filter/filter.hpp"
#include "archive/format.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "protocols/answers.hpp"
#include "protocols/archives/kept.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/archives/searching.hpp"
#include "protocols/request.hpp"
#include "protocols/routes.hpp"

namespace mi2::protocols::archives {
namespace {

namespace cards = archive::cards;

constexpr std::string_view kPageEnd = ".html";
constexpr int kCreated = 201;
constexpr int kForbidden = 403;
constexpr std::uint64_t kMaxPageBytes = 256U << 20;

constexpr std::string_view kCard = "card";

/// Whether an Accept header names a media type.
bool names(std::string_view accept, std::string_view type) {
  while (!accept.empty()) {
    std::string range = base::lower_ascii(accept.substr(0, accept.find(',')));
    accept.remove_prefix(std::min(range.size() + 1, accept.size()));
    std::erase_if(range, [](char c) { return c == ' ' || c == '\t'; });
    if (range.substr(0, range.find(';')) != type) continue;
    const std::size_t quality = range.find(";q=");
    if (quality == std::string::npos || range.find_first_of("123456789", quality) != std::string::npos) return true;
  }
  return false;
}

void put(std::string body, bool page, HttpResponse& answer) {
  answer.body = std::move(body);
  // Rights end.
  answer.headers.emplace_back("cache-control", "private, no-cache");
  answer.headers.emplace_back("x-content-type-options", "nosniff");
  if (!page) return;
  answer.content_type = "text/html; charset=utf-8";
  answer.headers.emplace_back("content-security-policy",
                              fmt::format("{}; frame-ancestors 'none'; sandbox", cards::kPagePolicy));
  answer.headers.emplace_back("referrer-policy", "no-referrer");
  answer.headers.emplace_back("x-frame-options", "DENY");
}

std::string text_of(const cards::Card& card) { return cards::to_json(card) + '\n'; }

/// The served model that embeds what is asked for, prepared as the archive's images are.
std::optional<Provenance> model_of(const Service& service, const Work& work, const archive::Format& format) {
  if (work.images.empty() && work.texts.empty()) return std::nullopt;
  const auto found = service.models.find(work.model);
  if (found == service.models.end()) return std::nullopt;
  Provenance model = found->second->provenance;
  model.profile = name_of(archive::options_of(format.space, service.images).profile);
  return model;
}

/// A card and what its page shows.
struct Made {
  std::optional<Provenance> model;
  cards::Card card;
  std::vector<std::string> thumbnails;
  std::string page;
};

/// Gives a card its id, and a place in the folder if there is one.
void complete(const Asked& asked, Made& made, bool page, ArchiveRecord& record) {
  constexpr std::size_t kOfLinks = 256;  // what its id and the card before add
  if (cards::to_json(made.card).size() + kOfLinks > cards::kMaxCardBytes) {
    throw Error(Code::kTooLarge, fmt::format("card: expected at most {} bytes", cards::kMaxCardBytes));
  }
  if (asked.cards.empty()) {
    made.card.id = cards::id_of(made.card);
    if (page) made.page = cards::to_html(made.card, made.thumbnails);
    return;
  }
  use_kept(record, kCard, "kept", [&] {
    cards::add_card(asked.cards, made.card, [&](const cards::Card& card) {
      made.page = cards::to_html(card, made.thumbnails);
      return made.page;
    });
  });
}

/// Whether a card holds paths that the caller may not see, or goes by them: `mi2 index search --card-paths` may keep
/// its cards in the same folder.
bool has_hidden_paths(const cards::Card& card, const Right& right) {
  if (right.paths) return false;
  if (!card.where.empty() && !may_filter(archive::filter::parse(card.where), right)) return true;
  return std::any_of(card.results.begin(), card.results.end(),
                     [](const cards::Result& result) { return !result.path.empty(); });
}

/// A card that a client sent.
cards::Card read_sent(const Asked& asked, std::string_view body) {
  cards::Card card;
  try {
    card = cards::from_json(body, "card");
  } catch (const Error& error) {
    if (error.code() != Code::kUnsupported) throw;
    throw Error(Code::kBadFile, error.what());  // no other content type would be better
  }
  if (card.archive_id != asked.served->format().id) {
    throw Error(Code::kBadArgument, "card: expected one of this archive, got one of another");
  }
  if (card.k > kMostResults) {
    throw Error(Code::kTooLarge, fmt::format("card: expected k up to {}, got {}", kMostResults, card.k));
  }
  // Whether such a card is the same would say what the paths are.
  if (!card.where.empty() && !may_filter(archive::filter::parse(card.where), asked.right)) {
    throw Error(Code::kBadArgument, "card: its filter takes the right to see paths");
  }
  return card;
}

std::string take_note(Json& value, std::string_view name) {
  std::string text = take_string(value, name);
  if (text.size() <= cards::kMostNote) return text;
  throw Error(Code::kTooLarge,
              fmt::format("{}: expected at most {} bytes, got {}", name, cards::kMostNote, text.size()));
}

/// The member that a search does not have.
cards::Notes take_notes(Json& body) {
  static const std::vector<std::string> kMembers{"text", "results"};
  static const std::vector<std::string> kOfResult{"item", "text"};
  constexpr std::uint64_t kMostItems = 0xFFFF'FFFF;
  cards::Notes notes;
  if (Json* const given = member(body, "notes")) {
    check_members(need_object(*given, "notes"), "notes", kMembers);
    if (Json* const text = member(*given, "text")) notes.text = take_note(*text, "notes.text");
    if (Json* const results = member(*given, "results")) {
      if (need_array(*results, "notes.results").size() > kMostResults) {
        throw Error(Code::kTooLarge,
                    fmt::format("notes.results: expected at most {}, got {}", kMostResults, results->size()));
      }
      for (Json& one : *results) {
        const std::string name = fmt::format("notes.results {}", notes.results.size() + 1);
        check_members(need_object(one, name), name, kOfResult);
        const std::optional<std::uint64_t> item = read_whole(one, "item", 0, kMostItems);
        if (!item) throw Error(Code::kBadArgument, fmt::format("{}: expected an item, got none", name));
        Json* const text = member(one, "text");
        notes.results.push_back({*item, text == nullptr ? std::string() : take_note(*text, name)});
      }
    }
  }
  body.erase("notes");
  return notes;
}

}  // namespace

RequestPlan refuse_restricted(std::string_view what) {
  return answer_at_once(refusal(
      ErrorFormat::kOpenAi, kForbidden, "restricted",
      fmt::format("{}: expected a key that may see all rows of the archive, got one that may see some of them", what)));
}

cards::Card read_kept(const Asked& asked, const std::string& id, ArchiveRecord& record) {
  if (asked.cards.empty() || !cards::is_id(id)) throw none_kept(kCard);
  return use_kept(record, kCard, "read", [&] {
    cards::Card card = cards::read_card(cards::json_file(asked.cards, id));
    if (card.id != id || card.archive_id != asked.served->format().id || has_hidden_paths(card, asked.right))
      throw none_kept(kCard);
    return card;
  });
}

bool wants_page(std::string_view accept) { return names(accept, "text/html") && !names(accept, "application/json"); }

RequestPlan make_card(const Service& service, const Asked& asked, HttpRequest request) {
  if (asked.right.rows) return refuse_restricted();
  const bool page = wants_page(request.header("accept"));
  Json body = json_object(request, service.limits);
  if (member(body, "cursor") != nullptr) {
    throw Error(Code::kBadArgument, "cursor: expected none: a card is of the first results");
  }
  auto notes = std::make_shared<const cards::Notes>(take_notes(body));
  AskedSearch wanted = read_search(service, *asked.served, asked.right, std::move(body), Carded::kYes);
  wanted.options.paged = false;
  const auto made = std::make_shared<Made>();
  made->model = model_of(service, wanted.work, asked.served->format());
  const bool shown = page || !asked.cards.empty();
  RequestPlan plan = plan_search(
      asked, std::move(wanted), "card",
      [made, shown, notes](archive::Reader& reader, const Searched& found, HttpResponse&) {
        made->card = cards::make_card(reader, found.parts, found.asked.options, found.answer, {made->model, false});
        cards::annotate(made->card, *notes);
        if (shown) made->thumbnails = cards::thumbnails_of(reader, made->card);
      });
  plan.changes = !asked.cards.empty();
  plan.finish = [asked, page, made, record = plan.archive, stop = plan.stop->get_token(),
                 find = std::move(plan.finish)](const Vectors& vectors) {
    HttpResponse answer = find(vectors);
    if (stop.stop_requested()) throw Error(Code::kInternal, "card: stopped");
    complete(asked, *made, page, *record);
    put(page ? std::move(made->page) : text_of(made->card), page, answer);
    if (asked.cards.empty()) return answer;
    answer.status = kCreated;
    answer.headers.emplace_back("location", fmt::format("cards/{}{}", made->card.id, page ? kPageEnd : ""));
    return answer;
  };
  return plan;
}

RequestPlan kept_card(const Asked& asked, std::string name) {
  if (asked.right.rows) return refuse_restricted();
  const bool page = name.ends_with(kPageEnd);
  if (page) name.resize(name.size() - kPageEnd.size());
  RequestPlan plan;
  plan.stop.emplace();
  plan.archive = record_of(asked);
  plan.finish = [asked, page, id = std::move(name), record = plan.archive](const Vectors&) {
    HttpResponse answer;
    const cards::Card card = read_kept(asked, id, *record);
    use_kept(*record, kCard, "read", [&] {
      put(page ? base::read_text_file(cards::html_file(asked.cards, id), kMaxPageBytes) : text_of(card), page, answer);
    });
    return answer;
  };
  return plan;
}

RequestPlan replay_card(const Asked& asked, const HttpRequest& request) {
  if (asked.right.rows) return refuse_restricted();
  check_json_type(request);
  const auto card = std::make_shared<const cards::Card>(read_sent(asked, request.body));
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kSearch;
  plan.archive = record_of(asked);
  plan.archive->action = "replay";
  plan.archive->query = asked.served->query_name(card->id);
  plan.archive->parts = card->parts.size();
  plan.archive->k = card->k;
  plan.finish = [asked, card, record = plan.archive, stop = plan.stop->get_token()](const Vectors&) {
    HttpResponse answer;
    guarded(*record, stop, [&] {
      asked.served->search([&](archive::Reader& reader, base::ThreadPool& pool) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "replay: stopped");
        note(*record, reader);
        cards::ReplayOptions options;
        options.name = "archive";
        options.stop = stop;
        const cards::Replay replay = cards::replay(reader, *card, options, pool);
        record->found = replay.differences.size();
        answer.body = cards::to_json(*card, replay);
      });
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
