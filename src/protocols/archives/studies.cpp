#include "protocols/archives/studies.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/study.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "dicom/names.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"

namespace mi2::protocols::archives {
namespace {

const archive::filter::Expr* visible_to(const Asked& asked) { return asked.right.rows ? &*asked.right.rows : nullptr; }

/// Where a viewer shows the study; nothing unless the archive keeps identifiers, by which a PACS would know it.
std::optional<std::string> viewer_of(archive::Reader& reader, const archive::StudyImages& study,
                                     const std::string& address) {
  constexpr std::string_view kPlace = "{study}";
  const std::size_t at = address.find(kPlace);
  if (at == std::string::npos) return std::nullopt;
  const archive::ItemFacts item = reader.item(study.images.front().row);
  if (!dicom::is_uid(item.study_uid)) return std::nullopt;
  const std::optional<archive::ArchivedObject> object = reader.catalog().object(item.instance, false);
  if (!object || !object->identified) return std::nullopt;
  return std::string(address).replace(at, kPlace.size(), item.study_uid);
}

/// A plan that compares rows, on the threads of searches.
/// @param compare  gives the answer's body.
RequestPlan plan_comparison(
    const Asked& asked, Work work, const std::shared_ptr<ArchiveRecord>& record,
    std::function<std::string(archive::Reader&, base::ThreadPool&, const Vectors&, const std::stop_token&)> compare) {
  RequestPlan plan;
  plan.work = std::move(work);
  plan.stop.emplace();
  plan.apart = Apart::kSearch;
  plan.archive = record;
  plan.finish = [asked, compare = std::move(compare), record, stop = plan.stop->get_token()](const Vectors& vectors) {
    HttpResponse answer;
    guarded(*record, stop, [&] {
      asked.served->search([&](archive::Reader& reader, base::ThreadPool& pool) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "study: stopped");
        note(*record, reader);
        answer.body = compare(reader, pool, vectors, stop);
      });
    });
    return answer;
  };
  return plan;
}

void note_compared(ArchiveRecord& record, std::size_t found, std::size_t searched) {
  record.found = found;
  record.searched = searched;
  record.exact = true;
}

/// An answer with a row for each image.
/// @param begin  appends a row without its last brace.
std::string rows_json(const archive::Reader& reader, bool more, std::size_t count,
                      const std::function<void(std::string&, std::size_t)>& begin) {
  std::string text = fmt::format(R"({{"snapshot": {}, "more": {}, "items": [)", reader.sequence(), more);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    begin(text, i);
    text += '}';
  }
  return text + "]}";
}

/// Two studies that are compared, or a series of each.
struct AskedPair {
  std::string study, series, other, other_series;  ///< a series may be empty: all of them
};

AskedPair read_pair(const HttpRequest& request, const std::string& uid) {
  static const std::vector<std::string> kKnown{"with", "series", "with_series"};
  auto query = read_query(request.query, kKnown);
  AskedPair pair{uid, query["series"], query["with"], query["with_series"]};
  if (pair.other.empty()) throw Error(Code::kBadArgument, "with: expected the identifier of another study");
  return pair;
}

}  // namespace

RequestPlan study(const Service& service, const Asked& asked, const std::string& uid) {
  return look(asked, [asked, uid, address = service.viewer_url](archive::Reader& reader) {
    const archive::StudyImages found = archive::study_images(reader, uid, {}, visible_to(asked));
    std::string text = fmt::format(R"({{{}, "snapshot": {})", archive::study_json(reader, found), reader.sequence());
    if (const auto viewer = viewer_of(reader, found, address)) {
      text += fmt::format(R"(, "viewer": {})", base::json_string(*viewer));
    }
    return text + '}';
  });
}

RequestPlan similarity(const Service& service, const Asked& asked, const std::string& uid, Json body) {
  check_members(body, "body", query_members());
  AskedSearch wanted = read_search(service, *asked.served, asked.right, std::move(body));
  const auto record = record_of(asked);
  record->action = "similarity";
  record->query = asked.served->query_name(wanted.query);
  record->parts = wanted.parts.size();
  Work work = std::move(wanted.work);
  const auto kept = std::make_shared<const AskedSearch>(std::move(wanted));
  const auto compare = [asked, uid, kept, record](archive::Reader& reader, base::ThreadPool&, const Vectors& vectors,
                                                  const std::stop_token&) {
    const archive::StudyImages found = archive::study_images(reader, uid, {}, visible_to(asked));
    const std::vector<double> cosines = archive::cosines(reader, found.images, query_parts(reader, *kept, vectors));
    note_compared(*record, cosines.size(), cosines.size());
    return rows_json(reader, found.more, cosines.size(), [&](std::string& text, std::size_t i) {
      text += fmt::format(R"({{"item": {}, "cosine": )", found.images[i].row);
      base::append_number(text, cosines[i]);
    });
  };
  return plan_comparison(asked, std::move(work), record, compare);
}

RequestPlan matches(const Asked& asked, const HttpRequest& request, const std::string& uid) {
  const AskedPair pair = read_pair(request, uid);
  const auto record = record_of(asked);
  record->action = "matches";
  record->query = asked.served->query_name(fmt::format("{} {}", pair.study, pair.other));
  record->parts = 2;
  const auto compare = [asked, pair, record](archive::Reader& reader, base::ThreadPool& pool, const Vectors&,
                                             const std::stop_token& stop) {
    const auto* const visible = visible_to(asked);
    const archive::StudyImages one = archive::study_images(reader, pair.study, pair.series, visible);
    const archive::StudyImages other = archive::study_images(reader, pair.other, pair.other_series, visible);
    const std::vector<archive::SliceMatch> found = archive::match_slices(reader, one.images, other.images, pool, stop);
    note_compared(*record, found.size(), other.images.size());
    return rows_json(reader, one.more || other.more, found.size(), [&](std::string& text, std::size_t i) {
      text += fmt::format(R"({{"item": {}, "nearest": {}, "cosine": )", one.images[i].row,
                          other.images[found[i].other].row);
      base::append_number(text, found[i].cosine);
    });
  };
  return plan_comparison(asked, {}, record, compare);
}

}  // namespace mi2::protocols::archives
