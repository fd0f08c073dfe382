#pragma once
// Which instructions this machine has, and which of them to use.

#include <array>
#include <string>

#include "ops/cpu/kernels/kernels.hpp"
#include "tensor/dtype.hpp"

namespace mi2::ops::cpu {

/// Each has all that those before it have.
enum class Isa : std::uint8_t { kPortable, kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16, kAmx };

inline constexpr std::array kIsas{Isa::kPortable,   Isa::kAvx2,       Isa::kAvx512,
                                  Isa::kAvx512Vnni, Isa::kAvx512Bf16, Isa::kAmx};

/// @returns "portable", "avx2", "avx512", "avx512_vnni", "avx512_bf16" or "amx": the values of MI2_ISA.
std::string_view name_of(Isa isa) noexcept;

/// The best of this machine.
Isa best_isa();

/// The best of this machine, or the lesser one that the environment variable MI2_ISA names.
/// @throws Error{kBadArgument} if MI2_ISA names none or one this machine lacks.
Isa choose_isa();

/// The inner loops for an instruction set.
const Kernels& kernels_for(Isa isa) noexcept;

/// "AMD EPYC 9004", as the processor names itself.
std::string cpu_model();

}  // namespace mi2::ops::cpu
