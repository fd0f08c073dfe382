#include "protocols/archives/judgement.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/column.hpp"
#include "archive/heads/tag_head.hpp"
#include "archive/judgement_answers.hpp"
#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "protocols/archives/heads.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"

namespace mi2::protocols::archives {
namespace {

using archive::filter::Expr;

constexpr std::size_t kMostMoved = 100;
constexpr std::size_t kUsualShown = 100;

constexpr std::array kWholes{"k", "limit", "permutations", "sample", "moved", "seed"};
constexpr std::array kReals{"quantile", "threshold", "min_agreement"};

const std::vector<std::string>& members_of(Judging judging) {
  static const std::vector<std::string> kOutliers{"reference", "test",      "pool",          "k",
                                                  "quantile",  "threshold", "only_outliers", "limit"};
  static const std::vector<std::string> kDrift{"reference", "test", "by", "permutations", "sample", "moved", "seed"};
  static const std::vector<std::string> kTags{"field", "k", "head", "min_agreement", "where", "limit"};
  static const std::vector<std::string> kDups{"level", "where", "limit"};
  if (judging == Judging::kDups) return kDups;
  if (judging == Judging::kOutliers) return kOutliers;
  return judging == Judging::kDrift ? kDrift : kTags;
}

std::string_view name_of(Judging judging) {
  if (judging == Judging::kOutliers) return "outliers";
  if (judging == Judging::kDups) return "dups";
  return judging == Judging::kDrift ? "drift" : "tags";
}

Json real_of(const std::string& text, std::string_view name) {
  const std::optional<double> number = base::parse_finite(text);
  if (!number) throw Error(Code::kBadArgument, fmt::format("{}: expected a number", name));
  return *number;
}

std::optional<Expr> read_filter(Json& body, const char* name, const Right& right) {
  const Json* const value = member(body, name);
  if (value == nullptr) return std::nullopt;
  return read_where(*value, right);
}

Expr need_reference(Json& body, const Right& right) {
  std::optional<Expr> reference = read_filter(body, "reference", right);
  if (!reference) throw Error(Code::kBadArgument, "reference: expected a filter, got none");
  return *std::move(reference);
}

std::size_t read_limit(Json& body) {
  return static_cast<std::size_t>(read_whole(body, "limit", 1, kMostShownOf).value_or(kUsualShown));
}

/// What is done with an archive, once it is open. @returns the answer.
using Compare = std::function<std::string(archive::Reader&, base::ThreadPool&, ArchiveRecord&)>;

/// A head of a request, and its adapter once that is read.
struct UseHead {
  std::string id;
  std::shared_ptr<const adapter::Adapter> adapter;
};

/// Nothing if neighbours are asked.
std::shared_ptr<UseHead> read_head_of(Judging judging, Json& body) {
  Json* const value = judging == Judging::kTags ? member(body, "head") : nullptr;
  if (value == nullptr) return nullptr;
  if (member(body, "k") != nullptr) throw Error(Code::kBadArgument, "k: expected it or head, got both");
  return std::make_shared<UseHead>(UseHead{take_string(*value, "head"), nullptr});
}

archive::OutlierOptions outlier_options(Json& body, const Right& right) {
  constexpr std::array<std::string_view, 4> kPools{"image", "mean", "stats7", "center20"};
  constexpr double kFarthest = 1e12;
  archive::OutlierOptions options;
  options.reference = need_reference(body, right);
  options.test = read_filter(body, "test", right);
  options.visible = right.rows;
  if (const auto pool = read_choice(body, "pool", kPools)) options.pooling = archive::parse_pooling(*pool);
  if (const auto k = read_whole(body, "k", 1, kMostResults)) options.k = static_cast<std::size_t>(*k);
  const std::optional<double> quantile = read_real(body, "quantile", 0, 1);
  options.threshold = read_real(body, "threshold", 0, kFarthest);
  if (quantile && options.threshold) {
    throw Error(Code::kBadArgument, "threshold: expected it or quantile, got both");
  }
  options.quantile = quantile.value_or(options.quantile);
  options.most = most_compared(options.k);
  options.most_bytes = kMostPooled;
  return options;
}

Compare read_outliers(Json& body, const Right& right, const std::stop_token& stop) {
  archive::OutlierOptions options = outlier_options(body, right);
  options.stop = stop;
  archive::Shown shown{.most = read_limit(body), .paths = right.paths};
  if (const Json* only = member(body, "only_outliers")) {
    if (!only->is_boolean()) throw Error(Code::kBadArgument, "only_outliers: expected true or false");
    shown.only_outliers = only->get<bool>();
  }
  return [options, shown](archive::Reader& archive, base::ThreadPool& pool, ArchiveRecord& record) {
    const archive::OutlierAnswer answer = archive::find_outliers(archive, options, pool);
    record.k = options.k;
    record.searched = answer.reference;
    record.found = answer.judged.size();
    return archive::outliers_json(archive, answer, options.pooling, shown);
  };
}

/// A list of fields, or their names with commas between.
std::vector<std::string> read_by(Json& value) {
  std::vector<std::string> fields;
  if (value.is_string()) {
    std::string_view rest = value.get_ref<const std::string&>();
    while (!rest.empty() && fields.size() <= archive::kDriftFields.size()) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      fields.emplace_back(one);
    }
  } else {
    for (Json& one : need_array(value, "by")) fields.push_back(take_string(one, "by"));
  }
  archive::check_by(fields, archive::kDriftFields);
  return fields;
}

Compare read_drift(Json& body, const Right& right, const std::stop_token& stop) {
  constexpr std::uint64_t kMostPermutations = 1'000'000;
  constexpr std::uint64_t kMostSampled = 2000;
  constexpr auto kAnySeed = static_cast<std::uint64_t>(-1);
  archive::DriftOptions options;
  options.reference = need_reference(body, right);
  options.test = read_filter(body, "test", right);
  options.visible = right.rows;
  if (Json* const by = member(body, "by")) options.by = read_by(*by);
  const auto count = [&](const char* name, std::uint64_t low, std::uint64_t high, std::size_t usual) {
    return static_cast<std::size_t>(read_whole(body, name, low, high).value_or(usual));
  };
  options.permutations = count("permutations", 1, kMostPermutations, options.permutations);
  options.sample = count("sample", 2, kMostSampled, options.sample);
  options.moved = count("moved", 0, kMostMoved, options.moved);
  options.seed = read_whole(body, "seed", 0, kAnySeed).value_or(options.seed);
  options.most = kMostGroups;
  options.stop = stop;
  return [options, paths = right.paths](archive::Reader& archive, base::ThreadPool& pool, ArchiveRecord& record) {
    const archive::DriftAnswer answer = archive::find_drift(archive, options, pool);
    record.searched = answer.reference;
    record.found = answer.groups.size();
    return archive::drift_json(archive, answer, options.by, {.paths = paths});
  };
}

/// @param head  to be asked in place of neighbours, once it is there; null: they are.
Compare read_tags(Json& body, const Right& right, const std::stop_token& stop, std::shared_ptr<const UseHead> head) {
  archive::TagOptions options;
  if (const auto field = read_choice(body, "field", archive::kTagFields)) options.field = *field;
  if (const auto k = read_whole(body, "k", 1, kMostResults)) options.k = static_cast<std::size_t>(*k);
  options.min_agreement = read_real(body, "min_agreement", 0, 1).value_or(options.min_agreement);
  options.where = read_filter(body, "where", right);
  options.visible = right.rows;
  options.most = most_compared(options.k);
  options.stop = stop;
  const archive::Shown shown{.most = read_limit(body), .paths = right.paths};
  return [options, shown, head = std::move(head)](archive::Reader& archive, base::ThreadPool& pool,
                                                  ArchiveRecord& record) mutable {
    if (head) archive::heads::use_head("head", head->adapter, archive.format(), options);
    const archive::TagAnswer answer = archive::check_tags(archive, options, pool);
    record.k = options.k;
    record.searched = answer.judged;
    record.found = answer.doubtful.size();
    return archive::tags_json(archive, answer, options.field, shown);
  };
}

/// Not of files: nobody knows whose those are of which the archive has no vector.
Compare read_dups(Json& body, const Right& right, const std::stop_token& stop) {
  constexpr std::array<std::string_view, 2> kLevels{"pixels", "reencoded"};
  archive::DupOptions options;
  if (const auto level = read_choice(body, "level", kLevels)) options.level = archive::parse_dup_level(*level);
  options.where = read_filter(body, "where", right);
  if (right.rows) {
    options.where = options.where ? archive::filter::both(*right.rows, *std::move(options.where)) : *right.rows;
  }
  options.most = kMostHashed;
  options.stop = stop;
  const archive::Shown shown{.most = read_limit(body), .paths = right.paths};
  return [options, shown](archive::Reader& archive, base::ThreadPool&, ArchiveRecord& record) {
    const archive::DupAnswer answer = archive::find_dups(archive, options);
    record.searched = answer.compared;
    record.found = answer.groups.size();
    return archive::dups_json(archive, answer, options.level, shown, kMostShownOf);
  };
}

Compare read_judging(Judging judging, Json& body, const Right& right, const std::stop_token& stop,
                     std::shared_ptr<const UseHead> head) {
  switch (judging) {
    case Judging::kOutliers:
      return read_outliers(body, right, stop);
    case Judging::kDrift:
      return read_drift(body, right, stop);
    case Judging::kTags:
      return read_tags(body, right, stop, std::move(head));
    case Judging::kDups:
      break;
  }
  return read_dups(body, right, stop);
}

}  // namespace

Json judgement_body(Judging judging, const HttpRequest& request) {
  constexpr auto kAny = static_cast<std::uint64_t>(-1);
  Json body = Json::object();
  for (const auto& [name, value] : read_query(request.query, members_of(judging))) {
    if (std::find(kWholes.begin(), kWholes.end(), name) != kWholes.end()) {
      body[name] = read_number(value, name, 0, kAny);
    } else if (std::find(kReals.begin(), kReals.end(), name) != kReals.end()) {
      body[name] = real_of(value, name);
    } else if (name == "only_outliers") {
      body[name] = read_flag(value, name);
    } else {
      body[name] = value;
    }
  }
  return body;
}

RequestPlan judge(Judging judging, const Asked& asked, Json body) {
  check_members(body, "body", members_of(judging));
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kJudge;
  plan.archive = record_of(asked);
  plan.archive->action = name_of(judging);
  plan.archive->query = asked.served->query_name(body.dump(-1, ' ', true, Json::error_handler_t::replace));
  const std::stop_token stop = plan.stop->get_token();
  const std::shared_ptr<UseHead> head = read_head_of(judging, body);
  const Compare compare = read_judging(judging, body, asked.right, stop, head);
  plan.finish = [asked, compare, head, stop, record = plan.archive](const Vectors&) {
    HttpResponse answer;
    if (head) head->adapter = std::make_shared<const adapter::Adapter>(kept_adapter(asked, head->id, *record));
    guarded(*record, stop, [&] {
      if (stop.stop_requested()) throw Error(Code::kInternal, "archive: stopped");
      asked.served->judge([&](archive::Reader& reader, base::ThreadPool& pool) {
        note(*record, reader);
        answer.body = compare(reader, pool, *record);
      });
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
