#pragma once
// Inner products of bytes for a few columns: one pass over the rows, as fast as memory gives them. Many columns are a
// matrix product, for which the engine of the model has kernels (products.hpp).

#include <cstddef>
#include <cstdint>

#include "ops/cpu/isa.hpp"

namespace mi2::archive::scan {

/// first[i] = sum over j < stride of codes[rows[i] * stride + j] * columns[j], and second[i] the same with
/// columns[stride + j]. @param stride  a multiple of 64, at most kMaxDimensions: no sum leaves 32 bits.
using Dots = void (*)(const std::uint8_t* codes, std::size_t stride, const std::uint16_t* rows, std::size_t count,
                      const std::int8_t* columns, std::int32_t* first, std::int32_t* second);

/// The fastest of an instruction set; all give the same numbers.
Dots dots_for(ops::cpu::Isa isa) noexcept;

}  // namespace mi2::archive::scan
