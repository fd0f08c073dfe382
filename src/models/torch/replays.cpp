#include "models/torch/replays.hpp"

#include <algorithm>
#include <vector>

#if __has_include(<ATen/accelerator/Graph.h>)
#include <ATen/core/GraphImplInterface.h>
#define MI2_TORCH_RECORDS 1
#endif
#include <c10/util/Exception.h>

namespace mi2::models {

#if MI2_TORCH_RECORDS

struct Replays::Recording {
  std::unique_ptr<at::GraphImplInterface> graph;  ///< none before the second pass
  at::Tensor input;
  at::Tensor output;
};

Replays::Replays(at::Device device) : able_(at::has_graph_impl(device.type())) {}

at::Tensor Replays::record(Recording& recording, const at::Tensor& x, const Pass& pass) {
  at::MempoolId_t pool{0, 0};
  for (const auto& [shape, other] : by_shape_) {
    if (other->graph) pool = other->graph->pool();
  }
  recording.input = x.clone();
  auto graph = at::create_graph_impl(x.device().type());
  graph->capture_begin(pool, at::GraphCaptureMode::ThreadLocal);
  try {
    recording.output = pass(recording.input);
  } catch (...) {
    graph->capture_end();
    throw;
  }
  graph->capture_end();
  graph->replay();
  recording.graph = std::move(graph);
  return recording.output;
}

at::Tensor Replays::operator()(const at::Tensor& x, const Pass& pass) {
  if (!able_) return pass(x);
  auto found = by_shape_.find(x.sizes().vec());
  if (found == by_shape_.end()) {
    if (by_shape_.size() < kMost) by_shape_.emplace(x.sizes().vec(), std::make_unique<Recording>());
    return pass(x);
  }
  Recording& recording = *found->second;
  if (recording.graph) {
    recording.input.copy_(x);
    recording.graph->replay();
    return recording.output;
  }
  try {
    return record(recording, x, pass);
  } catch (const c10::OutOfMemoryError&) {
    throw;  // for whoever chooses the batch
  } catch (const c10::Error&) {
    // A libtorch, a driver or an op that does not let itself be recorded costs speed, not answers.
    able_ = false;
    by_shape_.clear();
    return pass(x);
  }
}

#else

struct Replays::Recording {
  bool graph = false;
};

Replays::Replays(at::Device) {}
at::Tensor Replays::operator()(const at::Tensor& x, const Pass& pass) { return pass(x); }

#endif

Replays::~Replays() = default;

std::size_t Replays::recorded() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(by_shape_, [](const auto& entry) { return static_cast<bool>(entry.second->graph); }));
}

void Replays::clear() { by_shape_.clear(); }

}  // namespace mi2::models
