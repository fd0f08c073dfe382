// mi2 knn: embeddings to labels by those of their nearest neighbours.

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "arguments.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "evaluation/evaluation.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "score_writers.hpp"
#include "vector_arguments.hpp"
#include "vectors/knn.hpp"

namespace mi2::cli {
namespace {

/// Rows searched between two looks at Ctrl-C and the bar.
constexpr std::size_t kChunk = 1024;

struct KnnArguments {
  std::string train;
  LabelTableArguments labels;
  const CLI::Option* queries = nullptr;
  std::string query_labels;
  std::size_t k = 5;
  std::string metric = "cosine";
  std::string vote = "majority";
  unsigned threads = 0;
  ScoreArguments scores;
  std::string figures;
};

constexpr std::string_view kKnnHelp =
    R"(Every query is compared with all rows of --train that have a label; if the table has splits,
only with those of the split train. The k nearest vote: one vote each, or with --vote
distance 1 / distance each. A score is a label's share of the vote; ties go to the label that
sorts first, as in scikit-learn.

Formats:
  table  for people: the path, then rank, score and label, best first
  jsonl  {"path": .., "labels": [{"label": .., "score": ..}, ..],
          "neighbours": [{"path": .., "label": .., "distance": ..}, ..]}, nearest first
  csv    path,rank,label,score after a header line
  Only labels with a vote are listed.

Accuracy:
  Where a query's label is known, from --query-labels or else from the rows of --labels that
  are not of the split train, accuracy, balanced accuracy and mean AUC go to standard error;
  --figures FILE writes them as JSON.

Examples:
  mi2 knn --train archive.jsonl --labels labels.csv new.jsonl
  mi2 knn --train train.npy --labels train.txt --k 20 --vote distance --format jsonl \
      --query-labels test.txt test.npy
)";

/// The rows that are searched.
struct Known {
  vectors::VectorTable table;  ///< only the rows that count
  std::vector<std::string> labels;
  std::vector<std::size_t> class_of;  ///< of each row
};

Known known_rows(const KnnArguments& arguments, const vectors::LabelTable& labels, Progress& progress) {
  vectors::VectorTable all = read_embeddings(arguments.train, arguments.labels.paths);
  const vectors::Join joined = join_and_report(all, labels, progress);
  Known known;
  known.table.source = all.source;
  known.table.vectors = EmbeddingMatrix(0, all.vectors.dimensions());
  known.table.provenance = all.provenance;
  std::vector<std::string> names;
  std::set<std::string> distinct;
  for (std::size_t r = 0; r < all.vectors.rows(); ++r) {
    if (!joined.row_of[r]) continue;
    const vectors::LabelRow& row = labels.rows[*joined.row_of[r]];
    if (row.split && *row.split != vectors::Split::kTrain) continue;
    known.table.names.push_back(all.names.empty() ? std::to_string(r + 1) : std::move(all.names[r]));
    known.table.vectors.append(all.vectors.row(r));
    if (!all.frames.empty()) known.table.frames.push_back(all.frames[r]);
    names.push_back(row.label);
    distinct.insert(row.label);
  }
  known.labels.assign(distinct.begin(), distinct.end());
  for (const std::string& name : names) {
    const auto place = std::lower_bound(known.labels.begin(), known.labels.end(), name);
    known.class_of.push_back(static_cast<std::size_t>(place - known.labels.begin()));
  }
  if (names.empty()) throw Error(Code::kBadArgument, fmt::format("{}: no row of split train", labels.source));
  return known;
}

/// Writes what became of one query after the other, and keeps those whose label is known.
class Results {
 public:
  /// @param frames  whether queries name frames.
  Results(const Known& known, const KnnArguments& arguments, bool frames)
      : known_(known), output_(open_output(arguments.scores.out)), lines_(format_of(arguments.scores) == "jsonl") {
    if (!lines_) writer_ = make_score_writer(format_of(arguments.scores), *output_, frames);
    shares_.classes = known.labels.size();
  }

  void add(const std::string& path, const std::optional<FramePlace>& frame,
           std::span<const vectors::Neighbour> neighbours, const std::vector<double>& shares,
           const std::optional<std::string>& label) {
    std::vector<LabelScore> scores;
    for (std::size_t c = 0; c < shares.size(); ++c) {
      if (shares[c] > 0) scores.push_back({known_.labels[c], shares[c]});
    }
    std::stable_sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    if (lines_) {
      write_line(path, frame, scores, neighbours);
    } else {
      writer_->write(path, frame, scores, {});
    }
    if (!label) return;
    const auto place = std::lower_bound(known_.labels.begin(), known_.labels.end(), *label);
    if (place == known_.labels.end() || *place != *label) {
      throw Error(Code::kBadArgument, fmt::format("knn: the label of '{}' is on no row of --train", path));
    }
    classes_.push_back(static_cast<std::size_t>(place - known_.labels.begin()));
    shares_.values.insert(shares_.values.end(), shares.begin(), shares.end());
  }

  void finish(const std::string& figures, Progress& progress) {
    if (classes_.empty() && !figures.empty()) {
      throw Error(Code::kBadArgument, "--figures: no query has a known label");
    }
    if (classes_.empty()) {
      output_->commit();
      return;
    }
    const evaluation::Evaluation found = evaluation::evaluate(shares_, classes_, {0, 0.95, 0});
    const std::string auc = found.mean_auc.value ? fmt::format("{:.4f}", *found.mean_auc.value) : "-";
    commit_with(figures, found);
    progress.note(fmt::format("{} queries of known label: accuracy {:.4f}, balanced accuracy {:.4f}, mean AUC {}",
                              found.rows, *found.accuracy.value, *found.balanced_accuracy.value, auc));
  }

 private:
  /// A kill must not leave the figures of one result beside another.
  void commit_with(const std::string& figures, const evaluation::Evaluation& found) {
    if (figures.empty()) {
      output_->commit();
      return;
    }
    const auto file = open_output(figures);
    file->write(fmt::format("{{\"rows\": {}, \"accuracy\": {}, \"balanced_accuracy\": {}, \"mean_auc\": {}}}\n",
                            found.rows, *found.accuracy.value, *found.balanced_accuracy.value,
                            found.mean_auc.value ? fmt::format("{}", *found.mean_auc.value) : "null"));
    output_->flush();
    file->withdraw_old();
    output_->commit();
    file->commit();
  }
  /// `"frame": 3, `, or nothing.
  static std::string frame_member(const std::optional<FramePlace>& frame) {
    return frame ? fmt::format(R"("frame": {}, )", frame->number) : std::string();
  }

  void write_line(const std::string& path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores,
                  std::span<const vectors::Neighbour> neighbours) {
    std::string line = fmt::format(R"({{"path": {}, {}"labels": [)", base::json_string(path), frame_member(frame));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      line += fmt::format(R"({}{{"label": {}, "score": )", i > 0 ? ", " : "", base::json_string(scores[i].label));
      base::append_number(line, scores[i].score);
      line += '}';
    }
    line += R"(], "neighbours": [)";
    for (std::size_t i = 0; i < neighbours.size(); ++i) {
      const vectors::Neighbour& neighbour = neighbours[i];
      line += fmt::format(R"({}{{"path": {}, {}"label": {}, "distance": )", i > 0 ? ", " : "",
                          base::json_string(known_.table.names[neighbour.row]),
                          frame_member(known_.table.place(neighbour.row)),
                          base::json_string(known_.labels[known_.class_of[neighbour.row]]));
      base::append_number(line, neighbour.distance);
      line += '}';
    }
    output_->write(line + "]}\n");
  }

  const Known& known_;
  std::unique_ptr<Output> output_;
  bool lines_;
  std::unique_ptr<ScoreWriter> writer_;
  evaluation::Scores shares_;
  std::vector<std::size_t> classes_;
};

/// The known labels of the queries of one file: --query-labels, else --labels if that is a table.
std::vector<std::optional<std::string>> query_labels(const vectors::VectorTable& queries, const KnnArguments& arguments,
                                                     const vectors::LabelTable& labels, Progress& progress) {
  std::vector<std::optional<std::string>> found(queries.vectors.rows());
  const bool own = !arguments.query_labels.empty();
  if (!own && (!labels.named || queries.names.empty())) return found;
  const vectors::LabelTable table =
      own ? vectors::read_label_table(arguments.query_labels, arguments.labels.options) : vectors::LabelTable{};
  const vectors::LabelTable& used = own ? table : labels;
  const vectors::Join joined = own ? join_and_report(queries, used, progress)
                                   : vectors::lookup(queries.names, queries.source, used, queries.frames);
  for (std::size_t r = 0; r < found.size(); ++r) {
    if (!joined.row_of[r]) continue;
    const vectors::LabelRow& row = used.rows[*joined.row_of[r]];
    // A row that is searched finds itself: what it says of its label is worth nothing.
    if (own || row.split != vectors::Split::kTrain) found[r] = row.label;
  }
  return found;
}

int knn(const KnnArguments& arguments) {
  catch_interrupts();
  const vectors::Metric metric = vectors::parse_metric(arguments.metric);
  const vectors::Vote how = vectors::parse_vote(arguments.vote);
  if (metric == vectors::Metric::kDot && how == vectors::Vote::kDistance) {
    throw Error(Code::kBadArgument, "--vote distance: inner products are no distances; --metric cosine or euclidean");
  }
  const std::vector<std::string> files = values_of(arguments.queries);
  Progress notes(0, "");
  notes.begin("reading the embeddings");
  const vectors::LabelTable labels = vectors::read_label_table(arguments.labels.labels, arguments.labels.options);
  const Known known = known_rows(arguments, labels, notes);
  const vectors::Neighbours neighbours(known.table.vectors.numbers(), known.table.vectors.dimensions(), metric,
                                       arguments.threads);
  std::optional<Results> results;
  for (const std::string& file : files) {
    notes.begin("reading the queries");
    const vectors::VectorTable queries = read_embeddings(file, "");
    check_origin(queries.provenance, known.table.provenance, arguments.train, notes);
    // A table's header says whether rows name frames: as the first file has them.
    if (!results) results.emplace(known, arguments, !queries.frames.empty() || !known.table.frames.empty());
    const auto label_of = query_labels(queries, arguments, labels, notes);
    const std::size_t dimensions = queries.vectors.dimensions();
    notes.rest();
    Progress bar(queries.vectors.rows(), "queries");
    bar.keep_alive();
    for (std::size_t begin = 0; begin < queries.vectors.rows(); begin += kChunk) {
      throw_if_interrupted();
      const std::size_t count = std::min(kChunk, queries.vectors.rows() - begin);
      const auto block = queries.vectors.numbers().subspan(begin * dimensions, count * dimensions);
      const auto found = neighbours.search(block, dimensions, arguments.k);
      bar.hide();
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t r = begin + i;
        results->add(queries.names.empty() ? std::to_string(r + 1) : queries.names[r], queries.place(r), found[i],
                     vectors::vote(found[i], known.class_of, known.labels.size(), how), label_of[r]);
      }
      bar.advance(count);
    }
  }
  notes.begin("evaluating");
  results->finish(arguments.figures, notes);
  return 0;
}

}  // namespace

void add_knn(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<KnnArguments>();
  command.add_option("--train", arguments->train, "Embeddings of known label")->type_name("FILE")->required();
  add_label_table_arguments(command, arguments->labels);
  command.add_option("--query-labels", arguments->query_labels, "The queries' labels, to report the accuracy")
      ->type_name("FILE");
  command.add_option("--k", arguments->k, "Neighbours that vote")
      ->type_name("K")
      ->check(CLI::Range(1U, 1'000'000U).description(""))
      ->capture_default_str();
  command.add_option("--metric", arguments->metric, "What near means")
      ->type_name("cosine|euclidean|dot")
      ->transform(one_of({"cosine", "euclidean", "dot"}))
      ->capture_default_str();
  command.add_option("--vote", arguments->vote, "How neighbours vote; distance needs cosine or euclidean")
      ->type_name("majority|distance")
      ->transform(one_of({"majority", "distance"}))
      ->capture_default_str();
  command.add_option("--threads", arguments->threads, "Threads to compute with (default: one per core)")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U).description(""));
  add_score_arguments(command, arguments->scores);
  command.add_flag("--force", arguments->scores.force, "Replace FILE of --out and --figures if it already exists");
  command.add_option("--figures", arguments->figures, "Write the accuracy as JSON")->type_name("FILE");
  arguments->queries = add_positionals(command, "QUERIES", "Files of embeddings to classify")->required();
  command.footer(fmt::format("{}\n{}\n{}", kVectorHelp, kKnnHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return knn(*arguments); }; });
}

}  // namespace mi2::cli
