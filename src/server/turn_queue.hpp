#pragma once
// Rows of many requests that wait for the same thing and take turns.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

namespace mi2::server {

/// A queue whose front is the next row of the request whose turn it is: a request of a thousand rows delays one of a
/// single row by one row. Row has a `job`, which can be compared.
template <typename Row>
class TurnQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const Row& front() const { return turns_.front().front(); }

  /// Behind the other rows of its request; a new request has its turn after those that wait.
  void push_back(Row row) { place(std::move(row), false); }
  /// Before the other rows of its request.
  void push_front(Row row) { place(std::move(row), true); }

  /// Takes the front out; its request's next turn comes after the other requests'.
  Row pop_front() {
    std::deque<Row> rows = std::move(turns_.front());
    turns_.pop_front();
    Row row = std::move(rows.front());
    rows.pop_front();
    if (!rows.empty()) turns_.push_back(std::move(rows));
    --size_;
    return row;
  }

  /// @returns how many rows of `job` it took out.
  template <typename AnyJob>
  std::size_t erase(const AnyJob& job) {
    std::size_t count = 0;
    for (const std::deque<Row>& rows : turns_) count += rows.front().job == job ? rows.size() : 0;
    std::erase_if(turns_, [&job](const std::deque<Row>& rows) { return rows.front().job == job; });
    size_ -= count;
    return count;
  }

 private:
  void place(Row row, bool first) {
    ++size_;
    // From the back: a request's rows come one after the other.
    const auto found = std::find_if(turns_.rbegin(), turns_.rend(),
                                    [&row](const std::deque<Row>& rows) { return rows.front().job == row.job; });
    if (found == turns_.rend()) {
      turns_.emplace_back().push_back(std::move(row));
    } else if (first) {
      found->push_front(std::move(row));
    } else {
      found->push_back(std::move(row));
    }
  }

  std::deque<std::deque<Row>> turns_;  ///< of each request, its rows; none is empty
  std::size_t size_ = 0;
};

}  // namespace mi2::server
