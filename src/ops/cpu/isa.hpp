#pragma once
// Which instructions this machine has, and which of them to use.

#include <string>

#include "ops/cpu/kernels/kernels.hpp"
#include "tensor/dtype.hpp"

namespace mi2::ops::cpu {

enum class Isa : std::uint8_t { kPortable, kAvx2, kAvx512, kAvx512Bf16, kAmx };

/// @returns "portable", "avx2", "avx512", "avx512_bf16" or "amx": the values of MI2_ISA.
std::string_view name_of(Isa isa) noexcept;

/// The best of this machine, or the lesser one that the environment variable MI2_ISA names.
/// @throws Error{kBadArgument} if MI2_ISA names none or one this machine lacks.
Isa choose_isa();

/// The inner loops for an instruction set: AVX2's serve everything above it.
const Kernels& kernels_for(Isa isa) noexcept;

/// "AMD EPYC 9004", as the processor names itself.
std::string cpu_model();

}  // namespace mi2::ops::cpu
