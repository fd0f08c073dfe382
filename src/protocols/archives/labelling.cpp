#include "protocols/archives/labelling.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/given/label_rows.hpp"
#include "archive/labels.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/json.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

constexpr std::size_t kMostLabelRows = 10'000;

std::shared_ptr<const archive::given::LabelRows> read_label_rows(Json& body, const Right& right) {
  Json* const list = member(body, "labels");
  if (list == nullptr) throw Error(Code::kBadArgument, "labels: expected a list of rows");
  need_array(*list, "labels");
  if (list->empty()) throw Error(Code::kBadArgument, "labels: expected a row at least");
  if (list->size() > kMostLabelRows) {
    throw Error(Code::kTooLarge, fmt::format("labels: expected at most {} rows, got {}", kMostLabelRows, list->size()));
  }
  auto rows = std::make_shared<archive::given::LabelRows>("labels", Code::kBadArgument);
  for (std::size_t i = 0; i < list->size(); ++i) rows->add((*list)[i], i + 1);
  const auto& things = rows->given().things;
  const bool paths = std::any_of(things.begin(), things.end(), [](const archive::LabelledThing& thing) {
    return thing.by == archive::NamedBy::kPath;
  });
  // Whether there is a file of this path is not for everybody to find out.
  if (paths && !right.paths) {
    throw Error(Code::kBadArgument, "labels: expected study, series, image or item: paths are not for this caller");
  }
  return rows;
}

}  // namespace

RequestPlan give_labels(const Service& service, const Asked& asked, HttpRequest request) {
  static const std::vector<std::string> kMembers{"labels", "by", "replace"};
  Json body = json_object(request, service.limits);
  check_members(body, "body", kMembers);
  const auto rows = read_label_rows(body, asked.right);
  archive::LabelOptions options;
  if (Json* const by = member(body, "by")) options.by = take_string(*by, "by");
  archive::require_by(options.by);
  options.replace = read_switch(body, "replace");
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kSearch;
  plan.archive = record_of(asked);
  plan.lane = "label";
  plan.archive->action = "label";
  plan.archive->parts = rows->given().labels.size();
  plan.finish = [asked, rows, options = std::move(options), record = plan.archive](const Vectors&) {
    HttpResponse answer;
    guarded(*record, {}, [&] {
      archive::LabelReport report;
      asked.served->write(
          [&](archive::Writer& writer) { report = archive::add_labels(writer, rows->given(), options); });
      record->found = static_cast<std::size_t>(report.added + report.replaced);
      record->snapshot = report.snapshot;
      answer.body = archive::to_json(report);
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
