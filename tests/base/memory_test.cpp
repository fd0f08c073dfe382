#include "base/memory.hpp"

#include <sys/resource.h>

#include <optional>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace mi2::base {
namespace {

using test::TemporaryFolder;

constexpr const char* kFree = "MemTotal:       16000 kB\nMemFree:  1000 kB\nMemAvailable:   8000 kB\n";

TEST(AvailableMemory, OfThisMachineIsSomeAndUnderAPebibyte) {
  const auto found = available_memory();
  ASSERT_TRUE(found.has_value());
  EXPECT_GT(*found, 1U << 20);
  EXPECT_LT(*found, std::uint64_t{1} << 50);
}

TEST(AvailableMemory, IsNotKnownWithoutProc) {
  const TemporaryFolder root;
  EXPECT_EQ(available_memory(root.path()), std::nullopt);
}

TEST(AvailableMemory, IsWhatLinuxCallsAvailableWithoutLimits) {
  const TemporaryFolder root;
  root.write("proc/meminfo", kFree);
  root.write("proc/self/cgroup", "0::/a\n");
  root.write("sys/fs/cgroup/a/memory.max", "max\n");
  root.write("sys/fs/cgroup/a/memory.current", "5000\n");
  EXPECT_EQ(available_memory(root.path()), 8000U * 1024);
}

TEST(AvailableMemory, IsBelowTheLimitOfEveryGroupAboveWithoutFilePages) {
  const TemporaryFolder root;
  root.write("proc/meminfo", kFree);
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "6000000\n");
  root.write("sys/fs/cgroup/a/b/memory.current", "1000000\n");
  root.write("sys/fs/cgroup/a/b/memory.stat", "anon 700000\ninactive_file 300000\n");
  EXPECT_EQ(available_memory(root.path()), 5'300'000U);
  root.write("sys/fs/cgroup/a/memory.max", "2000000\n");
  root.write("sys/fs/cgroup/a/memory.current", "1500000\n");
  EXPECT_EQ(available_memory(root.path()), 500'000U);
  // Over the limit already.
  root.write("sys/fs/cgroup/a/memory.current", "2500000\n");
  EXPECT_EQ(available_memory(root.path()), 0U);
}

TEST(AvailableMemory, IsBelowTheProcesssOwnLimit) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit limit = before;
  limit.rlim_cur = rlim_t{1} << 46;  // 64 TiB, more than sanitizers reserve
  if (before.rlim_cur != RLIM_INFINITY && before.rlim_cur < limit.rlim_cur) GTEST_SKIP() << "there is a limit already";
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  const TemporaryFolder root;
  root.write("proc/meminfo", kFree);
  root.write("proc/self/status", "VmSize:  68719476735 kB\n");  // of 2^36 kB
  EXPECT_EQ(available_memory(root.path()), 1024U);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
}

TEST(AvailableMemory, ReadsVersionOneAndAContainersOwnTop) {
  const TemporaryFolder root;
  root.write("proc/meminfo", kFree);
  root.write("proc/self/cgroup", "5:cpu,memory:/docker/0123\n1:name=systemd:/\n");
  // A container sees its own group as the topmost one, under a path that it does not have.
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n");
  root.write("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 200000\n");
  EXPECT_EQ(available_memory(root.path()), 3'200'000U);
}

}  // namespace
}  // namespace mi2::base
