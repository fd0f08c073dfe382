// Recording as libtorch's GPUs do it, acted out on the CPU by a stand-in that counts.

#include "models/torch/replays.hpp"

#include <gtest/gtest.h>

#if __has_include(<ATen/accelerator/Graph.h>)
#include <ATen/core/GraphImplInterface.h>

namespace mi2::models {
namespace {

struct Acts {
  int begun = 0;
  int ended = 0;
  int replayed = 0;
  bool refuse = false;
};
Acts acts;

class StandIn final : public at::GraphImplInterface {
 public:
  explicit StandIn(const at::GraphImplArgs&) {}
  void capture_begin(at::MempoolId_t, at::GraphCaptureMode) override {
    TORCH_CHECK(!acts.refuse, "cannot be recorded");
    ++acts.begun;
  }
  void capture_end() override { ++acts.ended; }
  void instantiate() override {}
  void replay() override { ++acts.replayed; }
  void reset() override {}
  [[nodiscard]] at::MempoolId_t pool() const override { return {1, 0}; }
  void enable_debug_mode() override {}
  void debug_dump(const std::string&) override {}
};

}  // namespace
}  // namespace mi2::models

namespace at {
REGISTER_GRAPH_IMPL(CPU, mi2::models::StandIn)
}

namespace mi2::models {
namespace {

class ReplaysTest : public ::testing::Test {
 protected:
  void SetUp() override { acts = {}; }
  at::Tensor run(std::int64_t rows) {
    return replays_(at::ones({rows, 2}), [this](const at::Tensor& x) {
      ++passes_;
      input_ = x;
      return x + 1;
    });
  }
  Replays replays_{at::kCPU};
  int passes_ = 0;
  at::Tensor input_;
};

TEST_F(ReplaysTest, ComputesRecordsThenReplays) {
  run(3);
  EXPECT_EQ(acts.begun, 0);
  run(3);
  EXPECT_EQ(acts.begun, 1);
  EXPECT_EQ(acts.ended, 1);
  EXPECT_EQ(acts.replayed, 1);  // recording computes nothing
  const at::Tensor recorded = input_;
  recorded.fill_(9);
  const at::Tensor y = run(3);
  EXPECT_EQ(passes_, 2);
  EXPECT_EQ(acts.replayed, 2);
  EXPECT_TRUE(recorded.equal(at::ones({3, 2})));  // the new input is where the recording reads it
  EXPECT_EQ(y.size(0), 3);
}

TEST_F(ReplaysTest, KeepsShapesApartAndNotMoreThanItsLimit) {
  for (int turn = 0; turn < 3; ++turn) {
    for (std::int64_t rows = 1; rows <= 12; ++rows) EXPECT_EQ(run(rows).size(0), rows);
  }
  EXPECT_EQ(replays_.recorded(), Replays::kMost);
  replays_.clear();
  EXPECT_EQ(replays_.recorded(), 0U);
}

TEST_F(ReplaysTest, WhatCannotBeRecordedIsComputedAsUsual) {
  acts.refuse = true;
  for (int turn = 0; turn < 4; ++turn) EXPECT_TRUE(run(2).equal(at::full({2, 2}, 2.0)));
  EXPECT_EQ(replays_.recorded(), 0U);
  EXPECT_EQ(passes_, 4);
}

TEST_F(ReplaysTest, APassThatFailsEndsItsRecording) {
  run(2);
  EXPECT_THROW(replays_(at::ones({2, 2}),
                        [](const at::Tensor&) -> at::Tensor { throw std::runtime_error("a pass that fails"); }),
               std::runtime_error);
  EXPECT_EQ(acts.ended, 1);
  EXPECT_EQ(replays_.recorded(), 0U);
}

}  // namespace
}  // namespace mi2::models
#endif
