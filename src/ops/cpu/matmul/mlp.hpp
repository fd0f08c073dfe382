#pragma once
// Two products in turn, block by block of rows: what is between them stays in the cache.

#include <cstdint>

#include "base/thread_pool.hpp"
#include "ops/cpu/matmul/matmul.hpp"

namespace mi2::ops::cpu {

/// Whether add_mlp() can take these products, and is faster than one after the other: bfloat16 sides, kernels that
/// say so, and enough rows for each of the threads.
bool fuses(std::int64_t rows, unsigned threads, const MatMul& first, const MatMul& second);

/// sum += second(activation(first(a))), with the bits that the two products have apart. `sum`: f32, which `a` may read,
/// row r for row r. Only where fuses().
void add_mlp(base::ThreadPool& pool, const RowSource& a, const MatMul& first, const MatMul& second,
             Activation activation, const Destination& sum);

}  // namespace mi2::ops::cpu
