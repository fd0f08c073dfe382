#include "batch/batch.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "batch/formats.hpp"
#include "embedder/pipeline.hpp"
#include "jobs/journal.hpp"
#include "protocols/json.hpp"

namespace mi2::batch {
namespace {

using protocols::Row;
using protocols::Vectors;

/// What the lines of a batch depend on.
std::string job_of(const Embedder& embedder, const protocols::ServedModel& model, const Options& options) {
  const ImageOptions& images = embedder.options().image;
  return protocols::Json{{"input_sha256", base::sha256_hex(options.input)},
                         {"format", options.format == Format::kCsv ? "csv" : "jsonl"},
                         {"weights_sha256", model.provenance.weights_sha256},
                         {"labels", model.labels},
                         {"dtype", model.provenance.dtype},
                         {"version", model.provenance.version},
                         {"profile", name_of(images.profile)},
                         {"azure", {images.azure_size, images.azure_quality}},
                         {"intensity", to_string(images.intensity)},
                         {"window", images.window ? to_string(*images.window) : ""},
                         {"frames", to_string(images.frames)},
                         {"max_pixels", images.max_pixels},
                         {"max_file_bytes", images.max_file_bytes}}
      .dump();
}

EmbeddingMatrix one_row(std::span<const float> vector) {
  EmbeddingMatrix matrix(1, vector.size());
  std::copy(vector.begin(), vector.end(), matrix.row(0).begin());
  return matrix;
}

class Runner {
 public:
  Runner(const Embedder& embedder, const protocols::ServedModel& model, const Options& options)
      : embedder_(embedder), options_(options), format_(make_format(options.format, model.kind)) {
    table_.model = std::make_shared<const protocols::ServedModel>(model);
    service_.images = embedder.options().image;
  }

  Summary run() {
    jobs::Journal journal(options_.output, job_of(embedder_, *table_.model, options_), options_.restart,
                          [&](std::string_view line) { return format_->is_error(line); });
    Summary summary{count_rows(), journal.failed(), journal.lines()};
    if (summary.resumed > summary.rows) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}.part: has more lines than the input has rows; --restart throws it "
                              "away",
                              options_.output.string()));
    }
    report(summary.resumed, summary.rows);
    base::RecordReader reader = open();
    for (std::uint64_t i = 0; i < summary.resumed; ++i) reader.next();
    answer_rows(reader, summary, journal);
    journal.finish();
    return summary;
  }

 private:
  base::RecordReader open() {
    base::RecordReader reader(options_.input, format_->rule(), options_.max_row_bytes);
    format_->read_header(reader);
    return reader;
  }

  std::uint64_t count_rows() {
    base::RecordReader reader = open();
    std::uint64_t rows = 0;
    while (reader.next()) ++rows;
    return rows;
  }

  void answer_rows(base::RecordReader& reader, Summary& summary, jobs::Journal& journal) {
    embedder::PipelineOptions options;
    options.batch = options_.rows_per_pass;
    options.threads = embedder_.options().threads;
    std::uint64_t read = summary.resumed;
    const auto next = [&]() -> std::optional<embedder::Item> {
      std::optional<base::Record> record = reader.next();
      if (!record) return std::nullopt;
      const std::uint64_t number = ++read;
      return embedder::Item{
          fmt::format("row {}", number), std::nullopt,
          [this, number, record = std::move(*record)]() mutable { return prepare(std::move(record), number); }};
    };
    std::uint64_t answered = summary.resumed;
    embedder::embed_all(embedder_, next, options, [&](std::span<const embedder::Embedded> rows) {
      std::string lines;
      for (const embedder::Embedded& row : rows) lines += line_of(row, ++answered, summary);
      journal.append(lines);
      report(answered, summary.rows);
    });
  }

  void report(std::uint64_t done, std::uint64_t rows) const {
    if (options_.on_progress) options_.on_progress({"rows", done, rows});
  }

  embedder::Prepared prepare(base::Record record, std::uint64_t number) const {
    if (record.too_large) {
      throw Error(Code::kTooLarge, fmt::format("row {}: more than {} bytes", number, options_.max_row_bytes));
    }
    protocols::WorkBuilder builder(service_, {}, service_.images);
    protocols::RowReader reader(builder, table_.model->kind == protocols::ModelKind::kEmbedding);
    static_cast<void>(format_->read(std::move(record.text), reader, number));
    protocols::Work work = builder.take();
    embedder::Prepared prepared;
    for (const protocols::ImageItem& image : work.images) {
      prepared.image = embedder_.prepare(std::as_bytes(std::span(image.bytes)), image.name);
    }
    for (std::string& text : work.texts) prepared.text = std::move(text);
    return prepared;
  }

  std::string line_of(const embedder::Embedded& row, std::uint64_t number, Summary& summary) const {
    if (row.error != nullptr) {
      ++summary.failed;
      if (options_.on_failed) options_.on_failed(*row.error);
      return format_->error_line(*row.error, number);
    }
    Row places;
    Vectors vectors;
    if (!row.image.empty()) {
      places.image = 0;
      vectors.images = one_row(row.image);
    }
    if (!row.text.empty()) {
      places.text = 0;
      vectors.texts = one_row(row.text);
    }
    return format_->line(table_, places, vectors, number);
  }

  const Embedder& embedder_;
  const Options& options_;
  std::unique_ptr<RowFormat> format_;
  protocols::Table table_;
  protocols::Service service_;
};

}  // namespace

Summary run(const Embedder& embedder, const protocols::ServedModel& model, const Options& options) {
  std::error_code ignored;
  if (std::filesystem::exists(options.output, ignored)) {
    if (!options.replace || !std::filesystem::is_regular_file(options.output, ignored)) {
      throw Error(Code::kBadArgument, fmt::format("{}: already exists", options.output.string()));
    }
  }
  return Runner(embedder, model, options).run();
}

}  // namespace mi2::batch
