#pragma once
// Sums and copies between the GPUs of processes, by NVIDIA's NCCL, which libtorch's CUDA kernels bring along. Nothing
// of it is linked: a machine without GPUs needs none of it.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <ATen/ATen.h>

namespace mi2::train {

class Nccl {
 public:
  /// Something under way: wait() returns when it is done, and throws Error{kInternal} if another process is lost or a
  /// stop is requested.
  class Work {
   public:
    virtual ~Work() = default;
    virtual void wait() = 0;
  };

  /// Where NCCL is, whatever the other processes find.
  static bool is_there(const std::string& library = kLibrary);

  /// Joins the processes, each with the GPU `device`. All call this at the same time.
  /// @param share    makes the bytes of every process what the first one has.
  /// @param stopped  a yes ends every wait.
  /// @throws Error{kInternal} for what NCCL reports, also later.
  Nccl(int rank, int size, at::Device device, const std::function<void(std::span<std::byte>)>& share,
       std::function<bool()> stopped, const std::string& library = kLibrary);
  ~Nccl();
  Nccl(const Nccl&) = delete;
  Nccl& operator=(const Nccl&) = delete;

  /// Replaces x by the sum over all processes, beside what this process goes on to compute. x f32, dense, on the
  /// device; this must outlive the work.
  std::unique_ptr<Work> begin_sum(const at::Tensor& x);
  /// x [n, ..] of each process -> [size * n, ..], in the order of ranks.
  at::Tensor gather(const at::Tensor& x);
  /// Makes x of every process what the first one has.
  void broadcast(const at::Tensor& x);

  static constexpr const char* kLibrary = "libnccl.so.2";

 private:
  struct Functions;
  class Enqueued;
  template <typename Call>
  std::unique_ptr<Work> enqueue(const at::Tensor& x, Call&& call);
  void check(int status, const char* what) const;

  std::unique_ptr<Functions> functions_;
  void* communicator_ = nullptr;
  int size_;
  at::Device device_;
  std::function<bool()> stopped_;
  mutable bool whole_ = true;  ///< nothing has failed: the end is one that all processes come to
};

}  // namespace mi2::train
