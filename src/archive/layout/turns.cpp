#include "archive/layout/turns.hpp"

#include <algorithm>

namespace mi2::archive::layout {

std::vector<std::vector<Pair>> rounds_of(std::size_t blocks) {
  std::vector<std::vector<Pair>> rounds(1);
  for (std::size_t block = 0; block < blocks; ++block) rounds.front().emplace_back(block, block);
  // The circle: the last block stays where it is, the others move on by one place after each round.
  const std::size_t others = blocks - 1;
  for (std::size_t turn = 0; turn < others; ++turn) {
    std::vector<Pair>& round = rounds.emplace_back();
    round.emplace_back(turn, others);
    for (std::size_t i = 1; i < blocks / 2; ++i) {
      const std::size_t a = (turn + i) % others;
      const std::size_t b = (turn + others - i) % others;
      round.emplace_back(std::min(a, b), std::max(a, b));
    }
  }
  return rounds;
}

}  // namespace mi2::archive::layout
