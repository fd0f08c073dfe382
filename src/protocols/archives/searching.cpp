#include "protocols/archives/searching.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "archive/answers.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "protocols/archives/cursor.hpp"
#include "protocols/archives/items.hpp"
#include "protocols/archives/query.hpp"

namespace mi2::protocols::archives {
namespace {

std::string search_json(const archive::Format& format, const archive::SearchAnswer& answer, const AskedSearch& wanted,
                        const Right& right) {
  std::string text =
      fmt::format(R"({{{}, {}, "more": {})", archive::results_json(answer, wanted.options.shown, right.paths),
                  archive::searched_json(answer), answer.more);
  const std::size_t shown = wanted.options.shown + answer.found.size();
  if (answer.more && shown < kMostShown) {
    const archive::Found& last = answer.found.back();
    text += fmt::format(R"(, "cursor": "{}")",
                        to_text({answer.snapshot, shown, {last.score, last.item.row}, wanted.query}));
  }
  if (answer.crowded_patient) text += R"(, "crowded_patient": true)";
  return text +
         fmt::format(R"(, "provenance": {{"archive": "{}", "weights_sha256": {}, "profile": {}, "version": {}}}}})",
                     format.id, base::json_string(format.space.weights_sha256), base::json_string(format.space.profile),
                     base::json_string(version()));
}

}  // namespace

RequestPlan plan_search(const Asked& asked, AskedSearch wanted, std::string action, AnswerSearch answer) {
  RequestPlan plan;
  plan.work = std::move(wanted.work);
  plan.stop.emplace();
  plan.apart = Apart::kSearch;
  plan.archive = record_of(asked);
  plan.archive->action = std::move(action);
  plan.archive->query = asked.served->query_name(wanted.query);
  plan.archive->parts = wanted.parts.size();
  plan.archive->k = wanted.options.k;
  wanted.options.stop = plan.stop->get_token();
  const auto kept = std::make_shared<const AskedSearch>(std::move(wanted));
  plan.finish = [asked, kept, answer = std::move(answer), record = plan.archive](const Vectors& vectors) {
    HttpResponse response;
    const std::stop_token& stop = kept->options.stop;
    guarded(*record, stop, [&] {
      asked.served->search([&](archive::Reader& reader, base::ThreadPool& pool) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "search: stopped");
        note(*record, reader);
        const std::vector<archive::QueryPart> parts = query_parts(reader, *kept, vectors);
        const archive::SearchAnswer found = archive::search(reader, parts, kept->options, pool);
        record->found = found.found.size();
        record->searched = found.searched;
        record->exact = found.exact;
        answer(reader, {*kept, parts, found}, response);
      });
    });
    return response;
  };
  return plan;
}

RequestPlan search(const Asked& asked, AskedSearch wanted) {
  return plan_search(asked, std::move(wanted), "search",
                     [right = asked.right](archive::Reader& reader, const Searched& searched, HttpResponse& answer) {
                       answer.body = search_json(reader.format(), searched.answer, searched.asked, right);
                     });
}

RequestPlan neighbours(const Service& service, const Asked& asked, const HttpRequest& request,
                       const std::string& number) {
  static const std::vector<std::string> kKnown{"k",         "by",    "match", "same_patient", "where", "exclude_study",
                                               "min_score", "cursor"};
  Json body = {{"item", item_number(number)}};
  for (const auto& [name, value] : read_query(request.query, kKnown)) {
    const std::optional<double> score = name == "min_score" ? base::parse_finite(value) : std::nullopt;
    if (name == "k") {
      body[name] = read_number(value, "k", 1, kMostResults);
    } else {
      body[name] = score ? Json(*score) : Json(value);
    }
  }
  return search(asked, read_search(service, *asked.served, asked.right, std::move(body)));
}

}  // namespace mi2::protocols::archives
