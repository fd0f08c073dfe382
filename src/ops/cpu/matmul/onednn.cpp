// The product on oneDNN: its AVX-512 and AMX kernels. Each of our threads runs a single-threaded primitive on its own
// rows, so that one team of threads serves the whole engine and results do not depend on how many there are.

#include <omp.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include <dnnl.hpp>

#include "ops/cpu/matmul/matmul.hpp"

namespace mi2::ops::cpu {
namespace {

using dnnl::memory;

constexpr std::int64_t kRows = 512;
constexpr std::size_t kCached = 64;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

memory::data_type type_of(tensor::DType dtype) {
  return dtype == tensor::DType::kF32 ? memory::data_type::f32 : memory::data_type::bf16;
}

// Debian 12 has oneDNN 2; version 3 has no descriptors of operations, and no scales of post-operations.

void append_eltwise(dnnl::post_ops& post, dnnl::algorithm algorithm, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
  post.append_eltwise(algorithm, alpha, 0.0F);
#else
  post.append_eltwise(1.0F, algorithm, alpha, 0.0F);
#endif
}

dnnl::matmul::primitive_desc product(const memory::desc& a, const memory::desc& w, const memory::desc& b,
                                     const memory::desc& c, const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), a, w, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, w, b, c), attributes, engine()};
#endif
}

class OneDnnMatMul : public MatMul {
 public:
  /// @throws dnnl::error if the library has no such product.
  OneDnnMatMul(const Kernels& kernels, tensor::DType dtype, const WeightRows& weight, std::vector<float> bias)
      : MatMul(weight.in, weight.out), kernels_(kernels), dtype_(dtype), bias_(std::move(bias)) {
    bias_.resize(static_cast<std::size_t>(out()));
    omp_set_num_threads(1);
    const Key nominal{kRows, tensor::DType::kF32, out(), false, Activation::kNone};
    packed_ = memory(descriptor(nominal, true).weights_desc(), engine());
    tensor::Tensor plain({out(), in()});
    weight.rows(0, out(), plain.data<float>());
    memory source({{in(), out()}, memory::data_type::f32, memory::format_tag::ba}, engine(), plain.data<float>());
    dnnl::stream stream(engine());
    dnnl::reorder(source, packed_).execute(stream, source, packed_);
    stream.wait();
  }

  [[nodiscard]] const float* bias() const noexcept override { return bias_.data(); }

  void multiply(base::ThreadPool& pool, const RowSource& a, const Destination& destination) const override {
    // No rows are too few to split: columns never are, since the packed layout belongs to the whole matrix.
    const Blocking blocking{.rows = kRows, .few_rows = 1};
    const std::int64_t each = split_product(a.rows(), out(), pool.size(), blocking, out()).rows_each;
    const std::int64_t tasks = (a.rows() + each - 1) / each;
    pool.run(static_cast<std::size_t>(tasks), [&](std::size_t task) {
      const std::int64_t first = static_cast<std::int64_t>(task) * each;
      multiply_rows(a, first, std::min(each, a.rows() - first), destination);
    });
  }

 private:
  /// What a primitive is made for: rows, destination type and stride, accumulate, activation.
  using Key = std::tuple<std::int64_t, tensor::DType, std::int64_t, bool, Activation>;

  struct Prepared {
    dnnl::matmul primitive;
    memory::desc source;
    memory::desc destination;
    memory::desc scratchpad;
  };

  [[nodiscard]] dnnl::matmul::primitive_desc descriptor(const Key& key, bool choose_layout) const {
    const auto& [rows, destination, stride, accumulate, activation] = key;
    const memory::desc a({rows, in()}, type_of(dtype_), memory::format_tag::ab);
    const memory::desc w =
        choose_layout ? memory::desc({in(), out()}, type_of(dtype_), memory::format_tag::any) : packed_.get_desc();
    const memory::desc c({rows, out()}, type_of(destination), memory::dims{stride, 1});
    dnnl::post_ops post;
    if (accumulate) post.append_sum(1.0F);
    if (activation == Activation::kGelu) append_eltwise(post, dnnl::algorithm::eltwise_gelu_erf, 0.0F);
    if (activation == Activation::kQuickGelu) append_eltwise(post, dnnl::algorithm::eltwise_swish, 1.702F);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(post);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const memory::desc b({1, out()}, memory::data_type::f32, memory::format_tag::ab);
    return product(a, w, b, c, attributes);
  }

  std::shared_ptr<const Prepared> prepared(const Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(key);
    if (found != cache_.end()) return found->second;
    if (cache_.size() >= kCached) cache_.clear();  // text batches come in many lengths
    const auto pd = descriptor(key, false);
    return cache_[key] = std::make_shared<const Prepared>(
               Prepared{dnnl::matmul(pd), pd.src_desc(), pd.dst_desc(), pd.scratchpad_desc()});
  }

  /// The rows where they lie, if they lie there densely; else null.
  [[nodiscard]] const void* one_run(const RowSource& a, std::int64_t first, std::int64_t rows) const {
    const auto* source = static_cast<const std::byte*>(a.in_memory(dtype_, first));
    if (source == nullptr || rows < 2) return source;
    const std::int64_t apart = static_cast<const std::byte*>(a.in_memory(dtype_, first + 1)) - source;
    return apart == in() * static_cast<std::int64_t>(size_of(dtype_)) ? source : nullptr;
  }

  void multiply_rows(const RowSource& a, std::int64_t first, std::int64_t rows, const Destination& to) const {
    omp_set_num_threads(1);
    const std::shared_ptr<const Prepared> p = prepared({rows, to.dtype, to.stride, to.accumulate, to.activation});
    thread_local std::vector<float> wide;
    thread_local std::vector<tensor::BFloat16> narrow;
    thread_local std::vector<std::byte> scratch;
    const void* block = one_run(a, first, rows);
    if (block == nullptr) {
      wide.resize(static_cast<std::size_t>(rows * in()));
      for (std::int64_t r = 0; r < rows; ++r) {
        float* space = wide.data() + r * in();
        const float* from = a.row(first + r, space);
        if (from != space) std::copy_n(from, in(), space);
      }
      block = wide.data();
      if (dtype_ == tensor::DType::kBF16) {
        narrow.resize(wide.size());
        kernels_.to_bf16(wide.data(), rows * in(), narrow.data());
        block = narrow.data();
      }
    }
    scratch.resize(p->scratchpad.get_size());
    auto* c = static_cast<std::byte*>(to.data) + first * to.stride * static_cast<std::int64_t>(size_of(to.dtype));
    std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, memory(p->source, engine(), const_cast<void*>(block))},
                                              {DNNL_ARG_WEIGHTS, packed_},
                                              {DNNL_ARG_DST, memory(p->destination, engine(), c)},
                                              {DNNL_ARG_SCRATCHPAD, memory(p->scratchpad, engine(), scratch.data())}};
    const memory::desc bias_row({1, out()}, memory::data_type::f32, memory::format_tag::ab);
    arguments.emplace(DNNL_ARG_BIAS, memory(bias_row, engine(), const_cast<float*>(bias())));
    dnnl::stream stream(engine());
    p->primitive.execute(stream, arguments);
    stream.wait();
  }

  const Kernels& kernels_;
  tensor::DType dtype_;
  std::vector<float> bias_;
  memory packed_;
  mutable std::mutex mutex_;
  mutable std::map<Key, std::shared_ptr<const Prepared>> cache_;
};

}  // namespace

std::unique_ptr<MatMul> make_onednn_matmul(const Kernels& kernels, tensor::DType dtype, const WeightRows& weight,
                                           const std::vector<float>& bias) {
  try {
    return std::make_unique<OneDnnMatMul>(kernels, dtype, weight, bias);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace mi2::ops::cpu
