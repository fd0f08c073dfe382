// The processor's tile registers: eight of 16 rows of 64 bytes. In assembly, because the compilers' intrinsics take the
// register only as a literal and do not say that they read memory.

/// Palette 1: rows, and bytes per row, of every register.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

struct HardwareTiles {
  static MI2_INLINE void configure() {
    static constexpr TileConfig config;
    __asm__ volatile("ldtilecfg %0" ::"m"(config));
  }
  static MI2_INLINE void release() { __asm__ volatile("tilerelease"); }
  template <int kTile>
  static MI2_INLINE void zero() {
    __asm__ volatile("tilezero %%tmm%c0" ::"i"(kTile));
  }
  template <int kTile>
  static MI2_INLINE void load(const void* from, std::int64_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(kTile) : "memory");
  }
  /// As load, of what is not wanted again soon: it stays out of the way of what the first level holds.
  template <int kTile>
  static MI2_INLINE void stream(const void* from, std::int64_t stride) {
    __asm__ volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(kTile) : "memory");
  }
  template <int kTile>
  static MI2_INLINE void store(void* to, std::int64_t stride) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(kTile) : "memory");
  }
};

struct Bf16Tiles : HardwareTiles {
  static constexpr bool kSplit = false;
  static constexpr bool kBytes = false;
  static constexpr std::int64_t kRightChunk = 1024;
  template <int kSums, int kLeft, int kRight>
  static MI2_INLINE void dot() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSums), "i"(kLeft), "i"(kRight));
  }
};

struct SplitTiles : Bf16Tiles {
  static constexpr bool kSplit = true;
  static constexpr std::int64_t kRightChunk = 2048;
};

struct S8Tiles : HardwareTiles {
  static constexpr bool kSplit = false;
  static constexpr bool kBytes = true;
  static constexpr std::int64_t kRightChunk = 1024;
  template <int kSums, int kLeft, int kRight>
  static MI2_INLINE void dot() {
    __asm__ volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSums), "i"(kLeft), "i"(kRight));
  }
};
