#include "protocols/archives/adding_vectors.hpp"

#include <algorithm>
#include <memory>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/given/given.hpp"
#include "archive/given/rows.hpp"
#include "archive/relevance.hpp"
#include "base/json_text.hpp"
#include "protocols/answers.hpp"
#include "protocols/archives/adding.hpp"
#include "protocols/request.hpp"
#include "protocols/routes.hpp"
#include "vectors/vector_file.hpp"

namespace mi2::protocols::archives {
namespace {

namespace given = archive::given;

constexpr int kAccepted = 202;
constexpr int kUnprocessable = 422;
constexpr int kUnavailable = 503;
/// What the archive calls them: rows of one source take each other's place.
constexpr std::string_view kSource = "http:vectors";
/// Refused rows that an answer names; all are counted.
constexpr std::size_t kMostNamed = 1000;

/// What was sent, and with what it is added.
struct Task {
  std::string vectors, rows, table;
  std::string site, weights;
  std::shared_ptr<const ServedModel> model;
  ArchiveAdding adding;
  ImageOptions image;
};

struct Refusal {
  std::string row;
  Error error;
};

/// Nothing but what says what made them, or a form that nobody can have meant otherwise.
void require_origin(const vectors::VectorFile& file, const Task& task) {
  const std::string wanted = task.model->provenance.weights_sha256;
  constexpr std::size_t kLeast = 12;
  if (!task.weights.empty() && (task.weights.size() < kLeast || !wanted.starts_with(task.weights))) {
    throw Error(Code::kBadArgument,
                fmt::format("weights: expected {} as the archive's vectors have, or {} digits of it "
                            "at least, got another",
                            wanted, kLeast));
  }
  if (!file.provenance() && task.weights.empty()) {
    throw Error(Code::kBadArgument,
                "vectors: expected 'provenance' in their rows, or weights=SHA256 in the query: nothing says what made "
                "them");
  }
}

std::string refused_json(const std::vector<Refusal>& refused) {
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(refused.size(), kMostNamed); ++i) {
    text += fmt::format(R"({}{{"name": {}, "code": "{}", "reason": {}}})", i > 0 ? ", " : "",
                        base::json_string(refused[i].row), mi2::name_of(refused[i].error.code()),
                        base::json_string(refused[i].error.what()));
  }
  return text + "]";
}

HttpResponse answer_of(const archive::Added& added, const std::vector<Refusal>& refused, std::int64_t snapshot) {
  HttpResponse answer;
  answer.body =
      fmt::format(R"({{"added": {}, "unchanged": {}, "replaced": {}, "refused": {}, "rows": {}, "snapshot": {}}})",
                  added.images, added.unchanged, added.replaced, added.refused, refused_json(refused), snapshot);
  const bool any = added.images + added.unchanged > 0;
  if (added.refused > 0) answer.status = any ? kAccepted : kUnprocessable;
  if (!any) answer.outcome = "refused";
  return answer;
}

/// On the thread of the archive's work.
HttpResponse run(const Asked& asked, const Task& task, const std::stop_token& stop, ArchiveRecord& record) {
  const std::unique_ptr<vectors::VectorFile> file = vectors::VectorFile::of(task.vectors, "vectors", task.rows);
  std::optional<given::FactsTable> table;
  if (!task.table.empty()) table = given::FactsTable::parse(task.table, "table");
  if (!file->named() && (!table || !table->named())) {
    throw Error(Code::kBadArgument, "vectors: expected paths in their rows, or a table with a column path or id");
  }
  given::GivenOptions options;
  options.files = false;
  options.table = table ? &*table : nullptr;
  options.add.survey.site = task.site;
  options.add.survey.identifiers = archive::parse_identifiers(task.adding.identifiers);
  options.add.survey.threads = task.adding.threads;
  options.add.survey.image = task.image;
  options.add.in_turn = task.model->shared.in_turn;
  options.add.on_progress = [&stop](const base::Progress&) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "add: stopped");
  };
  std::vector<Refusal> refused;
  options.add.on_refused = [&](std::string_view name, const Error& error) {
    if (refused.size() < kMostNamed) refused.push_back({std::string(name), error});
  };
  const Embedder& embedder = *task.model->shared.embedder;
  require_origin(*file, task);
  given::require_made_by(*file, embedder, task.image);
  // What is wrong with what was sent is the sender's, and not the archive's.
  static_cast<void>(given::rows_of(*file, options.table, options.files, options.add.on_progress));
  given::Given done;
  const archive::Source source{std::string(given::kKind), std::string(kSource)};
  guarded(record, stop, [&] {
    asked.served->write([&](archive::Writer& writer) {
      done = given::add(writer, embedder, *file, source, options);
      archive::calibrate(writer, embedder, task.model->shared.in_turn);
      record.snapshot = writer.catalog().sequence();
      record.rows = writer.catalog().rows();
    });
  });
  record.found = done.added.images;
  return answer_of(done.added, refused, record.snapshot);
}

}  // namespace

std::optional<std::vector<Part>> take_vectors(HttpRequest& request) {
  constexpr std::size_t kMostParts = 3;
  if (!is_multipart(media_type(request))) return std::nullopt;
  // A file that has this text in it is no such form, and is read as what it is.
  if (request.body.find(R"(name="vectors")") == std::string::npos) return std::nullopt;
  std::vector<Part> parts;
  try {
    parts = parse_multipart(request.body, request.header("content-type"), kMostParts);
  } catch (const Error& error) {
    if (error.code() == Code::kTooLarge) return std::nullopt;
    throw;
  }
  if (std::ranges::find(parts, "vectors", &Part::name) == parts.end()) return std::nullopt;
  request.body = {};
  return parts;
}

RequestPlan add_vectors(const Service& service, const Asked& asked, const ArchiveAdding& adding,
                        std::vector<Part> parts, const std::string& site, const std::string& weights) {
  auto task = std::make_shared<Task>();
  for (Part& part : parts) {
    std::string* const place = part.name == "vectors" ? &task->vectors
                               : part.name == "rows"  ? &task->rows
                               : part.name == "table" ? &task->table
                                                      : nullptr;
    if (place == nullptr || !place->empty()) {
      throw Error(Code::kBadArgument, "body: expected parts called vectors, rows and table, each once at most");
    }
    *place = std::move(part.body);
  }
  task->site = site;
  task->weights = weights;
  task->adding = adding;
  if (std::optional<RequestPlan> refused = find_embedder(service, asked, task->model, task->image)) {
    return *std::move(refused);
  }
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kAdd;
  plan.archive = record_of(asked);
  plan.archive->action = "add";
  plan.archive->parts = 1;
  plan.archive->query = asked.served->query_name(task->vectors);
  plan.finish = [asked, task, stop = plan.stop->get_token(), record = plan.archive](const Vectors&) {
    try {
      return run(asked, *task, stop, *record);
    } catch (const Error& error) {
      if (error.code() != Code::kOverloaded) throw;
      return refusal(ErrorFormat::kOpenAi, kUnavailable, mi2::name_of(error.code()), error.what());
    }
  };
  return plan;
}

}  // namespace mi2::protocols::archives
