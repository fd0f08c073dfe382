#include "dataset_ways.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "adapter/training.hpp"
#include "base/numbers.hpp"
#include "evaluation/confusion.hpp"
#include "vectors/knn.hpp"

namespace mi2::cli {
namespace {

using recipe::Task;

std::vector<std::string> labels_in(std::string_view cell) {
  std::vector<std::string> found;
  while (!cell.empty()) {
    const std::size_t bar = std::min(cell.find('|'), cell.size());
    found.emplace_back(cell.substr(0, bar));
    cell.remove_prefix(std::min(bar + 1, cell.size()));
  }
  return found;
}

double number_of(const std::string& text) { return base::parse_finite(text).value_or(0); }

/// Columns of a dataset's rows, and which of them have vectors.
class View {
 public:
  explicit View(const EmbeddedDataset& data)
      : data_(data),
        id_(data.prepared.rows.need("id")),
        label_(data.prepared.rows.need("label")),
        split_(data.prepared.rows.need("split")),
        patient_(data.prepared.rows.find(data.prepared.recipe->group)) {
    const auto& rows = data.prepared.rows.all();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!data.row_of[i]) continue;
      (rows[i].fields[split_] == "train" ? train_ : judged_).push_back(i);
    }
  }

  [[nodiscard]] const std::vector<std::size_t>& train() const noexcept { return train_; }
  [[nodiscard]] const std::vector<std::size_t>& judged() const noexcept { return judged_; }
  [[nodiscard]] const std::string& id(std::size_t i) const { return field(i, id_); }
  [[nodiscard]] const std::string& label(std::size_t i) const { return field(i, label_); }
  [[nodiscard]] const std::string& split(std::size_t i) const { return field(i, split_); }
  [[nodiscard]] std::span<const float> vector(std::size_t i) const { return data_.vectors.row(*data_.row_of[i]); }

  /// Labels that rows have, in the order of the prompts, then of the rows.
  [[nodiscard]] std::vector<std::string> labels() const {
    std::map<std::string, bool> present;
    std::vector<std::string> in_order;
    for (const auto* part : {&train_, &judged_}) {
      for (const std::size_t i : *part) {
        for (std::string& label : labels_in(this->label(i))) {
          if (present.emplace(label, true).second) in_order.push_back(std::move(label));
        }
      }
    }
    std::vector<std::string> found;
    for (const auto& [label, text] : data_.prepared.prompts) {
      if (present.erase(label) > 0) found.push_back(label);
    }
    for (std::string& label : in_order) {
      if (present.contains(label)) found.push_back(std::move(label));
    }
    return found;
  }

  /// A number per patient; vectors::kNoGroup where none is named.
  [[nodiscard]] std::vector<std::size_t> groups(const std::vector<std::size_t>& rows) {
    std::vector<std::size_t> found;
    for (const std::size_t i : rows) {
      const bool named = patient_ && !field(i, *patient_).empty();
      found.push_back(named ? numbers_.emplace(field(i, *patient_), numbers_.size()).first->second : vectors::kNoGroup);
    }
    return found;
  }

  [[nodiscard]] Answers answers(std::string key, std::string title, std::string scores,
                                std::vector<std::string> labels) const {
    Answers made{std::move(key), std::move(title), false, std::move(scores), {}};
    made.predictions.source = made.title;
    made.predictions.labels = std::move(labels);
    made.predictions.scores.classes = made.predictions.labels.size();
    report::check_size_of_scores(made.title, judged_.size(), made.predictions.labels.size());
    for (const std::size_t i : judged_) made.predictions.ids.push_back(id(i));
    return made;
  }

 private:
  [[nodiscard]] const std::string& field(std::size_t i, std::size_t column) const {
    return data_.prepared.rows.all()[i].fields[column];
  }

  const EmbeddedDataset& data_;
  std::size_t id_;
  std::size_t label_;
  std::size_t split_;
  std::optional<std::size_t> patient_;
  std::vector<std::size_t> train_;
  std::vector<std::size_t> judged_;
  std::map<std::string, std::size_t> numbers_;
};

/// The number at the place of {label} in a text of the recipe's template.
std::optional<std::string> age_in(std::string_view text, std::string_view whole) {
  const std::size_t at = whole.find("{label}");
  if (at == std::string_view::npos || text.size() <= at || text.substr(0, at) != whole.substr(0, at))
    return std::nullopt;
  const std::string_view rest = text.substr(at);
  const std::size_t end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  if (!base::parse_finite(rest.substr(0, end))) return std::nullopt;
  return std::string(rest.substr(0, end));
}

/// The texts of each column of scores.
std::vector<std::pair<std::string, std::vector<std::string>>> columns_of(const recipe::Prepared& prepared,
                                                                         const View& view) {
  std::vector<std::pair<std::string, std::vector<std::string>>> columns;
  std::map<std::string, std::size_t> place;
  const std::vector<std::string> present = view.labels();
  for (const auto& [label, text] : prepared.prompts) {
    std::string name = label;
    if (prepared.recipe->task == Task::kAges) {
      const auto age = age_in(text, prepared.recipe->texts.text);
      if (!age) continue;
      name = *age;
    }
    // A finding that no row has cannot be judged, and findings do not compete.
    if (prepared.recipe->task == Task::kFindings && std::ranges::find(present, name) == present.end()) continue;
    const auto [known, is_new] = place.emplace(name, columns.size());
    if (is_new) columns.emplace_back(name, std::vector<std::string>());
    columns[known->second].second.push_back(text);
  }
  return columns;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// The class of every row for a search or a fit, and the names of classes.
struct Classes {
  std::vector<std::string> names;
  std::map<std::string, std::size_t> number;
  explicit Classes(std::vector<std::string> labels) : names(std::move(labels)) {
    for (std::size_t c = 0; c < names.size(); ++c) number[names[c]] = c;
  }
};

EmbeddingMatrix gathered(const View& view, const std::vector<std::size_t>& rows) {
  EmbeddingMatrix found;
  for (const std::size_t i : rows) found.append(view.vector(i));
  return found;
}

/// Shares of neighbours' labels, or the mean of their ages.
std::vector<double> voted(const View& view, const std::vector<vectors::Neighbour>& near, Task task,
                          const Classes& classes) {
  if (task == Task::kAges) {
    double sum = 0;
    for (const vectors::Neighbour& one : near) sum += number_of(view.label(view.train()[one.row]));
    return {sum / static_cast<double>(near.size())};
  }
  std::vector<double> shares(classes.names.size());
  for (const vectors::Neighbour& one : near) {
    for (const std::string& label : labels_in(view.label(view.train()[one.row]))) {
      shares[classes.number.at(label)] += 1.0 / static_cast<double>(near.size());
    }
  }
  return shares;
}

bool has_label(const View& view, std::size_t row, const std::string& label) {
  const std::vector<std::string> labels = labels_in(view.label(row));
  return std::ranges::find(labels, label) != labels.end();
}

/// The labels of training rows; of findings those that some have and some have not.
std::vector<std::string> learnable_labels(const View& view, Task task) {
  std::vector<std::string> found;
  for (const std::string& label : view.labels()) {
    const auto count = static_cast<std::size_t>(
        std::ranges::count_if(view.train(), [&](std::size_t row) { return has_label(view, row, label); }));
    if (count > 0 && (task == Task::kLabels || count < view.train().size())) found.push_back(label);
  }
  return found;
}

adapter::Samples samples_of(const View& view, const std::vector<std::size_t>& rows, Task task, const Classes& classes) {
  adapter::Samples samples;
  for (const std::size_t i : rows) {
    const std::vector<std::string> labels = labels_in(view.label(i));
    adapter::RowTruth truth;
    if (task == Task::kLabels) truth.of_class = classes.number.at(labels.front());
    if (task == Task::kAges) truth.number = number_of(view.label(i));
    std::vector<std::uint8_t> findings(task == Task::kFindings ? classes.names.size() : 0);
    for (const std::string& label : labels) {
      const auto known = classes.number.find(label);
      if (task == Task::kFindings && known != classes.number.end()) findings[known->second] = 1;
    }
    truth.findings = findings;
    samples.add(view.vector(i), truth, i);
  }
  return samples;
}

}  // namespace

Answers answer_by_texts(const EmbeddedDataset& data, const Embedder& embedder) {
  const View view(data);
  const Task task = data.prepared.recipe->task;
  const auto columns = columns_of(data.prepared, view);
  if (columns.empty()) throw Error(Code::kBadFile, "no text of a label; expected a recipe with texts");
  std::vector<std::string> texts;
  std::vector<std::string> labels;
  std::vector<std::size_t> column_of;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    labels.push_back(columns[c].first);
    for (const std::string& text : columns[c].second) {
      texts.push_back(text);
      column_of.push_back(c);
    }
  }
  const double scale = task == Task::kFindings ? 1 : std::exp(static_cast<double>(embedder.logit_scale()));
  Answers made =
      view.answers("zero-shot", "Zero-shot: the nearest text",
                   task == Task::kFindings ? "cosine" : fmt::format("softmax of {:.4g} x cosine", scale), labels);
  const EmbeddingMatrix vectors = embedder.embed_texts(texts).vectors;
  for (const std::size_t i : view.judged()) {
    std::vector<double> row(labels.size(), -scale);
    for (std::size_t t = 0; t < texts.size(); ++t) {
      row[column_of[t]] = std::max(row[column_of[t]], scale * dot(view.vector(i), vectors.row(t)));
    }
    made.predictions.scores.values.insert(made.predictions.scores.values.end(), row.begin(), row.end());
  }
  return made;
}

std::optional<Answers> answer_by_neighbours(const EmbeddedDataset& data, std::size_t k) {
  View view(data);
  const Task task = data.prepared.recipe->task;
  if (view.train().empty() || view.judged().empty()) return std::nullopt;
  const Classes classes(task == Task::kAges ? std::vector<std::string>{"age"} : view.labels());
  Answers made = view.answers(fmt::format("knn-{}", k), fmt::format("{} nearest neighbours in the training split", k),
                              task == Task::kAges ? "mean age" : "share of the vote", classes.names);
  const EmbeddingMatrix bank = gathered(view, view.train());
  const EmbeddingMatrix queries = gathered(view, view.judged());
  const std::vector<std::size_t> of_rows = view.groups(view.train());
  const std::vector<std::size_t> of_queries = view.groups(view.judged());
  const vectors::Neighbours neighbours(bank.numbers(), bank.dimensions(), vectors::Metric::kCosine, data.threads);
  const auto found = neighbours.search(queries.numbers(), queries.dimensions(), k, {of_rows, of_queries});
  std::vector<std::string> answered;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& near = found[i];
    // All of the training split is of the query's own patient: there is no answer, which is counted as a missing score.
    if (near.empty()) continue;
    answered.push_back(made.predictions.ids[i]);
    const std::vector<double> row = voted(view, near, task, classes);
    made.predictions.scores.values.insert(made.predictions.scores.values.end(), row.begin(), row.end());
  }
  if (answered.empty()) return std::nullopt;
  made.predictions.ids = std::move(answered);
  made.probabilities = true;
  return made;
}

std::optional<Answers> answer_by_probe(const EmbeddedDataset& data, const base::OnProgress& progress) {
  View view(data);
  const Task task = data.prepared.recipe->task;
  if (view.train().empty() || view.judged().empty()) return std::nullopt;
  const std::vector<std::string> all = task == Task::kAges ? std::vector<std::string>{"age"} : view.labels();
  const Classes classes(task == Task::kAges ? all : learnable_labels(view, task));
  if (task == Task::kLabels && classes.names.size() < 2) return std::nullopt;
  if (classes.names.empty()) return std::nullopt;
  adapter::TrainingSet set;
  set.labels = classes.names;
  set.target = task == Task::kAges       ? adapter::Target::kNumber
               : task == Task::kFindings ? adapter::Target::kFindings
                                         : adapter::Target::kLabel;
  set.train = samples_of(view, view.train(), task, classes);
  adapter::TrainOptions options;
  options.fit.seed = data.seed;
  options.fit.threads = data.threads;
  const adapter::Adapter trained = adapter::fit_all_rows(set, options, progress);
  adapter::Samples judged;
  for (const std::size_t i : view.judged()) judged.add(view.vector(i), 0, i);
  const evaluation::Scores logits = adapter::logits_of(trained, judged);
  Answers made = view.answers("probe", "Linear probe on the training split",
                              task == Task::kAges       ? "age"
                              : task == Task::kFindings ? "logistic"
                                                        : "softmax of logits",
                              all);
  made.probabilities = task != Task::kAges;
  const evaluation::Scores learnt = task == Task::kAges       ? logits
                                    : task == Task::kFindings ? evaluation::logistic(logits)
                                                              : evaluation::softmax(logits);
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    for (const std::string& label : all) {
      const auto known = classes.number.find(label);
      // A finding that every training image has is always there; a label that none has, never.
      const double unlearnt = task == Task::kFindings && has_label(view, view.train().front(), label) ? 1 : 0;
      made.predictions.scores.values.push_back(known == classes.number.end() ? unlearnt : learnt.row(r)[known->second]);
    }
  }
  return made;
}

}  // namespace mi2::cli
