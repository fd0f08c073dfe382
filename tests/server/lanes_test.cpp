#include "server/lanes.hpp"

#include <chrono>
#include <cstddef>
#include <future>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::server {
namespace {

constexpr std::chrono::seconds kPatience{60};

TEST(Lanes, WorkThatWaitsForItsOwnLaneKeepsNoThreadFromAnother) {
  std::promise<void> go;
  std::promise<void> other;
  std::promise<void> last;
  const std::shared_future<void> going = go.get_future().share();
  Lanes lanes(2);
  for (int i = 0; i < 8; ++i) lanes.post("slow", [going] { going.wait(); });
  lanes.post("other", [&other] { other.set_value(); });
  EXPECT_EQ(other.get_future().wait_for(kPatience), std::future_status::ready);
  go.set_value();
  lanes.post("slow", [&last] { last.set_value(); });
  EXPECT_EQ(last.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(Lanes, WorkOfALaneIsDoneInItsOrder) {
  std::vector<int> order;
  std::promise<void> last;
  Lanes lanes(4);
  for (int i = 0; i < 100; ++i) lanes.post("one", [&order, i] { order.push_back(i); });
  lanes.post("one", [&last] { last.set_value(); });
  ASSERT_EQ(last.get_future().wait_for(kPatience), std::future_status::ready);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order.at(static_cast<std::size_t>(i)), i);
}

}  // namespace
}  // namespace mi2::server
