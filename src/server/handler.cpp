#include "server/handler.hpp"

#include <algorithm>
#include <cctype>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <boost/uuid/uuid_io.hpp>

#include "protocols/answers.hpp"
#include "protocols/archive_routes.hpp"

namespace mi2::server {
namespace {

constexpr std::string_view kMetricsPath = "/metrics";

/// What takes less time than handing it to a worker and coming back: reading a short text, rendering a vector.
constexpr std::size_t kShortBody = 4096;
constexpr std::size_t kFewRows = 1;

/// Threads for searches and deletions, and as many for other requests to archives; and how many may wait for them. Of a
/// kind, one works on each archive at a time.
constexpr std::size_t kSearchers = 8;
constexpr std::size_t kMostApart = 256;

/// Between two looks at whether a waiting client is still connected: longer than most answers take.
constexpr milliseconds kPollInterval{250};

/// Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header: "00-TRACE-PARENT-FLAGS", lower case.
bool is_traceparent(std::string_view text) {
  constexpr std::string_view kForm = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  const auto fits = [](char c, char form) {
    return form == 'x' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == form;
  };
  return text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(), fits);
}

/// What `work` threw, or null: no handler may await, hence the pointer's way out of it.
asio::awaitable<std::exception_ptr> failure_of(asio::awaitable<void> work) {
  std::exception_ptr thrown;
  try {
    co_await std::move(work);
  } catch (...) {
    thrown = std::current_exception();
  }
  co_return thrown;
}

}  // namespace

Handler::Handler(const Options& options, Models& models, asio::thread_pool& workers, Metrics& metrics, Log& log)
    : options_(options),
      models_(models),
      workers_(workers),
      metrics_(metrics),
      log_(log),
      cors_(options.cors_origins),
      fetcher_(options.urls),
      searchers_(kSearchers),
      lookers_(kSearchers) {}

Call Handler::open(protocols::HttpRequest request, ClientLiveness client) {
  Call call(std::move(request), client);
  call.head = call.request.method == "HEAD";
  call.origin = call.request.header("origin");
  call.ids = protocols::request_ids(call.request, boost::uuids::to_string(new_id_()));
  if (is_traceparent(call.request.header("traceparent"))) {
    call.traceparent = call.request.header("traceparent");
    call.record.trace_id = call.traceparent.substr(3, 32);
  }
  call.record.id = call.ids.request;
  call.record.client_id = call.ids.client;
  if (call.request.path == kMetricsPath) {
    call.record.route = "metrics";
  } else {
    call.match = protocols::match(call.request);
    if (call.route() != nullptr) call.record.route = call.route()->name;
  }
  return call;
}

std::optional<protocols::HttpResponse> Handler::early_answer(Call& call) const {
  if (std::optional<protocols::HttpResponse> preflight = cors_.preflight(call.request)) {
    call.record.route = "preflight";
    return preflight;
  }
  const bool options = call.request.method == "OPTIONS" && call.match.refusal && call.match.refusal->status == 200;
  const bool open = options || (call.route() != nullptr && call.route()->open);
  std::optional<std::string> caller = keys_.caller(call.request);
  if (!open && !caller) {
    protocols::HttpResponse answer =
        refuse(call, 401, "unauthorized", "expected a key: Authorization: Bearer KEY, or api-key: KEY");
    answer.headers.emplace_back("www-authenticate", "Bearer");
    return answer;
  }
  call.caller = std::move(caller).value_or(std::string());
  call.request.caller = call.caller;
  if (call.request.path == kMetricsPath) return metrics_answer(call);
  if (call.match.refusal) return std::move(call.match.refusal);
  return protocols::refuse_headers(call.route(), call.request);
}

protocols::HttpResponse Handler::metrics_answer(Call& call) const {
  if (call.request.method != "GET" && !call.head) {
    protocols::HttpResponse answer = refuse(call, 405, "method_not_allowed", "expected GET");
    answer.headers.emplace_back("allow", "GET");
    return answer;
  }
  const auto archives = models_.snapshot()->service.archives;
  return {200, std::string(Metrics::kContentType), {}, metrics_.render(!archives || archives->sees_all(call.caller))};
}

protocols::HttpResponse Handler::refuse(const Call& call, const Error& error) const {
  return protocols::error_answer(call.route(), error);
}

protocols::HttpResponse Handler::refuse(const Call& call, int status, std::string_view code,
                                        std::string_view message) const {
  return protocols::refusal(call.route(), status, code, message);
}

asio::awaitable<protocols::HttpResponse> Handler::answer(Call& call) {
  protocols::HttpResponse answer;
  const std::exception_ptr thrown = co_await failure_of(compute(call, answer));
  if (!thrown) co_return answer;
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    answer = refuse(call, error);
  } catch (const std::bad_alloc&) {
    answer = refuse(call, Error(Code::kTooLarge, "not enough memory for this request"));
  } catch (const std::exception& error) {
    // What a library says may quote what it was given: only the kind is told.
    log_.error("internal_error", {{"request_id", call.ids.request}, {"type", typeid(error).name()}});
    answer = refuse(call, Error(Code::kInternal, "internal error"));
  }
  co_return answer;
}

asio::awaitable<void> Handler::compute(Call& call, protocols::HttpResponse& answer) {
  const std::shared_ptr<const Snapshot> snapshot = models_.snapshot();
  const protocols::Route& route = *call.route();
  if (!call.request.header("content-encoding").empty()) {
    std::optional<protocols::HttpResponse> refused = co_await decode(call);
    if (refused) answer = std::move(*refused);
    if (refused) co_return;
  }
  auto parse = [&] { return route.parse(snapshot->service, std::move(call.request), call.match.parameters); };
  if (call.request.body.size() <= kShortBody) {
    protocols::RequestPlan plan = parse();
    answer = co_await carry_out(call, *snapshot, std::move(plan));
    co_return;
  }
  protocols::RequestPlan plan = co_await on_pool(workers_, parse);
  answer = co_await carry_out(call, *snapshot, std::move(plan));
}

asio::awaitable<std::optional<protocols::HttpResponse>> Handler::decode(Call& call) {
  auto work = [&] { return protocols::decode_content(call.route(), call.request, options_.limits.body_bytes); };
  std::optional<protocols::HttpResponse> refused = co_await on_pool(workers_, work);
  if (call.memory != nullptr && !call.memory->grow_to(call.request.body.size())) {
    throw Error(Code::kOverloaded, "the requests in memory are too large together");
  }
  co_return refused;
}

asio::awaitable<protocols::HttpResponse> Handler::carry_out(Call& call, const Snapshot& snapshot,
                                                            protocols::RequestPlan plan) {
  call.record.images = plan.work.images.size();
  call.record.texts = plan.work.texts.size();
  call.record.model = plan.work.model;
  if (call.record.images + call.record.texts == 0) {
    if (plan.stop) co_return co_await finish_apart(call, std::move(plan), {});
    co_return plan.finish({});
  }
  const auto found = snapshot.workers.find(plan.work.model);
  if (found == snapshot.workers.end()) throw Error(Code::kOverloaded, "the model is not ready yet");
  const std::shared_ptr<ModelWorker> worker = found->second;
  bool own_fault = false;
  std::optional<Error> failed;
  protocols::Vectors vectors;
  try {
    vectors = co_await embed(call, *worker, std::move(plan.work), own_fault);
  } catch (const Error& error) {
    if (!own_fault) throw;
    failed = error;
  }
  if (failed) co_return protocols::item_error_answer(call.route(), *failed);
  call.record.add_warnings(vectors.warnings);
  if (plan.stop) co_return co_await finish_apart(call, std::move(plan), std::move(vectors));
  auto finish = [&] {
    protocols::HttpResponse answer = plan.finish(vectors);
    protocols::add_warnings_header(answer, vectors.warnings);
    return answer;
  };
  if (vectors.images.rows() + vectors.texts.rows() <= kFewRows) co_return finish();
  co_return co_await on_pool(workers_, finish);
}

/// On a thread for what takes long, as long as the client waits.
asio::awaitable<protocols::HttpResponse> Handler::finish_apart(Call& call, protocols::RequestPlan plan,
                                                               protocols::Vectors vectors) {
  if (call.disconnected) plan.stop->request_stop();
  const Clock::time_point start = Clock::now();
  protocols::HttpResponse answer;
  std::exception_ptr failed;
  if (apart_ >= kMostApart) {
    failed = std::make_exception_ptr(Error(Code::kOverloaded, "too many requests wait for archives; try again"));
  } else {
    ++apart_;
    const auto finished = std::make_shared<Event>(co_await asio::this_coro::executor);
    const std::string action = plan.archive ? plan.archive->action : std::string();
    const std::string lane = plan.archive ? plan.archive->archive + ' ' + action : std::string();
    (action.empty() ? lookers_ : searchers_).post(lane, [&, finished] {
      try {
        answer = plan.finish(vectors);
      } catch (...) {
        failed = std::current_exception();
      }
      asio::post(finished->executor(), [finished] { finished->set(); });
    });
    while (!co_await finished->wait_for(kPollInterval)) {
      if (call.disconnected || !call.client.disconnected()) continue;
      call.disconnected = true;
      plan.stop->request_stop();
    }
    --apart_;
  }
  std::string_view outcome = answer.outcome;
  try {
    if (failed) std::rethrow_exception(failed);
    protocols::add_warnings_header(answer, vectors.warnings);
  } catch (const Error& error) {
    outcome = call.disconnected ? "disconnected" : name_of(error.code());
  } catch (const std::exception&) {
    outcome = name_of(Code::kInternal);
  }
  if (plan.archive) audit(call, *plan.archive, outcome, seconds_between(start, Clock::now()));
  if (failed) std::rethrow_exception(failed);
  co_return answer;
}

/// Who searched what and when: of the query only what says that two are the same.
void Handler::audit(const Call& call, const protocols::ArchiveRecord& record, std::string_view outcome, double took) {
  if (record.snapshot >= 0) metrics_.archive(record.archive, record.rows, record.snapshot);
  if (!record.fault.empty()) {
    log_.error(
        "archive_fault",
        {{"archive", record.archive}, {"request_id", call.ids.request}, {"error", without_paths(record.fault, {})}});
  }
  if (record.action.empty()) return;
  metrics_.asked(record.archive, record.action, outcome, took);
  // The first digits of a digest name a key to whoever has the keys, and give nobody else one.
  constexpr std::size_t kNameOfKey = 12;
  log_.info("archive_" + record.action, {{"request_id", call.ids.request},
                                         {"archive", record.archive},
                                         {"key", std::string_view(call.caller).substr(0, kNameOfKey)},
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

/// Before the rows have places in the queue: other requests do not wait for a slow host.
asio::awaitable<void> Handler::fetch(Call& call, protocols::Work& work, bool& own_fault) {
  const bool remote = std::ranges::any_of(work.images, [](const auto& item) { return !item.url.empty(); });
  if (!remote) co_return;
  const auto keep = [&call](std::size_t bytes) {
    if (call.memory != nullptr && !call.memory->grow_by(bytes)) {
      throw Error(Code::kOverloaded, "the images in memory are too large together");
    }
  };
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Event finished(executor);
  Fetch fetch;
  std::exception_ptr failed;
  asio::co_spawn(executor, fetcher_.fetch(work, options_.limits.body_bytes, keep, fetch),
                 [&](const std::exception_ptr& thrown) {
                   failed = thrown;
                   finished.set();
                 });
  while (!co_await finished.wait_for(kPollInterval)) {
    if (call.disconnected || !call.client.disconnected()) continue;
    call.disconnected = true;
    fetch.abandon();
  }
  if (!failed) co_return;
  own_fault = !fetch.abandoned();
  std::rethrow_exception(failed);
}

asio::awaitable<protocols::Vectors> Handler::embed(Call& call, ModelWorker& worker, protocols::Work work,
                                                   bool& own_fault) {
  co_await fetch(call, work, own_fault);
  const std::size_t images = work.images.size();
  const std::size_t texts = work.texts.size();
  if (!worker.reserve(images, texts)) {
    throw Error(Code::kOverloaded,
                fmt::format("the queue is full: no place for {} rows of this request", images + texts));
  }
  const auto finished = std::make_shared<Event>(co_await asio::this_coro::executor);
  const auto job = std::make_shared<Job>(std::move(work), worker.dimensions(), [finished] {
    asio::post(finished->executor(), [finished] { finished->set(); });
  });
  worker.submit(job);
  while (!co_await finished->wait_for(kPollInterval)) {
    if (call.disconnected || !call.client.disconnected()) continue;
    call.disconnected = true;
    worker.drop(job);
  }
  call.record.times = job->times();
  own_fault = job->failed_by_own();
  co_return job->take_vectors();
}

void Handler::complete(Call& call, protocols::HttpResponse& answer) const {
  const double took = seconds_between(call.start, Clock::now());
  protocols::add_id_headers(answer, call.ids, took * 1e3);
  if (!call.traceparent.empty()) answer.headers.emplace_back("traceparent", call.traceparent);
  cors_.allow(call.origin, answer);
  call.record.status = answer.status;
  call.record.bytes_out = call.head ? 0 : answer.body.size();
  call.record.outcome = answer.outcome;
}

void Handler::close(Call& call, std::string_view outcome) {
  if (!outcome.empty()) call.record.outcome = outcome;
  call.record.seconds = seconds_between(call.start, Clock::now());
  if (call.record.status != 0) metrics_.answered(call.record.route, call.record.status, call.record.seconds);
  if (call.record.outcome != "ok") metrics_.failed(call.record.outcome);
  log_.request(call.record);
}

}  // namespace mi2::server
