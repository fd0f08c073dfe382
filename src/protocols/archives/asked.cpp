#include "protocols/archives/asked.hpp"

#include <utility>

#include <mi2/error.hpp>

namespace mi2::protocols::archives {

std::shared_ptr<ArchiveRecord> record_of(const Asked& asked) {
  auto record = std::make_shared<ArchiveRecord>();
  record->archive = asked.name;
  return record;
}

std::shared_ptr<const ServedModel> find_model(const Service& service, const archive::Format& format) {
  bool loading = false;
  for (const auto& [name, model] : service.models) {
    if (model->ready && model->provenance.weights_sha256 == format.space.weights_sha256) return model;
    loading = loading || !model->ready;
  }
  if (loading) throw Error(Code::kOverloaded, "the model is not ready yet; try again");
  return nullptr;
}

void note(ArchiveRecord& record, const archive::Reader& reader) {
  record.snapshot = reader.sequence();
  record.rows = reader.segments().rows();
}

void guarded(ArchiveRecord& record, const std::stop_token& stop, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.code() == Code::kOverloaded) {
      throw Error(Code::kOverloaded, "another process writes to the archive; try again");
    }
    const bool own =
        error.code() == Code::kBadFile || error.code() == Code::kUnsupported || error.code() == Code::kInternal;
    if (!own || stop.stop_requested()) throw;
    record.fault = error.what();
    throw Error(Code::kInternal, "the archive cannot be read; the server's log says why");
  }
}

RequestPlan look(const Asked& asked, std::function<void(archive::Reader&, HttpResponse&)> read) {
  RequestPlan plan;
  plan.stop.emplace();
  plan.archive = record_of(asked);
  plan.finish = [asked, read = std::move(read), record = plan.archive, stop = plan.stop->get_token()](const Vectors&) {
    HttpResponse answer;
    guarded(*record, stop, [&] {
      asked.served->look([&](archive::Reader& reader) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "archive: stopped");
        note(*record, reader);
        answer = {};
        read(reader, answer);
      });
    });
    return answer;
  };
  return plan;
}

RequestPlan look(const Asked& asked, std::function<std::string(archive::Reader&)> read) {
  return look(asked,
              [read = std::move(read)](archive::Reader& reader, HttpResponse& answer) { answer.body = read(reader); });
}

}  // namespace mi2::protocols::archives
