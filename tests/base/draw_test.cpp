// Random draws that are the same on every machine.

#include "base/draw.hpp"

#include <cstddef>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::base {
namespace {

std::vector<std::size_t> numbers(std::size_t count) {
  std::vector<std::size_t> list(count);
  std::iota(list.begin(), list.end(), std::size_t{0});
  return list;
}

TEST(Draw, WhatIsKeptAreDifferentOnesOfTheListAndTheSameForASeed) {
  std::vector<std::size_t> first = numbers(1000);
  std::vector<std::size_t> second = numbers(1000);
  std::mt19937_64 random(7);
  keep_drawn(first, 20, random);
  random.seed(7);
  keep_drawn(second, 20, random);
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.size(), 20U);
  EXPECT_EQ(std::set<std::size_t>(first.begin(), first.end()).size(), 20U);
  EXPECT_NE(first, numbers(20));
}

TEST(Draw, AShortListIsKeptWholeAndTakesNoDraw) {
  std::vector<std::size_t> list = numbers(3);
  std::mt19937_64 random(7);
  keep_drawn(list, 3, random);
  EXPECT_EQ(list, numbers(3));
  EXPECT_EQ(random(), std::mt19937_64(7)());
}

}  // namespace
}  // namespace mi2::base
