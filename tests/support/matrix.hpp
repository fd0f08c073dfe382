#pragma once
// Matrices of vectors from rows that a test writes down, and back.

#include <algorithm>
#include <vector>

#include <mi2/matrix.hpp>

namespace mi2::test {

/// One row.
using Embedding = std::vector<float>;

/// @param rows  of one length.
inline EmbeddingMatrix matrix_of(const std::vector<Embedding>& rows) {
  EmbeddingMatrix matrix(rows.size(), rows.empty() ? 0 : rows.front().size());
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(rows[i], matrix.row(i).begin());
  return matrix;
}

inline std::vector<Embedding> rows_of(const EmbeddingMatrix& matrix) {
  std::vector<Embedding> rows;
  for (std::size_t i = 0; i < matrix.rows(); ++i) rows.emplace_back(matrix.row(i).begin(), matrix.row(i).end());
  return rows;
}

}  // namespace mi2::test
