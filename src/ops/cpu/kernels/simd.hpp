#pragma once
// What the kernels are written in, for the instruction set that the including translation unit is compiled for:
// the size of its vectors and register tiles, its vectors, and the Dots that every instruction set has. All of it in an
// anonymous namespace: no code here may be shared between differently compiled units.
//
// A kernels.cpp of isa/ includes this, then in the same namespaces its own Dots and all_kernels.hpp, and ends in its
// table.

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "ops/cpu/kernels/kernels.hpp"

namespace mi2::ops::cpu {
namespace {

#if defined(__AVX512F__)
constexpr std::int64_t kLanes = 16;
constexpr int kTileRows = 14;
constexpr int kTilePanels = 2;
#else
constexpr std::int64_t kLanes = 8;
constexpr int kTileRows = 6;
constexpr int kTilePanels = 1;
#endif

// The Dots are made of vectors.
// clang-format off
#include "ops/cpu/kernels/vectors.hpp"
#include "ops/cpu/isa/portable/dots.hpp"
// clang-format on

}  // namespace
}  // namespace mi2::ops::cpu
