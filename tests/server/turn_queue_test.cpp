#include "server/turn_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mi2::server {
namespace {

struct Row {
  char job;
  int index;
};

std::vector<int> order_of(TurnQueue<Row>& queue) {
  std::vector<int> order;
  while (!queue.empty()) order.push_back(queue.pop_front().index);
  return order;
}

TEST(TurnQueue, ARequestOfOneRowWaitsForOneRowOfALargeOne) {
  TurnQueue<Row> queue;
  for (int i = 0; i < 1000; ++i) queue.push_back({'a', i});
  queue.push_back({'b', -1});
  EXPECT_EQ(queue.size(), 1001U);
  EXPECT_EQ(queue.pop_front().job, 'a');
  EXPECT_EQ(queue.pop_front().job, 'b');
  EXPECT_EQ(queue.pop_front().index, 1);
}

TEST(TurnQueue, RequestsTakeTurnsAndKeepTheOrderOfTheirRows) {
  TurnQueue<Row> queue;
  for (const Row row : {Row{'a', 1}, Row{'a', 4}, Row{'a', 6}, Row{'b', 2}, Row{'b', 5}, Row{'c', 3}})
    queue.push_back(row);
  EXPECT_THAT(order_of(queue), ::testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(TurnQueue, ARowThatIsPutBackComesBeforeItsRequestsOthers) {
  TurnQueue<Row> queue;
  for (const Row row : {Row{'a', 1}, Row{'b', 2}, Row{'a', 3}}) queue.push_back(row);
  queue.push_front(queue.pop_front());
  EXPECT_THAT(order_of(queue), ::testing::ElementsAre(2, 1, 3));
}

TEST(TurnQueue, LosesTheRowsOfOneRequest) {
  TurnQueue<Row> queue;
  for (const Row row : {Row{'a', 1}, Row{'a', 3}, Row{'b', 2}}) queue.push_back(row);
  EXPECT_EQ(queue.erase('a'), 2U);
  EXPECT_EQ(queue.erase('x'), 0U);
  EXPECT_THAT(order_of(queue), ::testing::ElementsAre(2));
}

}  // namespace
}  // namespace mi2::server
