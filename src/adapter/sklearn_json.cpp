#include "adapter/sklearn_json.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "adapter/json_reader.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxSklearnValues = std::size_t{1} << 23;
constexpr std::size_t kMaxSteps = 16;

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  ///< row-major

  [[nodiscard]] Matrix transposed() const {
    Matrix turned{columns, rows, std::vector<double>(values.size())};
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) turned.values[c * rows + r] = values[r * columns + c];
    }
    return turned;
  }
};

Matrix matrix_of(const Json& json, const JsonReader& reader, std::string_view key) {
  if (!json.is_array() || json.empty()) reader.refuse(key, "expected a list of lists of numbers");
  Matrix matrix{json.size(), 0, {}};
  for (const Json& row : json) {
    if (!row.is_array() || row.empty()) reader.refuse(key, "expected a list of lists of numbers");
    if (matrix.values.empty()) matrix.columns = row.size();
    if (row.size() != matrix.columns) reader.refuse(key, "expected rows of one length");
    for (const Json& value : row) {
      if (!value.is_number()) reader.refuse(key, "expected numbers");
      matrix.values.push_back(value.get<double>());
    }
  }
  return matrix;
}

/// A list of exactly so many numbers.
std::vector<double> numbers_of(const JsonReader& reader, std::string_view key, std::size_t count) {
  std::vector<double> values = reader.list(key, kMaxSklearnValues);
  if (values.size() == count) return values;
  reader.refuse(key, fmt::format("expected {} numbers, got {}", count, values.size()));
}

std::vector<std::string> classes_of(const JsonReader& reader) {
  const Json& list = reader.get("classes_");
  if (!list.is_array() || list.size() < 2) reader.refuse("classes_", "expected a list of two classes or more");
  std::vector<std::string> names;
  for (const Json& value : list) {
    // What is neither needs "labels", which is checked where the names are used.
    names.push_back(value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : "");
  }
  return names;
}

/// Collects an adapter step by step.
class Pipeline {
 public:
  explicit Pipeline(std::string_view file) : file_(file) { description_.kind = AdapterKind::kPipeline; }

  void add(const JsonReader& step) {
    if (!classes_.empty()) step.refuse("type", "expected no step after the classifier");
    const std::string type = step.text("type");
    if (type == "StandardScaler") return add_scaler(step);
    if (type == "LogisticRegression") return add_regression(step);
    if (type == "MLPClassifier") return add_network(step);
    if (type == "SVC") return add_machine(step);
    throw Error(Code::kUnsupported,
                fmt::format("{}: {}: expected StandardScaler, LogisticRegression, MLPClassifier or SVC", file_,
                            step.path_of("type")));
  }

  /// @param root  for "labels" and "operating_points".
  Adapter finish(const JsonReader& root) {
    if (classes_.empty()) root.refuse("steps", "has no classifier");
    description_.labels = classes_;
    if (root.has("labels") && !root.get("labels").is_null()) description_.labels = root.texts("labels");
    if (description_.labels.size() != classes_.size()) {
      root.refuse("labels", fmt::format("expected one for each of {} classes, got {}", classes_.size(),
                                        description_.labels.size()));
    }
    if (std::ranges::find(description_.labels, "") != description_.labels.end()) {
      root.refuse("labels", "expected names; those in classes_ are not all texts or whole numbers");
    }
    read_points(root);
    description_.pipeline = std::move(shape_);
    try {
      return {std::move(description_), tensors_};
    } catch (const Error& error) {
      if (error.code() != Code::kBadArgument) throw;
      throw Error(Code::kBadFile, fmt::format("{}: {}", file_, error.what()));
    }
  }

 private:
  void add_scaler(const JsonReader& step) {
    step.allow({"type", "with_mean", "with_std", "mean_", "scale_"});
    const bool centres = step.flag("with_mean");
    const bool scales = step.flag("with_std");
    if (!centres && !scales) return;
    const std::size_t count = step.get(centres ? "mean_" : "scale_").size();
    expect_inputs(step, centres ? "mean_" : "scale_", count);
    // Without with_mean the means are there, but not used.
    add_scaling(centres ? numbers_of(step, "mean_", count) : std::vector<double>(count, 0.0),
                scales ? numbers_of(step, "scale_", count) : std::vector<double>(count, 1.0));
  }

  void add_scaling(std::vector<double> mean, std::vector<double> scale) {
    const std::string name = fmt::format("scalers.{}", shape_.scalers++);
    const auto count = static_cast<std::int64_t>(mean.size());
    tensors_.push_back({name + ".mean", {count}, {}, std::move(mean)});
    tensors_.push_back({name + ".scale", {count}, {}, std::move(scale)});
  }

  void add_regression(const JsonReader& step) {
    step.allow({"type", "classes_", "coef_", "intercept_", "solver", "multi_class"});
    classes_ = classes_of(step);
    const Matrix weight = matrix_of(step.get("coef_"), step, "coef_");
    expect_inputs(step, "coef_", weight.columns);
    const std::string how =
        step.has("multi_class") && !step.get("multi_class").is_null() ? step.text("multi_class") : "auto";
    const bool one_vs_rest =
        how == "ovr" || how == "warn" || (how != "multinomial" && step.text("solver") == "liblinear");
    if (!one_vs_rest && how != "multinomial" && how != "auto" && how != "deprecated") {
      step.refuse("multi_class", "expected auto, ovr or multinomial");
    }
    const bool binary = classes_.size() == 2;
    shape_.network =
        NetworkShape{{}, Activation::kIdentity, one_vs_rest && !binary ? Squash::kOneVsRest : Squash::kSoftmax};
    // A multinomial model of two classes is the softmax of (-d, d), any other of (0, d).
    add_last_layer(step, "coef_", weight, numbers_of(step, "intercept_", weight.rows), binary && how == "multinomial");
  }

  void add_network(const JsonReader& step) {
    step.allow({"type", "classes_", "activation", "out_activation_", "coefs_", "intercepts_"});
    classes_ = classes_of(step);
    const std::optional<Activation> activation = parse_activation(step.text("activation"));
    if (!activation) step.refuse("activation", "expected identity, logistic, tanh or relu");
    const std::string out = step.text("out_activation_");
    if (out != "softmax" && out != "logistic") step.refuse("out_activation_", "expected softmax or logistic");
    const Json& weights = step.get("coefs_");
    const Json& biases = step.get("intercepts_");
    if (!weights.is_array() || weights.empty()) step.refuse("coefs_", "expected a list of matrices");
    if (!biases.is_array() || biases.size() != weights.size()) {
      step.refuse("intercepts_", fmt::format("expected {} lists of numbers", weights.size()));
    }
    shape_.network = NetworkShape{{}, *activation, Squash::kSoftmax};
    std::size_t width = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Matrix weight = matrix_of(weights[i], step, "coefs_").transposed();
      if (i == 0) expect_inputs(step, "coefs_", weight.columns);
      if (i > 0 && weight.columns != width) step.refuse("coefs_", "expected each to start where the one before ends");
      std::vector<double> bias = bias_of(step, biases[i], weight.rows);
      width = weight.rows;
      if (i + 1 < weights.size()) {
        shape_.network->hidden.push_back(static_cast<std::int64_t>(width));
        add_layer(i, weight, std::move(bias));
        continue;
      }
      // One output of two classes, else one per class; logistic then means that each class is on its own.
      const bool single = width == 1 && classes_.size() == 2;
      if (single && out != "logistic") step.refuse("out_activation_", "expected logistic of one output");
      if (out == "logistic" && !single) shape_.network->squash = Squash::kLogistic;
      add_last_layer(step, "coefs_", weight, std::move(bias), false);
    }
  }

  static std::vector<double> bias_of(const JsonReader& step, const Json& json, std::size_t count) {
    if (!json.is_array() || json.size() != count) {
      step.refuse("intercepts_", fmt::format("expected {} numbers for a layer of as many outputs", count));
    }
    std::vector<double> bias;
    for (const Json& value : json) {
      if (!value.is_number()) step.refuse("intercepts_", "expected numbers");
      bias.push_back(value.get<double>());
    }
    return bias;
  }

  void add_layer(std::size_t number, const Matrix& weight, std::vector<double> bias) {
    const auto rows = static_cast<std::int64_t>(weight.rows);
    tensors_.push_back({fmt::format("layers.{}.weight", number),
                        {rows, static_cast<std::int64_t>(weight.columns)},
                        {},
                        weight.values});
    tensors_.push_back({fmt::format("layers.{}.bias", number), {rows}, {}, std::move(bias)});
  }

  /// The layer of the classes; the one row of two classes becomes two.
  /// @param mirrored  the first class has the row's opposite, not zeros.
  void add_last_layer(const JsonReader& step, std::string_view key, Matrix weight, std::vector<double> bias,
                      bool mirrored) {
    if (weight.rows == 1 && classes_.size() == 2) {
      std::vector<double> both(weight.columns, 0.0);
      if (mirrored) std::ranges::transform(weight.values, both.begin(), std::negate<>());
      both.insert(both.end(), weight.values.begin(), weight.values.end());
      weight = {2, weight.columns, std::move(both)};
      bias.insert(bias.begin(), mirrored ? -bias.front() : 0.0);
    }
    if (weight.rows != classes_.size()) {
      step.refuse(key, fmt::format("expected an output for each of {} classes, got {}", classes_.size(), weight.rows));
    }
    add_layer(shape_.network->hidden.size(), weight, std::move(bias));
  }

  void add_machine(const JsonReader& step) {
    step.allow({"type", "classes_", "kernel", "_gamma", "support_vectors_", "n_support_", "dual_coef_", "intercept_",
                "probA_", "probB_"});
    classes_ = classes_of(step);
    const std::optional<Kernel> kernel = parse_kernel(step.text("kernel"));
    if (!kernel) {
      throw Error(Code::kUnsupported, fmt::format("{}: {}: expected linear or rbf", file_, step.path_of("kernel")));
    }
    const double gamma = *kernel == Kernel::kRbf ? step.number("_gamma", 0, std::numeric_limits<double>::max()) : 0.0;
    const Matrix vectors = matrix_of(step.get("support_vectors_"), step, "support_vectors_");
    expect_inputs(step, "support_vectors_", vectors.columns);
    const Matrix dual = matrix_of(step.get("dual_coef_"), step, "dual_coef_");
    if (dual.rows != classes_.size() - 1 || dual.columns != vectors.rows) {
      step.refuse("dual_coef_", fmt::format("expected {} rows of {} numbers", classes_.size() - 1, vectors.rows));
    }
    shape_.machine = MachineShape{*kernel, gamma, support_of(step, vectors.rows)};
    add_pairs(step, vectors, dual);
  }

  [[nodiscard]] std::vector<std::int64_t> support_of(const JsonReader& step, std::size_t vectors) const {
    std::vector<std::int64_t> support;
    double sum = 0;
    for (const double count : numbers_of(step, "n_support_", classes_.size())) {
      if (!(count >= 0 && count <= static_cast<double>(vectors))) step.refuse("n_support_", "expected counts");
      support.push_back(static_cast<std::int64_t>(count));
      sum += count;
    }
    if (sum != static_cast<double>(vectors)) {
      step.refuse("n_support_", fmt::format("expected a sum of {}, as many as support_vectors_ has", vectors));
    }
    return support;
  }

  void add_pairs(const JsonReader& step, const Matrix& vectors, const Matrix& dual) {
    const std::size_t pairs = classes_.size() * (classes_.size() - 1) / 2;
    if (step.get("probA_").empty()) {
      throw Error(Code::kUnsupported, fmt::format("{}: {}: is empty; probabilities need SVC(probability=True)", file_,
                                                  step.path_of("probA_")));
    }
    const auto count = static_cast<std::int64_t>(vectors.rows);
    const auto list = [&](const char* name, std::vector<double> values) {
      tensors_.push_back({name, {static_cast<std::int64_t>(values.size())}, {}, std::move(values)});
    };
    std::vector<double> coefficients = dual.values;
    std::vector<double> intercept = numbers_of(step, "intercept_", pairs);
    if (classes_.size() == 2) {
      // scikit-learn turns libsvm's signs around where there are two classes, but not those of probA_ and probB_.
      std::ranges::transform(coefficients, coefficients.begin(), std::negate<>());
      std::ranges::transform(intercept, intercept.begin(), std::negate<>());
    }
    tensors_.push_back({"svm.vectors", {count, static_cast<std::int64_t>(vectors.columns)}, {}, vectors.values});
    tensors_.push_back({"svm.dual", {static_cast<std::int64_t>(dual.rows), count}, {}, std::move(coefficients)});
    list("svm.intercept", std::move(intercept));
    list("svm.prob_a", numbers_of(step, "probA_", pairs));
    list("svm.prob_b", numbers_of(step, "probB_", pairs));
  }

  void expect_inputs(const JsonReader& step, std::string_view key, std::size_t count) {
    const auto found = static_cast<std::int64_t>(count);
    if (description_.in_channels == 0) description_.in_channels = found;
    if (description_.in_channels == found) return;
    step.refuse(key,
                fmt::format("expected {} inputs, as the step before has, got {}", description_.in_channels, found));
  }

  void read_points(const JsonReader& root) {
    if (!root.has("operating_points") || root.get("operating_points").is_null()) return;
    const JsonReader points = root.object("operating_points");
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    std::size_t found = 0;
    for (const std::string& label : description_.labels) {
      Thresholds thresholds;
      if (points.has(label)) {
        const JsonReader point = points.object(label);
        point.allow({"youden_j", "sens90"});
        thresholds.youden = evaluation::OperatingPoint{point.number("youden_j", 0, 1), kUnknown, kUnknown};
        thresholds.sensitive = evaluation::OperatingPoint{point.number("sens90", 0, 1), kUnknown, kUnknown};
        ++found;
      }
      description_.operating_points.push_back(thresholds);
    }
    if (found != root.get("operating_points").size()) root.refuse("operating_points", "names what is no label");
  }

  std::string_view file_;
  AdapterDescription description_;
  PipelineShape shape_;
  std::vector<std::string> classes_;
  std::vector<AdapterTensor> tensors_;
};

}  // namespace

std::optional<Adapter> parse_sklearn(std::string_view json, std::string_view file) {
  const Json parsed = parse_json(json, file, kMaxSklearnValues);
  if (!parsed.is_object() || !parsed.contains("format") || parsed["format"] != "scikit-learn") return std::nullopt;
  const JsonReader root(parsed, file, "");
  root.allow({"format", "steps", "labels", "operating_points"});
  const Json& steps = root.get("steps");
  if (!steps.is_array() || steps.empty() || steps.size() > kMaxSteps) {
    root.refuse("steps", fmt::format("expected a list of 1 to {} steps", kMaxSteps));
  }
  Pipeline pipeline(file);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    pipeline.add(JsonReader(steps[i], file, fmt::format("steps[{}]", i)));
  }
  return pipeline.finish(root);
}

}  // namespace mi2::adapter
