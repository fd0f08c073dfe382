// mi2 knn: embeddings to labels by those of their nearest neighbours.

#include <algorithm>
#include <memory>
#include <optional>
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
#include "knn_findings.hpp"
#include "knn_rows.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report/predictions.hpp"
#include "score_writers.hpp"
#include "vector_arguments.hpp"
#include "vectors/knn.hpp"
#include "vectors/near_equal.hpp"

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
  bool multi_label = false;
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

Patients:
  Where tables have a column patient (or patient_id, or --group COLUMN), rows of a query's own
  patient do not vote. Without one, queries that are nearly equal to a row are warned of, and the
  frames of a file vote for each other: with --group path they do not, if the table has paths.

Several labels:
  With --multi-label a row's label is a|b, or nothing. Every label's score is the share of the
  vote of the rows that have it, and figures are of each label on its own: AUC, average
  precision, and precision, recall and F1 from half of the vote on.

Accuracy:
  Where a query's label is known, from --query-labels or else from the rows of --labels that
  are not of the split train, accuracy, balanced accuracy and mean AUC go to standard error;
  --figures FILE writes them as JSON. Queries of a label that no row of --train has, and zero
  vectors, cannot be judged: they are counted and named, and the rest is done.

Examples:
  mi2 knn --train archive.jsonl --labels labels.csv new.jsonl
  mi2 knn --train train.npy --labels train.txt --k 20 --vote distance --format jsonl \
      --query-labels test.txt test.npy
)";

/// Writes what became of one query after the other, and keeps those whose label is known.
class Results {
 public:
  /// @param frames  whether queries name frames. @param near  of vectors::near_distance(); below 0: not looked for.
  Results(const KnownRows& known, const KnnArguments& arguments, bool frames, double near)
      : known_(known),
        near_(near),
        cosine_(arguments.metric == "cosine"),
        output_(open_output(arguments.scores.out)),
        lines_(format_of(arguments.scores) == "jsonl") {
    if (!lines_) writer_ = make_score_writer(format_of(arguments.scores), *output_, frames);
    shares_.classes = known.labels.size();
    if (arguments.multi_label) findings_.emplace(known.labels);
  }

  void add(const std::string& path, const std::optional<FramePlace>& frame, std::span<const float> query,
           std::span<const vectors::Neighbour> neighbours, const std::vector<double>& votes,
           const std::optional<std::string>& label) {
    const std::vector<double> shares = findings_ ? findings_->shares(votes) : votes;
    const std::vector<std::string>& labels = findings_ ? findings_->labels() : known_.labels;
    std::vector<LabelScore> scores;
    for (std::size_t c = 0; c < shares.size(); ++c) {
      if (shares[c] > 0) scores.push_back({labels[c], shares[c]});
    }
    std::stable_sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    if (lines_) {
      write_line(path, frame, scores, neighbours);
    } else {
      writer_->write(path, frame, scores, {});
    }
    if (neighbours.empty()) (cosine_ && vectors::is_zero(query) ? zero_ : alone_).add(path);
    if (!label) return;
    const auto place = std::lower_bound(known_.labels.begin(), known_.labels.end(), *label);
    if (!findings_ && (place == known_.labels.end() || *place != *label)) {
      unknown_.add(path);
      return;
    }
    if (neighbours.empty()) {
      ++unjudged_;
      return;
    }
    const auto nearest = known_.table.vectors.row(neighbours.front().row);
    if (near_ >= 0 && !vectors::is_zero(query) && !vectors::is_zero(nearest) &&
        vectors::cosine_distance(query, nearest) < near_) {
      ++nearly_equal_;
    }
    ++judged_;
    if (findings_) {
      if (!findings_->judge(*label, shares)) unknown_.add(path);
      return;
    }
    classes_.push_back(static_cast<std::size_t>(place - known_.labels.begin()));
    shares_.values.insert(shares_.values.end(), shares.begin(), shares.end());
  }

  void finish(const std::string& figures, Progress& progress) {
    say_what_is_not_judged(progress);
    if (judged_ == 0 && !figures.empty()) {
      throw Error(Code::kBadArgument, "--figures: no query has a known label that can be judged");
    }
    if (judged_ == 0) {
      output_->commit();
      return;
    }
    if (findings_) {
      finish_findings(figures, progress);
      return;
    }
    const evaluation::Evaluation found = evaluation::evaluate(shares_, classes_, {0, 0.95, 0});
    const std::string auc = found.mean_auc.value ? fmt::format("{:.4f}", *found.mean_auc.value) : "-";
    commit_with(figures, fmt::format("{{\"rows\": {}, \"accuracy\": {}, \"balanced_accuracy\": {}, \"mean_auc\": {}, "
                                     "\"not_judged\": {}}}\n",
                                     found.rows, *found.accuracy.value, *found.balanced_accuracy.value,
                                     found.mean_auc.value ? fmt::format("{}", *found.mean_auc.value) : "null",
                                     unknown_.count() + unjudged_));
    progress.note(fmt::format("{} queries of known label: accuracy {:.4f}, balanced accuracy {:.4f}, mean AUC {}",
                              found.rows, *found.accuracy.value, *found.balanced_accuracy.value, auc));
  }

 private:
  void finish_findings(const std::string& figures, Progress& progress) {
    const evaluation::FindingsEvaluation found = findings_->evaluate();
    commit_with(figures, findings_->figures_json(found, unjudged_));
    progress.note(fmt::format("{} queries of known labels: mean AUC {}, macro F1 {:.4f}, micro F1 {:.4f}", found.rows,
                              found.mean_auc.value ? fmt::format("{:.4f}", *found.mean_auc.value) : "-",
                              found.averages.macro.f1, found.averages.micro.f1));
  }

  void say_what_is_not_judged(Progress& progress) const {
    if (zero_.count() > 0) {
      progress.warn(fmt::format("warning: {} queries are zero vectors, which have no direction, and have no answer: {}",
                                zero_.count(), zero_.text()));
    }
    if (alone_.count() > 0) {
      progress.warn(fmt::format("warning: {} queries have no answer, since all rows of --train are of their own {}: {}",
                                alone_.count(), known_.grouped_by, alone_.text()));
    }
    if (unknown_.count() > 0 && findings_) {
      progress.warn(
          fmt::format("warning: {} queries have a label that no row of --train has, which does not count in the "
                      "figures: {}",
                      unknown_.count(), unknown_.text()));
    } else if (unknown_.count() > 0) {
      progress.warn(
          fmt::format("warning: {} queries cannot be judged and do not count in the figures, since no row of "
                      "--train has their label: {}",
                      unknown_.count(), unknown_.text()));
    }
    if (nearly_equal_ > 0) {
      progress.warn(
          fmt::format("warning: {} of {} judged queries have a nearly equal row in --train; if they are of one patient "
                      "the figures are too good: a column 'patient', or --group COLUMN, keeps patients apart",
                      nearly_equal_, judged_));
    }
  }

  /// A kill must not leave the figures of one result beside another.
  void commit_with(const std::string& figures, const std::string& json) {
    if (figures.empty()) {
      output_->commit();
      return;
    }
    const auto file = open_output(figures);
    file->write(json);
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

  const KnownRows& known_;
  double near_;
  bool cosine_;
  Names zero_;
  Names alone_;               ///< every row is of their own group
  Names unknown_;             ///< of a label that no row has
  std::size_t unjudged_ = 0;  ///< of known label, without an answer
  std::size_t nearly_equal_ = 0;
  std::unique_ptr<Output> output_;
  bool lines_;
  std::unique_ptr<ScoreWriter> writer_;
  std::optional<Findings> findings_;  ///< --multi-label
  std::size_t judged_ = 0;
  evaluation::Scores shares_;
  std::vector<std::size_t> classes_;
};

/// What is said of the search as a whole before it starts.
void say_how(const KnnArguments& arguments, const KnownRows& known, const vectors::LabelTable& labels,
             const vectors::LabelTable* own, Progress& notes) {
  if (arguments.k > known.class_of.size()) {
    notes.warn(fmt::format("warning: --k {}: only {} rows can be searched, and all of them vote", arguments.k,
                           known.class_of.size()));
  }
  const bool grouped = !known.group_of.empty();
  if (own != nullptr && own->group_column.empty() == grouped) {
    notes.warn(fmt::format("warning: {} has a column '{}' and {} has none: patients are not kept apart",
                           grouped ? labels.source : own->source, grouped ? known.grouped_by : own->group_column,
                           grouped ? own->source : labels.source));
  } else if (grouped) {
    notes.note(fmt::format("rows of a query's own '{}' do not vote", known.grouped_by));
  }
}

/// The rows of a block that have an answer.
std::vector<std::size_t> searchable(const vectors::VectorTable& queries, std::size_t begin, std::size_t count,
                                    vectors::Metric metric) {
  std::vector<std::size_t> rows;
  for (std::size_t r = begin; r < begin + count; ++r) {
    if (metric != vectors::Metric::kCosine || !vectors::is_zero(queries.vectors.row(r))) rows.push_back(r);
  }
  return rows;
}

/// The neighbours of rows [begin, begin + count); none of what cannot be searched for.
std::vector<std::vector<vectors::Neighbour>> search_block(const vectors::Neighbours& neighbours,
                                                          const vectors::VectorTable& queries, std::size_t begin,
                                                          std::size_t count, const KnnArguments& arguments,
                                                          const KnownRows& known, const KnownQueries& of_queries) {
  const std::vector<std::size_t> rows = searchable(queries, begin, count, vectors::parse_metric(arguments.metric));
  EmbeddingMatrix block(0, queries.vectors.dimensions());
  std::vector<std::size_t> groups;
  for (const std::size_t r : rows) {
    block.append(queries.vectors.row(r));
    if (!of_queries.group_of.empty()) groups.push_back(of_queries.group_of[r]);
  }
  auto found = neighbours.search(block.numbers(), queries.vectors.dimensions(), arguments.k, {known.group_of, groups});
  std::vector<std::vector<vectors::Neighbour>> all(count);
  for (std::size_t i = 0; i < rows.size(); ++i) all[rows[i] - begin] = std::move(found[i]);
  return all;
}

int knn(KnnArguments& arguments) {
  catch_interrupts();
  check_is_new(arguments.scores.out, arguments.scores.force);
  check_is_new(arguments.figures, arguments.scores.force);
  arguments.labels.options.may_be_empty = arguments.multi_label;
  const vectors::Metric metric = vectors::parse_metric(arguments.metric);
  const vectors::Vote how = vectors::parse_vote(arguments.vote);
  if (metric == vectors::Metric::kDot && how == vectors::Vote::kDistance) {
    throw Error(Code::kBadArgument, "--vote distance: inner products are no distances; --metric cosine or euclidean");
  }
  const std::vector<std::string> files = values_of(arguments.queries);
  Progress notes(0, "");
  notes.begin("reading the embeddings");
  const vectors::LabelTable labels = vectors::read_label_table(arguments.labels.labels, arguments.labels.options);
  const KnownRows known = known_rows(arguments.train, arguments.labels, labels, metric, notes);
  std::optional<vectors::LabelTable> own;
  if (!arguments.query_labels.empty()) {
    own = vectors::read_label_table(arguments.query_labels, arguments.labels.options);
  }
  const vectors::LabelTable* const own_table = own ? &*own : nullptr;
  say_how(arguments, known, labels, own_table, notes);
  const double near = known.group_of.empty() ? vectors::near_distance(known.table.vectors, known.class_of) : -1;
  const vectors::Neighbours neighbours(known.table.vectors.numbers(), known.table.vectors.dimensions(), metric,
                                       arguments.threads);
  std::optional<Results> results;
  std::size_t judged = 0;
  for (const std::string& file : files) {
    notes.begin("reading the queries");
    const vectors::VectorTable queries = read_embeddings(file, "");
    check_origin(queries.provenance, known.table.provenance, arguments.train, notes);
    // A table's header says whether rows name frames: as the first file has them.
    if (!results) results.emplace(known, arguments, !queries.frames.empty() || !known.table.frames.empty(), near);
    const KnownQueries of_queries = known_queries(queries, own_table, labels, known, notes);
    judged += of_queries.judged();
    // Those of several labels are counted as findings.
    if (!arguments.multi_label) report::check_size_of_scores("queries of known label", judged, known.labels.size());
    notes.rest();
    Progress bar(queries.vectors.rows(), "queries");
    for (std::size_t begin = 0; begin < queries.vectors.rows(); begin += kChunk) {
      throw_if_interrupted();
      const std::size_t count = std::min(kChunk, queries.vectors.rows() - begin);
      const auto found = search_block(neighbours, queries, begin, count, arguments, known, of_queries);
      bar.hide();
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t r = begin + i;
        results->add(queries.names.empty() ? std::to_string(r + 1) : queries.names[r], queries.place(r),
                     queries.vectors.row(r), found[i],
                     vectors::vote(found[i], known.class_of, known.labels.size(), how), of_queries.label_of[r]);
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
      ->transform(whole_number_in(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--metric", arguments->metric, "What near means")
      ->type_name("cosine|euclidean|dot")
      ->transform(one_of({"cosine", "euclidean", "dot"}))
      ->capture_default_str();
  command.add_option("--vote", arguments->vote, "How neighbours vote; distance needs cosine or euclidean")
      ->type_name("majority|distance")
      ->transform(one_of({"majority", "distance"}))
      ->capture_default_str();
  command.add_flag("--multi-label", arguments->multi_label, "A row's label is a|b, or nothing");
  command.add_option("--threads", arguments->threads, "Threads to compute with (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  add_score_arguments(command, arguments->scores);
  command.add_flag("--force", arguments->scores.force, "Replace FILE of --out and --figures if it already exists");
  command.add_option("--figures", arguments->figures, "Write the accuracy as JSON")->type_name("FILE");
  arguments->queries = add_positionals(command, "QUERIES", "Files of embeddings to classify")->required();
  command.footer(fmt::format("{}\n{}\n{}", kVectorHelp, kKnnHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return knn(*arguments); }; });
}

}  // namespace mi2::cli
