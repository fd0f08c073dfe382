#include "protocols/archives/archives.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "archive/answers.hpp"
#include "archive/served.hpp"
#include "base/files.hpp"
#include "base/json_text.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/archives/cursor.hpp"
#include "protocols/archives/items.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

/// Values of a facet that an answer has.
constexpr std::size_t kMostValues = 200;

std::string rights_json(const Right& right) {
  std::string text = right.search ? R"(["search")" : "[";
  if (right.paths) text += R"(, "paths")";
  if (right.remove) text += R"(, "delete")";
  return text + fmt::format(R"(], "restricted": {})", right.rows.has_value());
}

const archive::filter::Expr* pointer(const std::optional<archive::filter::Expr>& expr) {
  return expr ? &*expr : nullptr;
}

RequestPlan info(const Asked& asked) {
  return look(asked, [asked](archive::Reader& reader) {
    return fmt::format(
        R"({{"name": {}, {}, {}, "rights": {}}})", base::json_string(asked.name), archive::archive_json(reader),
        archive::totals_json(reader.catalog().totals(pointer(asked.right.rows))), rights_json(asked.right));
  });
}

/// Of rows that may be seen alone, only what can be counted of them.
RequestPlan stats(const Asked& asked) {
  return look(asked, [asked](archive::Reader& reader) {
    if (!asked.right.rows) return archive::stats_json(reader, archive::read_stats(reader, asked.right.paths));
    return fmt::format(R"({{{}, "totals": {{{}}}}})", archive::archive_json(reader),
                       archive::totals_json(reader.catalog().totals(&*asked.right.rows)));
  });
}

std::string facet_json(std::string_view by, std::vector<archive::ValueCount> counts) {
  const bool cut = counts.size() > kMostValues;
  if (cut) counts.resize(kMostValues);
  std::string text = fmt::format(R"("{}": {{"values": [)", by);
  for (const archive::ValueCount& count : counts) {
    text += fmt::format(R"({}{{"value": {}, "images": {}}})", text.ends_with('[') ? "" : ", ",
                        count.value ? base::json_string(*count.value) : "null", count.images);
  }
  return text + fmt::format(R"(], "more": {}}})", cut);
}

RequestPlan facets(const Asked& asked, const HttpRequest& request) {
  static const std::vector<std::string> kKnown{"where"};
  const auto query = read_query(request.query, kKnown);
  std::optional<archive::filter::Expr> filter = asked.right.rows;
  if (const auto where = query.find("where"); where != query.end()) {
    archive::filter::Expr expr = read_where(where->second, asked.right);
    filter = filter ? archive::filter::both(std::move(*filter), std::move(expr)) : std::move(expr);
  }
  return look(asked, [filter](archive::Reader& reader) {
    std::string text = fmt::format(R"({{"snapshot": {}, "images": {}, "facets": {{)", reader.sequence(),
                                   reader.catalog().totals(pointer(filter)).images);
    for (const std::string_view by : archive::kFacets) {
      if (by != archive::kFacets.front()) text += ", ";
      text += facet_json(by, reader.catalog().facet(by, pointer(filter), kMostValues + 1));
    }
    return text + "}}";
  });
}

std::string search_json(const archive::Format& format, const archive::SearchAnswer& answer, const AskedSearch& wanted,
                        const Right& right) {
  std::string text = R"({"results": [)";
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    text += fmt::format("{}{{{}}}", i > 0 ? ", " : "",
                        archive::found_json(answer.found[i], wanted.options.shown + i + 1, right.paths));
  }
  text += fmt::format(R"(], {}, "more": {})", archive::searched_json(answer), answer.more);
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

RequestPlan search(const Asked& asked, AskedSearch wanted) {
  RequestPlan plan;
  plan.work = std::move(wanted.work);
  plan.stop.emplace();
  plan.archive = record_of(asked);
  plan.archive->action = "search";
  plan.archive->query = asked.served->query_name(wanted.query);
  plan.archive->parts = wanted.parts.size();
  plan.archive->k = wanted.options.k;
  wanted.options.stop = plan.stop->get_token();
  const auto kept = std::make_shared<const AskedSearch>(std::move(wanted));
  plan.finish = [asked, kept, record = plan.archive](const Vectors& vectors) {
    HttpResponse response;
    const std::stop_token& stop = kept->options.stop;
    guarded(*record, stop, [&] {
      asked.served->search([&](archive::Reader& reader, base::ThreadPool& pool) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "search: stopped");
        note(*record, reader);
        const std::vector<archive::QueryPart> parts = query_parts(reader, *kept, vectors);
        const archive::SearchAnswer answer = archive::search(reader, parts, kept->options, pool);
        record->found = answer.found.size();
        record->searched = answer.searched;
        record->exact = answer.exact;
        response.body = search_json(reader.format(), answer, *kept, asked.right);
      });
    });
    return response;
  };
  return plan;
}

/// GET with a query in place of a body.
RequestPlan neighbours(const Service& service, const Asked& asked, const HttpRequest& request,
                       const std::string& number) {
  static const std::vector<std::string> kKnown{"k", "by", "match", "same_patient", "where", "cursor"};
  Json body = {{"item", item_number(number)}};
  for (const auto& [name, value] : read_query(request.query, kKnown)) {
    body[name] = name == "k" ? Json(read_number(value, "k", 1, kMostResults)) : Json(value);
  }
  return search(asked, read_search(service, *asked.served, asked.right, std::move(body)));
}

RequestPlan remove_study(const Asked& asked, const HttpRequest& request, const std::string& uid) {
  static const std::vector<std::string> kKnown{"erase"};
  constexpr std::size_t kLongestUid = 256;
  const auto query = read_query(request.query, kKnown);
  const auto flag = query.find("erase");
  const bool erase = flag != query.end() && read_flag(flag->second, "erase");
  if (uid.size() > kLongestUid) throw Error(Code::kNotFound, "study: there is none of this identifier");
  RequestPlan plan;
  plan.stop.emplace();
  plan.archive = record_of(asked);
  plan.archive->action = erase ? "erase" : "delete";
  plan.archive->query = asked.served->query_name(uid);
  plan.finish = [asked, uid, erase, record = plan.archive](const Vectors&) {
    HttpResponse answer;
    guarded(*record, {}, [&] {
      const archive::RemovedStudy removed = asked.served->remove_study(uid, asked.right.rows, erase);
      record->found = removed.images;
      answer.body = fmt::format(R"({{"images": {}, "erased": {}, "clean": {}}})", removed.images, erase, removed.clean);
    });
    return answer;
  };
  return plan;
}

class Archives final : public ArchiveRoutes {
 public:
  Archives(std::span<const ArchiveSpec> archives, const std::filesystem::path& rights, bool keys, unsigned threads)
      : keys_(keys), rights_(std::make_shared<const Rights>()) {
    for (const ArchiveSpec& spec : archives) {
      archives_.emplace(spec.name, std::make_shared<archive::Served>(spec.folder, threads));
    }
    if (!rights.empty()) use_rights(rights);
  }

  [[nodiscard]] RequestPlan parse(ArchiveRoute route, const Service& service, HttpRequest request,
                                  const PathParameters& parameters) const override {
    if (route == ArchiveRoute::kList) return list(request);
    const Asked asked = find(parameters.at(0), request);
    switch (route) {
      case ArchiveRoute::kInfo:
        return info(asked);
      case ArchiveRoute::kStats:
        return stats(asked);
      case ArchiveRoute::kFacets:
        return facets(asked, request);
      case ArchiveRoute::kItem:
        return item(asked, parameters.at(1));
      case ArchiveRoute::kThumb:
        return thumb(asked, request, parameters.at(1));
      case ArchiveRoute::kNeighbours:
        return neighbours(service, asked, request, parameters.at(1));
      case ArchiveRoute::kRemoveStudy:
        if (!asked.right.remove) throw Error(Code::kNotFound, "no such path; GET /docs lists them");
        return remove_study(asked, request, parameters.at(1));
      case ArchiveRoute::kSearch:
      case ArchiveRoute::kList:
        break;
    }
    return search(asked, read_search(service, *asked.served, asked.right, json_object(request, service.limits)));
  }

  void use_rights(const std::filesystem::path& file) override {
    constexpr std::uint64_t kMaxBytes = 4U << 20;
    std::vector<std::string> names;
    for (const auto& [name, served] : archives_) names.push_back(name);
    auto rights =
        std::make_shared<const Rights>(Rights::parse(base::read_text_file(file, kMaxBytes), file.string(), names));
    if (rights->names_keys() && !keys_) {
      throw Error(Code::kBadFile, fmt::format("{}: names keys where none is asked for; expected --api-key-file with it",
                                              file.string()));
    }
    const std::lock_guard lock(mutex_);
    rights_ = std::move(rights);
  }

  [[nodiscard]] bool sees_all(std::string_view caller) const override {
    const std::lock_guard lock(mutex_);
    return std::all_of(archives_.begin(), archives_.end(), [&](const auto& entry) {
      const Right right = rights_->of(caller, entry.first);
      return right.search && !right.rows;
    });
  }

 private:
  [[nodiscard]] Right right_of(const HttpRequest& request, std::string_view name) const {
    const std::lock_guard lock(mutex_);
    return rights_->of(request.caller, name);
  }

  /// An archive that is not there and one that may not be seen are the same.
  [[nodiscard]] Asked find(const std::string& name, const HttpRequest& request) const {
    const auto found = archives_.find(name);
    Right right = right_of(request, name);
    if (found == archives_.end() || !right.search) {
      throw Error(Code::kNotFound, "no archive of this name; GET /v1/archives lists them");
    }
    return {name, found->second, std::move(right)};
  }

  [[nodiscard]] RequestPlan list(const HttpRequest& request) const {
    std::string text;
    for (const auto& [name, served] : archives_) {
      const Right right = right_of(request, name);
      if (!right.search) continue;
      const archive::Format& format = served->format();
      text += fmt::format(R"({}{{"name": {}, "id": "{}", "dimensions": {}, "weights_sha256": {}, "rights": {}}})",
                          text.empty() ? "" : ", ", base::json_string(name), format.id, format.dimensions,
                          base::json_string(format.space.weights_sha256), rights_json(right));
    }
    RequestPlan plan;
    plan.finish = [body = fmt::format(R"({{"archives": [{}]}})", text)](const Vectors&) {
      HttpResponse answer;
      answer.body = body;
      return answer;
    };
    return plan;
  }

  std::map<std::string, std::shared_ptr<archive::Served>, std::less<>> archives_;
  bool keys_;
  mutable std::mutex mutex_;  ///< of rights_
  std::shared_ptr<const Rights> rights_;
};

}  // namespace

std::shared_ptr<ArchiveRoutes> open(std::span<const ArchiveSpec> archives, const std::filesystem::path& rights,
                                    bool keys, unsigned threads) {
  return std::make_shared<Archives>(archives, rights, keys, threads);
}

}  // namespace mi2::protocols::archives
