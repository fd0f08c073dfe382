#include "protocols/archives/adding.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/relevance.hpp"
#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "protocols/answers.hpp"
#include "protocols/archives/adding_vectors.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/routes.hpp"
#include "protocols/uploads.hpp"

namespace mi2::protocols::archives {
namespace {

using Kind = Fate::Kind;

/// Where an object is that is kept nowhere: its content's hash, so that the same file is always called the same.
constexpr std::string_view kPlace = "http:";
constexpr std::size_t kHashDigits = 64;

constexpr int kAccepted = 202;
constexpr int kConflict = 409;
constexpr int kUnprocessable = 422;
constexpr int kUnavailable = 503;

/// What is added, and with what.
struct Task {
  SentFiles sent;
  std::vector<std::string> locators;  ///< of its files
  std::shared_ptr<const ServedModel> model;
  ArchiveAdding adding;
  ImageOptions image;  ///< as the archive's images were prepared
};

std::string locator_of(const std::string& file) {
  return std::string(kPlace) + base::sha256_hex(std::as_bytes(std::span(file)));
}

embedder::Input input_of(const std::string& locator, const std::string& file) {
  const auto read = [&file](std::uint64_t max_bytes) {
    if (file.size() > max_bytes) {
      throw Error(Code::kTooLarge, fmt::format("{} bytes, the limit is {}", file.size(), max_bytes));
    }
    const auto bytes = std::as_bytes(std::span(file));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  return {locator, std::nullopt, read};
}

/// An error of a file, by its number.
std::string reason_of(std::string text, const std::string& locator, std::size_t number) {
  const std::string name = fmt::format("file {}", number);
  for (std::size_t at = text.find(locator); at != std::string::npos; at = text.find(locator, at + name.size())) {
    text.replace(at, locator.size(), name);
  }
  return text;
}

/// What is known of a file before it is added.
Fate look(const Task& task, std::size_t i, const std::string& key) {
  Fate fate;
  const auto bytes = std::as_bytes(std::span(task.sent.files[i]));
  try {
    fate.names = archive::names_of(bytes, fmt::format("file {}", i + 1), key, task.sent.site);
  } catch (const Error& error) {
    fate.kind = Kind::kRefused;
    fate.code = error.code();
    fate.reason = error.what();
    return fate;
  }
  if (task.sent.objects_only && fate.names.sop_uid.empty()) {
    fate.kind = Kind::kRefused;
    fate.code = Code::kBadFile;
    fate.reason = fmt::format("file {}: expected a DICOM object with a SOP instance UID", i + 1);
  } else if (!task.sent.study.empty() && fate.names.study_uid != task.sent.study) {
    fate.kind = Kind::kOutside;
  }
  return fate;
}

/// What the archive says of each locator.
struct Told {
  std::map<std::string, archive::Outcome, std::less<>> outcomes;
  std::map<std::string, Error, std::less<>> errors;  ///< the first of a file
};

/// Lets kMostSentFrames by, of all files together.
std::function<void(std::uint64_t, std::string_view)> frame_budget() {
  return [left = std::make_shared<std::atomic<std::uint64_t>>(archive::kMostSentFrames)](std::uint64_t frames,
                                                                                         std::string_view name) {
    std::uint64_t now = left->load();
    while (frames <= now) {
      if (left->compare_exchange_weak(now, now - frames)) return;
    }
    throw Error(Code::kTooLarge, fmt::format("{}: {} frames; all files of a request may have {} together", name, frames,
                                             archive::kMostSentFrames));
  };
}

archive::AddOptions options_of(const Task& task, const std::stop_token& stop, Told& told) {
  archive::AddOptions options;
  options.survey.site = task.sent.site;
  options.survey.identifiers = archive::parse_identifiers(task.adding.identifiers);
  options.survey.threads = task.adding.threads;
  options.survey.image = task.image;
  options.survey.claim_frames = frame_budget();
  options.survey.on_progress = [stop](const base::Progress&) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "add: stopped");
  };
  options.on_progress = options.survey.on_progress;
  options.batch = embedder::usual_batch(task.model->shared.embedder->options().device);
  options.thumbnail = task.adding.thumbnail;
  options.in_turn = task.model->shared.in_turn;
  options.on_outcome = [&told](std::string_view name, archive::Outcome outcome) {
    told.outcomes.insert_or_assign(std::string(name), outcome);
  };
  options.on_refused = [&told](std::string_view name, const Error& error) {
    // Of a frame it goes on behind the file's.
    told.errors.emplace(std::string(name.substr(0, kPlace.size() + kHashDigits)), error);
  };
  return options;
}

/// Adds what waits.
Told write(const Asked& asked, const Task& task, const std::stop_token& stop, std::span<const Fate> fates,
           ArchiveRecord& record) {
  Told told;
  embedder::ExpandedPaths paths;
  std::set<std::string_view> known;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (fates[i].kind != Kind::kWaits || !known.insert(task.locators[i]).second) continue;
    paths.inputs.push_back(input_of(task.locators[i], task.sent.files[i]));
  }
  const archive::AddOptions options = options_of(task, stop, told);
  const SharedModel& shared = task.model->shared;
  try {
    asked.served->write([&](archive::Writer& writer) {
      if (!paths.inputs.empty()) {
        archive::add(writer, *shared.embedder, paths, {"http", std::string(kPlace)}, options);
        archive::calibrate(writer, *shared.embedder, shared.in_turn);
      }
      record.snapshot = writer.catalog().sequence();
      record.rows = writer.catalog().rows();
    });
  } catch (const Error& error) {
    // What was stored is stored, and its sender hears of it.
    if (told.outcomes.empty() || stop.stop_requested()) throw;
    record.fault = error.what();
  }
  return told;
}

void settle(const Task& task, const Told& told, std::vector<Fate>& fates) {
  std::set<std::string_view> known;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    Fate& fate = fates[i];
    if (fate.kind != Kind::kWaits) continue;
    const std::string& locator = task.locators[i];
    const bool again = !known.insert(locator).second;
    const auto error = told.errors.find(locator);
    if (error != told.errors.end()) {
      fate.code = error->second.code();
      fate.reason = reason_of(error->second.what(), locator, i + 1);
    } else {
      fate.reason = fmt::format("file {}: not stored; try again", i + 1);
    }
    const auto outcome = told.outcomes.find(locator);
    if (outcome == told.outcomes.end()) {
      fate.kind = Kind::kRefused;
      continue;
    }
    if (error == told.errors.end()) fate.reason.clear();
    fate.kind = outcome->second == archive::Outcome::kConflict           ? Kind::kConflict
                : outcome->second == archive::Outcome::kStored && !again ? Kind::kStored
                                                                         : Kind::kCopy;
  }
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kStored:
      return "stored";
    case Kind::kCopy:
      return "copy";
    case Kind::kConflict:
      return "conflict";
    case Kind::kOutside:
    case Kind::kWaits:
    case Kind::kRefused:
      break;
  }
  return "refused";
}

std::size_t count_of(std::span<const Fate> fates, Kind kind) {
  return static_cast<std::size_t>(std::ranges::count(fates, kind, &Fate::kind));
}

HttpResponse items_answer(std::span<const Fate> fates, std::int64_t snapshot) {
  HttpResponse answer;
  std::string text = R"({"files": [)";
  for (std::size_t i = 0; i < fates.size(); ++i) {
    const Fate& fate = fates[i];
    text += fmt::format(R"({}{{"file": {}, "outcome": "{}")", i > 0 ? ", " : "", i + 1, name_of(fate.kind));
    if (!fate.names.sop_uid.empty()) text += fmt::format(R"(, "image": {})", base::json_string(fate.names.sop_uid));
    if (!fate.names.study_uid.empty()) text += fmt::format(R"(, "study": {})", base::json_string(fate.names.study_uid));
    if (!fate.reason.empty()) {
      text += fmt::format(R"(, "code": "{}", "reason": {})", mi2::name_of(fate.code), base::json_string(fate.reason));
    }
    text += '}';
  }
  const auto there = static_cast<std::size_t>(std::ranges::count_if(fates, &Fate::is_there));
  answer.body = text + fmt::format(R"(], "stored": {}, "copies": {}, "conflicts": {}, "refused": {}, "snapshot": {}}})",
                                   count_of(fates, Kind::kStored), count_of(fates, Kind::kCopy),
                                   count_of(fates, Kind::kConflict), count_of(fates, Kind::kRefused), snapshot);
  if (there < fates.size()) answer.status = there > 0 ? kAccepted : kUnprocessable;
  if (there == 0) answer.outcome = "refused";
  return answer;
}

/// Why no model that is served makes vectors of the archive's space.
HttpResponse other_space(const Service& service, const archive::Format& format, std::string_view why) {
  constexpr std::size_t kShown = 12;
  std::string text(why);
  if (text.empty()) {
    text = fmt::format("model: expected weights {}, as the archive's vectors have, got",
                       format.space.weights_sha256.substr(0, kShown));
    for (const auto& [name, model] : service.models) {
      text +=
          fmt::format("{} {}", text.ends_with("got") ? "" : ",", model->provenance.weights_sha256.substr(0, kShown));
    }
  }
  return refusal(ErrorFormat::kOpenAi, kConflict, "conflict", text);
}

}  // namespace

std::string read_site(const HttpRequest& request, std::string* weights) {
  static const std::vector<std::string> kKnown{"site"};
  static const std::vector<std::string> kKnownOfVectors{"site", "weights"};
  constexpr std::size_t kLongest = 64;
  const auto query = read_query(request.query, weights != nullptr ? kKnownOfVectors : kKnown);
  if (const auto made_by = query.find("weights"); made_by != query.end()) *weights = made_by->second;
  const auto found = query.find("site");
  if (found == query.end()) return {};
  const std::string& site = found->second;
  const bool plain =
      std::ranges::none_of(site, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (site.size() > kLongest || !plain || base::utf8_prefix(site) != site.size()) {
    throw Error(Code::kBadArgument, fmt::format("site: expected at most {} bytes of UTF-8 text", kLongest));
  }
  return site;
}

std::optional<RequestPlan> find_embedder(const Service& service, const Asked& asked,
                                         std::shared_ptr<const ServedModel>& model, ImageOptions& image) {
  model = find_model(service, asked.served->format());
  if (!model || !model->shared.embedder) return answer_at_once(other_space(service, asked.served->format(), {}));
  try {
    image = archive::options_of(asked.served->format().space, service.images);
  } catch (const Error& error) {
    return answer_at_once(other_space(service, asked.served->format(), error.what()));
  }
  return std::nullopt;
}

RequestPlan add(const Service& service, const Asked& asked, const ArchiveAdding& adding, SentFiles sent,
                AnswerFates answer) {
  if (sent.files.empty()) throw Error(Code::kBadArgument, "body: expected a file, got none");
  if (sent.files.size() > service.limits.rows) {
    throw Error(Code::kTooLarge, fmt::format("more than {} files in one request", service.limits.rows));
  }
  auto task = std::make_shared<Task>();
  if (std::optional<RequestPlan> refused = find_embedder(service, asked, task->model, task->image)) {
    return *std::move(refused);
  }
  task->adding = adding;
  task->sent = std::move(sent);
  std::string all;
  for (const std::string& file : task->sent.files) {
    task->locators.push_back(locator_of(file));
    all += task->locators.back();
  }
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kAdd;
  plan.archive = record_of(asked);
  plan.archive->action = "add";
  plan.archive->parts = task->sent.files.size();
  plan.archive->query = asked.served->query_name(all);
  plan.finish = [asked, task, answer = std::move(answer), stop = plan.stop->get_token(),
                 record = plan.archive](const Vectors&) {
    std::vector<Fate> fates;
    try {
      guarded(*record, stop, [&] {
        if (stop.stop_requested()) throw Error(Code::kInternal, "add: stopped");
        for (std::size_t i = 0; i < task->sent.files.size(); ++i) {
          fates.push_back(look(*task, i, asked.served->key()));
        }
        settle(*task, write(asked, *task, stop, fates, *record), fates);
      });
    } catch (const Error& error) {
      if (error.code() != Code::kOverloaded) throw;
      return refusal(ErrorFormat::kOpenAi, kUnavailable, mi2::name_of(error.code()), error.what());
    }
    record->found = count_of(fates, Kind::kStored);
    return answer(fates, record->snapshot);
  };
  return plan;
}

RequestPlan add_items(const Service& service, const Asked& asked, const ArchiveAdding& adding, HttpRequest request) {
  SentFiles sent;
  std::string weights;
  sent.site = read_site(request, &weights);
  if (std::optional<std::vector<Part>> parts = take_vectors(request)) {
    return add_vectors(service, asked, adding, *std::move(parts), sent.site, weights);
  }
  if (!weights.empty()) throw Error(Code::kBadArgument, "weights: expected a form with a part called vectors");
  std::optional<Upload> upload = take_upload(service, request);
  if (!upload) {
    throw Error(
        Code::kUnsupported,
        "content-type: expected multipart/form-data, application/dicom, application/octet-stream or an image's");
  }
  if (!upload->texts.empty() || upload->labels || upload->multilabel || upload->params) {
    throw Error(Code::kBadArgument, "body: expected parts called file or image alone");
  }
  sent.files = std::move(upload->images);
  return add(service, asked, adding, std::move(sent), items_answer);
}

}  // namespace mi2::protocols::archives
