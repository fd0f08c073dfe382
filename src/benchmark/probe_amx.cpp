// The tiles of AMX. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18; the
// permission: Linux, Documentation/arch/x86/xstate.rst.

#include "benchmark/probe_kernels.hpp"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace mi2::benchmark {
namespace {

constexpr unsigned kTile = 1U << 24;  // leaf 7, EDX
constexpr unsigned kBf16 = 1U << 22;
constexpr unsigned kInt8 = 1U << 25;
constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
constexpr std::size_t kRows = 16;
constexpr std::size_t kRowBytes = 64;

/// Whether the processor has `features`, the system keeps tiles (XCR0 bits 17 and 18), and this process may use them.
bool may_use(unsigned features) {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & (1U << 27)) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & features) != features) return false;
  unsigned low = 0;
  unsigned high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0x60000U) != 0x60000U) return false;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/// The operand of LDTILECFG: all eight tiles whole.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{};
  std::array<std::uint8_t, 16> rows{};
};
static_assert(sizeof(TileConfig) == 64);

constexpr TileConfig whole_tiles() {
  TileConfig config;
  for (std::size_t tile = 0; tile < 8; ++tile) {
    config.row_bytes[tile] = kRowBytes;
    config.rows[tile] = kRows;
  }
  return config;
}

struct alignas(64) TileBytes {
  std::array<std::uint8_t, kRows * kRowBytes> values{};
};

// Constants, not locals: g++'s intrinsics tell the compiler of 8 bytes read of the configuration and of none of a tile,
// so that it leaves out the rest of what a function writes there.
constexpr TileConfig kConfig = whole_tiles();
constexpr TileBytes kFactors;

/// Tiles 0 to 5 are sums, 6 and 7 their factors, all zero: the time of a product does not depend on its numbers.
__attribute__((target("amx-tile"))) void load_tiles() {
  _tile_loadconfig(&kConfig);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_loadd(6, kFactors.values.data(), kRowBytes);
  _tile_loadd(7, kFactors.values.data(), kRowBytes);
}

/// Writes a sum out and gives the tiles back. The products are volatile to the compilers, so one sum is enough.
__attribute__((target("amx-tile"))) float release_tiles() {
  TileBytes sum;
  _tile_stored(0, sum.values.data(), kRowBytes);
  _tile_release();
  return static_cast<float>(sum.values[0]);
}

}  // namespace

bool has_amx_bf16() { return may_use(kTile | kBf16); }
bool has_amx_int8() { return may_use(kTile | kInt8); }

__attribute__((target("amx-tile,amx-bf16"))) float amx_bf16_dot(std::int64_t rounds) {
  load_tiles();
  for (std::int64_t r = 0; r < rounds; ++r) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
  return release_tiles();
}

__attribute__((target("amx-tile,amx-int8"))) float amx_int8_dot(std::int64_t rounds) {
  load_tiles();
  for (std::int64_t r = 0; r < rounds; ++r) {
    _tile_dpbusd(0, 6, 7);
    _tile_dpbusd(1, 6, 7);
    _tile_dpbusd(2, 6, 7);
    _tile_dpbusd(3, 6, 7);
    _tile_dpbusd(4, 6, 7);
    _tile_dpbusd(5, 6, 7);
  }
  return release_tiles();
}

}  // namespace mi2::benchmark

#endif
