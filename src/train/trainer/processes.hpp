#pragma once
// The processes that train one model together: each computes a share of every batch.

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <ATen/ATen.h>

namespace mi2::train {

/// Collective operations: every process calls the same ones in the same order. Tensors are dense.
class Processes {
 public:
  /// A sum under way; the tensor must not be touched before wait() has returned.
  class Pending {
   public:
    virtual ~Pending() = default;
    virtual void wait() = 0;
  };

  virtual ~Processes() = default;
  [[nodiscard]] virtual int rank() const noexcept = 0;
  [[nodiscard]] virtual int size() const noexcept = 0;

  /// Replaces x by the sum over all processes, in the background. x f32.
  virtual std::unique_ptr<Pending> begin_sum(const at::Tensor& x) = 0;
  /// x [n, ..] of each process -> [size * n, ..], in the order of ranks; no gradient passes.
  virtual at::Tensor gather(const at::Tensor& x) = 0;
  /// Makes x of every process what the first one has.
  virtual void broadcast(const at::Tensor& x) = 0;
  /// Tensors of this device will be summed, gathered and broadcast. On GPUs they then travel between these by NCCL, if
  /// every process has one and the library; else through the hosts' memory.
  virtual void use(at::Device device) = 0;
  /// Lets sums under way go on; called now and then while this process computes.
  virtual void poll() = 0;
  /// A stop ends every wait for others, who may never come, with Error{kInternal}.
  virtual void give_up_on(std::stop_token stop) = 0;

  /// Replaces x by the sum over all processes.
  void sum(const at::Tensor& x) { begin_sum(x)->wait(); }
  /// Whether any process says so.
  bool any(bool value);
};

/// One process by itself.
std::unique_ptr<Processes> single_process();

/// Those that mpirun started together; one alone if it was not mpirun that started this one.
/// @throws Error{kInternal} for what MPI reports, also later: for a collective that a lost process never joins.
std::unique_ptr<Processes> join_processes();

}  // namespace mi2::train
