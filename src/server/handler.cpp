#include "server/handler.hpp"

#include <algorithm>
#include <atomic>
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

/// Threads for searches and deletions, and as many for other requests to archives. Of a kind, one works on each archive
/// at a time.
constexpr std::size_t kSearchers = 8;
/// Threads for comparisons, which use all cores and take minutes, and for what is added: of all archives.
constexpr std::size_t kJudges = 2;
constexpr std::size_t kAdders = 2;
/// Threads that wait for servers to which results are sent.
constexpr std::size_t kPushers = 2;
/// And for pictures that are shown: so many are decoded at a time, beside those that are embedded.
constexpr std::size_t kRenderers = 2;
/// And for maps of them, which wait for the model between others.
constexpr std::size_t kHeatmaps = 2;
/// Of a kind that wait or are at work: who asks for many comparisons keeps nobody from searching.
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
      lookers_(kSearchers),
      judges_(kJudges),
      adders_(kAdders),
      pushers_(kPushers),
      renderers_(kRenderers),
      heatmaps_(kHeatmaps) {}

Call Handler::open(protocols::HttpRequest request, ClientLiveness client, asio::ip::address peer) {
  Call call(std::move(request), client, std::move(peer));
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
  if (std::optional<protocols::HttpResponse> refused = admit(call, open)) return refused;
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
  if (archives) {
    for (const protocols::ArchiveFollowing& one : archives->following()) metrics_.follows(one.name, one.seconds);
    for (const protocols::ArchiveDrift& one : archives->drifts().now()) metrics_.drift(one);
  }
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
  // A request may wait for minutes: a key that was revoked meanwhile gets no answer.
  if (!keeps_key(call)) {
    answer = refuse_key(call);
  } else if (thrown) {
    answer = refuse(call, thrown);
  }
  co_await account(call, answer);
  co_return answer;
}

protocols::HttpResponse Handler::refuse(const Call& call, const std::exception_ptr& thrown) const {
  try {
    std::rethrow_exception(thrown);
  } catch (const AuditRefused& refused) {
    tell_unaudited(call, refused.what());
    return refuse_unaudited(call);
  } catch (const Error& error) {
    return refuse(call, error);
  } catch (const std::bad_alloc&) {
    return refuse(call, Error(Code::kTooLarge, "not enough memory for this request"));
  } catch (const std::exception& error) {
    // What a library says may quote what it was given: only the kind is told.
    log_.error("internal_error", {{"request_id", call.ids.request}, {"type", typeid(error).name()}});
    return refuse(call, Error(Code::kInternal, "internal error"));
  }
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
    call.archive = plan.archive;
    answer = co_await carry_out(call, *snapshot, std::move(plan));
    co_return;
  }
  protocols::RequestPlan plan = co_await on_pool(workers_, parse);
  call.archive = plan.archive;
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

void Handler::post_apart(const protocols::RequestPlan& plan, std::function<void()> work) {
  const std::string archive = plan.archive ? plan.archive->archive : std::string();
  switch (plan.apart) {
    case protocols::Apart::kLook:
      return lookers_.post(archive, std::move(work));
    case protocols::Apart::kJudge:
      return judges_.post(archive, std::move(work));
    case protocols::Apart::kAdd:
      return adders_.post(archive, std::move(work));
    case protocols::Apart::kPush:
      return pushers_.post(archive, std::move(work));
    case protocols::Apart::kRender:
      return renderers_.post(archive, std::move(work));
    case protocols::Apart::kHeatmap:
      return heatmaps_.post(archive, std::move(work));
    case protocols::Apart::kSearch:
      break;
  }
  searchers_.post(fmt::format("{} {}", archive, plan.lane), std::move(work));
}

/// On a thread for what takes long, as long as the client waits.
asio::awaitable<protocols::HttpResponse> Handler::finish_apart(Call& call, protocols::RequestPlan plan,
                                                               protocols::Vectors vectors) {
  if (call.disconnected) plan.stop->request_stop();
  const Clock::time_point start = Clock::now();
  protocols::HttpResponse answer;
  std::exception_ptr failed;
  bool late = false;
  std::size_t& waiting = apart_.at(static_cast<std::size_t>(plan.apart));
  if (waiting >= kMostApart) {
    failed = std::make_exception_ptr(Error(Code::kOverloaded, "too many requests wait for archives; try again"));
  } else {
    ++waiting;
    const auto finished = std::make_shared<Event>(co_await asio::this_coro::executor);
    std::atomic<bool> begun = false;
    std::atomic<bool> revoked = false;
    const std::optional<audit::Entry> change = change_of(call, plan);
    post_apart(plan, [&, finished] {
      begun = true;
      try {
        if (revoked) throw Error(Code::kOverloaded, "the key was revoked meanwhile");
        if (change) begin(*change);
        call.begun = change.has_value();
        answer = plan.finish(vectors);
      } catch (...) {
        failed = std::current_exception();
      }
      asio::post(finished->executor(), [finished] { finished->set(); });
    });
    std::optional<Clock::time_point> limit;
    while (!co_await finished->wait_for(kPollInterval)) {
      if (!limit && begun && plan.apart == protocols::Apart::kJudge) {
        limit = Clock::now() + options_.timeouts.comparison;
      }
      late = late || (limit && Clock::now() > *limit);
      if (!call.disconnected && call.client.disconnected()) call.disconnected = true;
      // What waits does not begin, and what can end early does.
      if (!keeps_key(call)) revoked = true;
      if (late || call.disconnected || revoked) plan.stop->request_stop();
    }
    --waiting;
  }
  if (late && failed) {
    failed = std::make_exception_ptr(Error(
        Code::kTooLarge,
        fmt::format("not done after {} s; expected a filter that chooses less", options_.timeouts.comparison.count())));
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
  if (plan.archive) note(call, *plan.archive, outcome, seconds_between(start, Clock::now()));
  if (failed) std::rethrow_exception(failed);
  co_return answer;
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
  if (failed) {
    own_fault = !fetch.abandoned();
    std::rethrow_exception(failed);
  }
  if (!has_answers(work)) co_return;
  own_fault = true;
  auto take = [&work] { take_files(work); };
  co_await on_pool(workers_, take);
  own_fault = false;
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
