#include "ops/cpu/isa.hpp"

#include <array>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <mi2/error.hpp>

namespace mi2::ops::cpu {
namespace {

#if defined(__x86_64__)
/// AMX-TILE, -BF16 and -INT8: leaf 7, sub-leaf 0, EDX bits 24, 22 and 25; the tile state enabled by the system (XCR0
/// bits 17 and 18), and granted to this process, which Linux does on request (Documentation/arch/x86/xstate.rst).
bool has_amx() {
  constexpr unsigned kAmxBits = 1U << 22U | 1U << 24U | 1U << 25U;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & (1U << 27)) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kAmxBits) != kAmxBits) return false;
  unsigned low = 0;
  unsigned high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0x60000U) != 0x60000U) return false;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

Isa detect() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::kPortable;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq")) {
    return Isa::kAvx2;
  }
  if (!__builtin_cpu_supports("avx512vnni")) return Isa::kAvx512;
  if (!__builtin_cpu_supports("avx512bf16")) return Isa::kAvx512Vnni;
  return has_amx() ? Isa::kAmx : Isa::kAvx512Bf16;
}
#else
Isa detect() { return Isa::kPortable; }
#endif

}  // namespace

std::string_view name_of(Isa isa) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"portable", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx"};
  return kNames[static_cast<std::size_t>(isa)];
}

Isa best_isa() {
  static const Isa best = detect();
  return best;
}

Isa choose_isa() {
  const Isa best = best_isa();
  const char* wanted = std::getenv("MI2_ISA");
  if (wanted == nullptr || *wanted == '\0') return best;
  for (const Isa isa : kIsas) {
    if (name_of(isa) != wanted) continue;
    if (isa <= best) return isa;
    throw Error(Code::kBadArgument, fmt::format("MI2_ISA={}: this machine has {} at most", wanted, name_of(best)));
  }
  throw Error(Code::kBadArgument,
              fmt::format("MI2_ISA={}: none of portable, avx2, avx512, avx512_vnni, avx512_bf16, amx", wanted));
}

const Kernels& kernels_for(Isa isa) noexcept {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kPortable:
      break;
    case Isa::kAvx2:
      return avx2_kernels();
    case Isa::kAvx512:
      return avx512_kernels();
    case Isa::kAvx512Vnni:
      return avx512_vnni_kernels();
    case Isa::kAvx512Bf16:
      return avx512_bf16_kernels();
    case Isa::kAmx:
      return amx_kernels();
  }
#endif
  static_cast<void>(isa);
  return portable_kernels();
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t at = line.find(": ");
    if (at != std::string::npos) return line.substr(at + 2);
  }
  return "unknown";
}

}  // namespace mi2::ops::cpu
