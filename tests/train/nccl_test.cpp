#include "train/trainer/nccl.hpp"

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

std::string fake_nccl() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / MI2_FAKE_NCCL).string();
}

/// Two processes, as threads that share a block of memory.
class NcclTest : public ::testing::Test {
 protected:
  void SetUp() override {
    library_ = ::dlopen(fake_nccl().c_str(), RTLD_NOW);
    ASSERT_NE(library_, nullptr) << ::dlerror();
    status_ = static_cast<std::atomic<int>*>(::dlsym(library_, "fake_status"));
    open_ = static_cast<std::atomic<int>*>(::dlsym(library_, "fake_open"));
    *status_ = 0;
  }
  void TearDown() override { ::dlclose(library_); }

  void share(int rank, std::span<std::byte> bytes) {
    ASSERT_EQ(bytes.size(), shared_.size());
    if (rank == 0) std::memcpy(shared_.data(), bytes.data(), bytes.size());
    meeting_.arrive_and_wait();
    std::memcpy(bytes.data(), shared_.data(), bytes.size());
  }

  void on_both(const std::function<void(Nccl&, int rank)>& act) {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < 2; ++rank) {
      threads.emplace_back([this, rank, &act] {
        Nccl nccl(
            rank, 2, at::kCPU, [&](std::span<std::byte> bytes) { share(rank, bytes); }, [] { return false; },
            fake_nccl());
        act(nccl, rank);
      });
    }
  }

  void* library_ = nullptr;
  std::atomic<int>* status_ = nullptr;
  std::atomic<int>* open_ = nullptr;
  std::array<std::byte, 128> shared_{};
  std::barrier<> meeting_{2};
};

TEST_F(NcclTest, SumsOverProcesses) {
  std::array<at::Tensor, 2> sums;
  on_both([&](Nccl& nccl, int rank) {
    const at::Tensor x = at::arange(5, at::kFloat) * (rank + 1);
    nccl.begin_sum(x)->wait();
    sums[static_cast<std::size_t>(rank)] = x;
  });
  for (const at::Tensor& sum : sums) EXPECT_TRUE(sum.equal(at::arange(5, at::kFloat) * 3));
  EXPECT_EQ(*open_, 0);
}

TEST_F(NcclTest, GathersRowsOfAnyTypeInTheOrderOfRanks) {
  std::array<at::Tensor, 2> rows;
  on_both([&](Nccl& nccl, int rank) {
    rows[static_cast<std::size_t>(rank)] = nccl.gather(at::full({3, 2}, 10 + rank, at::kLong).t().t());
  });
  const at::Tensor wanted = at::cat({at::full({3, 2}, 10, at::kLong), at::full({3, 2}, 11, at::kLong)});
  for (const at::Tensor& row : rows) EXPECT_TRUE(row.equal(wanted));
}

TEST_F(NcclTest, BroadcastsAlsoWhatIsNotDense) {
  std::array<at::Tensor, 2> values;
  on_both([&](Nccl& nccl, int rank) {
    at::Tensor x = at::arange(6, at::kFloat).view({2, 3}) + 100 * rank;
    nccl.broadcast(x.t());
    values[static_cast<std::size_t>(rank)] = x;
  });
  EXPECT_TRUE(values[1].equal(at::arange(6, at::kFloat).view({2, 3})));
}

TEST_F(NcclTest, WhatItReportsIsAnError) {
  on_both([&](Nccl& nccl, int) {
    *status_ = 3;
    test::expect_error(Code::kInternal, {"another process is lost", "AllReduce", "a made-up error"},
                       [&] { nccl.begin_sum(at::zeros({2})); });
  });
  EXPECT_EQ(*open_, 0);
}

TEST(Nccl, IsNotWhereItsLibraryIsNot) {
  EXPECT_FALSE(Nccl::is_there("libno-such-nccl.so.2"));
  EXPECT_FALSE(Nccl::is_there("libc.so.6"));
  EXPECT_TRUE(Nccl::is_there(fake_nccl()));
}

}  // namespace
}  // namespace mi2::train
