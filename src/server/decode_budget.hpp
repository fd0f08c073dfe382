#pragma once
// Pixels that are being decoded, over all requests and models.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace mi2::server {

/// Large images share four fifths of the pixels and leave a thread free, so that small ones, which share the rest,
/// never wait for them; neither kind keeps the other out for ever. An image larger than its kind's share is decoded
/// alone.
class DecodeBudget {
 public:
  static constexpr std::uint64_t kLarge = 16'000'000;  ///< pixels of a large image

  /// @param threads  that decode.     @param report  called with the pixels in use whenever they change.
  DecodeBudget(std::uint64_t pixels, unsigned threads, std::function<void(std::uint64_t)> report);
  DecodeBudget(const DecodeBudget&) = delete;
  DecodeBudget& operator=(const DecodeBudget&) = delete;
  ~DecodeBudget() = default;

  /// What one image holds of the budget, given back at its end.
  class Share {
   public:
    explicit Share(DecodeBudget& budget) : budget_(budget) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      if (pixels_ > 0) budget_.give(pixels_);
    }
    /// @returns false if it does not fit now. Once a share holds something, more of the same image is let by.
    [[nodiscard]] bool take(std::uint64_t pixels);

   private:
    DecodeBudget& budget_;
    std::uint64_t pixels_ = 0;
  };

  /// Calls `retry` when something is given back, at once if nothing is held. `retry` may call anything here.
  void when_free(std::function<void()> retry);

 private:
  struct Kind {
    std::uint64_t limit = 0;
    std::size_t most = 0;  ///< images
    std::uint64_t pixels = 0;
    std::size_t images = 0;
  };

  [[nodiscard]] Kind& kind_of(std::uint64_t pixels) noexcept { return pixels >= kLarge ? large_ : small_; }
  [[nodiscard]] bool take(std::uint64_t pixels);
  void give(std::uint64_t pixels);

  std::function<void(std::uint64_t)> report_;
  std::mutex mutex_;  ///< guards what follows
  Kind small_;
  Kind large_;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace mi2::server
