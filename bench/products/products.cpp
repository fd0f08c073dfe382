// Times every matrix product of the full model on our own kernels and on oneDNN, taking turns, in one run; compares
// their results first. Prints JSON.
//
//   mi2_products [f32|bf16] [THREADS] [ROUNDS] [NAME]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ops/cpu/cpu_ops.hpp"

#include <mi2/error.hpp>

namespace mi2::ops {
namespace {

struct Case {
  std::string name;
  std::int64_t rows;
  std::int64_t in;
  std::int64_t out;
  int calls;  ///< in one image or text
};

std::vector<Case> cases() {
  std::vector<Case> list;
  const std::int64_t tokens[] = {14400, 3600, 900, 225};
  const int blocks[] = {2, 2, 18, 2};
  for (int s = 0; s < 4; ++s) {
    const std::int64_t width = std::int64_t{256} << s;
    const std::string stage = "stage" + std::to_string(s);
    list.push_back({stage + " qkv", tokens[s], width, 3 * width, blocks[s]});
    list.push_back({stage + " proj", tokens[s], width, width, blocks[s]});
    list.push_back({stage + " fc1", tokens[s], width, 4 * width, blocks[s]});
    list.push_back({stage + " fc2", tokens[s], 4 * width, width, blocks[s]});
  }
  for (const std::int64_t length : {12, 77}) {
    const std::string text = "text" + std::to_string(length);
    list.push_back({text + " qkv", length, 1024, 3072, 16});
    list.push_back({text + " proj", length, 1024, 1024, 16});
    list.push_back({text + " fc1", length, 1024, 4096, 16});
    list.push_back({text + " fc2", length, 4096, 1024, 16});
  }
  return list;
}

class Contender {
 public:
  Contender(MatMulEngine engine, Precision precision, unsigned threads, const Case& c, const Parameter& weight,
            const Parameter& bias)
      : ops_(options(engine, precision, threads)),
        linear_(ops_.make_linear(weight, bias, Layout::kOutIn)),
        residual_({c.rows, c.out}) {
    std::fill_n(residual_.data<float>(), c.rows * c.out, 0.0F);
  }

  /// As the model calls it: fc2 and proj add to the residual, the others hand on what they compute.
  tensor::Tensor run(const tensor::Tensor& x, bool adds) {
    if (!adds) return ops_.linear(x, linear_, Activation::kNone);
    residual_ = ops_.add_linear(std::move(residual_), x, linear_, 0.0F);
    return residual_;
  }

  double seconds(const tensor::Tensor& x, bool adds) {
    const auto start = std::chrono::steady_clock::now();
    run(x, adds);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  static CpuOps::Options options(MatMulEngine engine, Precision precision, unsigned threads) {
    CpuOps::Options o;
    o.matmul = engine;
    o.precision = precision;
    o.threads = threads;
    return o;
  }

  CpuOps ops_;
  CpuOps::Linear linear_;
  tensor::Tensor residual_;
};

double difference(const tensor::Tensor& a, const tensor::Tensor& b) {
  double worst = 0;
  for (std::int64_t i = 0; i < a.shape().count(); ++i) {
    const double difference = std::abs(static_cast<double>(a.data<float>()[i]) - b.data<float>()[i]);
    if (!(difference <= worst)) worst = std::isnan(difference) ? INFINITY : difference;  // std::max loses a NaN
  }
  return worst;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

nlohmann::ordered_json race(const Case& c, Precision precision, unsigned threads, int rounds) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const auto parameter = [&](const tensor::Shape& shape, float scale) {
    const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()));
    for (float& value : *values) value = scale * normal(random);
    return Parameter{"random", shape, tensor::DType::kF32, values->data(), values};
  };
  const Parameter weight = parameter({c.out, c.in}, 1.0F / std::sqrt(static_cast<float>(c.in)));
  const Parameter bias = parameter({c.out}, 0.1F);
  tensor::Tensor x({c.rows, c.in}, precision == Precision::kBF16 ? tensor::DType::kBF16 : tensor::DType::kF32);
  for (std::int64_t i = 0; i < x.shape().count(); ++i) {
    if (precision == Precision::kBF16) {
      x.data<tensor::BFloat16>()[i] = tensor::BFloat16(normal(random));
    } else {
      x.data<float>()[i] = normal(random);
    }
  }
  const bool adds = c.name.ends_with("proj") || c.name.ends_with("fc2");
  Contender ours(MatMulEngine::kNative, precision, threads, c, weight, bias);
  Contender theirs(MatMulEngine::kOneDnn, precision, threads, c, weight, bias);
  const double apart = difference(ours.run(x, adds), theirs.run(x, adds));
  // Sums of unit-variance terms: in f32 they differ by their order, in bf16 not at all by rounding of inputs.
  if (!(apart < 1e-3)) throw Error(Code::kInternal, c.name + ": results differ");
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < rounds; ++i) {
    a.push_back(ours.seconds(x, adds));
    b.push_back(theirs.seconds(x, adds));
  }
  const double flop = 2.0 * static_cast<double>(c.rows) * static_cast<double>(c.in) * static_cast<double>(c.out);
  return {{"name", c.name},
          {"rows", c.rows},
          {"in", c.in},
          {"out", c.out},
          {"calls", c.calls},
          {"difference", apart},
          {"mi2_s", median(a)},
          {"onednn_s", median(b)},
          {"mi2_gflops", flop / median(a) / 1e9},
          {"onednn_gflops", flop / median(b) / 1e9},
          {"ratio", median(a) / median(b)}};
}

int run(int argc, char** argv) {
  const Precision precision = parse_dtype(argc > 1 ? argv[1] : "bf16");
  if (precision != Precision::kF32 && precision != Precision::kBF16) {
    throw Error(Code::kBadArgument, "oneDNN's side is f32 or bf16");
  }
  const unsigned threads = argc > 2 ? static_cast<unsigned>(std::stoul(argv[2])) : 0;
  const int rounds = argc > 3 ? std::stoi(argv[3]) : 5;
  nlohmann::ordered_json report{{"cpu", cpu::cpu_model()},
                                {"isa", name_of(cpu::choose_isa())},
                                {"dtype", name_of(precision)},
                                {"threads", threads},
                                {"products", nlohmann::ordered_json::array()}};
  double flop = 0;
  double ours = 0;
  double theirs = 0;
  const std::string only = argc > 4 ? argv[4] : "";
  for (const Case& c : cases()) {
    if (c.name.find(only) == std::string::npos) continue;
    const auto row = race(c, precision, threads, rounds);
    std::cerr << row["name"].get<std::string>() << "  " << row["mi2_gflops"] << " GFLOP/s, oneDNN "
              << row["onednn_gflops"] << ", ratio " << row["ratio"] << '\n';
    report["products"].push_back(row);
    if (!c.name.starts_with("stage")) continue;
    flop += c.calls * 2.0 * static_cast<double>(c.rows * c.in) * static_cast<double>(c.out);
    ours += c.calls * row["mi2_s"].get<double>();
    theirs += c.calls * row["onednn_s"].get<double>();
  }
  report["stages"] = {{"mi2_gflops", flop / ours / 1e9}, {"onednn_gflops", flop / theirs / 1e9}};
  std::cout << report.dump(2) << '\n';
  return 0;
}

}  // namespace
}  // namespace mi2::ops

int main(int argc, char** argv) {
  try {
    return mi2::ops::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "mi2_products: " << error.what() << '\n';
    return 2;
  }
}
