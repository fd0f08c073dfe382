#pragma once
// A pass recorded once and replayed: a GPU then gets its thousand kernels as one launch, and need not wait for the CPU.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include <ATen/ATen.h>

namespace mi2::models {

/// Recorded passes by shape of their input. A shape is computed as usual the first time it comes, which lets libraries
/// prepare themselves, recorded the second, and replayed from then on. Recordings share memory: one runs at a time.
/// Where libtorch cannot record, on the CPU say, everything is computed as usual.
class Replays {
 public:
  using Pass = std::function<at::Tensor(const at::Tensor&)>;

  /// The most shapes recorded; others are computed as usual.
  static constexpr std::size_t kMost = 8;

  explicit Replays(at::Device device);
  ~Replays();
  Replays(const Replays&) = delete;
  Replays& operator=(const Replays&) = delete;

  /// pass(x). `pass` is the same every time, launches everything on the current stream, which is not the default one,
  /// and waits for nothing. @returns a tensor that is valid until the next call.
  at::Tensor operator()(const at::Tensor& x, const Pass& pass);

  [[nodiscard]] std::size_t recorded() const noexcept;
  /// Forgets all recordings, and gives back their memory.
  void clear();

 private:
  struct Recording;
  at::Tensor record(Recording& recording, const at::Tensor& x, const Pass& pass);

  bool able_ = false;
  std::map<std::vector<std::int64_t>, std::unique_ptr<Recording>> by_shape_;
};

}  // namespace mi2::models
