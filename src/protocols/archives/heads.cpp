#include "protocols/archives/heads.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "adapter/adapter.hpp"
#include "archive/filter/filter.hpp"
#include "archive/format.hpp"
#include "base/files.hpp"
#include "protocols/archives/head_applying.hpp"
#include "protocols/archives/head_folder.hpp"
#include "protocols/archives/head_training.hpp"
#include "protocols/archives/kept.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

constexpr int kCreated = 201;
constexpr std::uint64_t kMaxAdapterBytes = 64U << 20;
constexpr std::string_view kHead = "head";

/// What a caller may see of an archive, as text.
std::string rows_of(const Right& right) { return right.rows ? archive::filter::to_text(*right.rows) : std::string(); }

bool may_see(const Asked& asked, const Head& head) {
  return head.archive == asked.served->format().id && (!asked.right.rows || head.rows == rows_of(asked.right));
}

/// A plan that looks at the folder. @param action  as ArchiveRecord::action.
template <typename Answer>
RequestPlan plan_folder(const Asked& asked, std::string action, Answer answer) {
  RequestPlan plan;
  plan.stop.emplace();
  plan.archive = record_of(asked);
  plan.archive->action = std::move(action);
  plan.finish = [asked, answer = std::move(answer), record = plan.archive](const Vectors&) {
    HttpResponse response;
    response.headers.emplace_back("cache-control", "private, no-cache");  // rights end
    answer(*record, response);
    return response;
  };
  return plan;
}

/// @throws Error{kNotFound} unless there is such a head, for this caller.
Head find_head(const Asked& asked, const std::string& id, ArchiveRecord& record) {
  if (!is_head_id(id)) throw none_kept(kHead);
  return use_kept(record, kHead, "read", [&] {
    Head head = read_head(asked.heads, id);
    if (!may_see(asked, head)) throw none_kept(kHead);
    return head;
  });
}

/// What clients are told of a head: whose rows it was trained on is the operator's.
Json told(const Head& head) {
  Json items = Json::array();
  for (const LabelledItem& one : head.items) items.push_back({{"item", one.item}, {"label", one.label}});
  return {{"id", head.id},
          {"name", head.name},
          {"made_at", head.made_at},
          {"snapshot", head.snapshot},
          {"restricted", !head.rows.empty()},
          {"items", std::move(items)},
          {"report", head.report}};
}

/// A member of a report; null if an older program wrote none.
Json figure(const Head& head, const char* name) {
  const auto found = head.report.find(name);
  return found == head.report.end() ? Json() : *found;
}

Json in_short(const Head& head) {
  return {{"id", head.id},
          {"name", head.name},
          {"made_at", head.made_at},
          {"snapshot", head.snapshot},
          {"restricted", !head.rows.empty()},
          {"labels", figure(head, "labels")},
          {"images", head.items.size()},
          {"accuracy", figure(head, "accuracy")},
          {"balanced_accuracy", figure(head, "balanced_accuracy")}};
}

/// @returns by their numbers, so that the order in which they came changes nothing.
std::vector<LabelledItem> take_labelled(Json& body) {
  static const std::vector<std::string> kMembers{"item", "label"};
  Json* const list = member(body, "items");
  if (list == nullptr) throw Error(Code::kBadArgument, "items: expected a list of items with labels, got none");
  if (need_array(*list, "items").size() > kMostLabelled) {
    throw Error(Code::kTooLarge, fmt::format("items: expected at most {}, got {}", kMostLabelled, list->size()));
  }
  std::vector<LabelledItem> items;
  std::set<std::uint64_t> seen;
  std::set<std::string> labels;
  for (Json& one : *list) {
    const std::string name = fmt::format("items {}", items.size() + 1);
    check_members(need_object(one, name), name, kMembers);
    const Json* const number = member(one, "item");
    if (number == nullptr) throw Error(Code::kBadArgument, fmt::format("{}: expected an item, got none", name));
    const std::uint64_t item = read_item(*number, name);
    if (!seen.insert(item).second) throw Error(Code::kBadArgument, fmt::format("{}: its item is there twice", name));
    Json* const label = member(one, "label");
    if (label == nullptr) throw Error(Code::kBadArgument, fmt::format("{}: expected a label, got none", name));
    items.push_back({item, take_label(*label, name)});
    if (items.back().label.empty()) throw Error(Code::kBadArgument, fmt::format("{}: its label is empty", name));
    labels.insert(items.back().label);
  }
  if (labels.size() > kMostHeadLabels) {
    throw Error(Code::kTooLarge,
                fmt::format("items: expected at most {} labels, got {}", kMostHeadLabels, labels.size()));
  }
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.item < b.item; });
  return items;
}

/// @throws Error{kBadFile} for one that is no classifier of the archive's vectors: somebody has put it there.
adapter::Adapter open_adapter(const Asked& asked, const std::string& id) {
  adapter::Adapter adapter = adapter::Adapter::open(adapter_of_head(asked.heads, id));
  const adapter::AdapterDescription& found = adapter.description();
  const auto dimensions = static_cast<std::int64_t>(asked.served->format().dimensions);
  if (found.target == adapter::Target::kLabel && found.labels.size() >= 2 && found.in_channels == dimensions)
    return adapter;
  throw Error(Code::kBadFile, fmt::format("{}: expected two labels or more, of vectors of {} numbers",
                                          adapter_of_head(asked.heads, id).string(), dimensions));
}

/// Names a body in the log, and nothing of it.
std::string name_of_body(const Asked& asked, const Json& body) {
  return asked.served->query_name(body.dump(-1, ' ', true, Json::error_handler_t::replace));
}

}  // namespace

RequestPlan list_heads(const Asked& asked) {
  return plan_folder(asked, "", [asked](ArchiveRecord& record, HttpResponse& answer) {
    Json heads = Json::array();
    for (const Head& head : use_kept(record, kHead, "read", [&] { return kept_heads(asked.heads); })) {
      if (may_see(asked, head)) heads.push_back(in_short(head));
    }
    answer.body = Json{{"heads", std::move(heads)}}.dump();
  });
}

RequestPlan kept_head(const Asked& asked, const std::string& id) {
  return plan_folder(asked, "", [asked, id](ArchiveRecord& record, HttpResponse& answer) {
    answer.body = told(find_head(asked, id, record)).dump();
  });
}

RequestPlan head_file(const Asked& asked, const std::string& id, const std::string& file) {
  const bool description = file == "adapter.json";
  if (!description && file != "adapter.safetensors") throw none_kept(kHead);
  return plan_folder(asked, "", [asked, id, description](ArchiveRecord& record, HttpResponse& answer) {
    static_cast<void>(find_head(asked, id, record));
    use_kept(record, kHead, "read", [&] {
      std::filesystem::path path = adapter_of_head(asked.heads, id);
      path += description ? ".json" : ".safetensors";
      answer.body = base::read_text_file(path, kMaxAdapterBytes);
    });
    answer.headers.emplace_back("x-content-type-options", "nosniff");
    if (!description) answer.content_type = "application/octet-stream";
  });
}

RequestPlan remove_head(const Asked& asked, const std::string& id) {
  return plan_folder(asked, "head_delete", [asked, id](ArchiveRecord& record, HttpResponse& answer) {
    static_cast<void>(find_head(asked, id, record));
    use_kept(record, kHead, "deleted", [&] { remove_head(asked.heads, std::string_view(id)); });
    record.found = 1;
    answer.body = Json{{"id", id}}.dump();
  });
}

RequestPlan train_head(const Service& service, const Asked& asked, HttpRequest request) {
  static const std::vector<std::string> kMembers{"items", "name", "balanced", "seed"};
  Json body = json_object(request, service.limits);
  check_members(body, "body", kMembers);
  RequestPlan plan;
  plan.archive = record_of(asked);
  plan.archive->action = "head_train";
  plan.archive->query = name_of_body(asked, body);
  Head head;
  if (Json* const name = member(body, "name")) head.name = take_label(*name, "name");
  adapter::TrainOptions options;
  options.fit.balanced = read_switch(body, "balanced");
  options.fit.seed = read_whole(body, "seed", 0, 0xFFFF'FFFF).value_or(0);
  options.fit.threads = asked.threads;
  head.items = take_labelled(body);
  head.archive = asked.served->format().id;
  head.rows = rows_of(asked.right);
  plan.stop.emplace();
  plan.apart = Apart::kJudge;
  plan.archive->parts = head.items.size();
  plan.finish = [asked, options, labelled = std::make_shared<const Head>(std::move(head)), record = plan.archive,
                 stop = plan.stop->get_token()](const Vectors&) {
    Head made = *labelled;
    adapter::TrainingSet set;
    guarded(*record, stop, [&] {
      asked.served->judge([&](archive::Reader& reader, base::ThreadPool&) {
        note(*record, reader);
        set = training_set(reader, asked.right, made.items);
        made.snapshot = reader.sequence();
      });
    });
    TrainedHead trained = train_head(set, options, stop);
    made.report = std::move(trained.report);
    made.made_at = archive::now_text();
    const bool kept = use_kept(*record, kHead, "kept", [&] { return keep_head(asked.heads, made, trained.adapter); });
    if (!kept) {
      throw Error(Code::kTooLarge, fmt::format("heads: expected at most {} in the folder; delete one", kMostHeads));
    }
    record->found = 1;
    HttpResponse answer;
    answer.status = kCreated;
    answer.headers.emplace_back("location", fmt::format("heads/{}", made.id));
    answer.body = told(made).dump();
    return answer;
  };
  return plan;
}

adapter::Adapter kept_adapter(const Asked& asked, const std::string& id, ArchiveRecord& record) {
  static_cast<void>(find_head(asked, id, record));
  return use_kept(record, kHead, "read", [&] { return open_adapter(asked, id); });
}

RequestPlan apply_head(const Service& service, const Asked& asked, HttpRequest request, const std::string& id) {
  Json body = json_object(request, service.limits);
  RequestPlan plan;
  plan.archive = record_of(asked);
  plan.archive->action = "head_apply";
  plan.archive->query = name_of_body(asked, body);
  const auto applying = std::make_shared<const Applying>(read_applying(body, asked.right));
  plan.stop.emplace();
  plan.apart = Apart::kJudge;
  plan.archive->k = applying->chosen.limit;
  plan.finish = [asked, id, applying, limits = service.limits, record = plan.archive,
                 stop = plan.stop->get_token()](const Vectors&) {
    const adapter::Adapter adapter = kept_adapter(asked, id, *record);
    HttpResponse answer;
    guarded(*record, stop, [&] {
      asked.served->judge([&](archive::Reader& reader, base::ThreadPool&) {
        note(*record, reader);
        Applied applied = apply(reader, asked.right, adapter, *applying, limits, stop);
        record->searched = applied.chosen;
        record->found = applied.shown;
        answer.body = fmt::format(R"({{"head": "{}", {}}})", id, applied.json);
      });
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
